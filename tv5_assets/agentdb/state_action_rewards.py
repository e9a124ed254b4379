"""State-action-rewards: what each choice was worth, for each genre of the chosen movie and for the movie itself.

An episode (episodes.py) knows one action, the rarest genre of its movie. Here it is told in full, in about four narrow
rows of numbers; the names of states and actions are in two small dictionaries. What does not belong here: where the
rows are published (stores/).
"""

import polars as pl

from tv5_assets.agentdb.states import STATE_HASHES, STATES
from tv5_assets.ids import media_id_expr
from tv5_assets.tables.features import ACTIONS, NO_GENRE

_ACTION_ID = pl.Int32


def state_action_rewards(episodes: pl.LazyFrame, movies: pl.DataFrame) -> pl.LazyFrame:
    """Return a row for each genre of each episode's movie and one for the movie, in the order of the episodes.

    Args:
        episodes: rows of ``features/episodes``, by user and step.
        movies: ``movie_id`` and ``genres`` of the whole catalogue. A movie without genres counts as ``none``, and so
            does one that is not there, which is a gate's business.

    Returns:
        Rows of ``features/state_action_rewards``, by user, step and action.
    """
    genres = (
        pl.when(pl.col("genres").list.len() > 0)
        .then(pl.col("genres").list.eval(-pl.element().to_physical().cast(_ACTION_ID)))
        .otherwise(pl.lit([_genre_action(NO_GENRE)], pl.List(_ACTION_ID)))
    )
    movie = pl.col("movie_id").cast(_ACTION_ID)
    told = movies.select("movie_id", action_id=genres.list.concat(movie.reshape((-1, 1)).arr.to_list()).list.sort())
    unknown = pl.concat_list(pl.lit(_genre_action(NO_GENRE), _ACTION_ID), movie)
    return (
        episodes.select("user_id", "step", "state", "movie_id", "reward", "occurred_at")
        .join(told.lazy(), on="movie_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("action_id").fill_null(unknown),
            state_id=pl.col("state").cast(pl.Enum(STATES)).to_physical().cast(pl.Int16),
        )
        .explode("action_id")
        .select("user_id", "step", "action_id", "state_id", "reward", "occurred_at")
    )


def state_dictionary() -> pl.DataFrame:
    """Return what each ``state_id`` means."""
    state = pl.Series("state", STATES)
    parts = state.str.split("|").list.to_struct(fields=["time_of_day", "day_type", "last_genre"])
    return pl.DataFrame(
        {"state_id": pl.Series(range(len(STATES)), dtype=pl.Int16), "state": state, "state_hash": STATE_HASHES}
    ).hstack(parts.struct.unnest())


def action_dictionary(movies: pl.DataFrame) -> pl.DataFrame:
    """Return what each ``action_id`` means: a genre at 0 and below, a movie at its own id.

    Args:
        movies: ``movie_id`` of the whole catalogue.
    """
    genres = pl.DataFrame({"action_id": [_genre_action(name) for name in ACTIONS], "name": ACTIONS})
    named = movies.select(action_id=pl.col("movie_id"), kind=pl.lit("movie"), name=media_id_expr())
    return pl.concat(
        [genres.select(pl.col("action_id").cast(_ACTION_ID), pl.lit("genre").alias("kind"), "name"), named]
    ).sort("action_id")


def _genre_action(name: str) -> int:
    """Return the action of a genre: minus its place, so that it is no movie's id."""
    return -ACTIONS.index(name)
