"""Problems that give an answer away are refused."""

import numpy as np
import pytest

from tv5_assets.errors import InputError
from tv5_assets.evaluation.problem import Problem
from tv5_assets_tests.evaluation.made import histories_of, problem_of


def test_a_movie_to_be_found_that_is_in_the_history_is_refused():
    with pytest.raises(InputError, match="movie 30 should be found for user 2 but is in their history, as are 1 more"):
        problem_of({1: [0], 2: [1, 2], 3: [3]}, {1: [1], 2: [0, 2], 3: [3]}, movies=4)


def test_a_movie_to_be_found_that_the_user_trains_on_is_refused():
    with pytest.raises(InputError, match="movie 20 should be found for user 1 but is in their training events"):
        problem_of({1: [0], 2: [1]}, {1: [1], 2: [0]}, movies=4, train={1: [0, 1], 2: [1]})
    # The same movie of another user is no leak.
    problem_of({1: [0], 2: [1]}, {1: [1], 2: [0]}, movies=4, train={1: [0], 2: [1]})


def test_temporal_may_not_train_on_the_future():
    history, truth = {1: [(0, 4.0, 10)], 2: [(0, 4.0, 20)]}, {1: [(1, 4.0, 20)], 2: [(1, 4.0, 30)]}
    problem_of(history, truth, 4, "temporal")
    history[2] = [(0, 4.0, 21)]
    with pytest.raises(InputError, match="1 training events are after the first event that should be found"):
        problem_of(history, truth, 4, "temporal")
    problem_of(history, truth, 4, "user-80-20")


def test_leave_last_out_may_not_know_what_came_after():
    history, truth = {1: [(0, 4.0, 10), (2, 4.0, 20)], 2: []}, {1: [(1, 4.0, 20)], 2: [(1, 4.0, 5)]}
    problem_of(history, truth, 4, "leave-last-out")
    history[1] = [(0, 4.0, 10), (2, 4.0, 21)]
    with pytest.raises(InputError, match="history of user 1 goes on after"):
        problem_of(history, truth, 4, "leave-last-out")


def test_strong_generalization_may_not_train_on_those_who_are_asked():
    history, truth = {1: [0], 2: [0]}, {1: [1], 2: [2]}
    problem_of(history, truth, 4, "strong-generalization", train={3: [0, 1]})
    with pytest.raises(InputError, match="user 2 is asked about but is in the training events"):
        problem_of(history, truth, 4, "strong-generalization", train={2: [3], 3: [0]})


def test_parts_of_different_catalogs_or_users_are_refused():
    part, other = histories_of({1: [0]}, movies=2), histories_of({1: [0]}, movies=3)
    with pytest.raises(InputError, match="different catalogs"):
        Problem("temporal", other, part, part)
    with pytest.raises(InputError, match="different users"):
        Problem("temporal", part, histories_of({2: [0]}, movies=2), part)
    assert not np.array_equal(part.catalog, other.catalog)
