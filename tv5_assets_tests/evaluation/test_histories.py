"""Histories hold each user's events in the order of time, and are cut and put together without losing any."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import histories
from tv5_assets_tests.evaluation.made import histories_of

CATALOG = np.array([10, 20, 30], dtype=np.int32)


def events_of(*rows: tuple[int, int, float, int]) -> pl.LazyFrame:
    """Return events of (user, movie, rating, seconds), numbered as they come."""
    frame = pl.DataFrame(
        [(user, movie, rating, datetime.fromtimestamp(seconds, UTC)) for user, movie, rating, seconds in rows],
        schema={
            "user_id": pl.Int32,
            "movie_id": pl.Int32,
            "rating": pl.Float32,
            "rated_at": pl.Datetime("ms", "UTC"),
        },
        orient="row",
    )
    return frame.with_row_index("row").lazy()


def test_events_come_by_user_then_time_then_row_whatever_their_order():
    rows = events_of((7, 30, 1.0, 50), (2, 20, 2.0, 9), (7, 10, 3.0, 40), (7, 20, 4.0, 40))
    for events in (rows, rows.reverse()):
        gathered = histories(events, CATALOG)
        assert gathered.user_ids.tolist() == [2, 7]
        assert gathered.offsets.tolist() == [0, 1, 4]
        assert gathered.items.tolist() == [1, 0, 1, 2]
        assert gathered.ratings.tolist() == [2, 3, 4, 1]
        assert gathered.times.tolist() == [9, 40, 40, 50]


def test_a_user_without_events_has_an_empty_history():
    gathered = histories(events_of((2, 20, 2.0, 9)), CATALOG, np.array([1, 2, 3], dtype=np.int32))
    assert gathered.lengths.tolist() == [0, 1, 0]
    assert histories(events_of(), CATALOG).offsets.tolist() == [0]


def test_unknown_users_and_movies_are_named():
    with pytest.raises(InputError, match="movie 40 of the events is not among the 3 movies"):
        histories(events_of((2, 40, 2.0, 9)), CATALOG)
    with pytest.raises(InputError, match="user 2 of the events is not among the 1 users"):
        histories(events_of((2, 10, 2.0, 9)), CATALOG, np.array([3], dtype=np.int32))


def test_cuts_and_selections_keep_each_users_events():
    whole = histories_of({1: [0, 1], 4: [], 5: [2], 9: [1, 2, 0]}, movies=3)
    cut = whole.of(1, 3)
    assert (cut.user_ids.tolist(), cut.offsets.tolist(), cut.items.tolist()) == ([4, 5], [0, 0, 1], [2])
    assert whole.of(3, 99).items.tolist() == [1, 2, 0]
    taken = whole.take(np.array([0, 3]))
    assert (taken.user_ids.tolist(), taken.offsets.tolist()) == ([1, 9], [0, 2, 5])
    assert taken.items.tolist() == [0, 1, 1, 2, 0]


def test_as_a_matrix():
    whole = histories_of({1: [0, 1], 4: [], 5: [2]}, movies=3)
    assert whole.matrix().toarray().tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert whole.matrix(np.array([2, 3, 4], dtype=np.float32)).toarray().sum() == 9
    assert whole.users_of_events().tolist() == [0, 0, 2]
