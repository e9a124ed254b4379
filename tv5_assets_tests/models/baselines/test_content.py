"""Mean of liked movies: cosines by hand."""

import math

import numpy as np
import pytest

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.models.baselines.content import content_candidates, fit_content
from tv5_assets_tests.evaluation.made import histories_of
from tv5_assets_tests.models.baselines.made import HAND_MADE

# Movie ids are ten times the place, plus ten; a vector more, of a movie that is not in the catalog.
VECTORS = Vectors(
    np.array([5, 10, 20, 30, 40, 50, 60], dtype=np.int32),
    np.array([[9, 9], [2, 0], [0, 1], [1, 1], [-1, 0], [0, -3], [1, 0]], dtype=np.float32),
    "by hand",
)


def test_liked_movies_are_averaged_and_the_others_are_not():
    asked = histories_of({1: [(0, 4.0, 0), (1, 5.0, 0), (4, 1.0, 0)], 2: [(4, 1.0, 0), (3, 0.5, 0)], 3: []}, movies=6)
    scores = fit_content(HAND_MADE, VECTORS, least_rating=4.0).scores(asked)
    half = 1 / math.sqrt(2)
    np.testing.assert_allclose(scores[0], [half, half, 1, -half, -half, half], atol=1e-6)  # mean of (1, 0), (0, 1)
    np.testing.assert_allclose(scores[1], [-half, -half, -1, half, half, -half], atol=1e-6)  # liked nothing: all
    assert (scores[2] == 0).all()  # nothing is known


def test_each_bound_is_tried():
    low, high = content_candidates(HAND_MADE, VECTORS, least_ratings=(0.5, 4.5))
    asked = histories_of({1: [(0, 1.0, 0), (1, 5.0, 0)]}, movies=6)
    assert low.parameters == {"least_rating": 0.5, "vectors": "by hand"}
    np.testing.assert_allclose(low.scores(asked)[0, 2], 1, rtol=1e-6)
    np.testing.assert_allclose(high.scores(asked)[0, 1], 1, rtol=1e-6)


def test_a_movie_without_a_vector_is_named():
    few = Vectors(VECTORS.ids[:-1], VECTORS.matrix[:-1], "few")
    with pytest.raises(InputError, match="id 60 has no vector"):
        fit_content(HAND_MADE, few, least_rating=4.0)
