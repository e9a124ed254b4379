import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.graph import similarity
from tv5_assets.graph.similarity import similar_movies
from tv5_assets.tables.embeddings import SimilarMovies


def vectors_of(matrix: np.ndarray) -> Vectors:
    matrix = np.asarray(matrix, dtype=np.float32)
    matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return Vectors(np.arange(1, len(matrix) + 1, dtype=np.int32) * 10, matrix, "made")


def pairs(frame: pl.DataFrame) -> list[tuple[int, int, int]]:
    return frame.select("movie_id", "similar_id", pl.col("rank").cast(pl.Int64)).rows()


def test_neighbours_over_the_threshold_nearest_first() -> None:
    found = similar_movies(vectors_of([[1, 0], [1, 0.1], [1, 0.5], [0, 1]]), threshold=0.85, k=5)
    # Cosines: 1-2 .995, 1-3 .894, 2-3 .934, 3-4 .447.
    assert pairs(found) == [(10, 20, 1), (10, 30, 2), (20, 10, 1), (20, 30, 2), (30, 20, 1), (30, 10, 2)]
    assert found["score"][1] == pytest.approx(1 / 1.25**0.5, abs=1e-6)
    SimilarMovies.validate(found)


def test_at_most_k_and_ties_by_id() -> None:
    found = similar_movies(vectors_of([[1, 0]] * 4), threshold=0.8, k=2)
    assert pairs(found) == [
        (10, 20, 1), (10, 30, 2), (20, 10, 1), (20, 30, 2), (30, 10, 1), (30, 20, 2), (40, 10, 1), (40, 20, 2),
    ]  # fmt: skip


def test_a_cosine_at_the_threshold_is_not_over_it() -> None:
    assert similar_movies(vectors_of([[1, 0], [0, 1]]), threshold=0.0, k=5).is_empty()


@pytest.mark.parametrize("rows", [0, 1])
def test_without_others_there_are_no_neighbours(rows: int) -> None:
    vectors = Vectors(np.arange(rows, dtype=np.int32), np.ones((rows, 1), dtype=np.float32), "made")
    SimilarMovies.validate(similar_movies(vectors, threshold=-1, k=5))
    assert similar_movies(vectors, threshold=-1, k=5).is_empty()


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 25),
    k=st.integers(1, 8),
    threshold=st.sampled_from([-1.0, 0.0, 0.5, 0.9]),
    at_once=st.integers(1, 200),
    seed=st.integers(0, 99),
)
def test_agrees_with_the_whole_matrix_at_any_block_size(
    count: int, k: int, threshold: float, at_once: int, seed: int
) -> None:
    # Few distinct directions with exact cosines, so that there are many ties.
    vectors = vectors_of(np.eye(4)[np.random.default_rng(seed).integers(0, 4, count)])
    cosines = vectors.matrix @ vectors.matrix.T
    expected = []
    for row in range(count):
        others = [o for o in range(count) if o != row and cosines[row, o] > threshold]
        others.sort(key=lambda o: (-cosines[row, o], o))
        expected += [(int(vectors.ids[row]), int(vectors.ids[o]), rank) for rank, o in enumerate(others[:k], 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity, "_COSINES_AT_ONCE", at_once)
        assert pairs(similar_movies(vectors, threshold, k)) == expected
