"""Corruptions for the gates of search queries and of how well they are answered."""

import polars as pl

from tv5_assets_tests.defs.corruptions.corruption import NOBODY, Corruption, in_first_where, table

QUERIES, FOUND = "synthetic/queries", "benchmarks/queries"


def query_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of search queries and of how well they are answered."""
    years = pl.col("filters").struct
    plain = pl.col("filters").is_null() & (pl.col("expected").list.len() > 1)
    backwards = {"genre": None, "since": 1990, "until": 1980}
    filtered, asked = pl.col("filters").is_not_null(), pl.col("user_id").is_not_null()
    return [
        Corruption(
            QUERIES,
            "years_in_order",
            table(QUERIES, in_first_where(years.field("since").is_not_null(), "filters", backwards)),
            also=("expected_matches",),
        ),
        Corruption(
            QUERIES,
            "expected_once",
            table(QUERIES, lambda frame: frame.with_columns(pl.col("expected").list.reverse())),
            also=("expected_matches",),
        ),
        Corruption(QUERIES, "user_id_known", table(QUERIES, in_first_where(asked, "user_id", NOBODY))),
        Corruption(QUERIES, "expected_matches", table(QUERIES, in_first_where(plain, "expected", [1]))),
        Corruption(QUERIES, "language_shares", table(QUERIES, lambda frame: frame.filter(pl.col("language") != "fr"))),
        Corruption(QUERIES, "user_share", table(QUERIES, lambda frame: frame.filter(asked))),
        Corruption(QUERIES, "filter_share", table(QUERIES, lambda frame: frame.filter(filtered))),
        Corruption(FOUND, "queries_found", table(FOUND, lambda frame: frame.with_columns(pl.col("hits") * 0))),
    ]
