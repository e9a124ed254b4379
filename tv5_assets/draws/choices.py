"""From uniform draws to values: weighted choices, and columns gathered from small pools.

What does not belong here: where draws come from (streams.py) and what is chosen.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl


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


def gather(values: Sequence[Any], positions: npt.NDArray[np.intp]) -> pl.Series:
    """Return ``values[position]`` for each position; a value may be a list."""
    return pl.Series([list(value) if isinstance(value, tuple) else value for value in values]).gather(positions)


def gather_from_pools(
    pools: Sequence[Sequence[Any]], pool: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]
) -> pl.Series:
    """Return one member of each row's pool, all members being equally likely.

    Args:
        pools: the pools, of any sizes but none empty.
        pool: the number of each row's pool, shape (n,).
        draws: numbers in [0, 1), shape (n,).
    """
    sizes = np.array([len(members) for members in pools])
    starts = np.cumsum(sizes) - sizes
    return gather([member for members in pools for member in members], starts[pool] + (draws * sizes[pool]).astype(int))
