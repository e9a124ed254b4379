from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tv5_assets.graph import edges, nodes
from tv5_assets.stores import neo4j
from tv5_assets.tables.media import ROLES

MOVIES = pl.DataFrame(
    {
        "movie_id": [296, 1, 7],
        "title": ["Pulp Fiction", "Toy Story", "Untitled"],
        "year": [1994, 1995, None],
        "genres": [["Crime", "Drama"], ["Animation", "Children"], []],
        "themes": [
            [{"tag": "dark", "relevance": 0.75}, {"tag": "007", "relevance": 0.5}],
            [{"tag": "toys", "relevance": 1.0}],
            [],
        ],
    },
    schema_overrides={
        "movie_id": pl.Int32,
        "year": pl.Int16,
        "genres": pl.List(pl.Enum(["Animation", "Children", "Crime", "Drama"])),
        "themes": pl.List(pl.Struct({"tag": pl.String, "relevance": pl.Float32})),
    },
)
USERS = pl.DataFrame(
    {"user_id": [2, 1], "name": ["B", "A"], "archetype": ["casual", "senior"], "country": ["FR", "US"]},
    schema_overrides={"archetype": pl.Enum(["casual", "senior"]), "country": pl.Enum(["FR", "US"])},
)
PLATFORMS = pl.DataFrame(
    {
        "movie_id": [296, 1, 296],
        "platform_id": ["mubi", "mubi", "netflix"],
        "name": ["MUBI", "MUBI", "Netflix"],
        "region": ["FR", "EU", "Global"],
        "availability_type": ["subscription", "rental", "subscription"],
    },
    schema_overrides={
        "region": pl.Enum(["FR", "EU", "Global"]),
        "availability_type": pl.Enum(["subscription", "rental"]),
    },
)
PEOPLE = pl.DataFrame(
    {"person_id": [2, 1], "name": ["Agnès B", "Jean C"], "country": ["FR", "BE"], "born": [1928, 1930]},
    schema_overrides={"country": pl.Enum(["BE", "FR"])},
)
CREDITS = pl.DataFrame(
    {
        "movie_id": [296, 296, 296, 1],
        "person_id": [2, 1, 2, 1],
        "role": ["director", "director", "writer", "actor"],
        "billing": [1, 2, 1, 1],
    },
    schema_overrides={"role": pl.Enum(ROLES)},
)
DETAILS = pl.DataFrame(
    {"movie_id": [296, 1], "moods": [["dark", "edgy"], ["funny", "dark"]]},
    schema_overrides={"moods": pl.List(pl.Enum(["dark", "edgy", "funny", "poetic"]))},
)
INFLUENCES = pl.DataFrame(
    {"newer_id": [1], "older_id": [296], "person_id": [2], "genres": [["Drama"]], "themes": [[]], "strength": [0.25]}
)
RATINGS = pl.LazyFrame(
    {"user_id": [1, 2], "movie_id": [296, 1], "rating": [4.5, 0.5], "rated_at": [datetime(1970, 1, 2, tzinfo=UTC)] * 2},
    schema_overrides={"rating": pl.Float32, "rated_at": pl.Datetime("ms", "UTC")},
)
SIMILAR = pl.DataFrame({"movie_id": [1], "similar_id": [296], "score": [0.875], "rank": [1]})


def test_movies_by_id_with_a_null_where_the_year_is_unknown():
    assert nodes.movie_nodes(MOVIES).rows() == [
        (1, "ml_1", "Toy Story", 1995),
        (7, "ml_7", "Untitled", None),
        (296, "ml_296", "Pulp Fiction", 1994),
    ]


def test_users_by_id():
    assert nodes.user_nodes(USERS).rows() == [
        (1, "user_00000001", "senior", "US"),
        (2, "user_00000002", "casual", "FR"),
    ]


def test_genres_and_themes_are_those_that_movies_have():
    assert nodes.genre_nodes(MOVIES)["name"].to_list() == ["Animation", "Children", "Crime", "Drama"]
    assert nodes.theme_nodes(MOVIES)["name"].to_list() == ["007", "dark", "toys"]


def test_each_platform_once():
    assert nodes.platform_nodes(PLATFORMS).rows() == [("mubi", "MUBI"), ("netflix", "Netflix")]


def test_ratings_become_stars_and_seconds():
    assert edges.rated(RATINGS).collect().rows() == [(1, 296, 4.5, 86_400), (2, 1, 0.5, 86_400)]


def test_a_movie_has_each_of_its_genres_and_themes():
    assert edges.has_genre(MOVIES).rows() == [(296, "Crime"), (296, "Drama"), (1, "Animation"), (1, "Children")]
    assert edges.has_theme(MOVIES).rows() == [(296, "dark", 0.75), (296, "007", 0.5), (1, "toys", 1.0)]


def test_similar_movies_say_by_what():
    assert edges.similar_to(SIMILAR).rows() == [(1, 296, 0.875, "text")]


def test_availability_says_where_and_how():
    assert edges.available_on(PLATFORMS).rows() == [
        (296, "mubi", "FR", "subscription"),
        (1, "mubi", "EU", "rental"),
        (296, "netflix", "Global", "subscription"),
    ]


def test_people_and_moods_by_key():
    assert nodes.person_nodes(PEOPLE).rows() == [(1, "Jean C", "BE", 1930), (2, "Agnès B", "FR", 1928)]
    assert nodes.mood_nodes(DETAILS)["name"].to_list() == ["dark", "edgy", "funny"]


def test_each_role_is_a_relationship_of_its_own():
    assert edges.credited(CREDITS, "director").rows() == [(2, 296, 1), (1, 296, 2)]
    assert edges.credited(CREDITS, "writer").rows() == [(2, 296, 1)]
    assert edges.credited(CREDITS, "actor").rows() == [(1, 1, 1)]
    assert edges.credited(CREDITS, "producer").is_empty()
    assert list(neo4j.CREDITS) == list(ROLES)


def test_moods_are_ranked_and_influences_lead_back_in_time():
    assert edges.has_mood(DETAILS).rows() == [(296, "dark", 1), (296, "edgy", 2), (1, "funny", 1), (1, "dark", 2)]
    assert edges.influenced_by(INFLUENCES).rows() == [(1, 296, 0.25)]


def test_no_movies_make_no_nodes_and_no_edges():
    for frame in (
        nodes.genre_nodes(MOVIES.clear()),
        nodes.theme_nodes(MOVIES.clear()),
        edges.has_genre(MOVIES.clear()),
    ):
        assert frame.is_empty()


@pytest.mark.parametrize(
    ("frame", "spec"),
    [
        (nodes.movie_nodes(MOVIES), neo4j.MOVIES),
        (nodes.user_nodes(USERS), neo4j.USERS),
        (nodes.genre_nodes(MOVIES), neo4j.GENRES),
        (nodes.theme_nodes(MOVIES), neo4j.THEMES),
        (nodes.platform_nodes(PLATFORMS), neo4j.PLATFORMS),
        (edges.rated(RATINGS).collect(), neo4j.RATINGS),
        (edges.has_genre(MOVIES), neo4j.MOVIE_GENRES),
        (edges.has_theme(MOVIES), neo4j.MOVIE_THEMES),
        (edges.similar_to(SIMILAR), neo4j.SIMILAR),
        (edges.available_on(PLATFORMS), neo4j.AVAILABILITY),
        (nodes.person_nodes(PEOPLE), neo4j.PEOPLE),
        (nodes.mood_nodes(DETAILS), neo4j.MOODS),
        *((edges.credited(CREDITS, role), spec) for role, spec in neo4j.CREDITS.items()),
        (edges.has_mood(DETAILS), neo4j.MOVIE_MOODS),
        (edges.influenced_by(INFLUENCES), neo4j.INFLUENCES),
    ],
)
def test_frames_have_the_columns_that_the_store_publishes(frame, spec):
    keys = (spec.key,) if isinstance(spec, neo4j.NodeSpec) else (spec.start_column, spec.end_column)
    assert tuple(frame.columns) == (*keys, *spec.properties)


def test_the_order_of_movies_does_not_matter():
    assert_frame_equal(nodes.movie_nodes(MOVIES), nodes.movie_nodes(MOVIES.reverse()))
    assert_frame_equal(nodes.theme_nodes(MOVIES), nodes.theme_nodes(MOVIES.reverse()))
