"""Metrics against values worked out by hand, and against RecTools on random rankings."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tv5_assets.errors import InputError
from tv5_assets.evaluation.metrics import (
    METRICS,
    Judged,
    average_precision,
    capped_recall,
    coverage,
    hit_rate,
    judge,
    ndcg,
    novelty,
    precision,
    recall,
    surprise,
)
from tv5_assets_tests.evaluation.made import histories_of

RECTOOLS = json.loads(Path(__file__).with_name("rectools_metrics.json").read_text())


@pytest.fixture
def judged() -> Judged:
    """Hits at places 1 and 4 of 5 with 3 relevant movies; none of 1; at all places with 9 relevant ones."""
    ranked = torch.tensor([[7, 1, 2, 8, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]])
    return judge(ranked, histories_of({1: [7, 8, 9], 2: [9], 3: range(9)}, movies=10))


def test_hits_and_relevant_movies(judged: Judged):
    assert judged.hits.tolist() == [[1, 0, 0, 1, 0], [0] * 5, [1] * 5]
    assert judged.relevant.tolist() == [3, 1, 9]


@pytest.mark.parametrize(
    ("metric", "k", "expected"),
    [
        (precision, 5, [2 / 5, 0, 1]),
        (precision, 2, [1 / 2, 0, 1]),
        (recall, 5, [2 / 3, 0, 5 / 9]),
        (capped_recall, 5, [2 / 3, 0, 1]),
        (capped_recall, 2, [1 / 2, 0, 1]),
        (hit_rate, 3, [1, 0, 1]),
        # (1/log2(2) + 1/log2(5)) over (1/log2(2) + 1/log2(3) + 1/log2(4)).
        (ndcg, 5, [(1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3) + 1 / 2), 0, 1]),
        (ndcg, 2, [1 / (1 + 1 / math.log2(3)), 0, 1]),
        # Precision is 1/1 at the first hit and 2/4 at the second.
        (average_precision, 5, [(1 + 2 / 4) / 3, 0, 1]),
        (average_precision, 2, [1 / 2, 0, 1]),
    ],
)
def test_values_worked_out_by_hand(judged: Judged, metric, k: int, expected: list[float]):
    np.testing.assert_allclose(metric(judged, k).numpy(), expected, rtol=1e-12)


def test_a_movie_is_relevant_from_a_rating_on():
    truth = histories_of({1: [(0, 5.0, 0), (1, 3.5, 0), (2, 4.0, 0)], 2: [(0, 1.0, 0)]}, movies=3)
    judged = judge(torch.tensor([[0, 1, 2], [0, 1, 2]]), truth, least_rating=4.0)
    assert judged.hits.tolist() == [[1, 0, 1], [0, 0, 0]]
    assert judged.relevant.tolist() == [2, 0]


def test_a_user_to_whom_nothing_is_relevant_has_no_value_anywhere():
    judged = judge(torch.tensor([[0, 1], [0, 1]]), histories_of({1: [], 2: [0]}, movies=2))
    for name, metric in METRICS.items():
        assert metric(judged, 2).isnan().tolist() == [True, False], name
    nothing = judge(torch.tensor([[0, 1]]), histories_of({1: []}, movies=2))
    assert ndcg(nothing, 1).isnan().all()


def test_a_place_without_a_movie_is_a_miss_and_none_of_the_movies_recommended():
    ranked = torch.tensor([[1, -1, -1]])
    judged = judge(ranked, histories_of({1: [1, 2]}, movies=3))
    assert judged.hits.tolist() == [[1, 0, 0]]
    assert coverage(ranked, 3, 3) == 1 / 3
    # Two of four users have movie 1: one bit, over the one movie that there is.
    train = histories_of({1: [1], 2: [1], 3: [0], 4: [0], 5: []}, movies=3)
    assert novelty(ranked, surprise(train), 3).tolist() == [1.0]
    assert novelty(torch.full((1, 3), -1), surprise(train), 3).tolist() == [0.0]


def test_a_movie_nobody_has_is_as_novel_as_one_of_a_single_user():
    train = histories_of({1: [0], 2: [0], 3: [0, 1], 4: [0]}, movies=3)
    assert novelty(torch.tensor([[0], [1], [2]]), surprise(train), 1).tolist() == [0, 2, 2]


def test_a_ranking_too_short_for_a_metric_is_refused(judged: Judged):
    for k in (0, 6):
        with pytest.raises(InputError, match=f"metric at {k} needs"):
            ndcg(judged, k)
    with pytest.raises(InputError, match="3 users cannot be held against the truth of 1"):
        judge(torch.zeros((3, 2)), histories_of({1: [0]}, movies=2))


@pytest.mark.parametrize("k", [5, 10, 20])
def test_agrees_with_rectools(k: int):
    """RecTools divides MAP by k or by all relevant movies, never by the smaller of the two, as we do."""
    ranked = torch.tensor([row + [-1] * (20 - len(row)) for row in RECTOOLS["ranked"]])
    truth = histories_of(
        {user: [(movie, rating, 0) for movie, rating in row] for user, row in enumerate(RECTOOLS["truth"])},
        RECTOOLS["movies"],
    )
    seen: dict[int, list[int]] = {}
    for user, movie in RECTOOLS["train"]:
        seen.setdefault(user, []).append(movie)
    judged = judge(ranked, truth)
    theirs = {name: np.array(RECTOOLS["values"][f"{name}@{k}"]) for name in ("ndcg", "recall", "precision", "hit_rate")}
    assert len({tuple(values) for values in theirs.values()}) == 4
    for name, expected in theirs.items():
        np.testing.assert_allclose(METRICS[name](judged, k).numpy(), expected, atol=1e-9, err_msg=name)
    over_relevant = np.array(RECTOOLS["values"][f"map_over_relevant@{k}"])
    over_k = np.array(RECTOOLS["values"][f"map_over_k@{k}"])
    expected = np.maximum(over_relevant, over_k)  # the smaller denominator gives the greater value
    np.testing.assert_allclose(average_precision(judged, k).numpy(), expected, atol=1e-9)
    bits = novelty(ranked, surprise(histories_of(seen, RECTOOLS["movies"])), k)
    np.testing.assert_allclose(bits.numpy(), RECTOOLS["values"][f"novelty@{k}"], atol=1e-9)
    assert coverage(ranked, RECTOOLS["movies"], k) == pytest.approx(RECTOOLS["values"][f"coverage@{k}"])


@pytest.mark.parametrize("k", [5, 10, 20, 100])
def test_a_perfect_ranking_has_an_ndcg_of_exactly_one(k: int):
    ranked = torch.arange(100).expand(99, 100)
    perfect = judge(ranked, histories_of({1 + count: range(1 + count) for count in range(99)}, movies=100))
    values = ndcg(perfect, k)
    assert values.max() <= 1
    assert values.min() == pytest.approx(1)
