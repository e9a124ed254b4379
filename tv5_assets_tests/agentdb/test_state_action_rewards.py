from datetime import UTC, datetime

import polars as pl

from tv5_assets.agentdb.state_action_rewards import action_dictionary, state_action_rewards, state_dictionary
from tv5_assets.agentdb.states import STATE_HASHES, STATES
from tv5_assets.quality.rewards import told_in_full
from tv5_assets.tables.features import ACTIONS, Episodes, StateActionRewards
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import polars_schema

NOON = datetime(2020, 1, 2, 12, tzinfo=UTC)
MOVIES = pl.DataFrame(
    {"movie_id": [1, 2, 200_000], "genres": [["Drama"], ["Drama", "Comedy", "War"], []]},
    schema={"movie_id": pl.Int32, "genres": pl.List(pl.Enum(GENRES))},
)


def episodes(*movies: int) -> pl.LazyFrame:
    """Make the episodes of user 7, one for each movie."""
    rows = [
        (row, 7, 0, row, STATES[row], "Drama", movie, row / 10, None, True, NOON) for row, movie in enumerate(movies)
    ]
    return pl.LazyFrame(rows, schema=polars_schema(Episodes), orient="row")


def genre(name: str) -> int:
    return -ACTIONS.index(name)


def test_each_genre_and_the_movie_have_a_row() -> None:
    found = state_action_rewards(episodes(2, 200_000, 1), MOVIES).collect()

    StateActionRewards.validate(found)
    assert found.select("user_id", "step", "action_id", "state_id").rows() == [
        *((7, 0, action, 0) for action in sorted([genre("Comedy"), genre("Drama"), genre("War")])),
        (7, 0, 2, 0),
        (7, 1, genre("none"), 1),
        (7, 1, 200_000, 1),
        (7, 2, genre("Drama"), 2),
        (7, 2, 1, 2),
    ]
    assert found.filter(pl.col("step") == 1)["reward"].to_list() == [pl.Series([0.1], dtype=pl.Float32)[0]] * 2
    assert told_in_full(found.lazy(), episodes(2, 200_000, 1), MOVIES).passed


def test_a_movie_that_is_not_in_the_catalogue_has_no_genre() -> None:
    found = state_action_rewards(episodes(9), MOVIES).collect()
    assert found["action_id"].to_list() == [genre("none"), 9]


def test_no_episodes_give_no_rows() -> None:
    StateActionRewards.validate(state_action_rewards(episodes(), MOVIES).collect())


def test_what_does_not_tell_the_episodes_is_seen() -> None:
    steps = episodes(2, 1)
    rewards = state_action_rewards(steps, MOVIES).collect()
    for wrong in (
        rewards[1:],
        rewards.vstack(rewards[:1]),
        rewards.with_columns(pl.col("action_id") + 1),
        rewards.with_columns(pl.col("state_id") + 1),
        rewards.with_columns(pl.col("reward") + 0.01),
        rewards.with_columns(user_id=pl.lit(8, pl.Int32)),
        rewards.clear(),
    ):
        assert not told_in_full(wrong.lazy(), steps, MOVIES).passed


def test_the_dictionaries_name_every_id() -> None:
    actions = dict(action_dictionary(MOVIES).select("action_id", "name").rows())
    assert actions == {
        **{genre(name): name for name in ACTIONS}, 1: "ml_1", 2: "ml_2", 200_000: "ml_200000"
    }  # fmt: skip
    assert set(action_dictionary(MOVIES).filter(pl.col("action_id") > 0)["kind"]) == {"movie"}
    states = state_dictionary()
    assert states["state"].to_list() == list(STATES)
    assert states["state_hash"].to_list() == list(STATE_HASHES)
    assert states.row(21) == (21, "|".join(states.row(21)[3:]), STATE_HASHES[21], *states.row(21)[3:])
