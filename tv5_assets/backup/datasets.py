"""Datasets of Milvus, the graph and Redis: read back from the store batch by batch, and published again.

Each is published through the store's own protocol, so that a restored one is as whole, indexed and verified as any
other. What does not belong here: databases (databases.py) and what a backup consists of (manifest.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import milvus, neo4j, redis

if TYPE_CHECKING:
    from pymilvus import MilvusClient
    from redis import Redis

_VECTORS_AT_ONCE = 5_000
_STARTS_AT_ONCE = 500  # nodes whose relationships come in one query; a popular one may have 100,000
_NODES_AT_ONCE = 10_000
_KEYS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Dataset:
    """One published dataset of a connected store.

    Attributes:
        store: ``milvus``, ``neo4j`` or ``redis``.
        name: what is published.
        version: returns its load, None where there is none.
        read: yields all of it, in batches of the same columns.
        publish: makes rows that were read, and a version, its content again.
    """

    store: str
    name: str
    version: Callable[[], str | None]
    read: Callable[[], Iterator[pl.DataFrame]]
    publish: Callable[[pl.LazyFrame, str], object]


def datasets(stores: Stores) -> list[Dataset]:
    """Return every dataset that the platform publishes outside PostgreSQL, nodes before their relationships.

    Raises:
        StoreUnavailableError: a store is not there.
    """
    client, graph, cache = stores.need_milvus(), stores.need_graph(), stores.need_cache()
    collections = (milvus.MOVIES, milvus.USERS, milvus.TOWER_MOVIES, milvus.SUBTITLE_SEGMENTS, milvus.CATALOG)
    return [
        *(_collection(client, spec) for spec in collections),
        *(_nodes(graph, spec) for spec in neo4j.NODES),
        *(_relationships(graph, spec) for spec in neo4j.RELATIONSHIPS),
        *(_documents(cache, space) for space in (redis.PLATFORMS, redis.TRENDS, redis.POLICIES)),
    ]


def write(batches: Iterator[pl.DataFrame], path: Path) -> int:
    """Write batches into one Parquet file; return the number of rows.

    A column of which the first batch has no value is taken for text; any other kind that comes later is refused.
    """
    rows = 0
    writer: pq.ParquetWriter | None = None
    schema: pl.Schema | None = None
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        for batch in batches:
            if schema is None or writer is None:
                schema = pl.Schema(
                    {name: pl.String() if dtype == pl.Null else dtype for name, dtype in batch.schema.items()}
                )
                writer = pq.ParquetWriter(path, _arrow(batch.cast(schema)).schema, compression="zstd")
            writer.write_table(_arrow(batch.cast(schema)))
            rows += len(batch)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        pl.DataFrame().write_parquet(path)
    return rows


def digest(rows: pl.LazyFrame) -> tuple[int, int]:
    """Return the number of rows and the sum of their hashes, in whatever order they come."""
    names = sorted(rows.collect_schema().names())
    if not names:
        return 0, 0
    found = rows.select(pl.len(), pl.struct(names).hash().reinterpret(signed=True).sum().alias("sum")).collect(
        engine="streaming"
    )
    count, total = found.row(0)
    return int(count), int(total)


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _collection(client: "MilvusClient", spec: milvus.CollectionSpec) -> Dataset:
    def read() -> Iterator[pl.DataFrame]:
        for keys in _slices(milvus.ids(client, spec).tolist(), _VECTORS_AT_ONCE):
            yield milvus.fetch(client, spec, keys).drop(milvus.VERSION)

    def publish(rows: pl.LazyFrame, version: str) -> object:
        frame = rows.sort(spec.key).collect()
        matrix = np.array(frame[milvus.VECTOR].explode().to_numpy(), np.float32).reshape(len(frame), -1)
        vectors = Vectors(frame[spec.key].cast(pl.Int32).to_numpy(), matrix, "restored")
        fields = frame.drop(milvus.VECTOR).with_columns(pl.col(spec.key).cast(pl.Int32))
        return milvus.publish(client, spec, vectors, fields, version)

    return Dataset("milvus", spec.name, lambda: milvus.live_version(client, spec.name), read, publish)


def _nodes(graph: neo4j.Graph, spec: neo4j.NodeSpec) -> Dataset:
    columns = (spec.key, *spec.properties)

    def read() -> Iterator[pl.DataFrame]:
        for keys in _slices(neo4j.ids(graph, spec), _NODES_AT_ONCE):
            yield _frame(neo4j.fetch_nodes(graph, spec, keys), columns)

    return Dataset(
        "neo4j",
        spec.dataset,
        lambda: neo4j.live_version(graph, spec),
        read,
        lambda rows, version: neo4j.publish_nodes(graph, spec, rows.collect(), version),
    )


def _relationships(graph: neo4j.Graph, spec: neo4j.RelationshipSpec) -> Dataset:
    columns = (spec.start_column, spec.end_column, *spec.properties)
    properties = "".join(f", r.{name} AS {name}" for name in spec.properties)
    statement = (
        f"{spec.live('l')} MATCH (a:{spec.start.label})-[r:{spec.type}]->(b:{spec.end.label}) "
        f"WHERE a.{spec.start.key} IN $keys AND r.version = l.version "
        f"RETURN a.{spec.start.key} AS {spec.start_column}, b.{spec.end.key} AS {spec.end_column}{properties}"
    )

    def read() -> Iterator[pl.DataFrame]:
        for keys in _slices(neo4j.ids(graph, spec.start), _STARTS_AT_ONCE):
            rows = neo4j.query(graph, statement, {"keys": keys})
            if rows:
                yield _frame(rows, columns)

    return Dataset(
        "neo4j",
        spec.dataset,
        lambda: neo4j.live_version(graph, spec),
        read,
        lambda rows, version: neo4j.publish_relationships(graph, spec, rows, version),
    )


def _documents(client: "Redis", space: redis.KeySpace) -> Dataset:
    def read() -> Iterator[pl.DataFrame]:
        for keys in _slices(redis.ids(client, space), _KEYS_AT_ONCE):
            yield redis.contents(client, keys)

    return Dataset(
        "redis",
        space.dataset,
        lambda: redis.live_version(client, space),
        read,
        lambda rows, version: redis.publish(client, space, rows.collect(), version),
    )


def _slices(keys: list[Any], length: int) -> Iterator[list[Any]]:
    for start in range(0, len(keys), length):
        yield keys[start : start + length]


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pl.DataFrame:
    frame = pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], infer_schema_length=None)
    if set(frame.columns) != set(columns):
        raise InputError(f"the graph gave {', '.join(frame.columns)} instead of {', '.join(columns)}")
    return frame
