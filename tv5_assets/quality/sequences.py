"""Rules on sequences: that they are in order, hold the newest training events, and nothing but those.

They count anew from the ratings what the sequences were cut from. What does not belong here: how they are cut
(features/sequences.py).
"""

import polars as pl

from tv5_assets.quality.verdict import Verdict


def of_split(sequences: pl.LazyFrame, ratings: pl.LazyFrame, split: pl.LazyFrame) -> dict[str, Verdict]:
    """Judge sequences by the ratings and the split that they were cut from.

    Returns:
        The verdicts ``in_order``, ``every_user``, ``nothing_held_out`` and ``newest``.
    """
    train = split.filter(pl.col("leave_last_out").cast(pl.String) == "train").select("row")
    ordered = sequences.sort("user_id", "position")
    firsts = ordered.group_by("user_id").agg(
        length=pl.len(), first_time=pl.col("rated_at").first(), first_row=pl.col("row").first()
    )
    before = _earlier(pl.col("rated_at"), pl.col("row"), pl.col("first_time"), pl.col("first_row"))
    users = (
        ratings.select("user_id", "rated_at", "row")
        .join(train, on="row", how="semi")
        .join(firsts, on="user_id", how="left")
        .group_by("user_id")
        .agg(since=(~before).sum(), length=pl.col("length").first())
    )
    missing, short = pl.col("length").is_null(), pl.col("since") != pl.col("length")
    return {
        "in_order": _in_order(ordered),
        "every_user": _none(users.filter(missing), "users have training events and no sequence"),
        "nothing_held_out": _none(ordered.join(train, on="row", how="anti"), "events are no training events"),
        "newest": _none(users.filter(short), "users' sequences have a gap, or end before the newest training event"),
    }


def _in_order(ordered: pl.LazyFrame) -> Verdict:
    time, row = pl.col("rated_at"), pl.col("row")
    begins = (pl.col("user_id") != pl.col("user_id").shift()).fill_null(True)
    wrong = (
        pl.when(begins)
        .then(pl.col("position") != 0)
        .otherwise((pl.col("position").diff() != 1) | ~_earlier(time.shift(), row.shift(), time, row))
    )
    return _none(ordered.filter(wrong), "events are not at the place that their time has")


def _earlier(time: pl.Expr, row: pl.Expr, than_time: pl.Expr, than_row: pl.Expr) -> pl.Expr:
    return (time < than_time) | ((time == than_time) & (row < than_row))


def _none(rows: pl.LazyFrame, what: str) -> Verdict:
    count = rows.select(pl.len()).collect(engine="streaming").item()
    return Verdict(passed=count == 0, facts={"rows": count}, description=f"{count} {what}")
