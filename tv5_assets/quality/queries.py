"""Rules on search queries: what they should find, and how much of it a search finds.

What does not belong here: searching (retrieval/).
"""

import polars as pl

from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.queries import expected


def expected_matches(queries: pl.DataFrame, movies: pl.DataFrame) -> Verdict:
    """Ask that each query expects exactly the movies that have what it asks for and pass its filters."""
    right = expected(queries.select("query_id", "asks_for", "filters"), movies).rename({"expected": "right"})
    wrong = queries.join(right, on="query_id", how="left").filter(pl.col("expected").ne_missing(pl.col("right")))
    return Verdict(
        passed=wrong.is_empty() and not queries.is_empty(),
        facts={"queries": len(queries), "wrong": len(wrong)},
        description=f"{len(wrong)} of {len(queries)} queries do not expect what the movies say"
        + (f", such as number {wrong.item(0, 'query_id')}" if len(wrong) else ""),
    )
