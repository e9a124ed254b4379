"""A made catalogue for the tests of what is drawn for movies: as many as a test needs, of every genre and time."""

import numpy as np
import polars as pl

from tv5_assets.tables.processed import GENRES, Movies, Ratings
from tv5_assets.tables.table import polars_schema

THEMES = ("atmospheric", "heist", "funny", "japanese", "time travel", "melancholic", "friendship", "revenge")


def made_movies(count: int, seed: int = 5) -> pl.DataFrame:
    """Return movies with ids that have gaps; one in 60 has no year, one in 40 no genre, one in three themes."""
    random = np.random.default_rng(seed)
    ids = np.sort(random.choice(np.arange(1, 3 * count + 1), count, replace=False))
    years = 2019 - (90 * random.random(count) ** 2).astype(int)
    years[random.random(count) < 0.02] = 1919
    genre_count = np.where(random.random(count) < 0.025, 0, random.integers(1, 4, count))
    common = np.array([4.0 if genre in ("Drama", "Comedy") else 1.0 for genre in GENRES]) / (len(GENRES) + 6)
    genres = [list(random.choice(GENRES, size, replace=False, p=common)) for size in genre_count]
    themes = [
        [{"tag": tag, "relevance": 0.95 - 0.1 * place} for place, tag in enumerate(random.choice(THEMES, 3, False))]
        if tagged
        else []
        for tagged in random.random(count) < 0.33
    ]
    return pl.DataFrame(
        {
            "movie_id": ids,
            "title": [f"Title {number}" for number in ids],
            "original_title": [f"Title {number}" for number in ids],
            "title_sort": [f"Title {number}" for number in ids],
            "year": [None if number % 60 == 0 else int(year) for number, year in enumerate(years)],
            "genres": genres,
            "themes": themes,
            "imdb_id": [None] * count,
            "tmdb_id": [None] * count,
        },
        schema=polars_schema(Movies),
        strict=False,
    )


def made_ratings(movies: pl.DataFrame) -> pl.LazyFrame:
    """Return three ratings of each movie but every tenth."""
    rated = movies.with_row_index().filter(pl.col("index") % 10 != 0)["movie_id"]
    stars = np.array([2.5, 4.0, 4.5], dtype=np.float32)
    frame = pl.LazyFrame({"movie_id": np.repeat(rated.to_numpy(), 3), "rating": np.tile(stars, len(rated))})
    return frame.cast({"movie_id": polars_schema(Ratings)["movie_id"]})
