"""Parameters are chosen by their mean over slices."""

from collections.abc import Iterator

import pytest

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem, Recommender
from tv5_assets.models.baselines.choice import best, ndcg_at_10, tried
from tv5_assets.models.baselines.popularity import RecentPopularity, fit_popularity, recent_candidates
from tv5_assets_tests.evaluation.made import problem_of

DAY = 86_400
# Of late, movie 2 is watched; before, movie 1 was. The first slice asks for 2, the second for 1.
EVENTS = {1: [(1, 4.0, 0)], 2: [(1, 4.0, 0)], 3: [(1, 4.0, 0)], 4: [(2, 4.0, 99 * DAY)], 5: [(2, 4.0, 99 * DAY)]}
SLICES = [problem_of({9: [0]}, {9: [wanted]}, movies=3, train=EVENTS) for wanted in (2, 1)]


def candidates(train: Histories) -> Iterator[RecentPopularity]:
    yield from recent_candidates(train, windows=(30, 365))


def test_each_candidate_is_measured_on_each_slice():
    short, long = tried(SLICES, candidates)
    second = 0.6309297535714575  # 1 / log2(3): found at the second place
    assert short.parameters == {"days": 30} and short.values == pytest.approx((1, second))
    assert long.parameters == {"days": 365} and long.values == pytest.approx((second, 1))
    assert short.mean == pytest.approx((1 + second) / 2)


def test_the_best_mean_wins_and_of_equal_ones_the_first():
    assert best(tried(SLICES, candidates)).parameters == {"days": 30}
    assert best(tried([*SLICES, SLICES[1]], candidates)).parameters == {"days": 365}


def test_what_is_measured_can_be_chosen():
    def misses(recommender: Recommender, problem: Problem) -> float:
        return 1 - ndcg_at_10(recommender, problem)

    assert best(tried(SLICES[:1], candidates, misses)).parameters == {"days": 365}
    assert ndcg_at_10(fit_popularity(SLICES[1].train), SLICES[1]) == 1


def test_without_slices_nothing_can_be_chosen():
    with pytest.raises(InputError, match="there are none"):
        tried([], candidates)
