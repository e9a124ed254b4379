"""Gates of the pages that people look at."""

from functools import partial

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.quality.pages import everything_is_shown
from tv5_assets.reports.world import synthetic_tables


def report_gates() -> list[Gate]:
    """Return the gates of the pages."""
    return [
        rule_gate(
            "reports/world",
            "every_table_shown",
            "Every synthetic table is on the page, with plots that show something.",
            partial(everything_is_shown, keys=tuple(synthetic_tables())),
            reads={"page": "reports/world"},
        )
    ]
