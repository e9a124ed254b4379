"""Metadata of assets and materializations, derived from the table registry and from what was written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from tv5_assets.stores.load import Load
from tv5_assets.tables.table import Table, is_synthetic, type_name

SAMPLE_ROWS = 5


def column_schema(table: type[Table]) -> dg.TableSchema:
    """Return the table's columns as the UI shows them: types, constraints, descriptions, synthetic ones tagged."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=type_name(column.dtype),
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=False),
                tags={"synthetic": ""} if is_synthetic(column) else {},
            )
            for name, column in table.columns().items()
        ],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(table.primary_key())}"]),
    )


def sample(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Return the first rows as a Markdown table."""
    with pl.Config(
        tbl_formatting="MARKDOWN",
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        fmt_str_lengths=60,
        tbl_cols=-1,
        tbl_rows=SAMPLE_ROWS,
        tbl_width_chars=10_000,
    ):
        return dg.MetadataValue.md(str(frame.head(SAMPLE_ROWS)))


def facts(values: Mapping[str, Any]) -> dict[str, dg.MetadataValue]:
    """Return figures as metadata: numbers become Python numbers, because the UI plots only those.

    NumPy scalars would raise in Dagster, and a date is shown best as a timestamp.
    """
    return {name: _value(value) for name, value in values.items() if value is not None}


def _value(value: Any) -> dg.MetadataValue:
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, datetime):
        return dg.MetadataValue.timestamp(value)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    if isinstance(value, dict | list):
        return dg.MetadataValue.json(value)
    return dg.MetadataValue.text(str(value))


def published(*loads: Load) -> dg.MaterializeResult:
    """Return what publishing reports as a materialization, rows and rates included."""
    rows = sum(load.rows for load in loads)
    written = [load.written for load in loads if load.written is not None]
    seconds = sum(load.seconds for load in loads)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows,
            **facts(
                {
                    "version": "+".join(load.version for load in loads),
                    "changed": any(load.changed for load in loads),
                    "rows_written": sum(written) if written else None,
                    "publish_seconds": round(seconds, 3),
                    "rows_per_second": round(rows / seconds) if seconds > 0 else None,
                }
            ),
        }
    )
