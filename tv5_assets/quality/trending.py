"""Rules on trends: what popularity owes to the momentum of the ratings, and the ranking of a moment to its history.

What does not belong here: what each row must fulfil beside its neighbours (synthetic/trends.py).
"""

import polars as pl

from tv5_assets.quality.frames import share_as_declared
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.trends import MOMENTUM_HALF_LIFE, VIRAL_CHANCE

LEAST_RANK_CORRELATION = 0.7
"""Of popularity and momentum on each day; over .99 among 5,000 movies, where few moments are viral."""
_MOMENTUM_TOLERANCE = 1e-4


def popularity_follows_momentum(trends: pl.LazyFrame) -> Verdict:
    """Ask that on every day the movies rank by popularity nearly as by momentum (Spearman, ties share their rank).

    A day on which all movies have the same momentum says nothing.
    """
    ranks = [pl.col(name).rank().over("date") for name in ("momentum", "popularity")]
    by_day = (
        trends.select("date", *ranks)
        .group_by("date")
        .agg(correlation=pl.corr("momentum", "popularity"), different=pl.col("momentum").n_unique())
        .filter(pl.col("different") > 1)
        # Without a spread in popularity there is no correlation.
        .select("date", pl.col("correlation").fill_nan(0).fill_null(0))
        .sort("correlation")
        .collect(engine="streaming")
    )
    least = by_day["correlation"][0] if len(by_day) else 0.0
    low = int((by_day["correlation"] < LEAST_RANK_CORRELATION).sum())
    return Verdict(
        passed=len(by_day) > 0 and low == 0,
        facts={"days": len(by_day), "days_below": low, "least": least, "least_allowed": LEAST_RANK_CORRELATION},
        description=f"rank correlation of popularity and momentum: {least:.3f} at least, below "
        f"{LEAST_RANK_CORRELATION} on {low} of {len(by_day)} days",
    )


def momentum_is_of_ratings(trends: pl.LazyFrame, ratings: pl.LazyFrame) -> Verdict:
    """Hold the momentum of the last day to the decayed number of ratings, counted anew."""
    last = trends.select(pl.col("date").max()).collect().item()
    age = (pl.lit(last) - pl.col("rated_at").dt.date()).dt.total_days()
    counted = ratings.group_by("movie_id").agg(counted=(0.5 ** (age / MOMENTUM_HALF_LIFE)).sum())
    off = (pl.col("momentum") - pl.col("counted").fill_null(-1)).abs() / (1 + pl.col("counted").fill_null(-1).abs())
    movies, wrong, furthest = (
        trends.filter(pl.col("date") == last)
        .join(counted, on="movie_id", how="left")
        .select(pl.len(), wrong=(off > _MOMENTUM_TOLERANCE).sum(), furthest=off.max())
        .collect(engine="streaming")
        .row(0)
    )
    return Verdict(
        passed=wrong == 0 and movies > 0,
        facts={"movies": movies, "wrong": wrong, "furthest": furthest or 0.0},
        description=f"{wrong} of {movies} movies have another momentum than their ratings on {last}",
    )


def viral_as_declared(trends: pl.LazyFrame) -> Verdict:
    """Ask that as many viral moments begin as are declared, of all movies and days but the first of each movie."""
    begins = pl.col("is_viral") & ~pl.col("is_viral").shift(1).over("movie_id").fill_null(value=True)
    began, days, movies = trends.select(begins.sum(), pl.len(), movies=pl.col("movie_id").n_unique()).collect().row(0)
    return share_as_declared(began, max(days - movies, 0), VIRAL_CHANCE, "days on which a viral moment begins")


def beside_history(trends_now: pl.LazyFrame, trends: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold the ranking of a moment to the history it is of.

    Returns:
        ``ranked_by_score``: in each scope the score falls with the rank, which counts from 1 without a gap.
        ``peak_of_history``: the peak is a day of a movie's highest popularity.
    """
    peaks = trends.group_by("movie_id").agg(highest=pl.col("popularity").max())
    then = trends.select("movie_id", "popularity", peak_at="date")
    at_peak = trends_now.join(then, on=["movie_id", "peak_at"], how="left").join(peaks, on="movie_id", how="left")
    lower = (pl.col("popularity") != pl.col("highest")).fill_null(value=True)
    off_peak = at_peak.select(rows=pl.len(), lower=lower.sum()).collect(engine="streaming")
    out_of_order = (
        trends_now.sort("scope", "rank")
        .select(
            (
                (pl.col("score") > pl.col("score").shift(1).over("scope"))
                | (pl.col("rank") != pl.int_range(1, pl.len() + 1).over("scope"))
            )
            .fill_null(value=False)
            .sum()
        )
        .collect()
        .item()
    )
    rows, lower_count = off_peak.row(0)
    return {
        "ranked_by_score": Verdict(
            out_of_order == 0,
            {"rows": rows, "out_of_order": out_of_order},
            f"{out_of_order} of {rows} places are not in the order of their scores",
        ),
        "peak_of_history": Verdict(
            lower_count == 0,
            {"rows": rows, "lower": lower_count},
            f"{lower_count} of {rows} peaks are not the day of the highest popularity",
        ),
    }
