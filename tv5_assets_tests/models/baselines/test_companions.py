"""Companions: ties by hand, and what they find that sets of movies do not show."""

import numpy as np
import pytest

from tv5_assets.models.baselines.baseline import pooled
from tv5_assets.models.baselines.companions import fit_companions
from tv5_assets.models.baselines.ease import fit_ease
from tv5_assets_tests.evaluation.made import histories_of

# Movies 0 and 1 are watched one after the other by two users, 2 after them by one of them; nobody watches 3.
TRAIN = histories_of({1: [(0, 4.0, 1), (1, 4.0, 2), (2, 4.0, 3)], 2: [(1, 4.0, 1), (0, 4.0, 2)]}, 4)


def ties(shrinkage: float) -> np.ndarray:
    events = np.array([2, 2, 1, 0])
    counts = np.array([[2, 2, 0.5, 0], [2, 2, 1, 0], [0.5, 1, 1, 0], [0, 0, 0, 0]])
    return counts / np.sqrt(np.outer(events + shrinkage, events + shrinkage))


@pytest.mark.parametrize("shrinkage", [0.5, 10.0])
def test_ties_are_the_inner_products_of_vectors(shrinkage: float):
    vectors = fit_companions(TRAIN, 0, shrinkage=shrinkage, dimension=4).tensors["vectors"].numpy()
    values, basis = np.linalg.eigh(ties(shrinkage))
    positive = basis * np.maximum(values, 0) @ basis.T
    np.testing.assert_allclose(vectors @ vectors.T, positive, atol=1e-6)
    assert (vectors[3] == 0).all()


def test_fewer_columns_are_the_leading_ones():
    whole = fit_companions(TRAIN, 0, dimension=4).tensors["vectors"]
    first = fit_companions(TRAIN, 0, dimension=1).tensors["vectors"]
    np.testing.assert_allclose(first @ first.T, whole[:, :1] @ whole[:, :1].T, atol=1e-6)


def test_only_what_is_within_reach_is_a_companion():
    far = histories_of({1: [(0, 4.0, 1), (1, 4.0, 2), (2, 4.0, 3)]}, 3)
    near = fit_companions(far, 0, reach=1, dimension=3).tensors["vectors"]
    wide = fit_companions(far, 0, reach=2, dimension=3).tensors["vectors"]
    assert (near[0] @ near[2]).abs() < 0.3 * (wide[0] @ wide[2])


def test_its_sides_give_its_scores():
    model = fit_companions(TRAIN, 0, dimension=3)
    asked = histories_of({1: [0, 2], 2: []}, 4)
    sides = model.sides()
    np.testing.assert_allclose(pooled(asked, sides.history) @ sides.movies.T, model.scores(asked), atol=1e-6)


def test_it_knows_what_was_watched_side_by_side_where_sets_of_movies_do_not_tell():
    """Everyone watches all of four movies, 0 beside 1 and 2 beside 3, with twelve others in between."""
    generator = np.random.default_rng(0)
    histories = {}
    for user in range(1, 41):
        pairs = [[0, 1], [2, 3]]
        generator.shuffle(pairs)
        order = [*pairs[0], *generator.permutation(np.arange(4, 16)).tolist(), *pairs[1]]
        histories[user] = [(movie, 4.0, time) for time, movie in enumerate(order)]
    train, asked = histories_of(histories, 16), histories_of({99: [0]}, 16)
    companions = fit_companions(train, 0, dimension=16).scores(asked)[0]
    assert companions[1] > 2 * companions[2:4].max()
    ease = fit_ease(train, 1.0).scores(asked)[0]
    assert float(ease[1] - ease[2]) == pytest.approx(0, abs=1e-4)
