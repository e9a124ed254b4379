"""Item-kNN: cosines by hand, neighbours in a fixed order."""

import math

import numpy as np
import pytest

from tv5_assets.models.baselines import together
from tv5_assets.models.baselines.neighbours import fit_neighbours, neighbour_candidates
from tv5_assets_tests.evaluation.made import histories_of
from tv5_assets_tests.models.baselines.made import HAND_MADE, drawn


def test_similarities_by_hand():
    # Movies 0, 1, 2, 3, 4 have 4, 3, 2, 2, 1 users; 0 and 1 share 3, 0 and 2 share 2, 0 and 3 share 1, 0 and 4 none.
    model = fit_neighbours(HAND_MADE, neighbours=3, shrinkage=0)
    assert model.tensors["neighbours"][0].tolist() == [1, 2, 3]
    expected = [3 / math.sqrt(12), 2 / math.sqrt(8), 1 / math.sqrt(8)]
    np.testing.assert_allclose(model.tensors["similarities"][0], expected, rtol=1e-6)
    # Who saw 1 and 3: movie 0 is near to both; movie 4 to 3 alone; movie 2 to 1 (2 / sqrt 6) and to 3 (1 / 2).
    scores = model.scores(histories_of({1: [1, 3]}, movies=6))[0]
    expected = [expected[0] + expected[2], 2 / math.sqrt(6) + 1 / 2, 1 / math.sqrt(2), 0]
    np.testing.assert_allclose(scores[[0, 2, 4, 5]], expected, rtol=1e-6)


def test_shrinkage_is_added_to_the_denominator():
    model = fit_neighbours(HAND_MADE, neighbours=5, shrinkage=10)
    assert model.tensors["neighbours"][0].tolist()[:3] == [1, 2, 3]
    np.testing.assert_allclose(model.tensors["similarities"][0][0], 3 / (math.sqrt(12) + 10), rtol=1e-6)


def test_only_the_candidates_own_neighbours_count():
    # The nearest of movie 4 is 3, of movie 3 it is 4 (1 / sqrt 2): with one neighbour, having seen 0 says nothing of 3.
    model = fit_neighbours(HAND_MADE, neighbours=1, shrinkage=0)
    assert model.tensors["neighbours"][:5, 0].tolist() == [1, 0, 1, 4, 3]
    assert model.scores(histories_of({1: [0]}, movies=6))[0].tolist()[3] == 0


def test_of_equally_near_movies_the_lower_id_is_a_neighbour():
    model = fit_neighbours(histories_of({1: [0, 1, 2, 3]}, movies=4), neighbours=2, shrinkage=0)
    assert model.tensors["neighbours"].tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]


@pytest.mark.parametrize("shrinkage", [0.0, 5.0])
def test_all_neighbours_are_the_whole_matrix_of_cosines(monkeypatch: pytest.MonkeyPatch, shrinkage: float):
    train = drawn(users=40, movies=30)
    monkeypatch.setattr(together, "_ROWS_AT_ONCE", 7)  # several blocks, the last one short
    model = fit_neighbours(train, neighbours=100, shrinkage=shrinkage)
    matrix = train.matrix().toarray().astype(np.float64)
    shared = matrix.T @ matrix
    norms = np.sqrt(np.diag(shared))
    cosines = shared / np.maximum(np.outer(norms, norms) + shrinkage, 1e-9)
    np.fill_diagonal(cosines, 0)
    np.testing.assert_allclose(model.scores(train), matrix @ cosines, rtol=1e-5, atol=1e-6)


def test_candidates_are_what_fitting_gives():
    train = drawn(users=20, movies=15)
    found = list(neighbour_candidates(train, neighbours=(2, 5), shrinkages=(0.0, 3.0)))
    assert [tuple(model.parameters.values()) for model in found] == [(2, 0.0), (5, 0.0), (2, 3.0), (5, 3.0)]
    for model in found:
        alone = fit_neighbours(train, **model.parameters)
        assert alone.scores(train).equal(model.scores(train))


def test_a_movie_alone_has_no_neighbours():
    model = fit_neighbours(histories_of({1: [0], 2: [0]}, movies=1), neighbours=20, shrinkage=0)
    assert model.scores(histories_of({3: [0]}, movies=1)).tolist() == [[0.0]]
