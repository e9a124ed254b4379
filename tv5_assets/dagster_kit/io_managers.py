"""IO managers: where an asset's value lies and how it is written whole and read back lazily.

Four kinds of value, four managers: tables (Parquet), vectors (Arrow), models (a folder) and pages (HTML). Paths follow
from the asset key and the settings; remote data folders (s3://, gs://) work through fsspec.
"""

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dagster as dg
import narwhals as nw
import polars as pl
from upath import UPath

from tv5_assets.dagster_kit.metadata import column_schema, facts, sample
from tv5_assets.embeddings.vectors import StreamedVectors, Vectors, read_vectors, write_vectors
from tv5_assets.engine import PARQUET, engine_of
from tv5_assets.errors import InputError
from tv5_assets.files import remove, replacing
from tv5_assets.models.artifacts import ModelFolder, read_model, write_model
from tv5_assets.quality import frames
from tv5_assets.reports.page import Rendered
from tv5_assets.settings import load_settings
from tv5_assets.tables.table import Table, all_tables, polars_schema


class _FileIOManager(dg.ConfigurableIOManager):
    """What the managers share: the path of an asset, atomic replacement, size and duration as metadata."""

    suffix: str = ""

    def path_of(self, key: dg.AssetKey) -> UPath:
        """Return where an asset's value lies: ``<data>/<dataset>/<key><suffix>``."""
        return load_settings().dataset_root.joinpath(*key.path[:-1], key.path[-1] + self.suffix)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write a value beside its path, then put it there at once."""
        path = self.path_of(context.asset_key)
        started = time.perf_counter()
        try:
            with replacing(path) as part:
                figures = self.write(context.asset_key, obj, part)
                size = _size(part)
        except InputError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        context.add_output_metadata(
            {
                "dagster/uri": str(path),
                **facts({"bytes": size, "write_seconds": round(time.perf_counter() - started, 3)}),
                **figures,
            }
        )

    def load_input(self, context: dg.InputContext) -> Any:
        """Read a value, lazily where its type allows.

        Raises:
            Failure: the asset was never materialized for this dataset; the message says what to do.
        """
        path = self.path_of(context.asset_key)
        if not path.exists():
            raise dg.Failure(
                description=f"{context.asset_key.to_user_string()} is not there ({path}); materialize it first",
                allow_retries=False,
            )
        return self.read(context.asset_key, path, context.dagster_type.typing_type)

    @abstractmethod
    def write(self, key: dg.AssetKey, value: Any, part: Path) -> dict[str, Any]:
        """Write ``value`` to the local path ``part`` and return figures about it."""

    @abstractmethod
    def read(self, key: dg.AssetKey, path: UPath, wanted: type) -> Any:
        """Read the value at ``path`` as the type ``wanted``."""


class TableIOManager(_FileIOManager):
    """Tables of the registry as Parquet, streamed; the schema in ``tables/`` is enforced as they are written."""

    suffix: str = ".parquet"

    def write(
        self, key: dg.AssetKey, value: "pl.LazyFrame | pl.DataFrame | nw.LazyFrame[Any]", part: Path
    ) -> dict[str, Any]:
        """Stream the frame to Parquet; a column that is missing or of another type is an error."""
        table = table_of(key)
        with _in_polars(value, table, part) as frame:
            conforming(frame, table).sink_parquet(part, **PARQUET)
        written = pl.scan_parquet(part)
        return {
            "dagster/row_count": written.select(pl.len()).collect().item(),
            "dagster/column_schema": column_schema(table),
            "sample": sample(written.head(5).collect()),
        }

    def read(self, key: dg.AssetKey, path: UPath, wanted: type) -> "pl.LazyFrame | pl.DataFrame | nw.LazyFrame[Any]":
        """Scan the file with Polars, or with the chosen engine where the reader's annotation asks for Narwhals' frame;
        collect it where it asks for a DataFrame.
        """
        if wanted is nw.LazyFrame and (settings := load_settings()).engine != "polars":
            return engine_of(settings).scan(Path(str(path)))
        frame = pl.scan_parquet(str(path), storage_options=dict(path.storage_options) or None)
        if wanted is nw.LazyFrame:
            return nw.from_native(frame)
        return frame.collect() if wanted is pl.DataFrame else frame


@contextmanager
def _in_polars(
    value: "pl.LazyFrame | pl.DataFrame | nw.LazyFrame[Any]", table: type[Table], part: Path
) -> Iterator[pl.LazyFrame]:
    """Yield a frame of any engine as one of Polars.

    Another engine writes what it computed beside ``part``, in files and types of its own; from there Polars streams it
    into the one file, and into the types that only it has.
    """
    if not isinstance(value, nw.LazyFrame):
        yield value.lazy()
    elif value.implementation.is_polars():
        yield nw.to_native(value)
    else:
        computed = part.with_suffix(".computed")
        try:
            engine_of(load_settings()).sink(value, computed)
            yield pl.scan_parquet(computed).cast(polars_schema(table))
        finally:
            remove(computed)


class VectorsIOManager(_FileIOManager):
    """Ids with a vector each as one Arrow file, mapped into memory when read."""

    suffix: str = ".arrow"

    def handle_output(self, context: dg.OutputContext, obj: Vectors | StreamedVectors) -> None:
        """Write the vectors, and once their file stands, discard what streamed ones were kept in."""
        super().handle_output(context, obj)
        if isinstance(obj, StreamedVectors):
            obj.discard()

    def write(self, key: dg.AssetKey, value: Vectors | StreamedVectors, part: Path) -> dict[str, Any]:
        """Write the Arrow file."""
        write_vectors(value, part)
        return {
            "dagster/row_count": len(value),
            **facts({"dimension": value.dimension, "model": value.model}),
        }

    def read(self, key: dg.AssetKey, path: UPath, wanted: type) -> Vectors:
        """Map the file into memory."""
        return read_vectors(_local(path))

    def local_path_of(self, key: dg.AssetKey) -> Path | None:
        """Return where an asset's vectors lie, None where the data folder is remote."""
        path = self.path_of(key)
        return Path(str(path)) if _is_local(path) else None


class ModelIOManager(_FileIOManager):
    """Models as folders of safetensors and JSON."""

    def write(self, key: dg.AssetKey, value: ModelFolder, part: Path) -> dict[str, Any]:
        """Write the folder."""
        write_model(value, part)
        return facts({**value.config, **value.metrics})

    def read(self, key: dg.AssetKey, path: UPath, wanted: type) -> ModelFolder:
        """Read the folder."""
        return read_model(_local(path))


class PageIOManager(_FileIOManager):
    """Pages as one HTML file each, and as Markdown in the web UI; read back as the text of the file."""

    suffix: str = ".html"

    def write(self, key: dg.AssetKey, value: Rendered, part: Path) -> dict[str, Any]:
        """Write the HTML file; each section of it is shown in the UI, with the table it is about beside it."""
        part.write_text(value.html, encoding="utf-8")
        return {
            **facts(value.figures),
            **{section: dg.MetadataValue.md(text) for section, text in value.markdown.items()},
        }

    def read(self, key: dg.AssetKey, path: UPath, wanted: type) -> str:
        """Read the text of the file."""
        return path.read_text(encoding="utf-8")


def table_of(key: dg.AssetKey) -> type[Table]:
    """Return the schema of an asset that is a table.

    Raises:
        InputError: no table of the registry has this key.
    """
    name = key.to_user_string()
    if name not in all_tables():
        raise InputError(f"no schema in tables/ has the key {name}; declare one, see docs/adding-a-dataset.md")
    return all_tables()[name]


def conforming(frame: pl.LazyFrame, table: type[Table]) -> pl.LazyFrame:
    """Return the frame's columns in the table's order.

    Raises:
        InputError: a column is missing, unknown or of another type; the message names each.
    """
    verdict = frames.schema_is(frame, table)
    if not verdict.passed:
        raise InputError(f"{table.key} does not have the columns of tables.{table.__name__}: {verdict.description}")
    return frame.select(list(table.columns()))


def _is_local(path: UPath) -> bool:
    return path.protocol in ("", "file")


def _local(path: UPath) -> Path:
    if _is_local(path):
        return Path(str(path))
    copy = Path(mkdtemp(prefix="tv5-")) / path.name
    path.fs.get(path.path, str(copy), recursive=path.is_dir())
    return copy


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
