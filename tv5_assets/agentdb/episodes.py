"""Episodes: each rating as one step of a user's history, with state, action, reward and next state.

What does not belong here: what the states mean (states.py) and what is learnt from the steps (qlearning.py).
"""

from datetime import timedelta

import polars as pl

from tv5_assets.agentdb.rewards import reward_of
from tv5_assets.agentdb.states import NO_ACTION, movie_actions, state_of
from tv5_assets.tables.features import Episodes
from tv5_assets.tables.table import polars_schema

SESSION_GAP = timedelta(days=30)
"""A pause longer than this ends a session, and with it the chain of rewards."""


def episodes(ratings: pl.LazyFrame, movies: pl.DataFrame) -> pl.LazyFrame:
    """Turn ratings into steps, each user's in the order of time, equal times in the order of the file.

    Args:
        ratings: rows of ``processed/ratings``.
        movies: ``movie_id`` and ``genres`` of the whole catalogue.

    Returns:
        Rows of ``features/episodes``, by user and step. A rating of a movie that is not in the catalogue has the
        action ``none``; that there is none such is a gate's business.
    """
    user = pl.col("user_id")
    # Sorted once, so that every window below finds a user's rows together and in order.
    steps = (
        ratings.join(movie_actions(movies).lazy(), on="movie_id", how="left")
        .sort("user_id", "rated_at", "row")
        .with_columns(
            begins=(pl.col("rated_at").diff().over(user) > SESSION_GAP).fill_null(True),
            reward=reward_of(pl.col("rating"), user),
            action=pl.col("action").fill_null(NO_ACTION),
        )
        .with_columns(
            session=pl.col("begins").cum_sum().over(user).cast(pl.Int32) - 1,
            step=pl.int_range(pl.len(), dtype=pl.Int32).over(user),
            terminal=pl.col("begins").shift(-1).over(user).fill_null(True),
            last_genre=pl.when(~pl.col("begins")).then(pl.col("action").shift(1).over(user)),
        )
        .with_columns(state=state_of(pl.col("time_of_day"), pl.col("day_of_week"), pl.col("last_genre")))
        .with_columns(next_state=pl.when(~pl.col("terminal")).then(pl.col("state").shift(-1).over(user)))
    )
    return steps.select(
        "row",
        "user_id",
        "session",
        "step",
        pl.col("state").cast(pl.String),
        "action",
        "movie_id",
        "reward",
        pl.col("next_state").cast(pl.String),
        "terminal",
        pl.col("rated_at").alias("occurred_at"),
    ).match_to_schema(polars_schema(Episodes))
