"""Gates of contexts and interactions: how movies are watched; beside those of their schemas."""

from functools import partial

from tv5_assets.dagster_kit.checks import Gate, coherence_gate, rule_gate
from tv5_assets.quality import frames
from tv5_assets.synthetic import contexts
from tv5_assets.tables.processed import TIMES_OF_DAY

CONTEXTS = "synthetic/contexts"


def viewing_gates() -> list[Gate]:
    """Return the gates of contexts and interactions beside those of their schemas."""
    return [
        coherence_gate(CONTEXTS, contexts.RULES),
        rule_gate(
            CONTEXTS,
            "time_shares",
            "Times of day come in the shares that are declared.",
            partial(
                frames.proportions_as_declared,
                column="time_of_day",
                expected=dict(zip(TIMES_OF_DAY, contexts.TIME_SHARES, strict=True)),
            ),
            reads={"frame": CONTEXTS},
        ),
        rule_gate(
            CONTEXTS,
            "holiday_share",
            f"{contexts.HOLIDAY_SHARE:.0%} of the contexts are on a public holiday.",
            partial(
                frames.proportions_as_declared,
                column="is_holiday",
                expected={"true": contexts.HOLIDAY_SHARE, "false": 1 - contexts.HOLIDAY_SHARE},
            ),
            reads={"frame": CONTEXTS},
        ),
    ]
