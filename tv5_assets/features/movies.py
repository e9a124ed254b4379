"""Movie features: how often and how each movie is rated in the training rows, and what it is.

Interactions are gathered by a function over Narwhals lazy frames, so that it runs on Polars and on Spark alike; what is
gathered is small, and Polars makes the table of it. What does not belong here: whatever is made up about movies
(synthetic/media_details.py).
"""

from datetime import timedelta
from typing import Any

import narwhals as nw
import polars as pl

from tv5_assets.features.moments import deviation, mean
from tv5_assets.tables.features import MovieFeatures
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import polars_schema

RECENT = timedelta(days=365)
"""What counts as recent in a trend."""

_MOVIE = "movie_id"


def movie_features(interactions: "nw.LazyFrame[Any]", movies: pl.DataFrame) -> pl.DataFrame:
    """Return the features of every movie of the catalog, those of its ratings from train rows alone.

    Args:
        interactions: rows of ``features/interactions``.
        movies: ``movie_id``, ``genres`` and ``year`` of the whole catalog.

    Returns:
        Rows of ``features/movies``, by movie.
    """
    train = interactions.filter(nw.col("part") == "train")
    gathered: pl.DataFrame = _ratings_of_movies(train).collect("polars").to_native()
    count = pl.col("rating_count").fill_null(0)
    return (
        movies.select(_MOVIE, "genres", release_year="year")
        .join(gathered, on=_MOVIE, how="left")
        .with_columns(
            rating_count=count,
            popularity=count.log1p(),
            rating_trend=pl.col("recent") - pl.col("before"),
            genre_vector=pl.concat_arr(
                pl.col("genres").list.contains(genre).cast(pl.Float32).alias(genre) for genre in GENRES
            ),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in polars_schema(MovieFeatures).items())
        .sort(_MOVIE)
    )


def _ratings_of_movies(train: "nw.LazyFrame[Any]") -> "nw.LazyFrame[Any]":
    newest = train.select(nw.col("rated_at").max()).collect().item()
    stars = nw.col("rating").cast(nw.Float64)
    is_recent = nw.col("rated_at") > newest - RECENT
    marked = train.with_columns(recent=nw.when(is_recent).then(stars), before=nw.when(~is_recent).then(stars))
    return marked.group_by(_MOVIE).agg(
        avg_rating=mean(),
        rating_std=deviation(),
        rating_count=nw.len(),
        recent=nw.col("recent").mean(),
        before=nw.col("before").mean(),
    )
