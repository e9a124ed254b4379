"""Corruptions for the gates of sequences."""

import polars as pl

from tv5_assets_tests.defs.corruptions.corruption import NOBODY, Corruption, in_first_row, table
from tv5_assets_tests.defs.platform import Platform

SEQUENCES = "features/sequences"


def sequence_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of sequences."""
    position, first_user = pl.col("position"), pl.col("user_id") == pl.col("user_id").first()
    return [
        Corruption(SEQUENCES, "movie_id_known", table(SEQUENCES, in_first_row("movie_id", NOBODY))),
        Corruption(SEQUENCES, "every_user", table(SEQUENCES, lambda frame: frame.filter(~first_user))),
        Corruption(
            SEQUENCES,
            "in_order",
            table(
                SEQUENCES,
                lambda frame: frame.with_columns(
                    position=pl.when(first_user & position.is_in([1, 2])).then(3 - position).otherwise(position)
                ),
            ),
        ),
        Corruption(SEQUENCES, "nothing_held_out", _with_what_is_asked_for, also=("newest",)),
        Corruption(
            SEQUENCES,
            "newest",
            table(
                SEQUENCES,
                lambda frame: frame.filter(~(first_user & (position == 1))).with_columns(
                    position=position - (first_user & (position > 1)).cast(pl.Int32)
                ),
            ),
        ),
    ]


def _with_what_is_asked_for(platform: Platform) -> None:
    """Let the sequence of the first user end with their last rating."""
    ratings = platform.table("processed/ratings")

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        user = frame["user_id"][0]
        last = ratings.filter(pl.col("user_id") == user).sort("rated_at", "row").tail(1)
        events = frame.filter(pl.col("user_id") == user).height
        given_away = last.with_columns(position=pl.lit(events, pl.Int32)).select(frame.columns)
        return pl.concat([frame[:events], given_away, frame[events:]])

    table(SEQUENCES, change)(platform)
