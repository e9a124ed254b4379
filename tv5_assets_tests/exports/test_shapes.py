"""How rows become documents: nothing is lost, ids are those of the edges, and the shapes are the requirements' own."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from tv5_assets.exports.shapes import SHAPES, documents
from tv5_assets.synthetic.users import users
from tv5_assets.tables.processed import Movies, Ratings, Tags
from tv5_assets.tables.synthetic import Platforms, Users
from tv5_assets.tables.table import Table, all_tables, polars_schema

PREFERENCES = (
    "viewing_time_patterns", "device_preferences", "mood_preferences", "genre_preferences", "pacing", "tolerance",
    "weekly_hours",
)  # fmt: skip
NOON = datetime(2001, 2, 3, 12, 0, tzinfo=UTC)


def document(table: type[Table], **row: object) -> dict[str, object]:
    stored = pl.DataFrame([row], schema=polars_schema(table))
    return documents(stored.lazy(), table).collect().row(0, named=True)


@pytest.mark.parametrize("table", all_tables().values(), ids=all_tables())
def test_no_column_is_lost(table: type[Table]):
    stored = table.create_empty()
    for column in stored.columns:
        with pytest.raises(pl.exceptions.ColumnNotFoundError, match=column):
            documents(stored.drop(column).lazy(), table).collect_schema()


def test_every_declared_shape_is_that_of_a_table():
    assert set(SHAPES) <= set(all_tables())


@pytest.mark.parametrize("table", all_tables().values(), ids=all_tables())
def test_ids_of_movies_and_users_are_text(table: type[Table]):
    written = documents(table.create_empty().lazy(), table).collect_schema()
    stored = polars_schema(table)
    for column, name in (("movie_id", "media_id"), ("user_id", "user_id"), ("similar_id", "similar_media_id")):
        if column in stored:
            assert written[name] == pl.String


def test_a_movie():
    assert document(
        Movies,
        movie_id=296,
        title="Matrix, The",
        original_title="Matrix, The (1999)",
        title_sort="The Matrix",
        year=1999,
        genres=["Action", "Sci-Fi"],
        themes=[{"tag": "robots", "relevance": 0.75}],
        imdb_id="tt0133093",
        tmdb_id=None,
    ) == {
        "media_id": "ml_296",
        "identifiers": {
            "movielens_id": 296,
            "internal_id": "media_00000296",
            "imdb_id": "tt0133093",
            "tmdb_id": None,
        },
        "metadata": {
            "title": "Matrix, The",
            "original_title": "Matrix, The (1999)",
            "title_sort": "The Matrix",
            "year": 1999,
        },
        "classification": {"genres": ["Action", "Sci-Fi"], "themes": [{"tag": "robots", "relevance": 0.75}]},
    }


def test_a_rating_and_a_tag_are_interactions():
    assert document(
        Ratings, user_id=1, movie_id=2, rating=3.5, rated_at=NOON, time_of_day="afternoon", day_of_week="Sat", row=17
    ) == {
        "interaction_id": "int_17",
        "user_id": "user_00000001",
        "media_id": "ml_2",
        "timestamp": NOON,
        "interaction_type": "Rate",
        "rating": 3.5,
        "context": {"time_of_day": "afternoon", "day_of_week": "Sat"},
    }
    assert document(Tags, user_id=1, movie_id=2, tag="Dark ", tag_normalized="dark", tagged_at=NOON, row=17) == {
        "interaction_id": "tag_17",
        "user_id": "user_00000001",
        "media_id": "ml_2",
        "timestamp": NOON,
        "interaction_type": "Tag",
        "tag": "Dark ",
        "tag_normalized": "dark",
    }


def test_a_user_has_demographics_and_preferences():
    (row,) = users(np.array([7], dtype=np.int32), seed=1).to_dicts()
    assert document(Users, **row) == {
        "user_id": "user_00000007",
        "name": row["name"],
        "demographics": {
            "age_range": row["age_range"],
            "location": {name: row[name] for name in ("country", "city", "timezone")},
            "language_preferences": row["languages"],
            "cultural_context": row["cultural_context"],
        },
        "preferences": {name: row[name] for name in PREFERENCES},
        "archetype": row["archetype"],
    }


def test_a_movies_offers_are_one_document():
    offer = {
        "name": "MUBI",
        "availability_type": "subscription",
        "region": "FR",
        "price": None,
        "currency": "EUR",
        "quality": ["HD"],
        "subtitles": ["fr"],
        "audio_tracks": ["en"],
        "deep_link": "https://mubi.example/1",
        "updated_at": NOON,
    }
    offered = [(1, "mubi"), (1, "netflix"), (5, "mubi")]
    stored = pl.DataFrame(
        [{"movie_id": movie, "platform_id": platform, **offer} for movie, platform in offered],
        schema=polars_schema(Platforms),
    )
    assert documents(stored.lazy(), Platforms).collect().to_dicts() == [
        {"media_id": "ml_1", "platform_availability": [{"platform_id": id_, **offer} for id_ in ("mubi", "netflix")]},
        {"media_id": "ml_5", "platform_availability": [{"platform_id": "mubi", **offer}]},
    ]
