"""Mean and spread of ratings, the same to the last bit on every engine and in whatever order ratings are read.

What does not belong here: whose ratings they are of.
"""

import narwhals as nw

_STARS = nw.col("rating").cast(nw.Float64)  # in which sums of half stars and of their squares are exact


def mean() -> nw.Expr:
    """Return the mean of the ratings."""
    return _STARS.mean()


def deviation() -> nw.Expr:
    """Return the standard deviation of the ratings as a whole population: exactly 0 where all are the same."""
    count = _STARS.count()
    return (count * (_STARS * _STARS).sum() - _STARS.sum() ** 2).sqrt() / count
