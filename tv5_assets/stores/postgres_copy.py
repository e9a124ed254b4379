"""COPY into PostgreSQL: frames streamed as CSV text, or as binary rows where every column has a fixed size.

The next block is made in a thread while the server takes in the one before, so that a load is as fast as the slower of
the two. What does not belong here: which table is filled and how it takes the old one's place (postgres.py).
"""

import io
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.ahead import one_ahead
from tv5_assets.errors import InputError
from tv5_assets.progress import progress
from tv5_assets.stores.nul import escaped
from tv5_assets.stores.statements import sql

if TYPE_CHECKING:
    from psycopg import Cursor

logger = logging.getLogger(__name__)

COPY_ROWS = 100_000
"""Rows of a block: 10 MB of text. A larger one is no faster and takes more memory."""
BINARY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""Signature, flags and the length of an extension that there is none of."""
BINARY_TRAILER = b"\xff\xff"

_NOT_NULL = " NOT NULL"
_FIXED = {
    "smallint": ">i2",
    "integer": ">i4",
    "bigint": ">i8",
    "real": ">f4",
    "double precision": ">f8",
    "boolean": "u1",
    "timestamptz": ">i8",
}
"""How the types of a fixed size stand in a binary row, big-endian."""
_POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01 in microseconds since 1970: where its timestamps begin


def copy_frame(
    cursor: "Cursor[dict[str, Any]]", table: str, columns: Mapping[str, str], frame: pl.LazyFrame, *, freeze: bool
) -> int:
    """Stream a frame into a table and return the number of rows sent.

    Args:
        cursor: in the transaction that the rows belong to.
        table: the table.
        columns: SQL type of each column, in the frame's order.
        frame: the rows, which are never in memory at once.
        freeze: write rows as if they had been there for long, which saves a second pass over them; the table must have
            been made in the same transaction and may not be partitioned.
    """
    record = binary_record(columns)
    options = f"FORMAT {'csv' if record is None else 'binary'}{', FREEZE' if freeze else ''}"
    statement = sql(f"COPY {{}} ({{}}) FROM STDIN ({options})", table, tuple(columns))
    encode = _csv_encoder(frame, columns) if record is None else lambda batch: binary_rows(batch, record)
    total = frame.select(pl.len()).collect(engine="streaming").item()
    sent = 0
    with progress(logger, f"PostgreSQL {table}", total, "row") as bar, cursor.copy(statement) as copy:
        if record is not None:
            copy.write(BINARY_HEADER)
        batches = frame.collect_batches(chunk_size=COPY_ROWS, maintain_order=True)
        for rows, block in one_ahead((len(batch), encode(batch)) for batch in batches):
            copy.write(block)
            sent += rows
            bar.update(rows)
        if record is not None:
            copy.write(BINARY_TRAILER)
    return sent


def binary_record(columns: Mapping[str, str]) -> np.dtype[np.void] | None:
    """Return a row of PostgreSQL's binary format as a record: its number of fields, then size and value of each.

    None where a column may be null or has values of different sizes: its rows have no common layout.
    """
    kinds = {name: _FIXED.get(declared.removesuffix(_NOT_NULL)) for name, declared in columns.items()}
    if not all(kinds.values()) or not all(declared.endswith(_NOT_NULL) for declared in columns.values()):
        return None
    parts = [part for name, kind in kinds.items() for part in ((f"{name} bytes", ">i4"), (name, str(kind)))]
    return np.dtype([("fields", ">i2"), *parts])


def binary_rows(batch: pl.DataFrame, record: np.dtype[np.void]) -> memoryview:
    """Return rows in PostgreSQL's binary format.

    Args:
        batch: columns as in ``record``.
        record: from :func:`binary_record`.

    Raises:
        InputError: a value is missing.
    """
    if empty := [column.name for column in batch if column.has_nulls()]:
        raise InputError(f"there are nulls in {', '.join(empty)}, where none may be")
    rows: npt.NDArray[np.void] = np.empty(len(batch), dtype=record)
    rows["fields"] = len(batch.columns)
    for name, dtype in batch.schema.items():
        column = batch[name]
        if isinstance(dtype, pl.Datetime):
            column = column.dt.cast_time_unit("us").to_physical() - _POSTGRES_EPOCH_US
        rows[f"{name} bytes"] = rows[name].dtype.itemsize
        rows[name] = column.to_numpy()
    return rows.data.cast("B") if len(rows) else memoryview(b"")


def _csv_encoder(frame: pl.LazyFrame, columns: Mapping[str, str]) -> Callable[[pl.DataFrame], memoryview]:
    """Return what turns rows into CSV text; lists of texts are written as PostgreSQL writes arrays."""
    arrays = [_array_literal(name) for name, dtype in frame.collect_schema().items() if isinstance(dtype, pl.List)]
    json = tuple(name for name, declared in columns.items() if declared.startswith("jsonb"))

    def encode(batch: pl.DataFrame) -> memoryview:
        text = io.BytesIO()
        escaped(batch, json).with_columns(*arrays).write_csv(text, include_header=False)
        return text.getbuffer()

    return encode


def _array_literal(name: str) -> pl.Expr:
    """Return a column of lists of texts as PostgreSQL writes arrays: ``{"a","b"}``."""
    quoted = pl.format('"{}"', pl.element().str.replace_all(r'([\\"])', r"\$1"))
    return pl.concat_str(pl.lit("{"), pl.col(name).list.eval(quoted).list.join(","), pl.lit("}")).alias(name)
