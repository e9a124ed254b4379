"""Intervals hold what they promise, are paired, and count a user of several splits once."""

import numpy as np
import pytest

from tv5_assets.errors import InputError
from tv5_assets.evaluation.intervals import bootstrap


def test_an_interval_holds_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(11)
    samples = rng.exponential(2.0, (400, 120))  # 400 experiments of 120 users each, all drawn alike
    intervals = bootstrap([(np.arange(120), samples.T)], seed=1, resamples=600).intervals()
    held = np.mean((intervals.low <= 2.0) & (intervals.high >= 2.0))
    assert 0.89 < held < 0.98
    np.testing.assert_allclose(intervals.value, samples.mean(1))


def test_agrees_with_scipy():
    from scipy.stats import bootstrap as theirs

    values = np.random.default_rng(2).beta(1, 3, 300)
    ours = bootstrap([(np.arange(300), values[:, None])], seed=3, resamples=8_000).intervals()
    low, high = theirs((values,), np.mean, n_resamples=8_000, method="percentile", rng=4).confidence_interval
    np.testing.assert_allclose([ours.low[0], ours.high[0]], [low, high], atol=0.001)


def test_a_paired_comparison_is_surer_than_two_intervals():
    rng = np.random.default_rng(5)
    baseline = rng.random(200)
    model = baseline * 1.02 + rng.normal(0, 0.005, 200)
    draws = bootstrap([(np.arange(200), np.stack([baseline, model], axis=1))], seed=6)
    alone, ratio, difference = draws.intervals(), draws.ratios(0), draws.differences(0)
    assert alone.low[1] < alone.high[0]  # side by side they cannot be told apart
    assert ratio.value[1] == pytest.approx(model.mean() / baseline.mean())
    assert 1 < ratio.low[1] < ratio.value[1] < ratio.high[1] < 1.04
    assert difference.low[1] > 0
    assert difference.value[1] == pytest.approx(model.mean() - baseline.mean())
    assert (ratio.low[0], ratio.value[0], ratio.high[0]) == (1, 1, 1)
    each = draws.ratios([0, 1])
    assert each.low.tolist() == each.high.tolist() == [1, 1]


def test_the_same_users_in_three_splits_are_not_three_times_as_many():
    rng = np.random.default_rng(7)
    taste = rng.random(150)[:, None]  # a user does alike in every split
    ids = np.arange(150)
    once = bootstrap([(ids, taste)], seed=8).intervals()
    thrice = bootstrap([(ids, taste)] * 3, seed=8).intervals()
    np.testing.assert_allclose(thrice.high - thrice.low, once.high - once.low)
    others = bootstrap([(ids + 1_000 * split, taste) for split in range(3)], seed=8).intervals()
    assert (others.high - others.low)[0] < 0.7 * (once.high - once.low)[0]


def test_splits_of_different_users_are_pooled_by_pairs_of_user_and_split():
    draws = bootstrap([(np.array([1, 2]), np.array([[1.0], [2.0]])), (np.array([2]), np.array([[6.0]]))], seed=1)
    assert draws.means.tolist() == [3.0]
    assert set(draws.resampled.ravel()) <= {1.0, 3.0, 4.0}  # user 1 alone, both, user 2 alone


def test_the_seed_alone_decides():
    splits = [(np.arange(50), np.random.default_rng(9).random((50, 3)))]
    first, again, other = (bootstrap(splits, seed).resampled for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_ratio_to_nothing_is_no_number():
    draws = bootstrap([(np.arange(3), np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 9.0]]))], seed=1)
    assert np.isnan(draws.ratios(0).value).all()
    assert np.isnan(draws.ratios(2).low).all()  # a draw without the third user is of zeros only
    assert draws.ratios(1).value.tolist() == [0.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ([], "no user"),
        ([(np.array([], dtype=int), np.zeros((0, 2)))], "no user"),
        ([(np.array([1]), np.zeros((1, 2))), (np.array([1]), np.zeros((1, 3)))], "different values"),
        ([(np.array([1, 2]), np.zeros((1, 2)))], "different values"),
        ([(np.array([1]), np.array([[np.nan]]))], "NaN"),
    ],
)
def test_values_that_cannot_be_drawn_are_refused(splits: list[tuple[np.ndarray, np.ndarray]], message: str):
    with pytest.raises(InputError, match=message):
        bootstrap(splits, seed=1)
