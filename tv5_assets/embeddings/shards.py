"""Embedding a table of millions of texts shard by shard: in bounded memory, each distinct text once, and resumable.

A text whose vector the asset's file has already, from an earlier run with the same model, is not embedded again.

The other distinct texts, in the order in which the table has them, are cut into shards. A shard's vectors are appended
to a work file, and only when they are on the disk does a line of a journal say so; a process that is killed loses the
shards it was at (on a GPU the next is begun before one is written) and nothing else. In the end each row's vector is
gathered from the work file. What does not belong here: what the texts say (texts.py), the model (encoder.py) and the
finished file (vectors.py).
"""

import hashlib
import logging
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol, TextIO

import numpy as np
import numpy.typing as npt
import polars as pl
from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from tv5_assets.ahead import one_behind
from tv5_assets.embeddings.vectors import Origin, StreamedVectors, read_origin, read_vectors
from tv5_assets.errors import InputError
from tv5_assets.files import remove
from tv5_assets.fingerprint import fingerprint
from tv5_assets.progress import progress

logger = logging.getLogger(__name__)

_ROWS_READ = 65_536
_ROWS_GATHERED = 16_384  # 25 MB of 384-d rows, from pages of the work file that are let go after each block
_HASHES = ("one", "other")  # of 64 bits each: at ten million texts, two might share one of them


class TextEncoder(Protocol):
    """What is asked of a text model here; encoder.Encoder is one."""

    model: str

    @property
    def dimension(self) -> int:
        """Length of its vectors."""

    @property
    def identity(self) -> str:
        """What decides the vectors of given texts."""

    def choose_dtype(self, texts: list[str]) -> str:
        """Return the number type that suits the texts."""

    @property
    def texts_at_once(self) -> int:
        """How many texts its device is well used by."""

    def encode_each(self, parts: Iterator[list[str]], dtype: str) -> Iterator[npt.NDArray[np.float32]]:
        """Yield a normalized row for each text of each part."""


@dataclass(frozen=True)
class Embedded:
    """Vectors and how they came about.

    Attributes:
        vectors: to be written to their file.
        rows: rows of the table.
        distinct: distinct texts among them.
        known: of these, texts whose vectors were taken over from the earlier file.
        resumed: texts whose vectors an earlier, killed process had finished.
        dtype: number type that they were computed in.
    """

    vectors: StreamedVectors
    rows: int
    distinct: int
    known: int
    resumed: int
    dtype: str


def embed(
    texts: pl.LazyFrame,
    encoder: TextEncoder,
    work: Path,
    shard_texts: int | None = None,
    earlier: Path | None = None,
) -> Embedded:
    """Embed each row's text; where an earlier call of the same was killed, go on after its last finished shard.

    Memory is bounded by the texts and vectors of a few shards and by about 100 bytes a row, whatever the texts are. The
    result does not depend on whether it was interrupted. It does depend on the shards and on what was known, by no more
    than floating-point noise, since they decide which texts share a batch.

    Args:
        texts: ``id`` (integer, unique) and ``text`` (no nulls), in an order that is the same at every reading, such as
            that of a Parquet file.
        encoder: the text model.
        work: folder for the work files; what belongs to other texts, another model or another number type is removed.
        shard_texts: distinct texts of a shard, which is what a kill may cost; None for as many as the encoder takes
            at once.
        earlier: file of the vectors of an earlier call, which must not be written to before these are in theirs; None,
            or a file that is not there or was made by another model, where nothing is known.

    Returns:
        The vectors by ascending id; the work files stay until ``vectors.discard()``, which must be called.

    Raises:
        InputError: another process embeds this table, a text is missing, an id occurs twice or does not fit int32, or
            the table changed while it was read.
    """
    shard_texts = shard_texts or encoder.texts_at_once
    lock = _only_one(work)
    try:
        rows = _rows(texts)
        made_by = f"{encoder.identity} polars {pl.__version__}"  # polars may hash differently in its next version
        known = _Known(rows, earlier, made_by)
        key = fingerprint(rows.ids, *rows.hashes, known.places, made_by, str(shard_texts))
        shelf = _Shelf(work, key, encoder.dimension, known.dtype)
        resumed = shelf.finished
        first = rows.first[known.missing]
        shards = _shards(texts, first, shard_texts, resumed)
        with progress(logger, f"embedding {_name(work)}", len(first) - resumed, "text") as bar:
            if (shard := next(shards, None)) is not None:
                shelf.begin(encoder, shard)
                finished = encoder.encode_each(chain([shard], shards), shelf.dtype)
                one_behind(finished, lambda vectors: bar.update(shelf.put(vectors)))
        if shelf.finished != len(first):
            raise InputError(f"{shelf.finished} texts of {len(first)} came; the table changed while it was read")
    except BaseException:
        lock.release()
        raise

    def discard() -> None:
        remove(work)
        lock.release()

    order = np.argsort(rows.ids, kind="stable")
    numbers = rows.text_of[order]

    def blocks() -> Iterator[npt.NDArray[np.float32]]:
        for start in range(0, len(numbers), _ROWS_GATHERED):
            yield _gathered(numbers[start : start + _ROWS_GATHERED], known, shelf)

    vectors = StreamedVectors(
        rows.ids[order],
        encoder.dimension,
        encoder.model,
        blocks,
        discard,
        Origin(made_by, shelf.dtype, np.stack(rows.hashes, axis=1)[order]),
    )
    return Embedded(
        vectors, len(rows.ids), len(rows.first), len(rows.first) - len(first), resumed=resumed, dtype=shelf.dtype
    )


def _gathered(numbers: npt.NDArray[np.uint32], known: "_Known", shelf: "_Shelf") -> npt.NDArray[np.float32]:
    """Return the vectors of texts by their numbers, from wherever they are, shape (n, d)."""
    places = known.places[numbers]
    if (places < 0).all():
        return shelf.vectors(known.number_of_missing[numbers])
    if (places >= 0).all():
        return known.vectors(places)
    vectors = np.empty((len(numbers), shelf.dimension), dtype=np.float32)
    here = places >= 0
    vectors[here] = known.vectors(places[here])
    vectors[~here] = shelf.vectors(known.number_of_missing[numbers[~here]])
    return vectors


@dataclass(frozen=True)
class _Rows:
    """What is known of a table of texts without having them in memory.

    Attributes:
        ids: int32, shape (n,), in the table's order.
        hashes: two hashes of each row's text, each uint64 of shape (n,).
        text_of: number of each row's text among the distinct ones, shape (n,).
        first: the row that each distinct text comes in first, ascending, shape (m,).
    """

    ids: npt.NDArray[np.int32]
    hashes: tuple[npt.NDArray[np.uint64], ...]
    text_of: npt.NDArray[np.uint32]
    first: npt.NDArray[np.uint32]


class _Known:
    """The texts whose vectors an earlier file has.

    Attributes:
        places: row of the earlier file that has the vector of each distinct text, int64 of shape (m,); -1 for none.
        missing: numbers of the distinct texts without one, ascending.
        number_of_missing: the place of each distinct text among those, shape (m,); of no meaning for the others.
        dtype: number type of the earlier vectors; empty where none are taken over.
    """

    def __init__(self, rows: _Rows, earlier: Path | None, made_by: str) -> None:
        self._earlier = earlier
        self.places = np.full(len(rows.first), -1, dtype=np.int64)
        self.dtype = ""
        origin = read_origin(earlier) if earlier is not None and earlier.exists() else None
        if origin is not None and origin.made_by == made_by:
            wanted = pl.DataFrame(dict(zip(_HASHES, (hashes[rows.first] for hashes in rows.hashes), strict=True)))
            had = pl.DataFrame(dict(zip(_HASHES, origin.texts.T, strict=True))).with_row_index("place")
            found = wanted.join(had.unique(_HASHES, keep="first"), on=_HASHES, how="left", maintain_order="left")[
                "place"
            ]
            self.places = found.cast(pl.Int64).fill_null(-1).to_numpy()
            self.dtype = origin.dtype
        self.missing = np.flatnonzero(self.places < 0)
        self.number_of_missing = np.cumsum(self.places < 0) - 1

    def vectors(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return rows of the earlier file, shape (n, d)."""
        if self._earlier is None:
            raise ValueError("nothing was known")
        # Mapped anew for each block: what was read of a mapping counts as this process's memory until it goes.
        return np.asarray(read_vectors(self._earlier).matrix[places])


def _rows(texts: pl.LazyFrame) -> _Rows:
    hashed = texts.select(
        pl.col("id"),
        missing=pl.col("text").is_null(),
        **{name: pl.col("text").hash(seed) for seed, name in enumerate(_HASHES)},
    ).collect(engine="streaming")
    if hashed["missing"].any():
        raise InputError(f"the row of id {hashed.filter('missing')['id'][0]} has no text to embed")
    distinct = (
        hashed.with_row_index("row").group_by(_HASHES).agg(pl.col("row").min()).sort("row").with_row_index("number")
    )
    numbered = hashed.join(distinct, on=_HASHES, how="left", maintain_order="left")
    return _Rows(
        _as_int32(hashed["id"]),
        tuple(hashed[name].to_numpy() for name in _HASHES),
        numbered["number"].to_numpy(),
        distinct["row"].to_numpy(),
    )


def _as_int32(ids: pl.Series) -> npt.NDArray[np.int32]:
    if ids.is_duplicated().any():
        raise InputError(f"id {int(ids.filter(ids.is_duplicated())[0])} occurs twice among the texts to embed")
    try:
        return ids.cast(pl.Int32).to_numpy()
    except pl.exceptions.InvalidOperationError as error:
        largest = int(ids.to_numpy().max())
        raise InputError(f"ids of vectors are 32-bit integers, and {largest} is too large for one") from error


def _shards(texts: pl.LazyFrame, first: npt.NDArray[np.uint32], shard_texts: int, begin: int) -> Iterator[list[str]]:
    """Yield the distinct texts from number ``begin`` on, ``shard_texts`` at a time and in the end those left."""
    if begin == len(first):
        return
    offset = int(first[begin])
    waiting = pl.Series("text", [], dtype=pl.String)
    for batch in texts.select("text").slice(offset).collect_batches(chunk_size=_ROWS_READ, maintain_order=True):
        here = first[np.searchsorted(first, offset) : np.searchsorted(first, offset + len(batch))] - offset
        waiting = pl.concat([waiting, batch["text"].gather(here)])
        offset += len(batch)
        while len(waiting) >= shard_texts:
            yield waiting[:shard_texts].to_list()
            waiting = waiting[shard_texts:]
    if len(waiting):
        yield waiting.to_list()


class _Header(BaseModel):
    """First line of a journal: what the vectors are of, and the number type that they are computed in."""

    key: str
    dtype: str


class _Shard(BaseModel):
    """A line for each finished shard: how many texts it has, and the checksum of their vectors."""

    texts: int
    crc32: int


class _Shelf:
    """The work files: the distinct texts' vectors, and a journal that says which of them are finished.

    Attributes:
        dimension: of a vector.
        dtype: number type of the vectors, empty before the first.
        finished: how many texts have their vectors on the disk.
    """

    def __init__(self, work: Path, key: str, dimension: int, dtype: str) -> None:
        """Take up what a killed process finished of the same; remove whatever else is there.

        Args:
            work: the folder.
            key: what the vectors are of.
            dimension: of a vector.
            dtype: number type that they have to be in, empty where the first shard decides.
        """
        self._rows, self._journal = work / "rows.f32", work / "journal.jsonl"
        self._key, self.dimension = key, dimension
        self.dtype, self.finished = dtype, 0
        header, shards = self._read_journal()
        if header is None:
            remove(work)
            work.mkdir(parents=True)
            return
        self.dtype, self.finished = header.dtype, sum(shard.texts for shard in shards)
        # Written anew, because the last line may be half of one, to which nothing can be appended.
        self._begin_journal(header, *shards)
        logger.info("%s: %d texts were embedded before, going on after them", _name(work), self.finished)

    def _read_journal(self) -> tuple[_Header | None, list[_Shard]]:
        """Return the journal up to the first line that is torn or whose vectors are not in the file any more."""
        shards: list[_Shard] = []
        header = None
        try:
            first, *lines = self._journal.read_text().splitlines()
            header = _Header.model_validate_json(first)
            if header.key != self._key:
                return None, []
            with self._rows.open("rb") as rows:
                for line in lines:
                    shard = _Shard.model_validate_json(line)
                    block = rows.read(4 * self.dimension * shard.texts)
                    if len(block) != 4 * self.dimension * shard.texts or zlib.crc32(block) != shard.crc32:
                        break
                    shards.append(shard)
        except FileNotFoundError:  # nothing was begun, or no shard was
            pass
        except (ValidationError, ValueError):  # killed in the middle of a line
            pass
        return header, shards

    def begin(self, encoder: TextEncoder, texts: list[str]) -> None:
        """Choose the number type for the first shard; those after it, resumed or not, are computed in the same."""
        if not self._journal.exists():
            self.dtype = self.dtype or encoder.choose_dtype(sorted(texts, key=len))
            self._begin_journal(_Header(key=self._key, dtype=self.dtype))

    def put(self, vectors: npt.NDArray[np.float32]) -> int:
        """Write a shard's vectors, note it in the journal once they are on the disk, and return how many they are."""
        block = np.ascontiguousarray(vectors, dtype=np.float32).data
        with self._rows.open("r+b" if self._rows.exists() else "wb") as rows:
            rows.seek(4 * self.dimension * self.finished)
            rows.write(block)
            rows.flush()
            os.fsync(rows.fileno())
        with self._journal.open("a") as journal:
            _write(journal, _Shard(texts=len(vectors), crc32=zlib.crc32(block)))
        self.finished += len(vectors)
        return len(vectors)

    def _begin_journal(self, *lines: BaseModel) -> None:
        part = self._journal.with_suffix(".part")
        with part.open("w") as journal:
            _write(journal, *lines)
        part.replace(self._journal)

    def vectors(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the vectors of finished texts by their numbers, shape (n, d)."""
        # Mapped anew for each block: what was read of a mapping counts as this process's memory until it goes.
        rows = np.memmap(self._rows, np.float32, "r", shape=(self.finished, self.dimension))
        return np.asarray(rows[numbers])


def _write(journal: TextIO, *lines: BaseModel) -> None:
    journal.writelines(f"{line.model_dump_json()}\n" for line in lines)
    journal.flush()
    os.fsync(journal.fileno())


def _name(work: Path) -> str:
    return work.name.removeprefix(".").removesuffix(".work")


def _only_one(work: Path) -> FileLock:
    """Return the lock on a folder, held; it goes with the process that holds it, however that ends.

    It lies elsewhere than the work files, because they are removed in the end.

    Raises:
        InputError: another process holds it.
    """
    name = hashlib.blake2b(str(work.absolute()).encode(), digest_size=8).hexdigest()
    lock = FileLock(Path(tempfile.gettempdir()) / f"tv5-{os.getuid()}-embedding-{name}.lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(f"another process embeds {_name(work)} in {work.parent}; wait until it has ended") from None
    return lock
