"""How sure a mean over users is, and how sure it is that one model beats another: the bootstrap over users.

The method is the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Users
are drawn with replacement, as many as there are; a user who is drawn brings all values that belong to them, those of
every split and every model, so that several splits of the same users are not taken for more users than they are, and a
comparison of two models is paired. An interval says what other users might have given; it does not say what another
seed of a training might have.

scipy.stats.bootstrap does the same for one statistic at a time; here a draw serves all metrics and models, as one
matrix product. What does not belong here: the values themselves (evaluate.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError

RESAMPLES = 2_000
CONFIDENCE = 0.95
_COUNTS_AT_ONCE = 8_000_000  # draws of users in memory at once: 64 MB

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Intervals:
    """Values with the interval around each, all float64 of the same shape.

    Attributes:
        value: of the users as they are.
        low: lower end.
        high: upper end.
    """

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Draws:
    """Means over users as they are, and as they might have been.

    Attributes:
        means: shape (v,); the mean of each of v values.
        resampled: shape (b, v); the same of b draws of users.
    """

    means: Floats
    resampled: Floats

    def intervals(self, confidence: float = CONFIDENCE) -> Intervals:
        """Return the interval of each mean, shape (v,)."""
        return _between(self.means, self.resampled, confidence)

    def ratios(self, to: int | Sequence[int], confidence: float = CONFIDENCE) -> Intervals:
        """Return the interval of the ratio of each mean to another one, over the same draws of users, shape (v,).

        It is not a number (NaN) where the other mean is 0 for the users as they are or in any draw: then no
        denominator can be relied on.

        Args:
            to: which value is the denominator, one for all or one for each.
        """
        below, below_resampled = self.means[to], self.resampled[:, to]
        if below_resampled.ndim == 1:
            below_resampled = below_resampled[:, None]
        unreliable = (below == 0) | (below_resampled == 0).any(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = _between(self.means / below, self.resampled / below_resampled, confidence)
        return Intervals(*(np.where(unreliable, np.nan, part) for part in (ratios.value, ratios.low, ratios.high)))

    def differences(self, to: int | Sequence[int], confidence: float = CONFIDENCE) -> Intervals:
        """Return the interval of each mean less another one, over the same draws of users, shape (v,).

        Args:
            to: which value is subtracted, one for all or one for each.
        """
        subtracted = self.resampled[:, to]
        if subtracted.ndim == 1:
            subtracted = subtracted[:, None]
        return _between(self.means - self.means[to], self.resampled - subtracted, confidence)


def bootstrap(splits: Sequence[tuple[npt.NDArray[np.integer], Floats]], seed: int, resamples: int = RESAMPLES) -> Draws:
    """Draw users again and again.

    Args:
        splits: of each split the ids of its users, shape (u,), each once, and their values, shape (u, v). The v values
            are the same metrics of the same models in every split. The mean of several splits is over all their pairs
            of user and split.
        seed: of the draws.
        resamples: how many draws.

    Raises:
        InputError: there is no user, or a value is NaN, or the splits have different numbers of values.
    """
    ids, totals, counts = _by_user(splits)
    rng = stream(seed, "evaluation", "bootstrap")
    users = len(ids)
    resampled = np.empty((resamples, totals.shape[1]))
    at_once = max(1, _COUNTS_AT_ONCE // users)
    for start in range(0, resamples, at_once):
        draws = min(at_once, resamples - start)
        drawn = rng.integers(users, size=(draws, users)) + np.arange(draws)[:, None] * users
        times = np.bincount(drawn.ravel(), minlength=draws * users).reshape(draws, users).astype(np.float64)
        resampled[start : start + draws] = times @ totals / (times @ counts)[:, None]
    return Draws(totals.sum(0) / counts.sum(), resampled)


def _by_user(
    splits: Sequence[tuple[npt.NDArray[np.integer], Floats]],
) -> tuple[npt.NDArray[np.integer], Floats, Floats]:
    """Return the users of all splits, the sums of their values and in how many splits each is."""
    if not splits or not sum(len(ids) for ids, _ in splits):
        raise InputError("there is no user whose values could be drawn")
    if len({values.shape[1:] for _, values in splits}) > 1 or any(len(ids) != len(values) for ids, values in splits):
        raise InputError("the splits hold different values; evaluate the same models and metrics in each")
    values = np.concatenate([values for _, values in splits])
    if np.isnan(values).any():
        raise InputError("a value of a user is NaN; a mean over users needs all of them")
    ids, places = np.unique(np.concatenate([ids for ids, _ in splits]), return_inverse=True)
    totals = np.zeros((len(ids), values.shape[1]))
    np.add.at(totals, places, values)
    return ids, totals, np.bincount(places).astype(np.float64)


def _between(value: Floats, resampled: Floats, confidence: float) -> Intervals:
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
    return Intervals(value, low, high)
