"""Schemas of what is searched for.

They belong to the synthetic layer. Columns marked SYNTHETIC are invented; what a query should find is computed from
MovieLens alone.
"""

import dataframely as dy

from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import SYNTHETIC, Table

QUERY_KINDS = ("title", "genre_decade", "theme", "plot")


def _year() -> dy.Int16:
    return dy.Int16(nullable=True, min=1870, max=2100)


class Queries(Table):
    """Search queries, each with what it should find."""

    key = "synthetic/queries"
    owner = "team:search"
    about = (
        "One row per search query in one of five languages: by title (perhaps with a slip of the pen), by genre and "
        "decade, by theme, or by genre and two themes. What it should find are all movies that have what it asks for "
        "and pass its filters, by the data and not by any search engine."
    )

    query_id = dy.Int64(primary_key=True, min=0, metadata=SYNTHETIC, description="Number of the query, from 0")
    text = dy.String(min_length=1, max_length=300, metadata=SYNTHETIC, description="What is typed")
    language = dy.Enum(LANGUAGES, metadata=SYNTHETIC, description="Language it is typed in")
    kind = dy.Enum(QUERY_KINDS, metadata=SYNTHETIC, description="What it asks by")
    asks_for = dy.Struct(
        {
            "title": dy.String(nullable=True, min_length=1),
            "genre": dy.Enum(GENRES, nullable=True),
            "decade": _year(),
            "themes": dy.List(dy.String(min_length=1)),
        },
        metadata=SYNTHETIC,
        description="What a movie has to have: this title, this genre, a year of this decade, these themes; null and "
        "empty for what is not asked for",
    )
    user_id = dy.Int32(
        nullable=True, min=1, metadata=SYNTHETIC, description="Who asks; half of the queries have a user"
    )
    filters = dy.Struct(
        {"genre": dy.Enum(GENRES, nullable=True), "since": _year(), "until": _year()},
        nullable=True,
        metadata=SYNTHETIC,
        description="What is chosen beside the text: a genre, a first and a last year; a third of the queries have any",
    )
    expected = dy.List(dy.Int32(min=1), min_length=1, description="MovieLens ids it should find, ascending")
    k = dy.Int16(min=1, max=1_000, metadata=SYNTHETIC, description="Results asked for")
