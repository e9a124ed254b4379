"""Whether state-action-rewards tell every episode in full."""

import polars as pl

from tv5_assets.agentdb.states import STATES
from tv5_assets.quality.verdict import Verdict
from tv5_assets.tables.features import ACTIONS, NO_GENRE

_TOLERANCE = 1e-3  # of a sum of rewards, in whatever order they were added


def told_in_full(rewards: pl.LazyFrame, episodes: pl.LazyFrame, movies: pl.DataFrame) -> Verdict:
    """Ask that each user's rows are as many as the genres and movies of their episodes, and that what can be added up
    of them (actions, states, rewards) comes to the same.

    Args:
        rewards: rows of ``features/state_action_rewards``.
        episodes: rows of ``features/episodes``.
        movies: ``movie_id`` and ``genres`` of the whole catalogue.
    """
    genres = pl.col("genres").list
    told = movies.lazy().select(
        "movie_id",
        actions=1 + pl.max_horizontal(1, genres.len().cast(pl.Int64)),
        genre_places=genres.eval(pl.element().to_physical().cast(pl.Int64)).list.sum(),
        without=genres.len() == 0,
    )
    state = pl.col("state").cast(pl.Enum(STATES)).to_physical().cast(pl.Int64)
    places = pl.when("without").then(ACTIONS.index(NO_GENRE)).otherwise("genre_places")
    expected = (
        episodes.join(told, on="movie_id", how="left")
        .group_by("user_id")
        .agg(
            rows=pl.col("actions").sum(),
            action=(pl.col("movie_id").cast(pl.Int64) - places).sum(),
            state=(state * pl.col("actions")).sum(),
            reward=(pl.col("reward").cast(pl.Float64) * pl.col("actions")).sum(),
        )
    )
    found = rewards.group_by("user_id").agg(
        rows_told=pl.len().cast(pl.Int64),
        action_told=pl.col("action_id").cast(pl.Int64).sum(),
        state_told=pl.col("state_id").cast(pl.Int64).sum(),
        reward_told=pl.col("reward").cast(pl.Float64).sum(),
    )
    both = expected.join(found, on="user_id", how="full", coalesce=True)
    exact = [pl.col(name).ne_missing(pl.col(f"{name}_told")) for name in ("rows", "action", "state")]
    apart = ((pl.col("reward") - pl.col("reward_told")).abs() > _TOLERANCE).fill_null(value=True)
    counts = both.select(
        expected_rows=pl.col("rows").sum(),
        rows=pl.col("rows_told").sum(),
        users_off=pl.any_horizontal(*exact, apart).sum(),
    ).collect(engine="streaming")
    facts = counts.row(0, named=True)
    return Verdict(
        passed=facts["users_off"] == 0,
        facts=facts,
        description="{rows} rows of {expected_rows}; of {users_off} users they do not tell the episodes".format(
            **facts
        ),
    )
