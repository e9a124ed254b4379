"""Statistics of a set and of its parts: how many there are, how sparse, and how they rate.

The counting is over Narwhals lazy frames, so that it runs on Polars and on Spark alike. What does not belong here: how
a set looks (reports/).
"""

from typing import Any

import narwhals as nw
import polars as pl

from tv5_assets.features.moments import deviation, mean
from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.features import ALL, Statistics, part_column
from tv5_assets.tables.table import polars_schema


def statistics(ratings: "nw.LazyFrame[Any]", split: "nw.LazyFrame[Any]") -> pl.DataFrame:
    """Count what a split uses, and each part of it by each protocol.

    Args:
        ratings: rows of ``processed/ratings``.
        split: rows of ``features/split``.

    Returns:
        Rows of ``features/statistics``: first everything that is used, then part by part.
    """
    columns = {protocol: part_column(protocol) for protocol in PROTOCOLS}
    rows = ratings.select("row", "rating", "rated_at").join(split, on="row")
    used = rows.filter(nw.col(columns[PROTOCOLS[0]]) != "unused").with_columns(part=nw.lit(ALL))
    counted = [
        _counted(used, ALL),
        *(
            _counted(rows.with_columns(part=nw.col(column).cast(nw.String)), protocol)
            for protocol, column in columns.items()
        ),
    ]
    types = polars_schema(Statistics)
    return (
        pl.concat(counted)
        .with_columns(sparsity=1 - pl.col("n_ratings") / (pl.col("n_users") * pl.col("n_movies")))
        .select(pl.col(name).cast(dtype) for name, dtype in types.items())
        .sort("protocol", "part")
    )


def _counted(rows: "nw.LazyFrame[Any]", protocol: str) -> pl.DataFrame:
    counts = rows.group_by("part").agg(
        n_users=nw.col("user_id").n_unique(),
        n_movies=nw.col("movie_id").n_unique(),
        n_ratings=nw.len(),
        avg_rating=mean(),
        rating_std=deviation(),
        first_rated_at=nw.col("rated_at").min(),
        last_rated_at=nw.col("rated_at").max(),
    )
    frame: pl.DataFrame = counts.collect("polars").to_native()
    counted = ("n_users", "n_movies", "n_ratings")
    return frame.with_columns(pl.col(counted).cast(pl.Int64), protocol=pl.lit(protocol))
