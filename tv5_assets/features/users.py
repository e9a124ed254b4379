"""User features: how each user rates, how often, and what, from what is known of them.

Interactions are gathered by functions over Narwhals lazy frames, so that they run on Polars and on Spark alike; what is
gathered is small, and Polars makes the table of it. What does not belong here: whatever is made up about users
(synthetic/users.py).
"""

from datetime import timedelta
from typing import Any

import narwhals as nw
import polars as pl

from tv5_assets.engine import Engine
from tv5_assets.features.interactions import KNOWN
from tv5_assets.features.moments import deviation, mean
from tv5_assets.tables.features import UserFeatures
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import polars_schema

TOP_GENRES = 3
TOP_TAGS = 10
MONTH = timedelta(days=30.44)

_USER, _MOVIE = "user_id", "movie_id"


def user_features(
    interactions: "nw.LazyFrame[Any]", tags: "nw.LazyFrame[Any]", movies: pl.DataFrame, engine: Engine
) -> pl.DataFrame:
    """Return the features of every user of whom something is known.

    Nothing is taken from test rows, nor from what they give away: a tag counts only where the user is known to have
    rated its movie, and only if it was given before the newest rating that is known of anyone.

    Args:
        interactions: rows of ``features/interactions``.
        tags: rows of ``processed/tags``.
        movies: ``movie_id`` and ``genres`` of the whole catalog.
        engine: the engine that interactions and tags belong to.

    Returns:
        Rows of ``features/users``, by user.
    """
    known = interactions.filter(nw.col("part").is_in(KNOWN))
    newest = known.select(nw.col("rated_at").max()).collect().item()
    span = pl.max_horizontal(pl.col("last") - pl.col("first"), pl.lit(MONTH, pl.Duration("ms")))
    return (
        _collected(_ratings_of_users(known))
        .join(_genres(_collected(_stars_by_genre(known, movies, engine))), on=_USER, how="left")
        .join(_top_tags(_collected(_uses_of_tags(known, tags, newest))), on=_USER, how="left")
        .join(_most_active(_collected(_ratings_by_hour(known))), on=_USER)
        .with_columns(
            pl.col("genre_weights").fill_null([0.0] * len(GENRES)),
            pl.col("top_genres", "tag_affinity").fill_null([]),
            rating_velocity=pl.col("rating_count") * MONTH.total_seconds() / span.dt.total_seconds(),
            recency_days=(newest - pl.col("last")).dt.total_days(),
            rating_range=pl.col("highest") - pl.col("lowest"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in polars_schema(UserFeatures).items())
        .sort(_USER)
    )


def _ratings_of_users(known: "nw.LazyFrame[Any]") -> "nw.LazyFrame[Any]":
    return known.group_by(_USER).agg(
        rating_mean=mean(),
        rating_std=deviation(),
        rating_count=nw.len(),
        highest=nw.col("rating").max(),
        lowest=nw.col("rating").min(),
        first=nw.col("rated_at").min(),
        last=nw.col("rated_at").max(),
    )


def _stars_by_genre(known: "nw.LazyFrame[Any]", movies: pl.DataFrame, engine: Engine) -> "nw.LazyFrame[Any]":
    genres = movies.select(_MOVIE, genre="genres").explode("genre").drop_nulls("genre")
    codes = genres.with_columns(pl.col("genre").to_physical().cast(pl.Int32))
    stars = nw.col("rating").cast(nw.Float64).sum()
    return known.join(engine.frame(codes), on=_MOVIE).group_by(_USER, "genre").agg(stars=stars)


def _ratings_by_hour(known: "nw.LazyFrame[Any]") -> "nw.LazyFrame[Any]":
    return known.group_by(_USER, "hour_of_day").agg(rows=nw.len())


def _uses_of_tags(known: "nw.LazyFrame[Any]", tags: "nw.LazyFrame[Any]", newest: Any) -> "nw.LazyFrame[Any]":
    given = tags.filter((nw.col("tagged_at") <= newest) & (nw.col("tag_normalized") != ""))
    of_known = given.join(known.select(_USER, _MOVIE), on=[_USER, _MOVIE], how="semi")
    return of_known.group_by(_USER, "tag_normalized").agg(uses=nw.len())


def _genres(stars: pl.DataFrame) -> pl.DataFrame:
    """Return ``user_id, genre_weights, top_genres`` from the stars that each user gave to each genre."""
    weights = stars.with_columns(weight=pl.col("stars") / pl.col("stars").sum().over(_USER))
    every = weights.pivot("genre", index=_USER, values="weight") if len(weights) else weights.select(_USER)
    wide = every.with_columns(
        (pl.col(str(code)) if str(code) in every.columns else pl.lit(0.0)).fill_null(0).alias(str(code))
        for code in range(len(GENRES))
    )
    arrays = wide.select(_USER, genre_weights=pl.concat_arr([str(code) for code in range(len(GENRES))]))
    first = weights.sort(_USER, "weight", "genre", descending=[False, True, False]).group_by(_USER, maintain_order=True)
    top = first.agg(top_genres=pl.col("genre").head(TOP_GENRES).cast(pl.UInt8).cat.to(pl.Enum(GENRES)))
    return arrays.join(top, on=_USER)


def _top_tags(uses: pl.DataFrame) -> pl.DataFrame:
    """Return ``user_id, tag_affinity`` from how often each user gave each tag; equal uses in the order of the words."""
    ordered = uses.rename({"tag_normalized": "tag"}).sort(_USER, "uses", "tag", descending=[False, True, False])
    top = ordered.group_by(_USER, maintain_order=True)
    return top.agg(tag_affinity=pl.struct("tag", pl.col("uses").cast(pl.Int32)).head(TOP_TAGS))


def _most_active(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``user_id, active_hour`` from how often each user rates in each hour; of equals the earliest."""
    ordered = rows.sort(_USER, "rows", "hour_of_day", descending=[False, True, False])
    return ordered.unique(_USER, keep="first", maintain_order=True).select(_USER, active_hour="hour_of_day")


def _collected(gathered: "nw.LazyFrame[Any]") -> pl.DataFrame:
    frame: pl.DataFrame = gathered.collect("polars").to_native()
    return frame
