"""The graph's nodes, as frames of a key and properties in the order of stores/neo4j.py's specs.

What does not belong here: relationships (edges.py) and writing them (stores/neo4j.py).
"""

import polars as pl

from tv5_assets.ids import media_id_expr, user_key_expr


def movie_nodes(movies: pl.DataFrame) -> pl.DataFrame:
    """Return a node per movie: movie_id, media_id, title, year (null where unknown).

    Args:
        movies: rows of tables.processed.Movies.
    """
    return movies.select("movie_id", media_id_expr(), "title", "year").sort("movie_id")


def user_nodes(users: pl.DataFrame) -> pl.DataFrame:
    """Return a node per user: user_id, user_key, archetype, country.

    Args:
        users: rows of tables.synthetic.Users.
    """
    return users.select(
        "user_id", user_key_expr(), pl.col("archetype").cast(pl.String), pl.col("country").cast(pl.String)
    ).sort("user_id")


def genre_nodes(movies: pl.DataFrame) -> pl.DataFrame:
    """Return a node per genre that a movie has: name.

    Args:
        movies: rows of tables.processed.Movies.
    """
    return _names(movies, pl.col("genres").explode().cast(pl.String))


def theme_nodes(movies: pl.DataFrame) -> pl.DataFrame:
    """Return a node per theme that a movie has: name.

    Args:
        movies: rows of tables.processed.Movies.
    """
    return _names(movies, pl.col("themes").explode().struct.field("tag"))


def platform_nodes(platforms: pl.DataFrame) -> pl.DataFrame:
    """Return a node per platform that carries a movie: platform_id, name.

    Args:
        platforms: rows of tables.synthetic.Platforms.
    """
    return platforms.select("platform_id", "name").unique("platform_id").sort("platform_id")


def person_nodes(people: pl.DataFrame) -> pl.DataFrame:
    """Return a node per person: person_id, name, country, born (year).

    Args:
        people: rows of tables.media.People.
    """
    return people.select("person_id", "name", pl.col("country").cast(pl.String), "born").sort("person_id")


def mood_nodes(details: pl.DataFrame) -> pl.DataFrame:
    """Return a node per mood that a movie has: name.

    Args:
        details: rows of tables.media.MediaDetails.
    """
    return _names(details, pl.col("moods").explode().cast(pl.String))


def _names(movies: pl.DataFrame, names: pl.Expr) -> pl.DataFrame:
    return movies.select(name=names).drop_nulls().unique().sort("name")
