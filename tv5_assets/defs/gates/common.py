"""Keys that several layers' gates read, and the gates that several layers need."""

from functools import partial

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.quality import frames

MANIFEST, MOVIES, RATINGS, TAGS = "raw/movielens", "processed/movies", "processed/ratings", "processed/tags"


def foreign_key(asset: str, column: str, parent: str, parent_column: str | None = None) -> Gate:
    """Return the gate that every id of a column is in another table."""
    return rule_gate(
        asset,
        f"{column}_known",
        f"Every {column} is in {parent}.",
        partial(frames.no_orphans, column=column, parent_column=parent_column),
        reads={"frame": asset, "parent": parent},
    )


def known_movies(asset: str) -> Gate:
    """Return the gate that every movie of an asset is known."""
    return foreign_key(asset, "movie_id", MOVIES)


def known_users(asset: str, of: str) -> Gate:
    """Return the gate that every user of an asset is known."""
    return foreign_key(asset, "user_id", of)
