"""First embeddings of items: near where they are watched near one another, the same for the same seed."""

import numpy as np

from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.sequence_start import neighbour_embeddings

CROWDS, ALONE = np.arange(20).reshape(4, 5), 20


def crowds() -> Histories:
    """Users who watch five movies in some order, in four crowds; nobody watches the last movie of the catalog."""
    generator = np.random.default_rng(0)
    items = np.concatenate([generator.permutation(CROWDS[user % 4]) for user in range(40)])
    return Histories(
        np.arange(40, dtype=np.int32),
        np.arange(0, 201, 5),
        items.astype(np.int32),
        np.ones(200, dtype=np.float32),
        np.arange(200),
        np.arange(21, dtype=np.int32),
    )


def test_what_is_watched_together_is_near():
    embeddings = neighbour_embeddings(crowds(), dimension=8, reach=3, seed=1)
    products = embeddings @ embeddings.T
    together = np.zeros((21, 21), dtype=bool)
    for crowd in CROWDS:
        together[np.ix_(crowd, crowd)] = True
    assert products[together].min() > 0.5
    assert abs(products[~together]).max() < 0.1


def test_what_nobody_watches_is_nowhere_and_lengths_are_bounded():
    embeddings = neighbour_embeddings(crowds(), dimension=8, reach=3, seed=1)
    assert (embeddings[ALONE] == 0).all()
    assert np.isclose(np.square(embeddings).sum(axis=1).mean(), 1, atol=1e-4)


def test_pairs_of_two_users_do_not_count():
    first_of_next = crowds()
    embeddings = neighbour_embeddings(first_of_next, dimension=8, reach=40, seed=1)
    assert abs(embeddings[CROWDS[0]] @ embeddings[CROWDS[1]].T).max() < 0.1


def test_the_same_seed_gives_the_same_embeddings_of_any_dimension():
    first, second = (neighbour_embeddings(crowds(), dimension=30, reach=2, seed=1) for _ in range(2))
    assert first.shape == (21, 30)
    assert np.array_equal(first, second)
