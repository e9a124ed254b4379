"""The base class of every table's schema, and what is derived from a schema.

A column is described once, in a subclass of :class:`Table`; storage, checks, the UI's column metadata and
``docs/datasets.md`` all follow from it. Validation itself is dataframely's.
"""

from typing import Any, ClassVar

import dataframely as dy
import polars as pl

SYNTHETIC: dict[str, Any] = {"synthetic": True}
"""Metadata of a column that is generated, not observed; no quality figure may rest on one."""


class Table(dy.Schema):
    """One dataset: its key, its owner, what it is in words, and its columns.

    Attributes:
        key: the asset key, which is also the path of the file: ``processed/movies``.
        owner: the team that answers for it, as Dagster writes owners: ``team:catalog``.
        about: what one row is and where it comes from, for a newcomer.
    """

    key: ClassVar[str]
    owner: ClassVar[str]
    about: ClassVar[str]


def polars_schema(table: type[Table]) -> pl.Schema:
    """Return the table's column names and Polars types, in order."""
    return pl.Schema({name: column.dtype for name, column in table.columns().items()})


def type_name(dtype: Any) -> str:
    """Return a column type as people read it, in Arrow's words: ``list<enum>``, ``list<float32>[10]``."""
    match dtype:
        case pl.Enum():
            return "enum"
        case pl.Array():
            return f"list<{type_name(dtype.inner)}>[{dtype.size}]"
        case pl.List():
            return f"list<{type_name(dtype.inner)}>"
        case pl.Struct():
            return f"struct<{', '.join(f'{field.name}: {type_name(field.dtype)}' for field in dtype.fields)}>"
        case pl.Datetime():
            return f"timestamp[{dtype.time_unit}, {dtype.time_zone}]"
        case _:
            return str(dtype).lower()


def is_synthetic(column: dy.Column) -> bool:
    """Tell whether a column is generated rather than observed."""
    return bool((column.metadata or {}).get("synthetic"))


def all_tables() -> dict[str, type[Table]]:
    """Return every registered table by its key, in the order of declaration."""
    # Imported here, so that a layer's module can import this one.
    from tv5_assets.tables import (
        benchmarks,
        catalog,
        contexts,
        embeddings,
        features,
        media,
        models,
        processed,
        queries,
        raw,
        reports,
        subtitles,
        synthetic,
    )

    layers = (
        raw, processed, synthetic, catalog, contexts, media, subtitles, queries,
        features, embeddings, models, reports, benchmarks,
    )  # fmt: skip
    return {
        member.key: member
        for layer in layers
        for member in vars(layer).values()
        if isinstance(member, type) and issubclass(member, Table) and "key" in vars(member)  # else it is a base of some
    }
