"""Rows of a Milvus collection: its fields, as far as a server can hold them, and what is sent for a row.

What does not belong here: publishing and searching (milvus.py).
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError

if TYPE_CHECKING:
    from pymilvus import MilvusClient

VECTOR = "vector"
VERSION = "version"
DIGEST = "digest"
"""Field with a number that depends on all of a row's content, by which changed rows are found."""
ABSENT = -(2**15)
"""Stands for a number that is absent where the server cannot hold nulls; readers never see it."""

_BATCH_BYTES = 16 << 20  # the server accepts messages of 64 MiB
_FIRST_WITH_NULLS = (2, 5)
_TIMEOUT = 120.0


@dataclass(frozen=True)
class Scalar:
    """A field beside the vector that searches can filter by.

    Attributes:
        name: the field, and the column of the frame it comes from.
        kind: its Milvus type; an array is of texts.
        nullable: it may be absent; numbers only.
        max_length: most bytes of a text, or of each text of an array.
    """

    name: str
    kind: Literal["INT16", "INT32", "INT64", "VARCHAR", "ARRAY"]
    nullable: bool = False
    max_length: int = 512


@dataclass(frozen=True)
class CollectionSpec:
    """What a collection holds beside its vectors, whose dimension the published vectors decide.

    Attributes:
        name: the alias that readers use.
        key: name of the primary key, an int64.
        scalars: further fields; each row also carries the load's ``version``.
    """

    name: str
    key: str
    scalars: tuple[Scalar, ...] = ()


@dataclass(frozen=True)
class Rows:
    """What a collection is to hold.

    Attributes:
        spec: the collection.
        scalars: the key and the scalars of each row, in the order of the vectors.
        matrix: their vectors, shape (rows, dimension).
        version: of the load.
    """

    spec: CollectionSpec
    scalars: pl.DataFrame
    matrix: npt.NDArray[np.float32]
    version: str

    @classmethod
    def of(cls, spec: CollectionSpec, vectors: Vectors, scalars: pl.DataFrame, version: str) -> "Rows":
        """Join vectors with their scalars, which may come in any order.

        Raises:
            InputError: the two do not have the same ids.
        """
        columns = [scalar.name for scalar in spec.scalars]
        keys = pl.DataFrame({spec.key: vectors.ids})
        if len(keys.join(scalars, on=spec.key, how="anti")) or len(scalars) != len(vectors):
            raise InputError(
                f"{spec.name}: {len(vectors)} vectors and {len(scalars)} rows of fields do not have the same "
                f"{spec.key}s; they are of different loads, materialize both again"
            )
        ordered = keys.join(
            scalars.select(spec.key, *columns), on=spec.key, how="left", maintain_order="left", validate="1:1"
        )
        return cls(spec, ordered, vectors.matrix, version)

    def __len__(self) -> int:
        return len(self.scalars)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.matrix.shape[1]

    def take(self, rows: npt.NDArray[np.int64]) -> "Rows":
        """Return some of the rows, by their places."""
        return Rows(self.spec, self.scalars[rows], self.matrix[rows], self.version)

    def messages(self, nulls: bool) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows as the client takes them, as many at once as a message holds.

        Args:
            nulls: the server holds nulls.
        """
        absent = [] if nulls else nullable(self.spec)
        size = rows_at_once(self.dimension)
        for offset in range(0, len(self), size):
            vectors = self.matrix[offset : offset + size]
            batch = self.scalars.slice(offset, size)
            message = batch.with_columns(pl.col(absent).fill_null(ABSENT)).to_dicts()
            for row, vector, digest in zip(message, vectors, _digests(batch, vectors), strict=True):
                row[VECTOR] = vector
                row[VERSION] = self.version
                row[DIGEST] = digest
            yield message

    def digests(self) -> pl.DataFrame:
        """Return each row's key and digest."""
        digests = pl.Series(DIGEST, _digests(self.scalars, self.matrix), dtype=pl.Int64)
        return self.scalars.select(pl.col(self.spec.key).cast(pl.Int64)).with_columns(digests)


def _digests(scalars: pl.DataFrame, matrix: npt.NDArray[np.float32]) -> list[int]:
    """Return a number for each row; equal content has an equal one."""
    return [
        int.from_bytes(
            hashlib.blake2b(json.dumps(values).encode() + vector.tobytes(), digest_size=8).digest(), signed=True
        )
        for values, vector in zip(scalars.iter_rows(), matrix, strict=True)
    ]


def rows_at_once(dimension: int) -> int:
    """Return how many rows with vectors of that length are sent in one message."""
    return max(1, _BATCH_BYTES // (4 * dimension + 1_024))


def schema(client: "MilvusClient", spec: CollectionSpec, dimension: int) -> Any:
    """Return the schema of a collection's fields, as far as the server can hold them."""
    from pymilvus import DataType

    fields = client.create_schema(auto_id=False, enable_dynamic_field=False)
    fields.add_field(spec.key, DataType.INT64, is_primary=True)
    fields.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dimension)
    fields.add_field(VERSION, DataType.VARCHAR, max_length=64)
    fields.add_field(DIGEST, DataType.INT64)
    nulls = holds_nulls(client)
    for scalar in spec.scalars:
        lengths = {"max_length": scalar.max_length} if scalar.kind in ("VARCHAR", "ARRAY") else {}
        array = {"element_type": DataType.VARCHAR, "max_capacity": 64} if scalar.kind == "ARRAY" else {}
        fields.add_field(scalar.name, DataType[scalar.kind], nullable=scalar.nullable and nulls, **lengths, **array)
    return fields


def holds_nulls(client: "MilvusClient") -> bool:
    """Return whether the server's scalar fields may be null; milvus-lite numbers its versions otherwise."""
    version = re.match(r"v?(\d+)\.(\d+)", client.get_server_version(timeout=_TIMEOUT))
    return version is None or (int(version[1]), int(version[2])) >= _FIRST_WITH_NULLS


def nullable(spec: CollectionSpec) -> list[str]:
    """Return the names of the scalars that may be absent."""
    return [scalar.name for scalar in spec.scalars if scalar.nullable]


def frame_schema(spec: CollectionSpec) -> pl.Schema:
    """Return the columns of rows that are read: the key, the scalars, the version and the vector."""
    types = {
        "INT16": pl.Int16(),
        "INT32": pl.Int32(),
        "INT64": pl.Int64(),
        "VARCHAR": pl.String(),
        "ARRAY": pl.List(pl.String()),
    }
    scalars: dict[str, pl.DataType] = {scalar.name: types[scalar.kind] for scalar in spec.scalars}
    return pl.Schema({spec.key: pl.Int64(), **scalars, VERSION: pl.String(), VECTOR: pl.List(pl.Float32())})


def without_absent(spec: CollectionSpec, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows that were read with nulls for what is absent."""
    return rows.with_columns(pl.col(nullable(spec)).replace(ABSENT, None))
