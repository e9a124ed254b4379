"""A small set with ties, drift, tags and movies without genres, and its feature tables."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from tv5_assets.engine import Engine, PolarsEngine
from tv5_assets.features.interactions import interactions
from tv5_assets.features.movies import movie_features
from tv5_assets.features.splits import splits
from tv5_assets.features.statistics import statistics
from tv5_assets.features.users import user_features
from tv5_assets.tables.features import InteractionFeatures, MovieFeatures, Splits, Statistics, UserFeatures
from tv5_assets.tables.processed import DAYS_OF_WEEK, GENRES
from tv5_assets.tables.table import polars_schema

START = datetime(2000, 1, 1, tzinfo=UTC)
TABLES = {
    "split": Splits,
    "interactions": InteractionFeatures,
    "users": UserFeatures,
    "movies": MovieFeatures,
    "statistics": Statistics,
}


@dataclass(frozen=True)
class Source:
    """What features are computed from: rows of ``processed/``, as far as they are read."""

    ratings: pl.DataFrame
    tags: pl.DataFrame
    movies: pl.DataFrame


def source(users: int = 40, movies: int = 60, ratings: int = 900, seed: int = 0) -> Source:
    """Return a made set; some users have fewer than 20 ratings, one movie has none."""
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(users * (movies - 1))[:ratings]
    user, movie = pairs // (movies - 1) + 1, pairs % (movies - 1) + 1
    seconds = rng.integers(0, 800 * 86_400 // 600, ratings) * 600
    genres = [sorted(rng.choice(len(GENRES), number, replace=False)) for number in rng.integers(0, 4, movies)]
    return Source(
        ratings_of(user, movie, rng.integers(1, 11, ratings) / 2, seconds),
        pl.DataFrame(
            {
                "user_id": user[:300],
                "movie_id": movie[:300],
                "tag_normalized": rng.choice(["slow", "funny", "sad", ""], 300),
                "tagged_at": [START + timedelta(seconds=int(at) + 60) for at in seconds[:300]],
            },
            schema={"user_id": pl.Int32, "movie_id": pl.Int32, "tag_normalized": pl.String, "tagged_at": TIME},
        ),
        pl.DataFrame(
            {
                "movie_id": range(1, movies + 1),
                "genres": [[GENRES[code] for code in codes] for codes in genres],
                "year": [None, *range(1950, 1949 + movies)],
            },
            schema={"movie_id": pl.Int32, "genres": pl.List(pl.Enum(GENRES)), "year": pl.Int16},
        ),
    )


TIME = pl.Datetime("ms", "UTC")


def ratings_of(user: Any, movie: Any, stars: Any, seconds: Any) -> pl.DataFrame:
    """Make ratings, each argument of shape (n,), in the order of the file."""
    at = [START + timedelta(seconds=int(second)) for second in seconds]
    return pl.DataFrame(
        {
            "user_id": user,
            "movie_id": movie,
            "rating": stars,
            "rated_at": at,
            "day_of_week": [DAYS_OF_WEEK[moment.weekday()] for moment in at],
            "row": range(len(at)),
        },
        schema={
            "user_id": pl.Int32,
            "movie_id": pl.Int32,
            "rating": pl.Float32,
            "rated_at": TIME,
            "day_of_week": pl.Enum(DAYS_OF_WEEK),
            "row": pl.Int64,
        },
    )


def split_of(ratings: pl.DataFrame, engine: Engine | None = None) -> pl.DataFrame:
    runs = engine or PolarsEngine()
    return typed(splits(runs.frame(ratings), runs, seed=1, min_user_ratings=20, min_movie_ratings=1), "split")


def features_of(
    made: Source, split: pl.DataFrame, protocol: str, engine: Engine | None = None
) -> dict[str, pl.DataFrame]:
    """Return the feature tables of a split, by name."""
    runs = engine or PolarsEngine()
    rated = typed(interactions(runs.frame(made.ratings), runs.frame(split), protocol), "interactions")
    return {
        "interactions": rated,
        "users": user_features(runs.frame(rated), runs.frame(made.tags), made.movies, runs),
        "movies": movie_features(runs.frame(rated), made.movies),
        "statistics": statistics(runs.frame(made.ratings), runs.frame(split)),
    }


def typed(frame: "nw.LazyFrame[Any]", name: str) -> pl.DataFrame:
    """Return a table of any engine as its schema says, rows in the order in which they came."""
    found: pl.DataFrame = frame.collect("polars").to_native()
    return found.cast(dict(polars_schema(TABLES[name])))
