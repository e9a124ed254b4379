"""What the tests of drawn data judge shares by."""

from collections.abc import Mapping

import polars as pl

# 99.9 % points of the chi-squared distribution by degrees of freedom: a fair draw fails one time in a thousand.
_CRITICAL = {1: 10.83, 2: 13.82, 3: 16.27, 4: 18.47, 5: 20.52, 6: 22.46, 9: 27.88, 15: 37.70, 30: 59.70, 33: 63.87}


def fits(values: pl.Series, shares: Mapping[str, float]) -> bool:
    """Tell whether the values could have been drawn with these shares, which sum to 1, by a chi-squared test."""
    counts = dict(values.cast(pl.String).value_counts().iter_rows())
    assert set(counts) <= set(shares), f"unexpected {set(counts) - set(shares)}"
    statistic = sum(
        (counts.get(name, 0) - share * len(values)) ** 2 / (share * len(values)) for name, share in shares.items()
    )
    return statistic < _CRITICAL[len(shares) - 1]
