"""Corruptions for the gates of splits and features."""

import polars as pl

from tv5_assets_tests.defs.corruptions.corruption import (
    NOBODY,
    Change,
    Corrupt,
    Corruption,
    in_first_row,
    in_first_where,
    table,
    without_first_row,
)
from tv5_assets_tests.defs.platform import Platform

SPLIT, INTERACTIONS, USERS, MOVIES, STATISTICS = (
    f"features/{name}" for name in ("split", "interactions", "users", "movies", "statistics")
)


def feature_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of splits and features."""
    return [
        Corruption(SPLIT, "one_per_rating", table(SPLIT, in_first_row("movie_id", NOBODY))),
        Corruption(SPLIT, "parts", table(SPLIT, _first("user_80_20", "train", "history"))),
        Corruption(SPLIT, "user_shares", table(SPLIT, _first("user_80_20", "train", "test"))),
        Corruption(SPLIT, "time_order", _the_first_rating_is_tested),
        Corruption(SPLIT, "temporal_share", _half_is_tested),
        Corruption(SPLIT, "last_out", table(SPLIT, _first("leave_last_out", "test", "train")), name="none"),
        Corruption(SPLIT, "last_out", table(SPLIT, _another_is_left_out), name="another"),
        Corruption(SPLIT, "held_out", table(SPLIT, _first("strong_generalization", "history", "train"))),
        Corruption(INTERACTIONS, "as_split", table(INTERACTIONS, in_first_row("movie_id", NOBODY)), name="movie"),
        Corruption(INTERACTIONS, "as_split", _a_test_row_is_learnt, also=("normalized",), name="part"),
        Corruption(
            INTERACTIONS,
            "normalized",
            table(INTERACTIONS, lambda frame: frame.with_columns(rating_normalized=pl.lit(0, pl.Float32))),
        ),
        Corruption(USERS, "known_only", table(USERS, without_first_row), name="a user is missing"),
        Corruption(USERS, "known_only", _of_all_rows(USERS, "user_id", "rating_mean"), name="test rows are counted"),
        Corruption(MOVIES, "train_only", _of_all_rows(MOVIES, "movie_id", "avg_rating")),
        Corruption(MOVIES, "every_movie", _without_a_movie),
        Corruption(STATISTICS, "as_split", table(STATISTICS, in_first_row("n_ratings", 1))),
    ]


def _first(column: str, part: str, other: str) -> Change:
    """Return what gives the first row of a part another part."""
    return in_first_where(pl.col(column) == part, column, other)


def _another_is_left_out(split: pl.DataFrame) -> pl.DataFrame:
    """Let the first user's test row be the one before in the file, or after where it is the first."""
    of_first = pl.col("user_id") == pl.col("user_id").first()
    rotated = split.filter(of_first).with_columns(
        pl.col("leave_last_out").gather((pl.int_range(pl.len()) + 1) % pl.len())
    )
    return pl.concat([rotated, split.filter(~of_first)])


def _by_time(platform: Platform) -> pl.DataFrame:
    times = platform.table("processed/ratings").select("row", "rated_at")
    return platform.table(SPLIT).join(times, on="row").sort("rated_at", "row")


def _the_first_rating_is_tested(platform: Platform) -> None:
    """Let the first rating of all be a test row of ``temporal``, and the last a train row."""
    ordered = _by_time(platform)
    ends = [pl.Series("temporal", [part], dtype=ordered.schema["temporal"]) for part in ("test", "train")]
    changed = ordered.with_columns(temporal=pl.concat([ends[0], ordered["temporal"][1:-1], ends[1]]))
    platform.put_table(SPLIT, changed.drop("rated_at"))


def _half_is_tested(platform: Platform) -> None:
    """Let ``temporal`` test what was rated from the middle of the time on."""
    late = pl.when(pl.col("rated_at") >= pl.col("rated_at").median()).then(pl.lit("test")).otherwise(pl.lit("train"))
    ordered = _by_time(platform)
    changed = ordered.with_columns(temporal=late.cast(ordered.schema["temporal"]))
    platform.put_table(SPLIT, changed.drop("rated_at"))


def _a_test_row_is_learnt(platform: Platform) -> None:
    frame = platform.table(INTERACTIONS)
    extreme = (pl.col("part") == "test") & (pl.col("rating_normalized").abs() > 1)
    platform.put_table(INTERACTIONS, in_first_where(extreme, "part", "train")(frame))


def _of_all_rows(asset: str, key: str, mean: str) -> Corrupt:
    """Return what computes count and mean of features from test rows too."""

    def corrupt(platform: Platform) -> None:
        frame = platform.table(asset)
        of_all = (
            platform.table(INTERACTIONS)
            .group_by(key)
            .agg(
                pl.len().cast(frame.schema["rating_count"]).alias("rating_count"),
                pl.col("rating").mean().alias(mean),
            )
        )
        platform.put_table(asset, frame.update(of_all, on=key, how="left"))

    return corrupt


def _without_a_movie(platform: Platform) -> None:
    """Take a movie from the features, and its ratings from what they were computed from."""
    lost = platform.table(MOVIES)["movie_id"][0]
    for asset in (MOVIES, INTERACTIONS):
        table(asset, lambda frame: frame.filter(pl.col("movie_id") != lost))(platform)
