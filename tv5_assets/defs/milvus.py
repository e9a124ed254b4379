"""Milvus assets: the collections that vector search reads."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import store_asset
from tv5_assets.dagster_kit.metadata import published
from tv5_assets.dagster_kit.resources import MilvusResource
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.fingerprint import fingerprint
from tv5_assets.stores import milvus as store

OWNER = "team:search"


@store_asset(
    "milvus/movies",
    about="The collection `movies`: a vector per movie with its title, year and genres to filter by. Loaded beside the "
    "old collection, indexed (HNSW, cosine), counted, and only then put in its place.",
    owner=OWNER,
    kinds={"milvus"},
    ins={"vectors": "embeddings/movies", "movies": "processed/movies"},
)
def movies(milvus: MilvusResource, vectors: Vectors, movies: pl.DataFrame) -> dg.MaterializeResult:
    fields = movies.select("movie_id", "title", "year", "genres")
    version = fingerprint(vectors.ids, vectors.matrix, fields)
    with milvus.connected() as client:
        return published(store.publish(client, store.MOVIES, vectors, fields, version))


@store_asset(
    "milvus/users",
    about="The collection `users`: a taste vector per user, in the space of the movies, to find what a user may like.",
    owner=OWNER,
    kinds={"milvus"},
    ins={"vectors": "embeddings/users"},
)
def users(milvus: MilvusResource, vectors: Vectors) -> dg.MaterializeResult:
    version = fingerprint(vectors.ids, vectors.matrix)
    with milvus.connected() as client:
        return published(store.publish(client, store.USERS, vectors, pl.DataFrame({"user_id": vectors.ids}), version))


@store_asset(
    "milvus/subtitle_segments",
    about="The collection `subtitle_segments`: a vector per line of dialogue, with its words, speaker, movie, language "
    "and moment to filter by.",
    owner=OWNER,
    kinds={"milvus"},
    ins={"vectors": "embeddings/subtitle_segments", "segments": "synthetic/subtitle_segments"},
)
def subtitle_segments(milvus: MilvusResource, vectors: Vectors, segments: pl.LazyFrame) -> dg.MaterializeResult:
    fields = store.segment_fields(segments)
    version = fingerprint(vectors.ids, vectors.matrix, fields)
    with milvus.connected() as client:
        return published(store.publish(client, store.SUBTITLE_SEGMENTS, vectors, fields, version))


@store_asset(
    "milvus/catalog",
    about="The collection `catalog`: a vector per item of the media catalog, with its type and the second it was made "
    "to filter by. PostgreSQL serves the same vectors; benchmarks/catalog_search compares the two.",
    owner=OWNER,
    kinds={"milvus"},
    ins={"vectors": "embeddings/catalog", "catalog": "synthetic/catalog"},
)
def catalog(milvus: MilvusResource, vectors: Vectors, catalog: pl.LazyFrame) -> dg.MaterializeResult:
    fields = store.catalog_fields(catalog)
    version = fingerprint(vectors.ids, vectors.matrix, fields)
    with milvus.connected() as client:
        return published(store.publish(client, store.CATALOG, vectors, fields, version))
