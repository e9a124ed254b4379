"""What the tests of drawn data judge shares by."""

from collections.abc import Mapping

import polars as pl
from scipy.stats import chisquare

_LEAST_P = 0.001
"""A fair draw fails one time in a thousand."""


def fits(values: pl.Series, shares: Mapping[str, float]) -> bool:
    """Tell whether the values could have been drawn with these shares, which sum to 1, by a chi-squared test."""
    counts = dict(values.cast(pl.String).value_counts().iter_rows())
    assert set(counts) <= set(shares), f"unexpected {set(counts) - set(shares)}"
    expected = [share * len(values) for share in shares.values()]
    return bool(chisquare([counts.get(name, 0) for name in shares], expected).pvalue > _LEAST_P)
