"""Tables into files: JSON Lines, CSV, a JSON array or Parquet, streamed, so that memory does not grow with the rows.

What does not belong here: how a row nests (shapes.py).
"""

import io
import time
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import polars as pl
from upath import UPath

from tv5_assets.engine import PARQUET
from tv5_assets.errors import InputError
from tv5_assets.exports.shapes import documents
from tv5_assets.files import replacing
from tv5_assets.settings import DATASETS, Settings
from tv5_assets.tables.table import Table, all_tables

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

FORMATS = ("jsonl", "csv", "json", "parquet")


@dataclass(frozen=True)
class Exported:
    """What was written: where, how many rows or documents, how large, how long it took."""

    path: UPath | Path
    rows: int
    bytes: int
    seconds: float


def export(
    name: str,
    settings: Settings,
    file_format: str | None = None,
    out: str | None = None,
    *,
    limit: int | None = None,
    flat: bool = False,
    force: bool = False,
) -> Exported:
    """Write a table of the registry to a file, which is there whole or not at all.

    Args:
        name: the table's key, such as ``synthetic/users``.
        settings: where the tables are, and of which dataset.
        file_format: one of FORMATS; where there is none, what ``out`` ends in, or else jsonl.
        out: path or URL of the file, or of a folder for it; the current folder if None.
        limit: write the first so many rows (documents, where rows are gathered) only.
        flat: leave columns and ids as they are stored, instead of nesting them as documents.
        force: replace a file that is there.

    Raises:
        InputError: no such table or format, the table was never materialized, the file is there already or cannot be
            written. The message says what to do.
    """
    table = _table(name)
    chosen = file_format or _ending(out)
    if chosen not in FORMATS:
        raise InputError(f"--format {file_format}: there is no such format; choose one of {', '.join(FORMATS)}")
    source = _source(table, settings)
    target = _target(table, chosen, out, source, force)
    started = time.perf_counter()
    stored = pl.scan_parquet(str(source), storage_options=dict(source.storage_options) or None)
    frame = stored if flat else documents(stored, table)
    if limit is not None:
        frame = frame.head(limit)
    with replacing(target) as part:
        write(frame, chosen, part)
        size = part.stat().st_size
    rows = frame.select(pl.len()).collect(engine="streaming").item()
    return Exported(target, rows, size, time.perf_counter() - started)


def write(frame: pl.LazyFrame, file_format: str, path: Path) -> None:
    """Stream a frame into a file of one of FORMATS; CSV has nested values as JSON text."""
    match file_format:
        case "jsonl":
            frame.sink_ndjson(path)
        case "json":
            with path.open("wb") as file, _JsonArray(file) as array:
                frame.sink_ndjson(cast(BinaryIO, array))
        case "csv":
            _with_nested_as_text(frame).sink_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%.f%:z")
        case _:
            frame.sink_parquet(path, **PARQUET)


def _with_nested_as_text(frame: pl.LazyFrame) -> pl.LazyFrame:
    nested = [name for name, dtype in frame.collect_schema().items() if dtype.is_nested()]
    return frame.with_columns(_as_json(name) for name in nested)


def _as_json(column: str) -> pl.Expr:
    """Return a nested column as JSON text, null where it is null.

    Polars encodes structs alone, so that the value is put into one of a single field, which is cut away again.
    """
    wrapped = pl.struct(pl.col(column).alias("v")).struct.json_encode()
    text = wrapped.str.strip_prefix('{"v":').str.head(-1)
    return pl.when(pl.col(column).is_not_null()).then(text).alias(column)


class _JsonArray(io.RawIOBase):
    """Turns JSON lines that are written to it into one JSON array in a file, a line for each element."""

    def __init__(self, file: BinaryIO):
        super().__init__()
        self._file = file
        self._line_ended = False
        file.write(b"[\n")

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        # A line break ends an element, since inside of text it is escaped; only the next write shows whether it is the
        # last one, which no comma may follow.
        lines = bytes(data)
        if self._line_ended:
            self._file.write(b",\n")
        self._line_ended = lines.endswith(b"\n")
        self._file.write(lines.removesuffix(b"\n").replace(b"\n", b",\n"))
        return len(lines)

    def close(self) -> None:
        if not self.closed:
            self._file.write(b"\n]\n" if self._line_ended else b"]\n")
        super().close()


def _ending(out: str | None) -> str:
    """Return the format that a file's name ends in, jsonl where it ends in none."""
    ending = (out or "").rpartition(".")[2].lower()
    return ending if ending in FORMATS else FORMATS[0]


def _table(name: str) -> type[Table]:
    tables = all_tables()
    if name in tables:
        return tables[name]
    near = [key for key in tables if key.partition("/")[2] == name] or get_close_matches(name, tables, n=4, cutoff=0.5)
    raise InputError(
        f"there is no table {name!r}; "
        + (f"did you mean {' or '.join(near)}?" if near else f"the tables are {', '.join(tables)}")
    )


def _source(table: type[Table], settings: Settings) -> UPath:
    def path(dataset: str) -> UPath:
        return settings.data_root / dataset / f"{table.key}.parquet"

    if path(settings.dataset).exists():
        return path(settings.dataset)
    elsewhere = [dataset for dataset in DATASETS if path(dataset).exists()]
    raise InputError(
        f"{table.key} of {settings.dataset} is not there ({path(settings.dataset)}); materialize it with "
        f"`tv5 run --dataset {settings.dataset} --select '+key:\"{table.key}\"'`"
        + (f", or export that of {' or '.join(elsewhere)} with --dataset" if elsewhere else "")
    )


def _target(table: type[Table], file_format: str, out: str | None, source: UPath, force: bool) -> UPath:
    name = f"{table.key.partition('/')[2]}.{file_format}"
    given = UPath(out or ".")
    target = given / name if given.is_dir() or (out or "").endswith("/") else given
    if target == source or target.absolute() == source.absolute():
        raise InputError(f"{target} is the file of the asset {table.key} itself; choose another")
    if target.is_dir():
        raise InputError(f"{target} is a folder; choose another name for the file, or remove it")
    if target.exists() and not force:
        raise InputError(f"{target} is there already; choose another file, or replace it with --force")
    return target
