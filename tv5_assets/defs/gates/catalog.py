"""Gates of the media catalog, which follow from its schema file; beside those of its table."""

from functools import partial

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.quality import catalog, frames
from tv5_assets.tables.catalog import DECLARATION

CATALOG = "synthetic/catalog"


def catalog_gates() -> list[Gate]:
    """Return the gates of the catalog beside those of its schema."""
    return [
        rule_gate(
            CATALOG,
            "unique_id",
            "No two items have the same id outside of the platform.",
            partial(frames.unique_key, key=["id"]),
            reads={"frame": CATALOG},
        ),
        *(
            rule_gate(
                CATALOG,
                f"{field}_shares",
                f"Each {field} has the share of the items that the schema file declares.",
                partial(frames.proportions_as_declared, column=field, expected=shares, least_p=1e-6),
                reads={"frame": CATALOG},
            )
            for field, shares in catalog.declared_shares(DECLARATION).items()
        ),
        Gate(
            CATALOG,
            catalog.DEMANDS,
            partial(catalog.declared_rules, declaration=DECLARATION),
            reads={"frame": CATALOG},
        ),
    ]
