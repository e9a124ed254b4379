"""The graph's relationships, as frames of both keys and properties in the order of stores/neo4j.py's specs.

What does not belong here: nodes (nodes.py), which movies are alike (similarity.py) and writing them (stores/neo4j.py).
"""

import polars as pl

SIMILAR_BY_TEXT = "text"
"""Source of a SIMILAR_TO that comes from the cosine of two text vectors."""


def rated(ratings: pl.LazyFrame) -> pl.LazyFrame:
    """Return ``(User)-[RATED]->(Movie)``: user_id, movie_id, score (stars), timestamp (seconds since 1970, UTC).

    Args:
        ratings: rows of tables.processed.Ratings.
    """
    return ratings.select("user_id", "movie_id", score=pl.col("rating"), timestamp=pl.col("rated_at").dt.epoch("s"))


def has_genre(movies: pl.DataFrame) -> pl.DataFrame:
    """Return ``(Movie)-[HAS_GENRE]->(Genre)``: movie_id, name.

    Args:
        movies: rows of tables.processed.Movies.
    """
    return _members(movies, "genres").select("movie_id", name=pl.col("genres").cast(pl.String))


def has_theme(movies: pl.DataFrame) -> pl.DataFrame:
    """Return ``(Movie)-[HAS_THEME]->(Theme)``: movie_id, name, relevance (0 to 1).

    Args:
        movies: rows of tables.processed.Movies.
    """
    theme = pl.col("themes").struct
    return _members(movies, "themes").select("movie_id", name=theme.field("tag"), relevance=theme.field("relevance"))


def similar_to(similar_movies: pl.DataFrame) -> pl.DataFrame:
    """Return ``(Movie)-[SIMILAR_TO]->(Movie)``: movie_id, similar_id, score (cosine), source.

    Args:
        similar_movies: rows of tables.embeddings.SimilarMovies.
    """
    return similar_movies.select("movie_id", "similar_id", "score", source=pl.lit(SIMILAR_BY_TEXT))


def available_on(platforms: pl.DataFrame) -> pl.DataFrame:
    """Return ``(Movie)-[AVAILABLE_ON]->(Platform)``: movie_id, platform_id, region, type.

    Args:
        platforms: rows of tables.synthetic.Platforms.
    """
    return platforms.select(
        "movie_id",
        "platform_id",
        pl.col("region").cast(pl.String),
        type=pl.col("availability_type").cast(pl.String),
    )


def credited(credits: pl.DataFrame, role: str) -> pl.DataFrame:  # noqa: A002
    """Return ``(Person)-[DIRECTED, WROTE, ACTED_IN or PRODUCED]->(Movie)``: person_id, movie_id, billing (1 is first).

    Args:
        credits: rows of tables.media.Credits.
        role: one of tables.media.ROLES.
    """
    return credits.filter(pl.col("role").cast(pl.String) == role).select("person_id", "movie_id", "billing")


def has_mood(details: pl.DataFrame) -> pl.DataFrame:
    """Return ``(Movie)-[HAS_MOOD]->(Mood)``: movie_id, name, rank (1 is the strongest).

    Args:
        details: rows of tables.media.MediaDetails.
    """
    ranked = _members(details, "moods").with_columns(rank=pl.int_range(1, pl.len() + 1).over("movie_id"))
    return ranked.select("movie_id", pl.col("moods").cast(pl.String).alias("name"), "rank")


def influenced_by(influences: pl.DataFrame) -> pl.DataFrame:
    """Return ``(Movie)-[INFLUENCED_BY]->(Movie)``: newer_id, older_id, strength (over 0 to 1).

    Args:
        influences: rows of tables.media.Influences.
    """
    return influences.select("newer_id", "older_id", "strength")


def _members(movies: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return a row per movie and member of a list column; a movie with an empty list has none."""
    return movies.select("movie_id", column).filter(pl.col(column).list.len() > 0).explode(column)
