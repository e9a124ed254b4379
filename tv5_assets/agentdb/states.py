"""States and actions of the learner: the situation a user chooses in, and the kind of movie chosen.

A state is the time of day, the day type and the last genre: ``evening|weekend|Drama``. There are few enough of them
(200) that one user visits the same one again, and that whole tables over them fit in memory. An action is one genre.
What does not belong here: what a choice was worth (rewards.py).
"""

import hashlib
from itertools import product

import narwhals as nw
import polars as pl

from tv5_assets.tables.features import ACTIONS, DAY_TYPES, NO_GENRE
from tv5_assets.tables.processed import TIMES_OF_DAY

STATES = tuple("|".join(parts) for parts in product(TIMES_OF_DAY, DAY_TYPES, ACTIONS))
"""Every state, by time of day, day type and last genre; a state's code is its place here."""
SLOTS = len(TIMES_OF_DAY) * len(DAY_TYPES)
"""Pairs of time of day and day type: ``code = slot * len(ACTIONS) + last genre``."""

_ACTION = pl.Enum(ACTIONS)
_FORMAT_GENRE = "IMAX"  # MovieLens lists it as a genre, but it says how a movie is shown, not what it is


def state_hash(state: str) -> str:
    """Return the 16 hex digits that stand for a state in keys; they never change for a given state."""
    return hashlib.blake2b(state.encode(), digest_size=8).hexdigest()


STATE_HASHES = tuple(state_hash(state) for state in STATES)
"""The hash of every state, by its code."""


def state_code(time_of_day: nw.Expr, day_of_week: nw.Expr, last_genre: nw.Expr) -> nw.Expr:
    """Return the code of a state, its place in STATES.

    Args:
        time_of_day: one of TIMES_OF_DAY.
        day_of_week: one of DAYS_OF_WEEK.
        last_genre: code of an action, its place in ACTIONS; null where a session begins.
    """
    part = nw.lit(len(TIMES_OF_DAY) - 1)
    for position, name in enumerate(TIMES_OF_DAY[:-1]):
        part = nw.when(time_of_day == name).then(nw.lit(position)).otherwise(part)
    weekend = nw.when((day_of_week == "Sat") | (day_of_week == "Sun")).then(nw.lit(1)).otherwise(nw.lit(0))
    genre = nw.when(last_genre.is_null()).then(nw.lit(ACTIONS.index(NO_GENRE))).otherwise(last_genre)
    return (part * len(DAY_TYPES) + weekend) * len(ACTIONS) + genre


def movie_actions(movies: pl.DataFrame) -> pl.DataFrame:
    """Return the one genre that stands for each movie: its rarest in the catalogue.

    Two of five movies are dramas, so that "Drama" says little about a choice; the rarest genre says the most. IMAX
    counts only where a movie has no other genre. Equally rare genres are told apart by their order in GENRES.

    Args:
        movies: ``movie_id`` and ``genres`` of the whole catalogue.

    Returns:
        ``movie_id`` and ``action``, Enum over ACTIONS (``none`` for a movie without genres), in the order of
        ``movies``.
    """
    genres = (
        movies.select("movie_id", pl.col("genres").alias("genre"))
        .explode("genre")
        .drop_nulls()
        .with_columns(pl.col("genre").cast(pl.String).cast(_ACTION))
    )
    rarest = (
        genres.with_columns(pl.len().over("genre").alias("movies"))
        .sort(pl.col("genre") == _FORMAT_GENRE, "movies", "genre")
        .group_by("movie_id", maintain_order=True)
        .agg(pl.col("genre").first().alias("action"))
    )
    return (
        movies.select("movie_id")
        .join(rarest, on="movie_id", how="left", maintain_order="left")
        .with_columns(pl.col("action").fill_null(pl.lit(NO_GENRE, dtype=_ACTION)))
    )
