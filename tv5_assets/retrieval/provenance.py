"""Provenance: which loads an answer about a user and a movie stands on, back to the checksums of the raw files.

Every published row carries the version of its load: where the row's version is not the one its store serves now, the
answer mixes loads. What does not belong here: how versions are made (fingerprint.py) and published (stores/).
"""

from collections.abc import Callable, Collection
from typing import Any

import polars as pl
import pyarrow as pa
from pydantic import BaseModel
from upath import UPath

from tv5_assets.retrieval.stores import Stores, optional
from tv5_assets.stores import documents, milvus, neo4j, postgres, redis
from tv5_assets.tables.raw import RawMovieLens

_GRAPH_ROWS = (
    *(neo4j.RATINGS, neo4j.MOVIE_GENRES, neo4j.MOVIE_THEMES, neo4j.MOVIE_MOODS, neo4j.DIRECTED),
    *(neo4j.SIMILAR, neo4j.INFLUENCES),
)


class LoadUsed(BaseModel, frozen=True):
    """A load that an answer stands on.

    Attributes:
        store: ``milvus``, ``neo4j``, ``postgres`` or ``redis``.
        dataset: what was published there.
        version: the version that readers see; None where nothing is published.
        row: the row that the answer reads, where it is a single one.
        row_version: the version that row belongs to, which may have left it as an older load wrote it; None where
            there is no such row.
    """

    store: str
    dataset: str
    version: str | None
    row: str | None = None
    row_version: str | None = None


class RawFile(BaseModel, frozen=True):
    """A file that everything was made from."""

    name: str
    dataset: str
    bytes: int
    md5: str
    source: str
    licence: str


class Provenance(BaseModel, frozen=True):
    """Where an answer comes from.

    Attributes:
        loads: the loads that it stands on.
        models: what made the vectors, by asset.
        files: the raw files.
        notes: what could not be followed, and why.
    """

    loads: tuple[LoadUsed, ...]
    models: dict[str, str]
    files: tuple[RawFile, ...]
    notes: tuple[str, ...]


def provenance(stores: Stores, user_id: int, movie_id: int, dataset_root: UPath) -> Provenance:
    """Follow what is said about a user and a movie back to the raw files.

    Args:
        stores: those that are there; the others are noted.
        user_id: the user.
        movie_id: the movie.
        dataset_root: folder of the dataset, where the assets' files lie.
    """
    notes: list[str] = []
    loads: list[LoadUsed] = []
    follow: dict[str, Callable[[], list[LoadUsed]]] = {
        "Milvus": lambda: _in_milvus(stores, user_id, movie_id),
        "the graph": lambda: _in_graph(stores, user_id, movie_id),
        "PostgreSQL": lambda: _in_postgres(stores),
        "Redis": lambda: _in_redis(stores, user_id, movie_id),
    }
    for store, found in follow.items():
        with optional(notes, f"not followed into {store}"):
            loads += found()
    return Provenance(
        loads=tuple(loads),
        models=_models(dataset_root, notes),
        files=_files(dataset_root, notes),
        notes=tuple(notes),
    )


def _in_milvus(stores: Stores, user_id: int, movie_id: int) -> list[LoadUsed]:
    client = stores.need_milvus()
    loads = []
    for spec, key in ((milvus.MOVIES, movie_id), (milvus.USERS, user_id)):
        version = milvus.live_version(client, spec.name)
        parts = milvus.versions(client, spec.name)
        rows = milvus.fetch(client, spec, [key]) if version else pl.DataFrame()
        loads.append(
            LoadUsed(
                store="milvus",
                dataset=spec.name,
                version=version,
                row=f"{spec.key} {key}",
                row_version=_part_of(version, parts, rows[milvus.VERSION][0]) if len(rows) else None,
            )
        )
    return loads


def _part_of(version: str | None, parts: Collection[str], written: str) -> str | None:
    """Return the served version where a row that was ``written`` by an older load is still part of it."""
    return version if written in parts else written


def _in_graph(stores: Stores, user_id: int, movie_id: int) -> list[LoadUsed]:
    graph = stores.need_graph()
    loads = []
    for spec, key in ((neo4j.MOVIES, movie_id), (neo4j.USERS, user_id)):
        nodes = neo4j.fetch_nodes(graph, spec, [key])
        loads.append(
            LoadUsed(
                store="neo4j",
                dataset=spec.dataset,
                version=neo4j.live_version(graph, spec),
                row=f"{spec.key} {key}",
                row_version=nodes[0]["version"] if nodes else None,
            )
        )
    # Of relationships, readers follow those of the live version only.
    loads += [
        LoadUsed(store="neo4j", dataset=spec.dataset, version=neo4j.live_version(graph, spec)) for spec in _GRAPH_ROWS
    ]
    return loads


def _in_postgres(stores: Stores) -> list[LoadUsed]:
    connection = stores.need_agentdb()
    return [
        LoadUsed(store="postgres", dataset=spec.name, version=postgres.live_version(connection, spec))
        for spec in (postgres.EPISODES, postgres.POLICIES)
    ]


def _in_redis(stores: Stores, user_id: int, movie_id: int) -> list[LoadUsed]:
    client = stores.need_cache()
    loads = []
    for space, key in (
        (redis.POLICIES, documents.policy_key(user_id)),
        (redis.PLATFORMS, documents.platform_key(movie_id)),
        (redis.TRENDS, documents.TRENDS_NOW),
    ):
        document = redis.get(client, key)
        loads.append(
            LoadUsed(
                store="redis",
                dataset=space.dataset,
                version=redis.live_version(client, space),
                row=key,
                row_version=document["version"] if document else None,
            )
        )
    return loads


def _models(dataset_root: UPath, notes: list[str]) -> dict[str, str]:
    """Return the name of what made each file of vectors, from the head of the file."""
    models = {}
    for asset in ("embeddings/movies", "embeddings/users"):
        try:
            with (dataset_root / f"{asset}.arrow").open("rb") as source:
                metadata: dict[bytes, bytes] = pa.ipc.open_file(source).schema.metadata
            models[asset] = metadata[b"model"].decode()
        except FileNotFoundError:
            notes.append(f"{asset} is not in {dataset_root}, so that the model that made the vectors is unknown")
    return models


def _files(dataset_root: UPath, notes: list[str]) -> tuple[RawFile, ...]:
    try:
        with (dataset_root / f"{RawMovieLens.key}.parquet").open("rb") as source:
            manifest: list[dict[str, Any]] = pl.read_parquet(source).to_dicts()
    except FileNotFoundError:
        notes.append(f"{RawMovieLens.key} is not in {dataset_root}, so that the raw files' checksums are unknown")
        return ()
    return tuple(RawFile(**file) for file in manifest)
