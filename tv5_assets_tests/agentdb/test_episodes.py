from datetime import UTC, datetime, timedelta
from itertools import pairwise

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tv5_assets.agentdb.episodes import episodes as episodes_of
from tv5_assets.agentdb.rewards import reward_of
from tv5_assets.engine import PolarsEngine
from tv5_assets.tables.features import Episodes
from tv5_assets.tables.processed import DAYS_OF_WEEK, GENRES, TIMES_OF_DAY, Ratings
from tv5_assets.tables.table import polars_schema

MOVIES = pl.DataFrame(
    {"movie_id": [1, 2, 3, 4], "genres": [["Drama"], ["Comedy", "Drama"], ["War"], []]},
    schema={"movie_id": pl.Int32, "genres": pl.List(pl.Enum(GENRES))},
)
SATURDAY = datetime(2000, 1, 1, 18, tzinfo=UTC)


def time_of_day(at: datetime) -> str:
    return TIMES_OF_DAY[next(i for i, end in ((4, 6), (0, 12), (1, 17), (2, 21), (3, 24)) if at.hour < end)]


def ratings_of(*rows: tuple[int, int, float, datetime]) -> pl.LazyFrame:
    """Make ratings from user, movie, stars and time, in the order of the file."""
    return pl.LazyFrame(
        [(*row, time_of_day(row[3]), DAYS_OF_WEEK[row[3].weekday()], i) for i, row in enumerate(rows)],
        schema=polars_schema(Ratings),
        orient="row",
    )


def episodes(ratings: pl.LazyFrame, movies: pl.DataFrame) -> pl.LazyFrame:
    found: pl.LazyFrame = nw.to_native(episodes_of(nw.from_native(ratings), movies, PolarsEngine()))
    return found


def test_a_hand_worked_history() -> None:
    day = timedelta(days=1)
    found = episodes(
        ratings_of(
            (7, 3, 4.0, SATURDAY + 2 * day),
            (7, 1, 4.0, SATURDAY),
            (7, 2, 4.0, SATURDAY),  # at the same second as the row before: the file's order decides
            (7, 4, 4.0, SATURDAY + 33 * day),
        ),
        MOVIES,
    ).collect()
    Episodes.validate(found)
    assert found.select("row", "session", "step", "state", "action", "next_state", "terminal").rows() == [
        (1, 0, 0, "evening|weekend|none", "Drama", "evening|weekend|Drama", False),
        (2, 0, 1, "evening|weekend|Drama", "Comedy", "evening|weekday|Comedy", False),
        (0, 0, 2, "evening|weekday|Comedy", "War", None, True),
        (3, 1, 3, "evening|weekday|none", "none", None, True),
    ]
    assert found["reward"].to_list() == [0.0] * 4


@pytest.mark.parametrize(("gap", "sessions"), [(timedelta(days=30), 1), (timedelta(days=30, seconds=1), 2)])
def test_a_session_ends_after_thirty_days(gap: timedelta, sessions: int) -> None:
    found = episodes(ratings_of((1, 1, 3.0, SATURDAY), (1, 2, 4.0, SATURDAY + gap)), MOVIES).collect()
    assert found["session"].n_unique() == sessions


def test_users_do_not_mix() -> None:
    found = episodes(ratings_of((1, 1, 3.0, SATURDAY), (2, 2, 4.0, SATURDAY)), MOVIES).collect()
    assert found["terminal"].to_list() == [True, True]
    assert found["step"].to_list() == [0, 0]
    assert found["state"].to_list() == ["evening|weekend|none"] * 2


def test_no_ratings_give_no_episodes() -> None:
    Episodes.validate(episodes(ratings_of(), MOVIES).collect())


def test_a_reward_is_the_distance_from_the_users_own_mean() -> None:
    stars = [(1, 5.0), (1, 3.0), (2, 1.0)]
    frame = pl.DataFrame(stars, schema={"user_id": pl.Int32, "rating": pl.Float32}, orient="row")
    rewards = (
        nw.from_native(frame).select(reward=reward_of(nw.col("rating"), "user_id", mean=3.0)).to_native()["reward"]
    )
    # Mean of all: 3. Centres: (8 + 15) / 7 = 23/7 and (1 + 15) / 6 = 8/3.
    assert rewards.to_list() == pytest.approx([(5 - 23 / 7) / 2.25, (3 - 23 / 7) / 2.25, (1 - 8 / 3) / 2.25])
    assert rewards.dtype == pl.Float32


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.integers(1, 4),
            st.integers(1, 10).map(lambda half_stars: half_stars / 2),
            st.integers(0, 200).map(lambda days: SATURDAY + timedelta(days=days, hours=days % 24)),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_ratings_give_chained_steps(rows: list[tuple[int, int, float, datetime]]) -> None:
    found = episodes(ratings_of(*rows), MOVIES).collect()
    Episodes.validate(found)
    assert sorted(found["row"]) == list(range(len(rows)))
    assert found["next_state"].is_null().to_list() == found["terminal"].to_list()
    for _, own in found.group_by("user_id", maintain_order=True):
        assert own["step"].to_list() == list(range(len(own)))
        assert own["occurred_at"].is_sorted()
        steps = own.rows(named=True)
        assert steps[-1]["terminal"]
        for step, following in pairwise(steps):
            pause = following["occurred_at"] - step["occurred_at"]
            assert step["terminal"] == (pause > timedelta(days=30))
            assert following["session"] - step["session"] == int(step["terminal"])
            assert following["state"].endswith("|none" if step["terminal"] else f"|{step['action']}")
            assert step["next_state"] in {None, following["state"]}
