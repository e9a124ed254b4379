"""Gates of search queries, beside those of their schema."""

from functools import partial

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, coherence_gate, rule_gate
from tv5_assets.defs.gates.common import MOVIES
from tv5_assets.quality import frames
from tv5_assets.quality import queries as rules
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic import queries
from tv5_assets.tables.synthetic import LANGUAGES

QUERIES = "synthetic/queries"


def query_gates() -> list[Gate]:
    """Return the gates of search queries beside those of their schema."""
    return [
        coherence_gate(QUERIES, queries.RULES),
        rule_gate(
            QUERIES,
            "user_id_known",
            "Every user who asks is in synthetic/users.",
            partial(frames.no_orphans, column="user_id", nullable=True),
            reads={"frame": QUERIES, "parent": "synthetic/users"},
        ),
        rule_gate(
            QUERIES,
            "expected_matches",
            "A query expects exactly the movies that have what it asks for and pass its filters.",
            rules.expected_matches,
            reads={"queries": QUERIES, "movies": MOVIES},
        ),
        rule_gate(
            QUERIES,
            "language_shares",
            "Languages come in the shares that are declared.",
            partial(
                frames.proportions_as_declared,
                column="language",
                expected=dict(zip(LANGUAGES, queries.LANGUAGE_SHARES, strict=True)),
            ),
            reads={"frame": QUERIES},
        ),
        rule_gate(
            QUERIES,
            "user_share",
            f"{queries.USER_SHARE:.0%} of the queries are asked by a user.",
            partial(_share_of, column="user_id", share=queries.USER_SHARE),
            reads={"frame": QUERIES},
        ),
        rule_gate(
            QUERIES,
            "filter_share",
            f"{queries.FILTER_SHARE:.0%} of the queries are narrowed by filters.",
            partial(_share_of, column="filters", share=queries.FILTER_SHARE),
            reads={"frame": QUERIES},
        ),
        queries_found_gate(),
    ]


def queries_found_gate() -> Gate:
    """Return the gate on how well search answers the queries."""
    return rule_gate(
        "benchmarks/queries",
        "queries_found",
        "Queries find a movie that they should, in every language that the text model understands: "
        f"{', '.join(f'{rate:.0%} of those by {kind}' for kind, rate in rules.LEAST_HIT_RATES.items())}, or so few "
        "less that it may be chance.",
        rules.queries_found,
        reads={"found": "benchmarks/queries"},
    )


def _share_of(frame: pl.LazyFrame, column: str, share: float) -> Verdict:
    return frames.proportions_as_declared(
        frame.select(pl.col(column).is_not_null()), column, {"true": share, "false": 1 - share}
    )
