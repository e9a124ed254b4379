"""Tables that are generated chunk by chunk, so that a million rows take no more memory than one chunk.

What does not belong here: what a row holds; that must depend on its number and the seed alone (streams.py), or another
chunk size would give other bytes.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.io.plugins import register_io_source

from tv5_assets.ahead import one_ahead

Drawn = TypeVar("Drawn")
CHUNK_ROWS = 131_072


def chunked(
    rows: int,
    make: Callable[[npt.NDArray[np.int64]], pl.DataFrame],
    schema: pl.Schema,
    chunk_rows: int = CHUNK_ROWS,
) -> pl.LazyFrame:
    """Return a frame of which each chunk is generated when it is read, in order.

    Args:
        rows: number of rows.
        make: returns the rows of the given numbers, shape (n,), which count from 0 and ascend.
        schema: columns and types of what ``make`` returns.
        chunk_rows: rows generated at once.
    """

    def parts() -> Iterator[pl.DataFrame]:
        for some in _ranges(rows, chunk_rows):
            yield make(np.arange(some.start, some.stop))

    return _read_part_by_part(parts, schema)


def drawn_ahead(
    rows: int,
    draw: Callable[[range], Drawn],
    make: Callable[[Drawn], pl.DataFrame],
    schema: pl.Schema,
    chunk_rows: int = CHUNK_ROWS,
) -> pl.LazyFrame:
    """Return a frame as :func:`chunked` does, whose chunks are drawn in a thread, each while the one before it is made.

    Args:
        rows: number of rows.
        draw: returns what the rows of the given numbers, which count from 0, are made of. It uses no Polars, since
            whoever reads the frame may wait for it in one of Polars' own threads.
        make: returns the rows.
        schema: columns and types of what ``make`` returns.
        chunk_rows: rows generated at once.
    """

    def parts() -> Iterator[pl.DataFrame]:
        yield from map(make, one_ahead(map(draw, _ranges(rows, chunk_rows))))

    return _read_part_by_part(parts, schema)


def chunked_over(
    frame: pl.LazyFrame,
    make: Callable[[pl.DataFrame, int], pl.DataFrame],
    schema: pl.Schema,
    chunk_rows: int = CHUNK_ROWS,
) -> pl.LazyFrame:
    """Return a frame of which each chunk is made from consecutive rows of another when it is read, in order.

    Args:
        frame: the other one; scanned from a file, so that a range of its rows is quickly read.
        make: returns what follows from some of its rows, any number of rows; given the place of the first, too.
        schema: columns and types of what ``make`` returns.
        chunk_rows: rows of ``frame`` read at once.
    """

    def parts() -> Iterator[pl.DataFrame]:
        rows = frame.select(pl.len()).collect().item()
        for start in range(0, rows, chunk_rows):
            yield make(frame.slice(start, chunk_rows).collect(), start)

    return _read_part_by_part(parts, schema)


def _ranges(rows: int, chunk_rows: int) -> Iterator[range]:
    for start in range(0, rows, chunk_rows):
        yield range(start, min(start + chunk_rows, rows))


def _read_part_by_part(parts: Callable[[], Iterator[pl.DataFrame]], schema: pl.Schema) -> pl.LazyFrame:
    """Return a frame of which no more parts are made than are read."""

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_rows: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = n_rows
        for part in parts():
            chunk = part if wanted is None else part.head(wanted)
            wanted = None if wanted is None else wanted - len(chunk)
            if predicate is not None:
                chunk = chunk.filter(predicate)
            yield chunk if columns is None else chunk.select(columns)
            if wanted == 0:
                return

    return register_io_source(read, schema=schema, is_pure=True)
