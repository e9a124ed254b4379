"""iALS: users are solved for from their histories alone."""

import numpy as np
import pytest

from tv5_assets.models.baselines.ials import Factorization, fit_ials, ials_candidates
from tv5_assets_tests.evaluation.made import histories_of
from tv5_assets_tests.models.baselines.made import drawn

TRAIN = drawn(users=60, movies=30)


@pytest.mark.parametrize("alpha", [1.0, 8.0])
def test_a_user_is_the_solution_of_their_least_squares(alpha: float):
    model = fit_ials(TRAIN, Factorization(8, 0.5, alpha))
    movies = model.tensors["movies"].numpy().astype(np.float64)
    asked = drawn(users=10, movies=30, seed=8)
    expected = []
    for row in asked.matrix().toarray():
        confidence = np.where(row > 0, alpha, 1)[:, None]
        expected.append(np.linalg.solve(movies.T @ (confidence * movies) + 0.5 * np.eye(8), alpha * row @ movies))
    np.testing.assert_allclose(model.users(asked), expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(model.scores(asked), np.array(expected) @ movies.T, rtol=1e-3, atol=1e-4)


def test_it_reconstructs_blocks_of_taste():
    # Two groups of users with a group of movies each; one user of either has seen all but the last.
    train = histories_of(
        {user: [0, 1, 2, 3] for user in range(1, 6)} | {user: [4, 5, 6, 7] for user in range(6, 11)}, movies=8
    )
    scores = fit_ials(train, Factorization(2, 0.1, 5.0)).scores(histories_of({21: [0, 1, 2], 22: [4, 5, 6]}, movies=8))
    assert scores[0].argsort(descending=True)[:4].sort().values.tolist() == [0, 1, 2, 3]
    assert scores[1].argsort(descending=True)[:4].sort().values.tolist() == [4, 5, 6, 7]
    assert scores[0, 3] > 0.5 > 0.1 > scores[0, 7]


def test_the_same_seed_gives_the_same_factors():
    how = Factorization(4, 1.0, 2.0, iterations=3)
    first, again, other = (fit_ials(TRAIN, how, seed).tensors["movies"] for seed in (1, 1, 2))
    assert first.equal(again) and not first.equal(other)


def test_each_factorization_is_tried():
    tried = [Factorization(4, 1.0, 2.0, 2), Factorization(6, 2.0, 1.0, 1)]
    models = list(ials_candidates(TRAIN, tried, seed=5))
    assert [model.parameters for model in models] == [{**how._asdict(), "seed": 5} for how in tried]
    assert [model.tensors["movies"].shape for model in models] == [(30, 4), (30, 6)]
