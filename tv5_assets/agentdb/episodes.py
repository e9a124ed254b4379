"""Episodes: each rating as one step of a user's history, with state, action, reward and next state.

A function over Narwhals lazy frames, so that it runs on Polars and on Spark alike. What does not belong here: what the
states mean (states.py) and what is learnt from the steps (qlearning.py).
"""

from datetime import timedelta
from typing import Any

import narwhals as nw
import polars as pl

from tv5_assets.agentdb.rewards import reward_of
from tv5_assets.agentdb.states import STATES, movie_actions, state_code
from tv5_assets.engine import Engine
from tv5_assets.tables.features import ACTIONS, NO_GENRE

SESSION_GAP = timedelta(days=30)
"""A pause longer than this ends a session, and with it the chain of rewards."""

_USER = "user_id"
_TIME = ("rated_at", "row")  # equal times are common; then the order of the file decides


def episodes(ratings: "nw.LazyFrame[Any]", movies: pl.DataFrame, engine: Engine) -> "nw.LazyFrame[Any]":
    """Turn ratings into steps, each user's in the order of time, equal times in the order of the file.

    Args:
        ratings: rows of ``processed/ratings``.
        movies: ``movie_id`` and ``genres`` of the whole catalogue.
        engine: the engine that ``ratings`` belong to.

    Returns:
        Rows of ``features/episodes``, by user and step. A rating of a movie that is not in the catalogue has the
        action ``none``; that there is none such is a gate's business.
    """
    mean = ratings.select(nw.col("rating").cast(nw.Float64).mean()).collect().item()
    codes = movie_actions(movies).with_columns(pl.col("action").to_physical().cast(pl.Int32))
    none = nw.lit(ACTIONS.index(NO_GENRE))
    steps = (
        ratings.join(engine.frame(codes), on="movie_id", how="left")
        .with_columns(
            begins=(nw.col("rated_at") - _before(nw.col("rated_at")) > SESSION_GAP).fill_null(True),
            reward=reward_of(nw.col("rating"), _USER, mean or 0.0),
            action=nw.when(nw.col("action").is_null()).then(none).otherwise(nw.col("action")),
            step=nw.col("row").cum_count().over(_USER, order_by=_TIME).cast(nw.Int32) - 1,
        )
        .with_columns(
            session=nw.col("begins").cast(nw.Int32).cum_sum().over(_USER, order_by=_TIME).cast(nw.Int32) - 1,
            terminal=_after(nw.col("begins")).fill_null(True),
            last_genre=nw.when(~nw.col("begins")).then(_before(nw.col("action"))),
        )
        .with_columns(state=state_code(nw.col("time_of_day"), nw.col("day_of_week"), nw.col("last_genre")))
        .with_columns(next_state=nw.when(~nw.col("terminal")).then(_after(nw.col("state"))))
        .sort(_USER, "step")
        .with_columns(occurred_at=nw.col("rated_at"))
    )
    named = engine.typed(steps, labels={"state": STATES, "action": ACTIONS, "next_state": STATES})
    return named.with_columns(nw.col("state", "next_state").cast(nw.String)).select(
        "row",
        _USER,
        "session",
        "step",
        "state",
        "action",
        "movie_id",
        "reward",
        "next_state",
        "terminal",
        "occurred_at",
    )


def _before(column: nw.Expr) -> nw.Expr:
    """Return the value of the user's step before; null for the first."""
    return column.shift(1).over(_USER, order_by=_TIME)


def _after(column: nw.Expr) -> nw.Expr:
    """Return the value of the user's next step; null for the last."""
    return column.shift(-1).over(_USER, order_by=_TIME)
