"""The arithmetic of a recommendation: what each component weighs, and who comes first.

Pure functions of frames and numbers. What does not belong here: where they come from (recommend.py, policy.py).
"""

from collections.abc import Collection, Mapping

import polars as pl

from tv5_assets.tables.features import NO_GENRE

# On ml-latest-small the cosine falls from .82 to .74 over a user's 200 candidates, and a policy's best value is about
# .35. The weights are chosen by that, so that each component can move a movie by some places and none can by all; they
# are not fitted to ratings.
SIMILARITY_WEIGHT = 1.0
"""Of the cosine between user and movie: the one component that knows both, so that the others are measured by it."""
POLICY_WEIGHT = 0.1
"""Of the value that the user's policy gives the best of the movie's genres: learnt from few steps, and about genres."""
AVAILABILITY_WEIGHT = 0.02
"""Of being on a platform: what cannot be watched is of little use, but taste comes first."""
TREND_WEIGHT = 0.03
"""Of the popularity at this moment, from 0 to 1: enough to choose between movies that suit alike."""

COMPONENTS = ("similarity", "policy", "availability", "trend")
"""What a score is the sum of, each a column of :func:`rank`'s result."""


def rank(
    candidates: pl.DataFrame,
    *,
    genre_values: Mapping[str, float],
    available: Collection[int],
    trend: Mapping[int, float],
    k: int,
) -> pl.DataFrame:
    """Return the ``k`` candidates with the highest score, best first; equal scores by id.

    Args:
        candidates: ``movie_id``, ``genres`` (a list of texts) and ``cosine``, beside columns that are passed on.
        genre_values: value of the genres that the user likes best in their state. Others count 0, and so do values
            below it: a genre that is not among the best must not come before one that is.
        available: movies that are on a platform.
        trend: popularity of trending movies, from 0 to 1.
        k: how many.

    Returns:
        The candidates with a column for each of COMPONENTS and their sum, ``score``.
    """
    genres = pl.when(pl.col("genres").list.len() > 0).then("genres").otherwise(pl.lit([NO_GENRE]))
    liking = genres.list.eval(_looked_up(pl.element(), genre_values, pl.String())).list.max().clip(lower_bound=0)
    components = {
        "similarity": SIMILARITY_WEIGHT * pl.col("cosine").cast(pl.Float64),
        "policy": POLICY_WEIGHT * liking,
        "availability": AVAILABILITY_WEIGHT * pl.col("movie_id").is_in(list(available)).cast(pl.Float64),
        "trend": TREND_WEIGHT * _looked_up(pl.col("movie_id"), trend, pl.Int64()),
    }
    return (
        candidates.with_columns(**components)
        .with_columns(score=pl.sum_horizontal(COMPONENTS))
        .sort("score", "movie_id", descending=[True, False])
        .head(k)
    )


def _looked_up(key: pl.Expr, values: Mapping[str, float] | Mapping[int, float], dtype: pl.DataType) -> pl.Expr:
    """Return the value of each key, 0 where it has none."""
    return key.cast(dtype).replace_strict(
        pl.Series(list(values), dtype=dtype),
        pl.Series(list(values.values()), dtype=pl.Float64),
        default=0.0,
        return_dtype=pl.Float64,
    )
