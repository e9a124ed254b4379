"""The media catalog in PostgreSQL: its metadata, its vectors (pgvector) and searches among them.

What does not belong here: how a table is replaced (postgres.py) and what is searched for (retrieval/).
"""

import json
import logging
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.progress import progress
from tv5_assets.stores.hits import Hits
from tv5_assets.stores.load import Load
from tv5_assets.stores.postgres import ForeignKey, Index, TableSpec, answering, publish_rows
from tv5_assets.stores.postgres_copy import BINARY_HEADER, BINARY_TRAILER
from tv5_assets.stores.statements import sql

if TYPE_CHECKING:
    from psycopg import Connection, Cursor

logger = logging.getLogger(__name__)

HNSW = {"m": 16, "ef_construction": 200}
SEARCH_EF = 64
"""Default breadth of a vector search; what recall it gives is measured by a gate."""
MOST_DIMENSIONS = 2_000
"""Of a vector that pgvector can index."""

_COPY_VECTORS = 4_096  # 6 MB of 384-d rows
_SCANNED_ROWS = 200_000  # of a filtered search, before it gives up on finding more

METADATA = TableSpec(
    "media_metadata",
    columns={
        "id": "uuid NOT NULL",
        "item_id": "integer NOT NULL",
        "type": "text NOT NULL",
        "title": "text NOT NULL",
        "description": "text NOT NULL",
        "tags": "text[] NOT NULL",
        "creator": "text NOT NULL",
        "creation_date": "timestamptz NOT NULL",
        "language": "text",
        "format": "text",
        "file_size": "bigint",
        "content_text": "text NOT NULL",
        "type_specific_data": "jsonb NOT NULL",
    },
    key=("id",),
    indexes=(
        Index(("item_id",)),
        Index(("type",)),
        Index(("creation_date",)),
        Index(("tags",), "gin"),
        Index(("type_specific_data",), "gin"),
    ),
)
"""When a row was loaded follows from its version and ``loads``: it has no ``created_at`` and ``updated_at``."""


def embeddings(dimension: int) -> TableSpec:
    """Return the table of the catalog's vectors, whose type has their length.

    Raises:
        InputError: the model's vectors are too long for pgvector to index.
    """
    if dimension > MOST_DIMENSIONS:
        raise InputError(
            f"pgvector indexes vectors of at most {MOST_DIMENSIONS} dimensions, TV5_CATALOG_MODEL's have {dimension}; "
            "choose another model"
        )
    return TableSpec(
        "media_embeddings",
        columns={"id": "uuid NOT NULL", "model_name": "text NOT NULL", "embedding": f"vector({dimension}) NOT NULL"},
        key=("id",),
        indexes=(Index(("embedding",), "hnsw", "vector_cosine_ops", HNSW),),
        references=(ForeignKey("id", METADATA.name, "id"),),
        extensions=("vector",),
    )


def metadata_rows(catalog: pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows of :data:`METADATA`; what only some types have becomes the text of an object, without what
    an item does not have.

    Args:
        catalog: rows of tables.catalog.Catalog, whose further columns its schema file decides.
    """
    catalog = catalog.rename({"created_at": "creation_date"})  # as the table's column is called
    there = catalog.collect_schema()
    own = [name for name in there if name not in METADATA.columns]
    members = [
        pl.when(pl.col(name).is_not_null()).then(
            pl.struct(name).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
        )
        for name in own
    ]
    inner = pl.concat_str(members, separator=",", ignore_nulls=True) if members else pl.lit("")
    absent = [pl.lit(None).alias(name) for name in ("language", "format", "file_size") if name not in there]
    return (
        catalog.with_columns(*absent, type_specific_data=pl.concat_str(pl.lit("{"), inner, pl.lit("}")))
        .with_columns(pl.col("type", "language", "format").cast(pl.String), pl.col("file_size").cast(pl.Int64))
        .select(*METADATA.columns)
    )


def publish_vectors(
    connection: "Connection[dict[str, Any]]", vectors: Vectors, ids: pl.DataFrame, version: str
) -> Load:
    """Make ``vectors`` the content of the table of the catalog's vectors; a reader sees the old content or the new.

    Args:
        connection: from :func:`connect`.
        vectors: a row for each ``item_id``; they are read block by block.
        ids: ``item_id`` and ``id`` of each item.
        version: fingerprint of both.

    Raises:
        InputError: vectors and ids are of different items, or agentdb/media_metadata is not of the same load.
        StoreUnavailableError: the server stopped answering.
    """
    spec = embeddings(vectors.dimension)
    ordered = ids.sort("item_id")
    if not np.array_equal(ordered["item_id"].to_numpy(), vectors.ids):
        raise InputError(
            f"{spec.name}: {len(vectors)} vectors and {len(ids)} items do not have the same item_ids; they are of "
            "different loads, materialize both again"
        )
    return publish_rows(connection, spec, partial(_copy_vectors, vectors=vectors, uuids=ordered["id"]), version)


def _copy_vectors(cursor: "Cursor[dict[str, Any]]", table: str, vectors: Vectors, uuids: pl.Series) -> int:
    """Send id, model and vector of each row in PostgreSQL's binary format; return the number of rows sent.

    All rows have the same length, so a block of them is one structured array: no text of 384 numbers is written here
    and read there.
    """
    model = vectors.model.encode()
    row = np.dtype(
        [
            ("fields", ">i2"),
            *(("id_bytes", ">i4"), ("id", "u1", 16)),
            *(("model_bytes", ">i4"), ("model", "u1", len(model))),
            *(("vector_bytes", ">i4"), ("dimension", ">i2"), ("unused", ">i2"), ("vector", ">f4", vectors.dimension)),
        ]
    )
    statement = sql("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)", table, ("id", "model_name", "embedding"))
    with progress(logger, f"PostgreSQL {table}", len(vectors), "vector") as bar, cursor.copy(statement) as copy:
        copy.write(BINARY_HEADER)
        for start in range(0, len(vectors), _COPY_VECTORS):
            matrix = vectors.matrix[start : start + _COPY_VECTORS]
            block = np.zeros(len(matrix), dtype=row)
            block["fields"], block["id_bytes"], block["model_bytes"] = 3, 16, len(model)
            block["vector_bytes"], block["dimension"] = 4 + 4 * vectors.dimension, vectors.dimension
            block["id"] = _uuid_bytes(uuids[start : start + _COPY_VECTORS])
            block["model"] = np.frombuffer(model, dtype=np.uint8)
            block["vector"] = matrix
            copy.write(block.data.cast("B") if len(block) else b"")
            bar.update(len(block))
        copy.write(BINARY_TRAILER)
    return len(vectors)


def _uuid_bytes(uuids: pl.Series) -> npt.NDArray[np.uint8]:
    """Return UUIDs as bytes, shape (n, 16)."""
    return np.frombuffer(bytes.fromhex("".join(uuids.str.replace_all("-", "").to_list())), np.uint8).reshape(-1, 16)


_SETTINGS = (
    "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'strict_order', true), "
    "set_config('hnsw.max_scan_tuples', %s, true)"
)
_NEAREST = """
SELECT item_id, score FROM (
  SELECT id, 1 - (embedding <=> %(vector)s::vector) AS score FROM media_embeddings
  ORDER BY embedding <=> %(vector)s::vector LIMIT %(k)s
) AS nearest JOIN media_metadata USING (id) ORDER BY score DESC
"""
_FILTERED = """
SELECT item_id, 1 - (embedding <=> %(vector)s::vector) AS score
FROM media_embeddings JOIN media_metadata USING (id) WHERE CONDITIONS
ORDER BY embedding <=> %(vector)s::vector LIMIT %(k)s
"""


@answering()
def search(
    connection: "Connection[dict[str, Any]]",
    queries: npt.NDArray[np.float32],
    k: int,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    ef: int = SEARCH_EF,
) -> Hits:
    """Return the ``k`` nearest catalog items of each query by cosine, as ``item_id``s.

    Args:
        connection: from :func:`connect`.
        queries: float32, shape (queries, dimension).
        k: how many hits of each.
        kind: only items of this type.
        since: only items made then or later.
        until: only items made before.
        ef: breadth of the search, at least ``k`` is used.

    Raises:
        StoreRefusedError: nothing is published yet, or the vectors have another dimension.
    """
    conditions = {"type = %(kind)s": kind, "creation_date >= %(since)s": since, "creation_date < %(until)s": until}
    asked = [condition for condition, value in conditions.items() if value is not None]
    query = _FILTERED.replace("CONDITIONS", " AND ".join(asked)) if asked else _NEAREST
    hits = Hits.none(len(queries), k)
    for row, vector in enumerate(queries):
        parameters = {"vector": json.dumps(vector.tolist()), "k": k, "kind": kind, "since": since, "until": until}
        # The settings hold for this search alone; in a pipeline they cost no round trip of their own. A filtered scan
        # goes on until k rows passed, where it would else end at the ef nearest, filtered afterwards.
        with connection.pipeline(), connection.transaction():
            connection.execute(_SETTINGS, (str(max(ef, k)), str(_SCANNED_ROWS)))
            cursor = connection.execute(query, parameters)
            found = cursor.fetchall()
        hits.ids[row, : len(found)] = [hit["item_id"] for hit in found]
        hits.scores[row, : len(found)] = [hit["score"] for hit in found]
    return hits


@answering()
def index_facts(connection: "Connection[dict[str, Any]]") -> dict[str, str | int | bool]:
    """Return the vector index of the catalog: its kind, its operators, its parameters, whether it is used; nothing
    where there is none.
    """
    row = connection.execute(
        "SELECT am.amname AS method, op.opcname AS operators, i.indisvalid AND i.indisready AS valid, c.reloptions "
        "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam "
        "JOIN pg_opclass op ON op.oid = i.indclass[0] "
        "WHERE i.indrelid = to_regclass('media_embeddings') AND am.amname <> 'btree'"
    ).fetchone()
    if row is None:
        return {}
    parameters = dict(option.split("=", 1) for option in row.pop("reloptions") or [])
    return row | {name: int(value) for name, value in parameters.items()}
