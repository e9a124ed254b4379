"""What each store was sent beside what it holds, ready to be compared (quality/reconcile.py).

One function per store asset; each takes the connected store and the frames that were published. What does not belong
here: publishing itself, and the judgement.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.agentdb.state_action_rewards import action_dictionary, state_dictionary
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.graph import edges, nodes
from tv5_assets.quality.reconcile import Publication
from tv5_assets.stores import documents, media, milvus, neo4j, postgres, redis

if TYPE_CHECKING:
    from psycopg import Connection
    from pymilvus import MilvusClient
    from redis import Redis

SAMPLE_ROWS = 200
MOVIES, PLATFORMS, POLICIES = "processed/movies", "synthetic/platforms", "models/policies"
DETAILS, PEOPLE, CREDITS = "synthetic/media_details", "synthetic/people", "synthetic/credits"

_REALS = pl.List(pl.Float32)
_SEED = 0  # the sample need not change, only be spread


def movie_vectors(client: "MilvusClient", vectors: Vectors, movies: pl.DataFrame) -> list[Publication]:
    """Return what milvus/movies publishes."""
    return [_collection(client, milvus.MOVIES, "embeddings/movies", vectors, movies)]


def tower_vectors(client: "MilvusClient", vectors: Vectors, movies: pl.DataFrame) -> list[Publication]:
    """Return what milvus/tower_movies publishes."""
    return [_collection(client, milvus.TOWER_MOVIES, "embeddings/tower_movies", vectors, movies)]


def user_vectors(client: "MilvusClient", vectors: Vectors) -> list[Publication]:
    """Return what milvus/users publishes."""
    return [_collection(client, milvus.USERS, "embeddings/users", vectors, pl.DataFrame({"user_id": vectors.ids}))]


def segment_vectors(client: "MilvusClient", vectors: Vectors, segments: pl.LazyFrame) -> list[Publication]:
    """Return what milvus/subtitle_segments publishes."""
    fields = milvus.segment_fields(segments)
    return [_collection(client, milvus.SUBTITLE_SEGMENTS, "embeddings/subtitle_segments", vectors, fields)]


def catalog_vectors(client: "MilvusClient", vectors: Vectors, catalog: pl.LazyFrame) -> list[Publication]:
    """Return what milvus/catalog publishes."""
    fields = milvus.catalog_fields(catalog)
    return [_collection(client, milvus.CATALOG, "embeddings/catalog", vectors, fields)]


def movie_nodes(graph: neo4j.Graph, movies: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/movies publishes."""
    return [_nodes(graph, neo4j.MOVIES, MOVIES, nodes.movie_nodes(movies))]


def user_nodes(graph: neo4j.Graph, users: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/users publishes."""
    return [_nodes(graph, neo4j.USERS, "synthetic/users", nodes.user_nodes(users))]


def genres(graph: neo4j.Graph, movies: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/genres publishes."""
    return [
        _nodes(graph, neo4j.GENRES, MOVIES, nodes.genre_nodes(movies)),
        _relationships(graph, neo4j.MOVIE_GENRES, MOVIES, edges.has_genre(movies)),
    ]


def themes(graph: neo4j.Graph, movies: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/themes publishes."""
    return [
        _nodes(graph, neo4j.THEMES, MOVIES, nodes.theme_nodes(movies)),
        _relationships(graph, neo4j.MOVIE_THEMES, MOVIES, edges.has_theme(movies)),
    ]


def availability(graph: neo4j.Graph, platforms: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/platforms publishes."""
    return [
        _nodes(graph, neo4j.PLATFORMS, PLATFORMS, nodes.platform_nodes(platforms)),
        _relationships(graph, neo4j.AVAILABILITY, PLATFORMS, edges.available_on(platforms)),
    ]


def rated(graph: neo4j.Graph, ratings: pl.LazyFrame) -> list[Publication]:
    """Return what neo4j/ratings publishes."""
    return [_relationships(graph, neo4j.RATINGS, "processed/ratings", edges.rated(ratings).collect())]


def similar(graph: neo4j.Graph, similar: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/similar publishes."""
    return [_relationships(graph, neo4j.SIMILAR, "embeddings/similar_movies", edges.similar_to(similar))]


def people(graph: neo4j.Graph, people: pl.DataFrame, made_by: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/people publishes."""
    return [
        _nodes(graph, neo4j.PEOPLE, PEOPLE, nodes.person_nodes(people)),
        *(_relationships(graph, spec, CREDITS, edges.credited(made_by, role)) for role, spec in neo4j.CREDITS.items()),
    ]


def moods(graph: neo4j.Graph, details: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/moods publishes."""
    return [
        _nodes(graph, neo4j.MOODS, DETAILS, nodes.mood_nodes(details)),
        _relationships(graph, neo4j.MOVIE_MOODS, DETAILS, edges.has_mood(details)),
    ]


def influences(graph: neo4j.Graph, influences: pl.DataFrame) -> list[Publication]:
    """Return what neo4j/influences publishes."""
    return [_relationships(graph, neo4j.INFLUENCES, "synthetic/influences", edges.influenced_by(influences))]


def episodes(connection: "Connection[dict[str, Any]]", episodes: pl.LazyFrame) -> list[Publication]:
    """Return what agentdb/episodes publishes."""
    return [_owned_table(connection, postgres.EPISODES, "features/episodes", postgres.episode_rows(episodes))]


def state_action_rewards(
    connection: "Connection[dict[str, Any]]", rewards: pl.LazyFrame, movies: pl.DataFrame
) -> list[Publication]:
    """Return what agentdb/state_action_rewards publishes."""
    return [
        _table(connection, postgres.STATES, "features/state_action_rewards", state_dictionary()),
        _table(connection, postgres.ACTIONS, MOVIES, action_dictionary(movies)),
        _owned_table(connection, postgres.REWARDS, "features/state_action_rewards", rewards),
    ]


def policies(connection: "Connection[dict[str, Any]]", policies: pl.LazyFrame) -> list[Publication]:
    """Return what agentdb/policies publishes."""
    return [_table(connection, postgres.POLICIES, POLICIES, policies, postgres.policy_rows)]


def media_metadata(connection: "Connection[dict[str, Any]]", catalog: pl.LazyFrame) -> list[Publication]:
    """Return what agentdb/media_metadata publishes."""
    return [_table(connection, media.METADATA, "synthetic/catalog", media.metadata_rows(catalog))]


def media_embeddings(
    connection: "Connection[dict[str, Any]]", vectors: Vectors, catalog: pl.LazyFrame
) -> list[Publication]:
    """Return what agentdb/media_embeddings publishes; vectors are compared as text, as those in Milvus are."""
    spec = media.embeddings(vectors.dimension)
    ids = catalog.select("item_id", "id").collect(engine="streaming").sort("item_id")
    rows = sampled_rows(len(vectors))
    sample = pl.DataFrame({"item_id": vectors.ids[rows], "embedding": vectors.matrix[rows]}).join(ids, on="item_id")
    text = _as_text(pl.col("embedding").cast(pl.List(pl.Float32)))
    sent = sample.select("id", model_name=pl.lit(vectors.model), embedding=text)

    def fetch(keys: pl.DataFrame) -> pl.DataFrame:
        found = _frame(postgres.fetch(connection, spec, keys), pl.Schema(sent.schema | {"embedding": _REALS}))
        return found.with_columns(embedding=text)

    return [
        Publication(
            "postgres",
            spec.name,
            "embeddings/catalog",
            rows=len(vectors),
            ids=ids.select("id"),
            read_ids=lambda: postgres.ids(connection, spec),
            count=lambda: postgres.count(connection, spec),
            sample=sent,
            key=spec.key,
            fetch=fetch,
        )
    ]


def platform_documents(client: "Redis", platforms: pl.DataFrame) -> list[Publication]:
    """Return what redis/platforms publishes."""
    return [_documents(client, redis.PLATFORMS, PLATFORMS, documents.platform_documents(platforms))]


def trend_documents(client: "Redis", trends_now: pl.DataFrame, topics: pl.DataFrame) -> list[Publication]:
    """Return what redis/trends publishes."""
    sent = documents.trend_documents(trends_now, topics)
    return [_documents(client, redis.TRENDS, "synthetic/trends_now", sent)]


def policy_documents(client: "Redis", policies: pl.LazyFrame) -> list[Publication]:
    """Return what redis/policies publishes."""
    return [_documents(client, redis.POLICIES, POLICIES, documents.policy_documents(policies))]


def _collection(
    client: "MilvusClient", spec: milvus.CollectionSpec, source: str, vectors: Vectors, scalars: pl.DataFrame
) -> Publication:
    """Return the publication of vectors with scalar fields; both are compared."""
    rows = sampled_rows(len(vectors))
    fields = [spec.key, *(scalar.name for scalar in spec.scalars)]
    sample = (
        pl.DataFrame({spec.key: vectors.ids[rows], milvus.VECTOR: vectors.matrix[rows]})
        .join(scalars.select(fields), on=spec.key, how="left", maintain_order="left")
        .select(*fields, _as_text(pl.col(milvus.VECTOR).arr.to_list()).alias(milvus.VECTOR))
    )
    texts = [name for name, dtype in sample.schema.items() if isinstance(dtype, pl.List)]

    def fetch(keys: pl.DataFrame) -> pl.DataFrame:
        found = milvus.fetch(client, spec, keys[spec.key].to_list())
        return found.select(
            *fields, _as_text(pl.col(milvus.VECTOR).cast(pl.List(pl.Float32))).alias(milvus.VECTOR)
        ).cast({name: sample.schema[name] for name in texts})

    return Publication(
        "milvus",
        spec.name,
        source,
        rows=len(vectors),
        ids=pl.DataFrame({spec.key: vectors.ids}),
        read_ids=lambda: pl.DataFrame({spec.key: milvus.ids(client, spec)}),
        count=lambda: milvus.count(client, spec.name),
        sample=sample,
        key=(spec.key,),
        fetch=fetch,
    )


def _as_text(vector: pl.Expr) -> pl.Expr:
    """Return vectors as text with five decimals, which two float32 copies of a unit vector agree in."""
    return vector.list.eval(pl.element().round(5).cast(pl.String)).list.join(" ")


def _nodes(graph: neo4j.Graph, spec: neo4j.NodeSpec, source: str, nodes: pl.DataFrame) -> Publication:
    """Return the publication of one kind of node."""

    def fetch(keys: pl.DataFrame) -> pl.DataFrame:
        found = neo4j.fetch_nodes(graph, spec, keys[spec.key].to_list())
        return _frame(found, nodes.schema)

    return Publication(
        "neo4j",
        spec.dataset,
        source,
        rows=len(nodes),
        ids=nodes.select(spec.key),
        read_ids=lambda: pl.DataFrame({spec.key: neo4j.ids(graph, spec)}, schema=nodes.select(spec.key).schema),
        count=lambda: neo4j.count(graph, spec),
        sample=_sample(nodes),
        key=(spec.key,),
        fetch=fetch,
    )


def _relationships(graph: neo4j.Graph, spec: neo4j.RelationshipSpec, source: str, edges: pl.DataFrame) -> Publication:
    """Return the publication of one kind of relationship.

    There are too many to list them over the wire, so each start is compared by how many it has.
    """
    degrees = edges.group_by(spec.start_column).agg(degree=pl.len().cast(pl.Int64))

    def read_degrees() -> pl.DataFrame:
        return _frame(neo4j.degrees(graph, spec), degrees.schema)

    def fetch(keys: pl.DataFrame) -> pl.DataFrame:
        return _frame(neo4j.fetch_relationships(graph, spec, keys), edges.schema)

    return Publication(
        "neo4j",
        spec.dataset,
        source,
        rows=len(edges),
        ids=degrees,
        read_ids=read_degrees,
        count=lambda: neo4j.count(graph, spec),
        sample=_sample(edges),
        key=(spec.start_column, spec.end_column),
        fetch=fetch,
    )


def _table(
    connection: "Connection[dict[str, Any]]",
    spec: postgres.TableSpec,
    source: str,
    frame: pl.DataFrame | pl.LazyFrame,
    rows_of: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda frame: frame,
) -> Publication:
    """Return the publication of a PostgreSQL table, compared by its keys; JSON columns are compared as JSON.

    Args:
        connection: of the database.
        spec: the table.
        source: key of the asset that ``frame`` is.
        frame: what the rows are made of; if it is lazy, no more is collected than the keys and the sample.
        rows_of: makes them, row by row.
    """
    ids = frame.lazy().select(spec.key).collect(engine="streaming")
    sample = rows_of(_picked(frame.lazy(), len(ids))).select(*spec.columns).collect()
    return _compared_table(connection, spec, source, len(ids), ids, lambda: postgres.ids(connection, spec), sample)


def _owned_table(
    connection: "Connection[dict[str, Any]]", spec: postgres.TableSpec, source: str, rows: pl.LazyFrame
) -> Publication:
    """Return the publication of a table too long for its keys to be listed, compared by the sums of each owner."""
    sums = postgres.checksums_of(spec, rows)
    count = int(sums["rows"].sum())
    sample = _picked(rows.select(*spec.columns), count).collect()
    return _compared_table(connection, spec, source, count, sums, lambda: postgres.checksums(connection, spec), sample)


def _compared_table(
    connection: "Connection[dict[str, Any]]",
    spec: postgres.TableSpec,
    source: str,
    rows: int,
    ids: pl.DataFrame,
    read_ids: Callable[[], pl.DataFrame],
    sample: pl.DataFrame,
) -> Publication:
    jsonb = tuple(name for name, declared in spec.columns.items() if declared.startswith("jsonb"))

    def fetch(keys: pl.DataFrame) -> pl.DataFrame:
        found = postgres.fetch(connection, spec, keys)
        return _frame([row | {name: json.dumps(row[name]) for name in jsonb} for row in found], sample.schema)

    return Publication(
        "postgres",
        spec.name,
        source,
        rows=rows,
        ids=ids,
        read_ids=read_ids,
        count=lambda: postgres.count(connection, spec),
        sample=sample,
        key=spec.key,
        fetch=fetch,
        json=jsonb,
    )


def _picked(frame: pl.LazyFrame, rows: int) -> pl.LazyFrame:
    """Return the rows of a frame that are read back, without the rest of it in memory."""
    chosen = pl.Series(sampled_rows(rows))
    picked = frame.with_row_index("_row").filter(pl.col("_row").is_in(chosen.implode())).drop("_row")
    return picked.collect(engine="streaming").lazy()


def _documents(client: "Redis", space: redis.KeySpace, source: str, sent: pl.DataFrame) -> Publication:
    """Return the publication of Redis documents, each compared whole but for the version that was put into it."""

    def fetch(keys: pl.DataFrame) -> pl.DataFrame:
        found = redis.fetch(client, keys["key"].to_list())
        texts = [
            json.dumps({name: part for name, part in value.items() if name != "version"}) for value in found.values()
        ]
        return pl.DataFrame({"key": list(found), "value": texts}, schema=sent.schema)

    return Publication(
        "redis",
        space.dataset,
        source,
        rows=len(sent),
        ids=sent.select("key"),
        read_ids=lambda: pl.DataFrame({"key": redis.ids(client, space)}, schema={"key": pl.String}),
        count=lambda: redis.count(client, space),
        sample=_sample(sent),
        key=("key",),
        fetch=fetch,
        json=("value",),
    )


def sampled_rows(rows: int) -> npt.NDArray[np.int64]:
    """Return the rows that are read back, ascending."""
    return np.sort(np.random.default_rng(_SEED).permutation(rows)[:SAMPLE_ROWS])


def _sample(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sample(min(SAMPLE_ROWS, len(frame)), seed=_SEED)


def _frame(rows: list[dict[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    """Return rows of a store as a frame of the schema they were sent in."""
    return (
        pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None).select(list(schema))
        if rows
        else schema.to_frame()
    )
