"""From uniform draws to values: weighted choices, and columns gathered from small pools.

What does not belong here: where draws come from (streams.py) and what is chosen.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

_Number = TypeVar("_Number", bound=np.generic)
_Whole = npt.NDArray[np.integer[Any]]


def choose(draws: npt.NDArray[np.float64], shares: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the index of the choice that each draw makes, shape (n,).

    Args:
        draws: numbers in [0, 1), shape (n,).
        shares: share of each choice, summing to about 1: of shape (k,) for all draws, or (n, k), a row for each.
    """
    bounds = np.cumsum(shares, axis=-1)[..., :-1]
    if bounds.ndim == 1:
        return np.searchsorted(bounds, draws, side="right")
    return np.asarray((draws[:, None] >= bounds).sum(axis=1))


def choose_in_row(
    draws: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], row: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return the index of the choice that each draw makes by one row of a table of weights, shape (n,).

    It makes the choices of ``choose(draws, weights[row])``, but for rounding, without a row of weights for each draw.

    Args:
        draws: numbers in [0, 1), shape (n,).
        weights: weight of each choice, shape (m, k), 0 or more; a row need not sum to 1, and all 0 chooses the last.
        row: the row of each draw, shape (n,).
    """
    rows, size = weights.shape
    sums = np.cumsum(weights, axis=1)
    with np.errstate(invalid="ignore"):
        bounds = np.nan_to_num(sums / sums[:, -1:])
    # Row after row on one line: the bounds of a row lie between its number and the next.
    line = (bounds[:, :-1] + np.arange(rows)[:, None]).ravel()
    # A draw just below 1 must not be rounded into the next row.
    place = np.minimum(draws + row, np.nextafter(np.arange(1.0, rows + 1), 0)[row])
    return np.searchsorted(line, place, side="right") - row * (size - 1)


def at(table: npt.NDArray[_Number], row: npt.NDArray[np.intp], column: npt.NDArray[np.intp]) -> npt.NDArray[_Number]:
    """Return ``table[row, column]``, in half the time that NumPy takes for it.

    Args:
        table: shape (m, k); it is copied first where its rows do not lie one after another in memory.
        row: shape (n,).
        column: shape (n,).
    """
    return table.ravel().take(row * table.shape[1] + column)


def gather(values: Sequence[Any] | pl.Series, positions: _Whole, dtype: pl.DataType | None = None) -> pl.Series:
    """Return ``values[position]`` for each position; a value may be a list.

    Args:
        values: what is chosen from.
        positions: positions in ``values``, none of them negative, shape (n,).
        dtype: the result's type; to give a few values a type costs less than to cast all rows. None infers it.
    """
    return _series(values, dtype).gather(pl.Series(positions.astype(np.uint32, copy=False)))


def _series(values: Sequence[Any] | pl.Series, dtype: pl.DataType | None) -> pl.Series:
    if isinstance(values, pl.Series):
        return values
    return pl.Series([list(value) if isinstance(value, tuple) else value for value in values], dtype=dtype)


class Pools:
    """Pools of values, ready for many rows to be gathered from."""

    def __init__(self, pools: Sequence[Sequence[Any]], dtype: pl.DataType | None = None):
        """Prepare pools.

        Args:
            pools: of any sizes but none empty.
            dtype: the values' type; None infers it.
        """
        self._sizes = np.array([len(members) for members in pools])
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._members = _series([member for members in pools for member in members], dtype)

    def gather(self, pool: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]) -> pl.Series:
        """Return one member of each row's pool, all members being equally likely.

        Args:
            pool: the number of each row's pool, shape (n,).
            draws: numbers in [0, 1), shape (n,).
        """
        return self._members.gather(self._starts[pool] + (draws * self._sizes[pool]).astype(int))


class Ballots:
    """Weighted choices: each is on as many ballots as it weighs, so that a draw finds it at once."""

    def __init__(self, kinds: _Whole, choices: _Whole, weights: _Whole):
        """Prepare ballots.

        Args:
            kinds: which of several things a choice is for, counting from 0 and ascending, shape (k,).
            choices: whole numbers, shape (k,).
            weights: whole numbers, shape (k,); those of a kind sum to more than 0, and should to less than millions.
        """
        counts = np.bincount(kinds, weights).astype(np.int64)
        self._ballots = np.repeat(choices.astype(np.int32), weights)
        self._starts = np.cumsum(counts) - counts
        self._counts = counts.astype(np.float32)

    def cast(self, kind: _Whole, draws: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
        """Return the choice that each draw makes, shape (n,).

        Args:
            kind: what is to be chosen, shape (n,).
            draws: numbers in [0, 1), shape (n,).
        """
        return self._ballots.take(self._starts.take(kind) + (draws * self._counts.take(kind)).astype(np.intp))


def choose_several(draws: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return every choice in the order in which it is drawn without replacement, as likely as it weighs; shape (n, k).

    Whoever needs three takes the first three columns. The waiting times of Efraimidis and Spirakis (2006): a choice's
    time is exponential with its weight as rate, and the shortest comes first. A choice of weight 0 comes last.

    Args:
        draws: numbers in [0, 1), one for each row and choice, shape (n, k).
        weights: weight of each choice, shape (n, k), 0 or more.
    """
    with np.errstate(divide="ignore"):
        return np.argsort(-np.log1p(-draws) / weights, axis=1, kind="stable")


def gather_several(values: Sequence[Any], positions: npt.NDArray[np.intp], count: npt.NDArray[np.intp]) -> pl.Series:
    """Return for each row the list of ``values[position]`` of its first ``count`` positions.

    Args:
        values: what is chosen from.
        positions: positions in ``values``, shape (n, k).
        count: how many of each row are wanted, shape (n,), at most k.
    """
    rows, width = positions.shape
    flat = pl.Series(values).gather(positions.ravel())
    lists = flat.reshape((rows, width)).arr.to_list() if rows else pl.Series([], dtype=pl.List(flat.dtype))
    return pl.DataFrame({"lists": lists, "count": count}).select(pl.col("lists").list.head("count")).to_series()
