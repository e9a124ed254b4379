import numpy as np
import pytest

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.quality.recall import exact_top_k, recall_at_k, recall_at_least, sample_queries


@pytest.fixture
def vectors() -> Vectors:
    angles = np.linspace(0, np.pi / 2, 10)
    matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Vectors(np.arange(100, 110, dtype=np.int32), matrix, "a quarter circle")


def test_exact_neighbours_nearest_first(vectors: Vectors) -> None:
    assert exact_top_k(vectors, vectors.matrix[[0, 9]], 3).tolist() == [[100, 101, 102], [109, 108, 107]]


def test_recall_of_exact_hits_is_one_in_any_order(vectors: Vectors) -> None:
    hits = exact_top_k(vectors, vectors.matrix, 4)
    assert recall_at_k(vectors, vectors.matrix, hits[:, ::-1], 4) == 1


def test_wrong_missing_and_repeated_hits_lower_recall(vectors: Vectors) -> None:
    query = vectors.matrix[:1]
    assert recall_at_k(vectors, query, np.array([[100, 101, 109, 108]]), 4) == 0.5
    assert recall_at_k(vectors, query, np.array([[100, 101, -1, -1]]), 4) == 0.5
    assert recall_at_k(vectors, query, np.array([[100, 100, 100, 100]]), 4) == 0.25
    assert recall_at_k(vectors, query, np.empty((1, 0), dtype=np.int32), 4) == 0


def test_any_of_equal_neighbours_is_right(vectors: Vectors) -> None:
    twins = Vectors(vectors.ids, np.repeat(vectors.matrix[:5], 2, axis=0), "twins")
    assert recall_at_k(twins, twins.matrix[:1], np.array([[101]]), 1) == 1


def test_a_hit_of_another_load_is_an_error(vectors: Vectors) -> None:
    with pytest.raises(InputError, match="id 7 has no vector"):
        recall_at_k(vectors, vectors.matrix[:1], np.array([[7]]), 1)


def test_fewer_vectors_than_k(vectors: Vectors) -> None:
    assert recall_at_k(vectors, vectors.matrix[:1], vectors.ids[np.newaxis], 50) == 1


def test_samples_are_drawn_once_each_and_by_the_seed(vectors: Vectors) -> None:
    drawn = sample_queries(vectors, 4, np.random.default_rng(1))
    assert len(np.unique(drawn, axis=0)) == 4
    np.testing.assert_array_equal(drawn, sample_queries(vectors, 4, np.random.default_rng(1)))
    assert len(sample_queries(vectors, 99, np.random.default_rng(1))) == 10


def test_low_recall_fails() -> None:
    assert recall_at_least(0.95, queries=100, k=10).passed
    verdict = recall_at_least(0.94, queries=100, k=10)
    assert not verdict.passed
    assert verdict.facts == {"recall": 0.94, "least_recall": 0.95, "k": 10, "queries": 100}
