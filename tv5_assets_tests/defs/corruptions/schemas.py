"""Corruptions for the gates that follow from a table's schema."""

from typing import Any

import dataframely as dy
import polars as pl

from tv5_assets.tables.table import Table, all_tables
from tv5_assets_tests.defs.corruptions.corruption import (
    FOREIGN_KEYS,
    TABLE_CHECKS,
    Change,
    Corrupt,
    Corruption,
    in_first_row,
    in_first_where,
    made_rows,
)
from tv5_assets_tests.defs.platform import Platform


def table_corruptions() -> list[Corruption]:
    """Return a corruption for each check that follows from a table's schema."""
    seen_by_count = {
        "features/episodes": ("one_per_rating",),
        "features/state_action_rewards": ("one_per_genre_and_movie",),
        "features/split": ("one_per_rating", "user_shares", "temporal_share"),
        "features/interactions": ("as_split", "normalized"),
        "features/sequences": ("in_order", "newest"),
        "synthetic/trends": ("every_day",),
        "synthetic/trends_now": ("ranked_by_score",),
        "synthetic/subtitle_segments": ("in_order",),
        "synthetic/credits": ("billing_contiguous",),
        "synthetic/catalog": ("unique_id",),
        "synthetic/queries": ("expected_matches",),
    }
    seen_by_values = {
        "features/state_action_rewards": ("one_per_genre_and_movie",),
        "features/split": ("one_per_rating",),
        "features/interactions": ("as_split",),
        "synthetic/trends": ("season_of_date",),
        "synthetic/trends_now": ("ranked_by_score",),
        "synthetic/credits": ("billing_contiguous",),
        "synthetic/catalog": ("texts_of_fields",),
    }
    return [
        corruption
        for key, schema in all_tables().items()
        for corruption in (
            Corruption(
                key,
                "schema",
                _rows(schema, lambda frame: frame.with_columns(surplus=pl.lit(1))),
                also=TABLE_CHECKS[1:],
            ),
            Corruption(
                key, "unique_key", _rows(schema, lambda frame: frame.vstack(frame[:1])), seen_by_count.get(key, ())
            ),
            Corruption(key, "no_nulls", _rows(schema, in_first_row(_required(schema), None))),
            Corruption(
                key, "values", _rows(schema, _in_first_value(*_out_of_bounds(schema))), seen_by_values.get(key, ())
            ),
        )
    ]


def _rows(schema: type[Table], change: Change) -> Corrupt:
    """Return what rewrites a table, with made rows where this set has none of the kind."""

    def corrupt(platform: Platform) -> None:
        frame = platform.table(schema.key)
        platform.put_table(schema.key, change(frame if len(frame) else made_rows(schema)))

    return corrupt


def _in_first_value(column: str, value: Any) -> Change:
    """Return what puts a value into the first row whose value is not null; into the first, where all are."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        known = pl.col(column).is_not_null()
        return (in_first_where(known, column, value) if frame[column].count() else in_first_row(column, value))(frame)

    return change


def _required(schema: type[Table]) -> str:
    """Return the last column that has to have values and is not part of the key."""
    return [name for name, column in schema.columns().items() if not column.nullable and not column.primary_key][-1]


def _out_of_bounds(schema: type[Table]) -> tuple[str, Any]:
    """Return a column that has bounds, but for foreign keys if there is another, and a value outside of them."""
    outside = {
        name: value
        for name, column in schema.columns().items()
        if not column.primary_key
        and (value := _outside(column, set(column.validation_rules(pl.col(name))))) is not None
    }
    own = [name for name in outside if name not in FOREIGN_KEYS] or list(outside)
    return own[-1], outside[own[-1]]


def _outside(column: dy.Column, rules: set[str]) -> Any:
    match column:
        case dy.String() if rules & {"regex", "min_length"}:
            return ""
        case dy.Float32() | dy.Float64() | dy.Int16() | dy.Int32() | dy.Int64() if "min" in rules:
            return -2
    return None
