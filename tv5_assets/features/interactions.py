"""Interaction features: each rating beside the user's other ratings, and when it was given.

A function over Narwhals lazy frames, so that it runs on Polars and on Spark alike. What does not belong here: which
ratings a model may learn from (splits.py).
"""

from typing import Any

import narwhals as nw

from tv5_assets.features.moments import deviation, mean
from tv5_assets.tables.features import part_column

KNOWN = ("train", "history")
"""Parts that are known of a user when they are asked about."""

_USER = "user_id"


def interactions(ratings: "nw.LazyFrame[Any]", split: "nw.LazyFrame[Any]", protocol: str) -> "nw.LazyFrame[Any]":
    """Return the ratings that a split uses, each with its part and as a z-score of its user's known ratings.

    The z-score of a rating is ``(rating - mean) / standard deviation`` of the ratings that are known of the user, with
    the deviation of a whole population. A test row is measured by what is known, and measures nothing itself.

    Args:
        ratings: rows of ``processed/ratings``.
        split: rows of ``features/split``.
        protocol: the protocol whose parts count.

    Returns:
        Rows of ``features/interactions``, by row.
    """
    parts = split.select("row", part=nw.col(part_column(protocol)))
    used = ratings.join(parts, on="row").filter(nw.col("part") != "unused")
    known = used.filter(nw.col("part").is_in(KNOWN))
    of_users = known.group_by(_USER).agg(mean=mean(), deviation=deviation())
    return (
        used.join(of_users, on=_USER, how="left")
        .with_columns(
            rating_normalized=nw.when(nw.col("deviation") == 0)
            .then(nw.lit(0.0))
            .otherwise((nw.col("rating").cast(nw.Float64) - nw.col("mean")) / nw.col("deviation"))
            .cast(nw.Float32),
            hour_of_day=nw.col("rated_at").dt.hour().cast(nw.Int8),
        )
        .select(
            "row",
            _USER,
            "movie_id",
            "part",
            "rating",
            "rating_normalized",
            "rated_at",
            "day_of_week",
            "hour_of_day",
        )
        .sort("row")
    )
