"""Which engine runs an interaction-scale frame: Polars on this machine, Spark when one machine is outgrown.

Transforms are functions over Narwhals lazy frames and run alike on both. An engine adds only what Narwhals leaves to
the backend: reading and writing Parquet, and the column types that the two do not share. Raw text is always read by
Polars (25 million rows take seconds); Spark begins at Parquet. What does not belong here: transforms.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import narwhals as nw
import polars as pl

from tv5_assets.errors import InputError
from tv5_assets.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

PARQUET: Mapping[str, Any] = {"compression": "zstd", "compression_level": 1, "row_group_size": 131_072}
"""How Polars writes Parquet. Groups of rows have a size of their own, or they would follow the chunks that a table is
generated in, and another chunk size would give other bytes. 25 million ratings, 2 cores: zstd level 1 takes 3.0 s and
292 MB, level 3 (Polars's own default) 3.8 s and 283 MB, lz4 2.8 s and 462 MB."""


class Engine(Protocol):
    """What a frame can be run on."""

    def scan(self, path: Path) -> "nw.LazyFrame[Any]":
        """Return the table in a Parquet file, or in a folder of them, unread."""
        ...

    def frame(self, frame: pl.DataFrame) -> "nw.LazyFrame[Any]":
        """Return a small table that is in memory, to be joined with what the engine scans."""
        ...

    def sink(self, frame: "nw.LazyFrame[Any]", path: Path) -> None:
        """Run a frame and write it to Parquet, streamed; what is there already is replaced."""
        ...

    def typed(
        self, frame: "nw.LazyFrame[Any]", *, instants: Sequence[str] = (), labels: Mapping[str, Sequence[str]]
    ) -> "nw.LazyFrame[Any]":
        """Give columns of whole numbers the type they stand for.

        Args:
            frame: the frame.
            instants: columns of seconds since 1970, which become UTC timestamps.
            labels: columns of positions, which become the names at these positions: an Enum on Polars, text on Spark;
                null stays null.
        """
        ...


class PolarsEngine:
    """Polars, streaming."""

    def scan(self, path: Path) -> "nw.LazyFrame[Any]":
        """See Engine."""
        return nw.from_native(pl.scan_parquet(path))

    def frame(self, frame: pl.DataFrame) -> "nw.LazyFrame[Any]":
        """See Engine."""
        return nw.from_native(frame.lazy())

    def sink(self, frame: "nw.LazyFrame[Any]", path: Path) -> None:
        """See Engine."""
        nw.to_native(frame).sink_parquet(path, engine="streaming", **PARQUET)

    def typed(
        self, frame: "nw.LazyFrame[Any]", *, instants: Sequence[str] = (), labels: Mapping[str, Sequence[str]]
    ) -> "nw.LazyFrame[Any]":
        """See Engine."""
        native: pl.LazyFrame = nw.to_native(frame)
        return nw.from_native(
            native.with_columns(
                *((pl.col(name).cast(pl.Int64) * 1000).cast(pl.Datetime("ms", "UTC")) for name in instants),
                # From position to Enum directly: a text per row would cost more than all the rest.
                *(pl.col(name).cast(pl.UInt8).cat.to(pl.Enum(names)) for name, names in labels.items()),
            )
        )


class SparkEngine:
    """Spark, by its master's URL; ``local[2]`` runs it inside this process's machine."""

    def __init__(self, url: str):
        self._url = url

    def scan(self, path: Path) -> "nw.LazyFrame[Any]":
        """See Engine."""
        return nw.from_native(self._session().read.parquet(str(path)))

    def frame(self, frame: pl.DataFrame) -> "nw.LazyFrame[Any]":
        """See Engine."""
        return nw.from_native(self._session().createDataFrame(frame.to_arrow()))

    def sink(self, frame: "nw.LazyFrame[Any]", path: Path) -> None:
        """See Engine. Spark writes a folder of files, which ``scan`` and Polars read as one table."""
        nw.to_native(frame).write.mode("overwrite").parquet(str(path))

    def typed(
        self, frame: "nw.LazyFrame[Any]", *, instants: Sequence[str] = (), labels: Mapping[str, Sequence[str]]
    ) -> "nw.LazyFrame[Any]":
        """See Engine."""
        from pyspark.sql import functions as spark

        def named(column: str, names: Sequence[str]) -> "Column":
            position = spark.col(column).cast("int")
            # Asked for first: of a null position, Spark 4.3 took the last name.
            return spark.when(position.isNotNull(), spark.element_at(spark.array(*map(spark.lit, names)), position + 1))

        changed = {name: spark.timestamp_seconds(name) for name in instants} | {
            name: named(name, names) for name, names in labels.items()
        }
        return nw.from_native(nw.to_native(frame).withColumns(changed))

    def _session(self) -> "SparkSession":
        from pyspark.sql import SparkSession

        return (
            SparkSession.builder.master(self._url)
            .appName("tv5-assets")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MILLIS")
            .config("spark.sql.parquet.compression.codec", PARQUET["compression"])
            # Nothing but Parquet in the folder, or Polars cannot read it: no _SUCCESS, no .crc files.
            .config("spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
            .config("spark.hadoop.fs.file.impl", "org.apache.hadoop.fs.RawLocalFileSystem")
            .getOrCreate()
        )


def engine(name: str, spark_url: str = "local[2]") -> Engine:
    """Return the engine of a name, ``polars`` or ``spark``; Spark starts when it is first used.

    Raises:
        InputError: there is no engine of this name, or Spark is not installed.
    """
    if name == "polars":
        return PolarsEngine()
    if name != "spark":
        raise InputError(f"there is no engine {name!r}; choose polars or spark")
    try:
        import pyspark  # noqa: F401  # only to see that it is there
    except ImportError:
        raise InputError("the engine spark needs pyspark: pip install 'tv5-assets[spark]'") from None
    return SparkEngine(spark_url)


def engine_of(settings: Settings) -> Engine:
    """Return the engine that the settings choose."""
    return engine(settings.engine, settings.spark_url)
