"""Vectors with their ids: the type that every embedding asset passes on, and its Arrow file.

The file is uncompressed Arrow IPC with two columns, ``id`` (int32) and ``vector`` (fixed-size list of float32), in one
record batch, so that reading it maps it into memory and copies nothing. Vectors of texts have a third, ``text``: hashes
by which the same text is known again. What does not belong here: how vectors are made (encoder.py, pooling.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tv5_assets.errors import InputError

_LARGEST_TABLE = 10_000_000  # ids up to here are looked up in a table, of 40 MB at most


@dataclass(frozen=True)
class Vectors:
    """Rows of a matrix and the ids they belong to.

    Attributes:
        ids: int32, shape (n,), ascending and unique.
        matrix: float32, shape (n, d), C-contiguous.
        model: name of what made them.
    """

    ids: npt.NDArray[np.int32]
    matrix: npt.NDArray[np.float32]
    model: str

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or len(self.ids) != len(self.matrix):
            raise InputError(f"{len(self.ids)} ids do not fit a matrix of shape {self.matrix.shape}")
        if self.ids.dtype != np.int32 or self.matrix.dtype != np.float32:
            raise InputError(f"vectors are int32 ids and float32 rows, not {self.ids.dtype} and {self.matrix.dtype}")
        if (self.ids[1:] <= self.ids[:-1]).any():
            raise InputError("the ids of vectors are ascending and unique, these are not; sort them with their rows")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self.matrix.shape[1])

    def rows_of(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return the row of each id, in the order and shape of ``ids``.

        Raises:
            InputError: an id has no vector; the message names the first such id.
        """
        if not len(self):
            rows = np.full(ids.shape, -1, dtype=np.int32)
        elif self.ids[0] > 0 and self.ids[-1] < _LARGEST_TABLE:
            # One look-up each: ten times quicker than a binary search for 25 million ratings. The first place stands
            # for every id below those of the vectors, the last for every id above.
            row_of = np.full(self.ids[-1] + 2, -1, dtype=np.int32)  # int64 would take twice as long to go through
            row_of[self.ids] = np.arange(len(self))
            rows = row_of.take(ids, mode="clip")
        else:
            places = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
            rows = np.where(self.ids[places] == ids, places, -1).astype(np.int32)
        if (missing := rows < 0).any():
            raise InputError(f"id {ids[missing][0]} has no vector; its source and the vectors are of different loads")
        return rows


@dataclass(frozen=True)
class Origin:
    """What vectors of texts were made of and by, so that those of equal texts need not be made again.

    Attributes:
        made_by: what decides the vector of a given text, such as the model's name and the device's.
        dtype: number type that they were computed in.
        texts: two hashes of each row's text, uint64 of shape (n, 2).
    """

    made_by: str
    dtype: str
    texts: npt.NDArray[np.uint64]


@dataclass(frozen=True)
class StreamedVectors:
    """Vectors that are too many to be in memory at once: they are written to their file block by block.

    Attributes:
        ids: int32, shape (n,), ascending and unique.
        dimension: length of each vector.
        model: name of what made them.
        blocks: yields the rows in the order of the ids, float32 of shape (some, dimension), n in all.
        discard: called once they are in their file; removes what they were kept in until then.
        origin: of vectors of texts.
    """

    ids: npt.NDArray[np.int32]
    dimension: int
    model: str
    blocks: Callable[[], Iterator[npt.NDArray[np.float32]]]
    discard: Callable[[], None] = lambda: None
    origin: Origin | None = None

    def __len__(self) -> int:
        return len(self.ids)


def write_vectors(vectors: Vectors | StreamedVectors, path: Path) -> None:
    """Write vectors to an Arrow file at ``path``, which must not be read while this runs.

    Raises:
        InputError: streamed vectors are more or fewer than their ids.
    """
    if isinstance(vectors, Vectors):
        _write_batch(path, vectors.ids, vectors.matrix, vectors.model)
        return
    # Arrow lays out the file with rows of zeros, which are pages that the system never allocates; the rows then take
    # their places in the file, where a block at a time is in memory.
    zeros = np.zeros((len(vectors), vectors.dimension), dtype=np.float32)
    _write_batch(path, vectors.ids, zeros, vectors.model, vectors.origin)
    place = _place_of_rows(path)
    with path.open("r+b") as file:
        file.seek(place)
        for block in vectors.blocks():
            file.write(np.ascontiguousarray(block, dtype=np.float32).data)
        written = file.tell() - place
    if written != zeros.nbytes:
        raise InputError(f"{written // (4 * vectors.dimension)} vectors came for {len(vectors)} ids; embed them again")


def _write_batch(
    path: Path,
    ids: npt.NDArray[np.int32],
    matrix: npt.NDArray[np.float32],
    model: str,
    origin: Origin | None = None,
) -> None:
    columns = {"id": pa.array(ids), "vector": _as_lists(matrix)}
    metadata = {"model": model}
    if origin is not None:
        columns["text"] = _as_lists(origin.texts)
        metadata |= {"made_by": origin.made_by, "dtype": origin.dtype}
    batch = pa.record_batch(columns).replace_schema_metadata(metadata)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


def _as_lists(matrix: npt.NDArray[Any]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(matrix).reshape(-1)), matrix.shape[1])


def _place_of_rows(path: Path) -> int:
    """Return where in a file of vectors the first row begins, in bytes."""
    with pa.memory_map(str(path)) as mapped:
        rows = pa.ipc.open_file(mapped).get_batch(0).column("vector").values.buffers()[1]
        mapped.seek(0)
        return int(rows.address - mapped.read_buffer().address) if rows.size else 0


def read_vectors(path: Path) -> Vectors:
    """Map an Arrow file written by :func:`write_vectors` into memory; nothing is copied until it is touched.

    Raises:
        InputError: the file is not there or not of this kind.
    """
    batch = _batch(path)
    return Vectors(
        batch.column("id").to_numpy(zero_copy_only=True),
        _matrix(batch, "vector"),
        batch.schema.metadata[b"model"].decode(),
    )


def read_origin(path: Path) -> Origin | None:
    """Map what the vectors of a file were made of into memory; None if the file does not say.

    Raises:
        InputError: the file is not there or not of this kind.
    """
    batch = _batch(path)
    if "text" not in batch.schema.names:
        return None
    made_by, dtype = (batch.schema.metadata[key].decode() for key in (b"made_by", b"dtype"))
    return Origin(made_by, dtype, _matrix(batch, "text"))


def _batch(path: Path) -> pa.RecordBatch:
    try:
        batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        if batch.schema.names[:2] != ["id", "vector"] or b"model" not in (batch.schema.metadata or {}):
            raise InputError(
                f"{path} is not a file of vectors but of {batch.schema.names}; materialize its asset again"
            )
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} is not a file of vectors ({error}); materialize its asset again") from error
    return batch


def _matrix(batch: pa.RecordBatch, name: str) -> npt.NDArray[Any]:
    dimension = batch.schema.field(name).type.list_size
    matrix: npt.NDArray[Any] = batch.column(name).flatten().to_numpy(zero_copy_only=True).reshape(-1, dimension)
    return matrix
