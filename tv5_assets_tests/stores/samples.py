"""Small publications, numbered by generation: each differs from the one before in values, and by what is gone and new.

They have names of their own, because the servers are shared, and stand in a module, because a loader that a test kills
runs in a process of its own.
"""

import numpy as np
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.stores import milvus, neo4j, postgres, redis
from tv5_assets.stores.load import Load

ROWS = 300
VERSIONS = {1: "aaaaaaaaaaaaaaa1", 2: "bbbbbbbbbbbbbbb2"}

COLLECTION = milvus.CollectionSpec("sample_movies", key="movie_id", scalars=milvus.MOVIES.scalars)
TABLE = postgres.TableSpec(
    "sample_steps",
    columns={"row": "bigint NOT NULL", "state": "text", "reward": "real NOT NULL", "values": "jsonb NOT NULL"},
    key=("row",),
    indexes=(postgres.Index(("state", "row")),),
)
KEYS = redis.KeySpace("samples", "sample:", ttl_seconds=600)
MOVIES = neo4j.NodeSpec("sample_movies", "SampleMovie", "movie_id", ("title", "year"))
USERS = neo4j.NodeSpec("sample_users", "SampleUser", "user_id")
RATINGS = neo4j.RelationshipSpec(
    "sample_ratings", "SAMPLE_RATED", USERS, MOVIES, "user_id", "movie_id", ("score", "timestamp")
)


def ids(generation: int) -> np.ndarray:
    """Return 300 ids, of which the next generation shares all but the first ten."""
    return np.arange(1, ROWS + 1, dtype=np.int32) + 10 * generation


def vectors(generation: int) -> Vectors:
    matrix = np.random.default_rng(generation).normal(size=(ROWS, 16)).astype(np.float32)
    return Vectors(ids(generation), matrix / np.linalg.norm(matrix, axis=1, keepdims=True), "sample")


def fields(generation: int) -> pl.DataFrame:
    return pl.select(movie_id=pl.lit(pl.Series(ids(generation)))).with_columns(
        title=pl.format('"{}" \\ é, generation {}', "movie_id", pl.lit(generation)),
        year=pl.when(pl.col("movie_id") % 3 > 0).then((1900 + pl.col("movie_id") % 100).cast(pl.Int16)),
        genres=pl.when(pl.col("movie_id") % 2 == 0)
        .then(pl.lit(["Drama", "Sci-Fi"]))
        .otherwise(pl.lit([], pl.List(pl.String))),
    )


def steps(generation: int) -> pl.DataFrame:
    return pl.select(row=pl.lit(pl.Series(ids(generation).astype(np.int64)))).with_columns(
        state=pl.when(pl.col("row") % 3 == 0).then(pl.lit("")).when(pl.col("row") % 3 == 1).then(pl.lit('a,"b"\n\\N')),
        reward=(pl.col("row") / 7 * generation).cast(pl.Float32),
        values=pl.format('{{"Drama":{}}}', "row"),
    )


def documents(generation: int) -> pl.DataFrame:
    return pl.select(id=pl.lit(pl.Series(ids(generation)))).select(
        key=pl.format("sample:{}", "id"),
        value=pl.struct(generation=pl.lit(generation), text=pl.format('"é" {}', "id")).struct.json_encode(),
    )


def movies(generation: int) -> pl.DataFrame:
    return fields(generation).select("movie_id", "title", "year")


def users() -> pl.DataFrame:
    return pl.DataFrame({"user_id": list(range(1, 31))})


def ratings(generation: int) -> pl.DataFrame:
    """Ten ratings of each of the 30 users, of movies that both generations have."""
    return pl.select(row=pl.int_range(ROWS)).select(
        user_id=pl.col("row") // 10 + 1,
        movie_id=pl.col("row") % 10 * 7 + 50 + generation,
        score=(pl.col("row") % 10 / 2 + 0.5).cast(pl.Float32),
        timestamp=pl.col("row") + 1_000_000 * generation,
    )


def publish_milvus(uri: str, token: str, generation: int) -> Load:
    client = milvus.connect(uri, token)
    try:
        return milvus.publish(client, COLLECTION, vectors(generation), fields(generation), VERSIONS[generation])
    finally:
        client.close()


def publish_postgres(url: str, generation: int) -> Load:
    with postgres.connect(url) as connection:
        return postgres.publish(connection, TABLE, steps(generation), VERSIONS[generation])


def publish_redis(url: str, generation: int) -> Load:
    with redis.connect(url) as client:
        return redis.publish(client, KEYS, documents(generation), VERSIONS[generation])


def publish_movies(uri: str, user: str, password: str, database: str, bulk_url: str, generation: int) -> Load:
    graph = neo4j.connect(uri, user, password, database, bulk_url)
    try:
        return neo4j.publish_nodes(graph, MOVIES, movies(generation), VERSIONS[generation])
    finally:
        graph.close()


def publish_ratings(uri: str, user: str, password: str, database: str, bulk_url: str, generation: int) -> Load:
    graph = neo4j.connect(uri, user, password, database, bulk_url)
    try:
        return neo4j.publish_relationships(graph, RATINGS, ratings(generation), VERSIONS[generation])
    finally:
        graph.close()
