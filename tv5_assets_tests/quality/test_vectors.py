from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality import vectors as rules
from tv5_assets.quality.vectors import (
    all_rules,
    dimensions_vary,
    finite,
    finite_tensors,
    ids_match,
    like_texts_are_near,
    mostly_unique,
    no_zero_vector,
    normalized,
    shape_is,
    texts_are_near,
)


@pytest.fixture
def good() -> Vectors:
    matrix = np.random.default_rng(0).standard_normal((100, 8), dtype=np.float32)
    return Vectors(np.arange(1, 101, dtype=np.int32), matrix / np.linalg.norm(matrix, axis=1, keepdims=True), "made")


def corrupted(good: Vectors, row: int, value: object) -> Vectors:
    matrix = good.matrix.copy()
    matrix[row] = value
    return replace(good, matrix=matrix)


def test_good_vectors_pass_every_rule(good: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_ROWS_AT_ONCE", 7)
    assert shape_is(good, 100, 8).passed
    assert normalized(good).passed
    assert finite(good).passed
    assert no_zero_vector(good).passed
    assert mostly_unique(good).passed
    assert ids_match(good, good.ids[::-1]).passed


@pytest.mark.parametrize(("rows", "dimension"), [(99, 8), (100, 9)])
def test_another_shape_fails(good: Vectors, rows: int, dimension: int) -> None:
    verdict = shape_is(good, rows, dimension)
    assert not verdict.passed
    assert verdict.facts == {"rows": 100, "expected_rows": rows, "dimension": 8, "expected_dimension": dimension}


@pytest.mark.parametrize("scale", [0.0, 0.99, 1.01, np.nan, np.inf])
def test_a_norm_off_one_fails_and_its_id_is_named(good: Vectors, scale: float) -> None:
    verdict = normalized(corrupted(good, 41, good.matrix[41] * np.float32(scale)))
    assert not verdict.passed
    assert verdict.facts["off_norm"] == 1
    assert "the first has id 42" in verdict.description


def test_a_norm_within_the_tolerance_passes(good: Vectors) -> None:
    verdict = normalized(corrupted(good, 3, good.matrix[3] * np.float32(1.0009)))
    assert verdict.passed
    assert verdict.facts["largest_norm"] == pytest.approx(1.0009, abs=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_fails(good: Vectors, value: float) -> None:
    verdict = finite(corrupted(good, 99, [*good.matrix[99][:-1], value]))
    assert not verdict.passed
    assert verdict.facts == {"not_finite": 1}
    assert "id 100" in verdict.description


def test_a_zero_vector_fails(good: Vectors) -> None:
    verdict = no_zero_vector(corrupted(good, 0, 0))
    assert not verdict.passed
    assert verdict.facts == {"zero": 1}


def test_too_many_equal_vectors_fail(good: Vectors) -> None:
    assert mostly_unique(corrupted(good, slice(0, 6), good.matrix[0])).passed  # 95 distinct ones of 100
    verdict = mostly_unique(corrupted(good, slice(0, 7), good.matrix[0]))
    assert not verdict.passed
    assert verdict.facts["unique"] == 94


def test_ids_of_another_load_fail(good: Vectors) -> None:
    verdict = ids_match(good, np.arange(2, 103))
    assert not verdict.passed
    assert verdict.facts == {"ids": 100, "source_ids": 101, "missing": 2, "surplus": 1}
    assert "missing, such as 101" in verdict.description
    assert "not in the source, such as 1" in verdict.description


def test_no_vectors_at_all() -> None:
    empty = Vectors(np.empty(0, dtype=np.int32), np.empty((0, 8), dtype=np.float32), "made")
    assert normalized(empty).passed
    assert finite(empty).passed
    assert not mostly_unique(empty).passed
    assert not ids_match(empty, np.array([1])).passed


def test_all_rules_fail_each_on_its_own_fault(good: Vectors) -> None:
    def failed(vectors: Vectors, source_ids: np.ndarray = good.ids) -> set[str]:
        return {name for name, verdict in all_rules(vectors, source_ids).items() if not verdict.passed}

    assert failed(good) == set()
    assert failed(good, good.ids[1:]) == {"ids"}
    assert failed(corrupted(good, 5, 0)) == {"no_zero_vector", "normalized"}
    assert failed(corrupted(good, 5, np.nan)) == {"finite", "normalized"}
    assert failed(corrupted(good, slice(0, 50), good.matrix[0])) == {"mostly_unique"}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_tensor_that_is_not_finite_fails(value: float) -> None:
    assert finite_tensors({"a": np.zeros((2, 2)), "visits": np.array([1])}).passed
    verdict = finite_tensors({"a": np.array([[0, value]]), "visits": np.array([1])})
    assert not verdict.passed
    assert verdict.facts == {"values": 3, "not_finite": 1}
    assert not finite_tensors({}).passed


def test_equal_texts_may_have_equal_vectors(good: Vectors) -> None:
    half = corrupted(good, slice(0, 50), good.matrix[0])  # 51 distinct ones
    assert mostly_unique(half, texts=53).passed
    verdict = mostly_unique(half, texts=54)
    assert not verdict.passed
    assert (verdict.facts["unique"], verdict.facts["distinct_texts"]) == (51, 54)


def test_dimensions_that_vary_alike_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.random.default_rng(1).standard_normal((500, 40), dtype=np.float32)
    vectors = Vectors(np.arange(500, dtype=np.int32), matrix, "made")
    monkeypatch.setattr(rules, "_ROWS_AT_ONCE", 7)
    verdict = dimensions_vary(vectors)
    assert verdict.passed
    assert verdict.facts["spread_per_dimension"] == pytest.approx(matrix.std(axis=0).mean(), rel=1e-4)
    assert verdict.facts["mean_per_dimension"] == pytest.approx(matrix.mean(), abs=1e-5)


@pytest.mark.parametrize("fault", ["three of forty are dead", "one outweighs", "all alike"])
def test_dimensions_that_do_not_vary_fail(fault: str) -> None:
    matrix = np.random.default_rng(1).standard_normal((500, 40), dtype=np.float32)
    if fault == "three of forty are dead":
        matrix[:, :3] = 0.5
    elif fault == "one outweighs":
        matrix[:, 7] *= 5
    else:
        matrix[:] = matrix[0]
    assert not dimensions_vary(Vectors(np.arange(500, dtype=np.int32), matrix, "made")).passed


def test_broken_vectors_are_left_to_their_own_rules(good: Vectors) -> None:
    assert dimensions_vary(corrupted(good, 3, np.nan)).facts == pytest.approx(
        dimensions_vary(replace(good, ids=np.delete(good.ids, 3), matrix=np.delete(good.matrix, 3, axis=0))).facts
    )


def test_like_texts_are_near_and_others_far(good: Vectors) -> None:
    verdict = like_texts_are_near(good.matrix, good.matrix)
    assert verdict.passed
    assert verdict.facts["near_cosine"] == pytest.approx(1)
    assert abs(float(verdict.facts["random_cosine"])) < 0.1
    assert not like_texts_are_near(good.matrix, np.roll(good.matrix, 1, axis=0)).passed
    alike = np.repeat(good.matrix[:1], 20, axis=0)
    assert not like_texts_are_near(alike, alike).passed  # near, but everything is


def test_texts_are_asked_for_by_the_ids_of_their_vectors(good: Vectors) -> None:
    texts = pl.LazyFrame({"id": good.ids[::-1], "text": [f"Text, number {number}." for number in good.ids[::-1]]})
    asked = []

    def encode(altered: list[str]) -> np.ndarray:
        asked.extend(altered)
        return good.matrix[[int(text.split()[-2]) - 1 for text in (text.replace(" -", "") for text in altered)]]

    assert texts_are_near(good, texts, encode, seed=0).passed
    assert len(asked) == rules.NEAR_PAIRS
    assert all(text.startswith("text - number ") and text.endswith(" - !") for text in asked)
