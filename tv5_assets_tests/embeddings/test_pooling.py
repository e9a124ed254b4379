import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tv5_assets.embeddings import pooling
from tv5_assets.embeddings.pooling import user_vectors
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError

AXES = Vectors(np.array([10, 20, 30], dtype=np.int32), np.eye(3, dtype=np.float32), "axes")


def ratings_of(*rows: tuple[int, int, float]) -> pl.LazyFrame:
    schema = {"user_id": pl.Int32, "movie_id": pl.Int32, "rating": pl.Float32}
    return pl.LazyFrame(rows, schema=schema, orient="row")


def test_a_hand_worked_user() -> None:
    # Weights (5 - .5) / 4.5 = 1 and (2.75 - .5) / 4.5 = .5: direction (1, .5, 0), norm sqrt(1.25).
    pooled = user_vectors(ratings_of((1, 10, 5.0), (1, 20, 2.75)), AXES)
    np.testing.assert_allclose(pooled.matrix, [[1 / 1.25**0.5, 0.5 / 1.25**0.5, 0]], rtol=1e-6)


def test_a_rating_of_one_half_counts_nothing_beside_others() -> None:
    pooled = user_vectors(ratings_of((1, 10, 3.0), (1, 20, 0.5)), AXES)
    np.testing.assert_allclose(pooled.matrix, [[1, 0, 0]], atol=1e-6)


def test_a_user_of_halves_only_gets_the_plain_mean() -> None:
    pooled = user_vectors(ratings_of((1, 10, 5.0), (2, 10, 0.5), (2, 30, 0.5), (3, 20, 1.0)), AXES)
    np.testing.assert_allclose(pooled.matrix[1], [0.5**0.5, 0, 0.5**0.5], rtol=1e-6)
    np.testing.assert_allclose(pooled.matrix[2], [0, 1, 0], atol=1e-6)


def test_users_come_in_ascending_order_whatever_the_order_of_ratings() -> None:
    rows = [(7, 10, 4.0), (2, 20, 4.0), (7, 30, 4.0), (2, 10, 1.0)]
    pooled = user_vectors(ratings_of(*rows), AXES)
    assert pooled.ids.tolist() == [2, 7]
    np.testing.assert_allclose(pooled.matrix, user_vectors(ratings_of(*sorted(rows)), AXES).matrix, rtol=1e-6)


def test_a_movie_without_vector_is_named() -> None:
    with pytest.raises(InputError, match="id 11 has no vector"):
        user_vectors(ratings_of((1, 11, 4.0)), AXES)


def test_vectors_that_cancel_out_are_named() -> None:
    opposed = Vectors(np.array([1, 2], dtype=np.int32), np.array([[1, 0], [-1, 0]], dtype=np.float32), "opposed")
    with pytest.raises(InputError, match="user 5"):
        user_vectors(ratings_of((4, 1, 3.0), (5, 1, 3.0), (5, 2, 3.0)), opposed)


def test_no_ratings_give_no_users() -> None:
    assert user_vectors(ratings_of(), AXES).matrix.shape == (0, 3)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from([10, 20, 30]), st.integers(1, 10).map(lambda r: r / 2)),
        min_size=1,
        max_size=40,
    ),
    at_once=st.integers(1, 50),
)
def test_any_blocks_agree_with_the_definition(rows: list[tuple[int, int, float]], at_once: int) -> None:
    whole = user_vectors(ratings_of(*rows), AXES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "_RATINGS_AT_ONCE", at_once)
        blocks = user_vectors(ratings_of(*rows), AXES)
    np.testing.assert_array_equal(blocks.matrix, whole.matrix)
    for user, vector in zip(whole.ids, whole.matrix, strict=True):
        own = [(AXES.matrix[movie // 10 - 1], (rating - 0.5) / 4.5) for u, movie, rating in rows if u == user]
        weighted = sum(weight > 0 for _, weight in own) > 0
        expected = np.sum([row * (weight if weighted else 1) for row, weight in own], axis=0)
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-5)
