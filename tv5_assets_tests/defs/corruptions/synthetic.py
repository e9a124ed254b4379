"""Corruptions for the gates of the synthetic layer."""

import polars as pl

from tv5_assets_tests.defs.corruptions.corruption import NOBODY, Corruption, in_first_row, table, without_first_row


def synthetic_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the synthetic layer."""
    users, platforms, trends, now = (f"synthetic/{name}" for name in ("users", "platforms", "trends", "trends_now"))
    return [
        Corruption(
            users,
            "user_id_known",
            table(users, lambda frame: frame.vstack(in_first_row("user_id", NOBODY)(frame[:1]))),
        ),
        Corruption(users, "every_rater", table(users, without_first_row)),
        Corruption(
            users,
            "archetype_shares",
            table(users, lambda frame: frame.with_columns(archetype=pl.lit("senior", frame.schema["archetype"]))),
        ),
        Corruption(platforms, "movie_id_known", table(platforms, in_first_row("movie_id", NOBODY))),
        Corruption(platforms, "available_share", table(platforms, lambda frame: frame[: len(frame) // 2])),
        Corruption(
            trends,
            "movie_id_known",
            table(trends, lambda frame: frame.with_columns(pl.col("movie_id").replace(frame["movie_id"][0], NOBODY))),
        ),
        Corruption(trends, "every_day", table(trends, without_first_row)),
        Corruption(now, "movie_id_known", table(now, in_first_row("movie_id", NOBODY))),
        Corruption(
            now, "fresh", table(now, lambda frame: frame.with_columns(pl.col("as_of") - pl.duration(minutes=46)))
        ),
    ]
