"""Markov: what followed what, by hand."""

import numpy as np

from tv5_assets.models.baselines.markov import fit_markov, markov_candidates
from tv5_assets.models.following import following
from tv5_assets_tests.evaluation.made import histories_of

# In this order: 0 is followed by 1 twice and by 2 once, 1 by 2 once.
TRAIN = histories_of(
    {1: [(0, 4.0, 1), (1, 4.0, 2), (2, 4.0, 3)], 2: [(0, 4.0, 1), (1, 4.0, 2)], 3: [(0, 4.0, 5), (2, 4.0, 9)]}, 4
)


def test_pairs_count_one_over_their_distance_within_a_user():
    np.testing.assert_array_equal(following(TRAIN, 1).toarray(), [[0, 2, 1, 0], [0, 0, 1, 0], [0] * 4, [0] * 4])
    np.testing.assert_array_equal(following(TRAIN, 9).toarray(), [[0, 2, 1.5, 0], [0, 0, 1, 0], [0] * 4, [0] * 4])


def test_of_first_order_only_the_last_movie_counts():
    scores = fit_markov(TRAIN, reach=1).scores(histories_of({1: [(1, 4.0, 1), (0, 4.0, 2)], 7: []}, 4))
    np.testing.assert_allclose(scores, [[0, 2 / 4, 1 / 4, 0], [0] * 4], rtol=1e-6)


def test_of_higher_order_earlier_movies_count_less():
    scores = fit_markov(TRAIN, reach=2).scores(histories_of({1: [(2, 4.0, 0), (1, 4.0, 1), (0, 4.0, 2)]}, 4))
    # Movie 0, the last, leads to 1 and 2 with 2 and 1.5 of 3.5 + 1; movie 1, the one before, to 2 with 1 of 1 + 1.
    np.testing.assert_allclose(scores, [[0, 2 / 4.5, 1.5 / 4.5 + 1 / 2 / 2, 0]], rtol=1e-6)


def test_each_reach_is_tried():
    assert [model.parameters["reach"] for model in markov_candidates(TRAIN, reaches=(1, 3))] == [1, 3]
