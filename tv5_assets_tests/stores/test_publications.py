"""What is published through the platform's own functions is found again, value for value, however odd it is."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dataframely as dy
import numpy as np
import polars as pl
import pytest

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.graph import edges, nodes
from tv5_assets.quality.reconcile import Publication, compare_all
from tv5_assets.retrieval.stores import Stores, connected
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import documents, milvus, neo4j, postgres, publications, redis
from tv5_assets.tables.features import Episodes
from tv5_assets.tables.media import MOODS, ROLES, Credits, Influences, MediaDetails, People
from tv5_assets.tables.models import Policies
from tv5_assets.tables.processed import GENRES, Movies
from tv5_assets.tables.synthetic import Platforms, Users
from tv5_assets.tables.table import Table, polars_schema

IDS = range(1, 31)
ODD = [
    '"Quoted" \\ back',
    "Amélie, 天空の城 🎬",
    "tab\tand\nline",
    "x" * 300,
    "null",
    "'; DROP TABLE movies; --",
    "{a: $1}",
]
NOON = datetime(2020, 2, 29, 12, 0, 0, 123_000, tzinfo=UTC)


def made(table: type[Table], rows: int, **columns: object) -> pl.DataFrame:
    """Return rows that the schema allows, with some columns given."""
    drawn = table.sample(rows, generator=dy.random.Generator(seed=1), overrides=columns)
    return drawn.select(pl.col(name).cast(dtype) for name, dtype in polars_schema(table).items())


def odd(count: int) -> list[str]:
    return [f"{ODD[number % len(ODD)]} {number}" for number in range(count)]


def learnt(users: int) -> pl.DataFrame:
    """Return a policy for each user; its values are small, large, whole and of many digits."""
    means = (0.1, -1 / 3, 1.0, -0.0, 1e-7, 12345.678)
    values = [
        {"action": genre, "mean": mean, "variance": abs(mean) / 3, "visits": 10**place}
        for place, (genre, mean) in enumerate(zip(GENRES, means, strict=False))
    ]
    return made(
        Policies,
        users,
        user_id=list(range(1, users + 1)),
        state=odd(users),
        q_values=[values[number % len(values) :] for number in range(users)],
        updated_at=[NOON] * users,
    )


@pytest.fixture(scope="module")
def movies() -> pl.DataFrame:
    return made(
        Movies,
        len(IDS),
        movie_id=list(IDS),
        title=odd(len(IDS)),
        year=[None if number % 3 == 0 else 1_900 + number for number in IDS],
        genres=[list(GENRES[number % 5 : number % 7]) for number in IDS],
        themes=[[{"tag": tag, "relevance": number / 31} for tag in odd(len(ODD))[: number % 4]] for number in IDS],
    )


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    matrix = np.random.default_rng(4).normal(size=(len(IDS), 8)).astype(np.float32)
    return Vectors(np.array(IDS, np.int32), matrix / np.linalg.norm(matrix, axis=1, keepdims=True), "made")


@pytest.fixture(scope="module")
def stores(endpoints: Endpoints) -> Iterator[Stores]:
    with connected(endpoints) as stores:
        yield stores


def differences(published: list[Publication]) -> pl.DataFrame:
    compared = compare_all(published)
    return compared.filter(
        (pl.col("source_rows") != pl.col("store_rows"))
        | (pl.max_horizontal("missing_ids", "surplus_ids", "differing") > 0)
    )


def test_vectors_with_their_fields(stores: Stores, movies: pl.DataFrame, vectors: Vectors):
    client = stores.need_milvus()
    milvus.publish(client, milvus.MOVIES, vectors, movies.select("movie_id", "title", "year", "genres"), "odd1")
    milvus.publish(client, milvus.USERS, vectors, pl.DataFrame({"user_id": vectors.ids}), "odd1")
    published = [
        *publications.movie_vectors(client, vectors, movies),
        *publications.user_vectors(client, vectors),
    ]
    assert [one.dataset for one in published] == ["movies", "users"]
    assert differences(published).is_empty()
    changed = publications.movie_vectors(client, vectors, movies.with_columns(year=pl.lit(1999, pl.Int16)))
    assert differences(changed)["differing"].to_list() == [30]
    turned = Vectors(vectors.ids, -vectors.matrix, "made")
    assert differences(publications.user_vectors(client, turned))["differing"].to_list() == [30]


def test_nodes_and_relationships(stores: Stores, movies: pl.DataFrame):
    graph = stores.need_graph()
    users = made(Users, len(IDS), user_id=list(IDS))
    ratings = pl.LazyFrame({"user_id": IDS, "movie_id": IDS, "rating": np.float32([0.5, 3.5, 5.0] * 10)}).with_columns(
        rated_at=pl.lit(NOON).cast(pl.Datetime("ms", "UTC"))
    )
    similar = pl.DataFrame(
        {"movie_id": [1, 2], "similar_id": [2, 1], "score": [0.875, 1 / 3], "rank": [1, 1]},
        schema={"movie_id": pl.Int32, "similar_id": pl.Int32, "score": pl.Float32, "rank": pl.Int16},
    )
    for spec, frame in (
        (neo4j.MOVIES, nodes.movie_nodes(movies)),
        (neo4j.USERS, nodes.user_nodes(users)),
        (neo4j.GENRES, nodes.genre_nodes(movies)),
        (neo4j.THEMES, nodes.theme_nodes(movies)),
    ):
        neo4j.publish_nodes(graph, spec, frame, "odd1")
    for spec, frame in (
        (neo4j.MOVIE_GENRES, edges.has_genre(movies)),
        (neo4j.MOVIE_THEMES, edges.has_theme(movies)),
        (neo4j.RATINGS, edges.rated(ratings)),
        (neo4j.SIMILAR, edges.similar_to(similar)),
    ):
        neo4j.publish_relationships(graph, spec, frame, "odd1")
    published = [
        *publications.movie_nodes(graph, movies),
        *publications.user_nodes(graph, users),
        *publications.genres(graph, movies),
        *publications.themes(graph, movies),
        *publications.rated(graph, ratings),
        *publications.similar(graph, similar),
    ]
    assert len(published) == 8
    assert all(one.rows for one in published)
    assert differences(published).is_empty()
    other_stars = ratings.with_columns(rating=pl.lit(4.0, pl.Float32))
    assert differences(publications.rated(graph, other_stars))["differing"].to_list() == [30]
    fewer = publications.rated(graph, ratings.head(29))
    assert differences(fewer).select("surplus_ids", "differing").row(0) == (1, 0)


def test_people_moods_and_influences(stores: Stores, movies: pl.DataFrame):
    graph = stores.need_graph()
    people = made(People, len(IDS), person_id=list(IDS), name=odd(len(IDS)))
    roles = [ROLES[number % 4] for number in IDS]
    made_by = made(Credits, len(IDS), movie_id=list(IDS), person_id=list(IDS), role=roles, billing=[1] * len(IDS))
    moods = [list(MOODS[number % 5 : number % 5 + 1 + number % 3]) for number in IDS]
    details = made(MediaDetails, len(IDS), movie_id=list(IDS), moods=moods)
    newer = list(range(2, 31))
    influences = made(Influences, 29, newer_id=newer, older_id=[1] * 29, strength=[number / 30 for number in newer])
    neo4j.publish_nodes(graph, neo4j.MOVIES, nodes.movie_nodes(movies), "odd1")
    neo4j.publish_nodes(graph, neo4j.PEOPLE, nodes.person_nodes(people), "odd1")
    neo4j.publish_nodes(graph, neo4j.MOODS, nodes.mood_nodes(details), "odd1")
    for spec, frame in (
        *((spec, edges.credited(made_by, role)) for role, spec in neo4j.CREDITS.items()),
        (neo4j.MOVIE_MOODS, edges.has_mood(details)),
        (neo4j.INFLUENCES, edges.influenced_by(influences)),
    ):
        neo4j.publish_relationships(graph, spec, frame, "odd1")
    published = [
        *publications.people(graph, people, made_by),
        *publications.moods(graph, details),
        *publications.influences(graph, influences),
    ]
    assert [one.dataset for one in published] == [
        *("people", "directed", "wrote", "acted_in", "produced"),
        *("moods", "movie_moods", "influences"),
    ]
    assert all(one.rows for one in published)
    assert differences(published).is_empty()
    younger = people.with_columns(pl.col("born") + 1)
    assert differences(publications.people(graph, younger, made_by))["differing"].to_list() == [30]
    stronger = influences.with_columns(strength=pl.lit(1.0, pl.Float32))
    assert differences(publications.influences(graph, stronger))["differing"].to_list() == [28]


def test_rows_and_json(stores: Stores):
    connection = stores.need_agentdb()
    episodes = made(Episodes, 40, row=list(range(40)), state=odd(40), occurred_at=[NOON] * 40).lazy()
    policies = learnt(20)
    postgres.publish(connection, postgres.EPISODES, postgres.episode_rows(episodes).collect(), "odd1")
    postgres.publish(connection, postgres.POLICIES, postgres.policy_rows(policies).collect(), "odd1")
    published = [*publications.episodes(connection, episodes), *publications.policies(connection, policies)]
    assert [one.rows for one in published] == [40, 20]
    assert differences(published).is_empty()
    changed = publications.episodes(connection, episodes.with_columns(terminal=~pl.col("terminal")))
    assert differences(changed)["differing"].to_list() == [40]
    later = policies.with_columns(pl.col("updated_at") + pl.duration(milliseconds=1))
    assert differences(publications.policies(connection, later))["differing"].to_list() == [20]


def test_documents(stores: Stores):
    client = stores.need_cache()
    platforms = made(Platforms, 30, movie_id=[*IDS], name=odd(30), updated_at=[NOON] * 30)
    policies = learnt(20)
    for space, rows in (
        (redis.PLATFORMS, documents.platform_documents(platforms)),
        (redis.POLICIES, documents.policy_documents(policies)),
    ):
        redis.publish(client, space, rows, "odd1")
    published = [
        *publications.platform_documents(client, platforms),
        *publications.policy_documents(client, policies.lazy()),
    ]
    assert [one.rows for one in published] == [30, 20]
    assert differences(published).is_empty()
    renamed = platforms.with_columns(name=pl.lit("another"))
    assert differences(publications.platform_documents(client, renamed))["differing"].to_list() == [30]


def test_a_large_publication_is_sampled_the_same_way_each_time(stores: Stores):
    users = made(Users, 500, user_id=list(range(1, 501)))
    graph = stores.need_graph()
    (one,), (again,) = publications.user_nodes(graph, users), publications.user_nodes(graph, users)
    assert len(one.sample) == publications.SAMPLE_ROWS < one.rows == 500
    assert one.sample.equals(again.sample)
