from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.agentdb.states import STATES
from tv5_assets.errors import StoreUnavailableError
from tv5_assets.retrieval.policy import current_state, nearest_state, opinion
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores.documents import POLICY_ACTIONS
from tv5_assets_tests.retrieval import made

GONE = StoreUnavailableError("gone")


@pytest.mark.parametrize(
    ("hour", "time_of_day"),
    [(0, "late_night"), (5, "late_night"), (6, "morning"), (12, "afternoon"), (17, "evening"), (21, "night")],
)
def test_the_time_of_day_is_that_of_the_ratings(hour, time_of_day):
    assert current_state(datetime(2024, 5, 29, hour, tzinfo=UTC), "Drama") == f"{time_of_day}|weekday|Drama"


@pytest.mark.parametrize(("day", "day_type"), [(31, "weekday"), (32, "weekend"), (33, "weekend"), (34, "weekday")])
def test_saturday_and_sunday_are_the_weekend(day, day_type):
    friday_noon = datetime(2024, 5, 31, 12, tzinfo=UTC)

    assert current_state(friday_noon + timedelta(days=day - 31), "War") == f"afternoon|{day_type}|War"


def test_a_moment_is_taken_in_utc():
    in_montreal = datetime(2024, 5, 31, 21, tzinfo=timezone(timedelta(hours=-4)))  # Saturday, 1 o'clock UTC

    assert current_state(in_montreal, None) == "late_night|weekend|none"


def test_the_nearest_state_is_the_one_that_shares_most():
    visited = ["morning|weekday|War", "evening|weekday|Drama", "evening|weekend|Comedy"]

    assert nearest_state("evening|weekday|Drama", visited) == "evening|weekday|Drama"
    assert nearest_state("evening|weekend|Drama", visited) == "evening|weekday|Drama"  # two parts each: the genre
    assert nearest_state("night|weekday|War", visited) == "morning|weekday|War"
    assert nearest_state("evening|weekend|Drama", []) is None


@given(st.sampled_from(STATES), st.sets(st.sampled_from(STATES), min_size=1))
def test_no_visited_state_shares_more_than_the_nearest(state, visited):
    def shared(other: str) -> int:
        return sum(a == b for a, b in zip(state.split("|"), other.split("|"), strict=True))

    nearest = nearest_state(state, visited)

    assert nearest in visited
    assert shared(nearest) == max(map(shared, visited))
    assert nearest_state(state, sorted(visited)) == nearest_state(state, sorted(visited, reverse=True))


def test_the_opinion_is_of_the_moment_and_of_the_last_genre(stores: Stores):
    notes: list[str] = []

    said = opinion(stores, 1, made.LAST_DAY, notes)

    # User 1 rated movie 11 last, a Crime and Thriller, and Thriller is the rarer genre.
    assert said is not None
    assert said.state == "evening|weekday|Thriller"
    assert said.learnt_in.split("|")[1] == "weekday"
    assert len(said.values) == POLICY_ACTIONS
    assert list(said.values.values()) == sorted(said.values.values(), reverse=True)
    assert (said.store, said.version, notes) == ("redis", made.VERSION, [])


@pytest.mark.parametrize("user_id", made.RATINGS)
def test_postgresql_stands_in_for_redis_with_the_same_opinion(stores: Stores, user_id: int):
    notes: list[str] = []

    of_redis = opinion(stores, user_id, made.LAST_DAY, [])
    of_postgres = opinion(replace(stores, cache=None, missing={"cache": GONE}), user_id, made.LAST_DAY, notes)

    assert of_redis is not None and of_postgres is not None
    assert of_postgres.store == "postgres"
    assert of_postgres.values == pytest.approx(of_redis.values)
    assert of_postgres.learnt_in == of_redis.learnt_in
    assert list(of_postgres.values) == list(of_redis.values)
    assert notes == ["no policy from Redis: gone"]


def test_without_either_there_is_no_opinion_and_the_notes_say_so(stores: Stores):
    notes: list[str] = []
    neither = replace(stores, cache=None, agentdb=None, missing={"cache": GONE, "agentdb": GONE})

    assert opinion(neither, 1, None, notes) is None
    assert notes == [
        "the last genre is unknown: gone",
        "no policy from Redis: gone",
        "no policy from PostgreSQL: gone",
        "user 1 has no policy, so that all genres count alike",
    ]
