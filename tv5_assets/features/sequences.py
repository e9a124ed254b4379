"""Sequences: the last movies of each user in order, without the one that a model of sequences is asked for.

A function over Narwhals lazy frames, so that it runs on Polars and on Spark alike. What does not belong here: how a
model reads them (models/sequence_batches.py).
"""

from typing import Any

import narwhals as nw

_USER = "user_id"
_TIME = ("rated_at", "row")  # equal times are common; then the order of the file decides


def sequences(ratings: "nw.LazyFrame[Any]", split: "nw.LazyFrame[Any]", length: int) -> "nw.LazyFrame[Any]":
    """Return the newest events of each user among the training rows of ``leave-last-out``.

    Args:
        ratings: rows of ``processed/ratings``.
        split: rows of ``features/split``.
        length: most events of one user.

    Returns:
        Rows of ``features/sequences``, by user and position.
    """
    known = ratings.join(split.filter(nw.col("leave_last_out") == "train").select("row"), on="row", how="semi")
    events = nw.col("row").count().over(_USER)
    age = events - nw.col("row").cum_count().over(_USER, order_by=_TIME)  # 0 is the newest
    return (
        known.with_columns(age=age, kept=nw.when(events < length).then(events).otherwise(nw.lit(length)))
        .filter(nw.col("age") < length)
        .with_columns(position=(nw.col("kept") - 1 - nw.col("age")).cast(nw.Int32))
        .select(_USER, "position", "movie_id", "row", "rated_at", "rating")
        .sort(_USER, "position")
    )
