"""How a table's columns nest in its documents, one declaration per table, and the ids that documents have.

The shapes are those of the original data generation plan: a user has ``demographics`` and ``preferences``, a movie
``identifiers``, ``metadata`` and ``classification``. A table that is not declared here is exported as it is, but for
its ids. What does not belong here: file formats (write.py).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from tv5_assets.ids import (
    context_key_expr,
    interaction_id_expr,
    internal_id_expr,
    media_id_expr,
    media_ids_expr,
    tag_id_expr,
    user_key_expr,
)
from tv5_assets.tables.table import Table, polars_schema

Shape = Mapping[str, "str | pl.Expr | Shape"]
"""A document: name to the column it is taken from, to an expression, or to a document inside it."""


def _same(*columns: str) -> dict[str, "str | pl.Expr | Shape"]:
    return {column: column for column in columns}


@dataclass(frozen=True)
class Gathered:
    """A table of which all rows with the same key become one document, in the order of the rows.

    Attributes:
        key: the column that is the same.
        name: the document's list of the other columns' values.
    """

    key: str
    name: str


SHAPES: Mapping[str, Shape | Gathered] = {
    "processed/movies": {
        "media_id": "movie_id",
        "identifiers": {
            "movielens_id": pl.col("movie_id"),
            "internal_id": internal_id_expr(),
            **_same("imdb_id", "tmdb_id"),
        },
        "metadata": _same("title", "original_title", "title_sort", "year"),
        "classification": _same("genres", "themes"),
    },
    "processed/ratings": {
        "interaction_id": interaction_id_expr(),
        "user_id": "user_id",
        "media_id": "movie_id",
        "timestamp": "rated_at",
        "interaction_type": pl.lit("Rate"),
        "rating": "rating",
        "context": _same("time_of_day", "day_of_week"),
    },
    "processed/tags": {
        "interaction_id": tag_id_expr(),
        "user_id": "user_id",
        "media_id": "movie_id",
        "timestamp": "tagged_at",
        "interaction_type": pl.lit("Tag"),
    },
    "synthetic/users": {
        "user_id": "user_id",
        "name": "name",
        "demographics": {
            "age_range": "age_range",
            "location": _same("country", "city", "timezone"),
            "language_preferences": "languages",
            "cultural_context": "cultural_context",
        },
        "preferences": _same(
            "viewing_time_patterns",
            "device_preferences",
            "mood_preferences",
            "genre_preferences",
            "pacing",
            "tolerance",
            "weekly_hours",
        ),
    },
    "synthetic/media_details": {
        "media_id": "movie_id",
        "metadata": _same("duration_minutes", "language", "countries", "content_rating"),
        "classification": _same("moods", "cultural_context"),
        "visual": _same("cinematography_style", "color_palette", "visual_tone"),
        "audio": _same("soundtrack_style", "dialogue_density", "music_prominence"),
        "reception": _same("audience_score", "critical_score"),
    },
    "synthetic/contexts": {
        "context_id": "context_id",
        "temporal": _same("date", "season", "month", "day_of_week", "time_of_day", "is_holiday", "cultural_events"),
        "environmental": _same("weather", "location_type"),
        "social": _same("viewing_mode", "group_size", "group_demographics"),
        "intent": _same("mood", "occasion", "time_budget", "intensity"),
    },
    "synthetic/interactions": {
        "interaction_id": "interaction_id",
        "rating_id": interaction_id_expr("rating_row"),
        "user_id": "user_id",
        "media_id": "movie_id",
        "timestamp": "occurred_at",
        "interaction_type": "event",
        "context": _same("device", "context_id"),
        "engagement": _same("completion_rate", "watch_seconds", "pauses", "rewinds"),
    },
    "synthetic/subtitles": {
        "media_id": "movie_id",
        "language": "language",
        "is_original": "is_original",
        "structured_content": _same(
            "vocabulary_complexity",
            "dialogue_density",
            "avg_sentence_length",
            "unique_word_count",
            "key_topics",
            "key_phrases",
            "cultural_references",
        ),
        "sentiment_summary": _same("overall_sentiment", "sentiment_arc"),
    },
    "synthetic/platforms": Gathered("movie_id", "platform_availability"),
    "synthetic/trends": {
        "media_id": "movie_id",
        "date": "date",
        "popularity_score": "popularity",
        "view_count_estimate": "view_count",
    },
}
"""How each table nests; columns that its shape does not name follow at the end of the document."""

_EDGE_IDS: Mapping[str, tuple[str, Callable[[str], pl.Expr]]] = {
    "movie_id": ("media_id", media_id_expr),
    "similar_id": ("similar_media_id", media_id_expr),
    "newer_id": ("newer_media_id", media_id_expr),
    "older_id": ("older_media_id", media_id_expr),
    "user_id": ("user_id", user_key_expr),
    "context_id": ("context_id", context_key_expr),
    "expected": ("expected", media_ids_expr),
}
"""Columns of ids: what documents call them and how they write them."""


def documents(frame: pl.LazyFrame, table: type[Table]) -> pl.LazyFrame:
    """Return a frame of which each row is a document: nested as the table's shape says, with ids as strings.

    Args:
        frame: rows of the table.
        table: its schema.
    """
    types = polars_schema(table)
    shape = SHAPES.get(table.key, {})
    if isinstance(shape, Gathered):
        name, key = _named(shape.key, types)
        rest = [value.alias(name) for name, value in _rest(types, {shape.key})]
        gathered = frame.group_by(shape.key, maintain_order=True).agg(pl.struct(rest).alias(shape.name))
        return gathered.select(key.alias(name), shape.name)
    used = set(_columns(shape))
    return frame.select(
        *_fields(shape, types),
        *(value.alias(name) for name, value in _rest(types, used)),
    )


def _fields(shape: Shape, types: pl.Schema) -> Iterator[pl.Expr]:
    for name, part in shape.items():
        match part:
            case str():
                yield _named(part, types)[1].alias(name)
            case pl.Expr():
                yield part.alias(name)
            case _:
                yield pl.struct(_fields(part, types)).alias(name)


def _rest(types: pl.Schema, used: set[str]) -> Iterator[tuple[str, pl.Expr]]:
    return (_named(column, types) for column in types if column not in used)


def _named(column: str, types: pl.Schema) -> tuple[str, pl.Expr]:
    """Return the name that a column has in documents, and its value there."""
    dtype = types[column]
    if column in _EDGE_IDS and (dtype.inner if isinstance(dtype, pl.List) else dtype).is_integer():
        name, written = _EDGE_IDS[column]
        return name, written(column)
    return column, pl.col(column)


def _columns(shape: Shape) -> Iterator[str]:
    for part in shape.values():
        match part:
            case str():
                yield part
            case pl.Expr():
                yield from part.meta.root_names()
            case _:
                yield from _columns(part)
