"""An evaluation is of everyone to whom something is relevant, at every cut-off of the protocol."""

import math

import numpy as np
import pytest
import torch

from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import cutoffs, evaluate
from tv5_assets_tests.evaluation.made import Fixed, problem_of

SCORES = torch.arange(30, 0, -1).float().expand(4, -1)  # the lower the place, the better


def test_a_hand_worked_evaluation():
    # Movie 0 is seen by user 1, so movie 1 is first: hits at place 1 for user 1, at place 3 for user 2, none for 3.
    problem = problem_of({1: [0], 2: [5], 3: [5]}, {1: [1], 2: [2, 28], 3: [29]}, movies=30)
    done = evaluate(Fixed(SCORES), problem)
    assert done.model == "fixed" and done.protocol == "user-80-20" and done.user_ids.tolist() == [1, 2, 3]
    assert {k for _, k in done.per_user} == {5, 10, 20} == set(done.coverage)
    ideal = 1 + 1 / math.log2(3)
    np.testing.assert_allclose(done.per_user["ndcg", 5], [1, 0.5 / ideal, 0])
    np.testing.assert_allclose(done.per_user["recall", 10], [1, 0.5, 0])
    assert done.mean("hit_rate", 5) == pytest.approx(2 / 3)
    assert done.mean("coverage", 5) == 6 / 30  # movies 1 to 5 for user 1, 0 to 4 for the others
    assert done.seconds > 0


def test_users_to_whom_nothing_is_relevant_are_left_out():
    problem = problem_of({1: [0], 2: [0]}, {1: [(1, 3.0, 0)], 2: [(2, 4.0, 0)]}, movies=30)
    done = evaluate(Fixed(SCORES), problem, least_rating=4.0, ks=[1, 3])
    assert done.user_ids.tolist() == [2]
    assert done.per_user["recall", 3].tolist() == [1.0]
    with pytest.raises(InputError, match=r"no user has a rating of at least 4\.5"):
        evaluate(Fixed(SCORES), problem, least_rating=4.5)


def test_a_model_that_scores_only_what_was_seen_finds_nothing():
    scores = torch.zeros((4, 30))
    scores[:, :6] = 1.0
    problem = problem_of({1: range(6), 2: range(6)}, {1: [28], 2: [29]}, movies=30)
    done = evaluate(Fixed(scores), problem)
    assert all(done.mean(name, 20) == 0 for name in ("ndcg", "recall", "precision", "hit_rate", "map"))


def test_strong_generalization_is_looked_at_as_deep_as_it_is_published():
    assert cutoffs("strong-generalization") == (5, 10, 20, 50, 100)
    assert cutoffs("temporal") == (5, 10, 20)


def test_a_metric_that_was_not_computed_is_named():
    done = evaluate(Fixed(SCORES), problem_of({1: [0]}, {1: [1]}, movies=30), ks=[5])
    with pytest.raises(InputError, match="fixed on user-80-20 has no ndcg@10"):
        done.mean("ndcg", 10)
