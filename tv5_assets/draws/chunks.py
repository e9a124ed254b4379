"""Tables that are generated chunk by chunk, so that a million rows take no more memory than one chunk.

What does not belong here: what a row holds; that must depend on its number and the seed alone (streams.py), or another
chunk size would give other bytes.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.io.plugins import register_io_source

CHUNK_ROWS = 65_536


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

    def chunks(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_rows: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = rows if n_rows is None else min(rows, n_rows)
        for start in range(0, wanted, chunk_rows):
            chunk = make(np.arange(start, min(start + chunk_rows, wanted)))
            if predicate is not None:
                chunk = chunk.filter(predicate)
            yield chunk if columns is None else chunk.select(columns)

    return register_io_source(chunks, schema=schema, is_pure=True)
