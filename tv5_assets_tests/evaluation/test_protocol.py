"""A split becomes a problem whose users, histories and answers are those of its parts."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from tv5_assets.errors import InputError
from tv5_assets.evaluation.protocol import problem, validation
from tv5_assets.features.splits import split
from tv5_assets.settings import PROTOCOLS
from tv5_assets_tests.evaluation.test_histories import events_of

CATALOG = np.arange(1, 61, dtype=np.int32)


def parts_of(*parts: str) -> pl.LazyFrame:
    return pl.LazyFrame({"row": range(len(parts)), "part": parts}, schema={"row": pl.UInt32, "part": pl.String})


@pytest.fixture(scope="module")
def ratings() -> pl.LazyFrame:
    rng = np.random.default_rng(5)
    rows = [
        (user, int(movie), float(rng.integers(1, 11) / 2), int(rng.integers(0, 5_000)))
        for user in range(1, 41)
        for movie in rng.permutation(CATALOG)[:25]
    ]
    return events_of(*rows)


def test_each_part_goes_where_it_belongs():
    events = events_of((1, 1, 4.0, 1), (1, 2, 4.0, 2), (2, 3, 4.0, 3), (2, 4, 4.0, 4), (3, 5, 4.0, 5), (4, 6, 4.0, 6))
    asked = problem(
        events, parts_of("history", "test", "train", "unused", "train", "train"), "strong-generalization", CATALOG
    )
    assert asked.train.user_ids.tolist() == [2, 3, 4] and asked.train.items.tolist() == [2, 4, 5]
    assert asked.history.user_ids.tolist() == asked.truth.user_ids.tolist() == [1]
    assert asked.history.items.tolist() == [0] and asked.truth.items.tolist() == [1]


def test_the_training_rows_of_those_who_are_asked_are_their_history():
    events = events_of((1, 1, 4.0, 1), (1, 2, 4.0, 2), (2, 3, 4.0, 3))
    asked = problem(events, parts_of("train", "test", "train"), "user-80-20", CATALOG)
    assert asked.history.user_ids.tolist() == [1] and asked.history.items.tolist() == [0]
    assert asked.train.items.tolist() == [0, 2]


def test_users_of_whom_nothing_is_known_are_not_asked_about():
    events = events_of((1, 1, 4.0, 1), (1, 2, 4.0, 2), (2, 3, 4.0, 3))
    assert problem(events, parts_of("train", "test", "test"), "temporal", CATALOG).truth.user_ids.tolist() == [1]
    with pytest.raises(InputError, match="1 users to learn from and 0 to ask about"):
        problem(events, parts_of("train", "train", "train").head(1), "temporal", CATALOG)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_of_more_users_so_many_are_drawn_and_the_others_still_learnt_from(ratings: pl.LazyFrame, protocol: str):
    parts = split(nw.from_native(ratings), protocol, seed=1).to_native()
    everyone = problem(ratings, parts, protocol, CATALOG)
    drawn = [problem(ratings, parts, protocol, CATALOG, most_users=3, seed=seed) for seed in (1, 1, 2)]
    for one in drawn:
        assert len(one.truth) == 3 and np.isin(one.truth.user_ids, everyone.truth.user_ids).all()
        assert np.array_equal(one.train.items, everyone.train.items)
        place = int(np.flatnonzero(everyone.truth.user_ids == one.truth.user_ids[1])[0])
        for part, whole in ((one.truth, everyone.truth), (one.history, everyone.history)):
            assert np.array_equal(part.of(1, 2).items, whole.of(place, place + 1).items)
    assert np.array_equal(drawn[0].truth.user_ids, drawn[1].truth.user_ids)
    assert problem(ratings, parts, protocol, CATALOG, most_users=len(everyone.truth)).truth.user_ids.tolist() == (
        everyone.truth.user_ids.tolist()
    )
    assert len(validation(ratings, parts, protocol, CATALOG, seed=2, most_users=2).truth) <= 2


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_makes_a_problem_and_validates_on_its_training_rows_alone(ratings: pl.LazyFrame, protocol: str):
    parts = split(nw.from_native(ratings), protocol, seed=1).to_native()
    asked = problem(ratings, parts, protocol, CATALOG)
    chosen = validation(ratings, parts, protocol, CATALOG, seed=2)
    learnt = set(zip(asked.train.user_ids[asked.train.users_of_events()], asked.train.items, strict=True))
    tuned = [
        set(zip(part.user_ids[part.users_of_events()], part.items, strict=True))
        for part in (chosen.train, chosen.truth, chosen.history)
    ]
    assert len(chosen.truth) > 0 and all(events <= learnt for events in tuned)
    again = validation(ratings, parts, protocol, CATALOG, seed=2)
    assert np.array_equal(again.truth.items, chosen.truth.items)


def test_a_future_row_in_a_temporal_split_is_refused(ratings: pl.LazyFrame):
    parts = split(nw.from_native(ratings), "temporal", seed=1).to_native()
    problem(ratings, parts, "temporal", CATALOG)
    last = ratings.select(pl.col("row").sort_by("rated_at").last()).collect().item()
    leaked = parts.with_columns(
        part=pl.when(pl.col("row") == last).then(pl.lit("train")).otherwise(pl.col("part").cast(pl.String))
    )
    with pytest.raises(InputError, match="temporal: 1 training events are after"):
        problem(ratings, leaked, "temporal", CATALOG)
