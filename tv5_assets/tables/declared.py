"""Tables whose columns follow from a schema file, so that a field is described once, there.

What does not belong here: what may stand in such a file (declaration/) and which tables are made so (catalog.py).
"""

from types import new_class
from typing import Any, cast

import dataframely as dy

from tv5_assets.declaration.declaration import Declaration, specs
from tv5_assets.declaration.model import (
    KEY,
    Choice,
    FieldDeclaration,
    Lookup,
    Moments,
    Uuid,
    WordList,
)
from tv5_assets.declaration.model import Float as FloatSpec
from tv5_assets.tables.table import SYNTHETIC, Table

UUID4 = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
"""A random UUID as RFC 4122 writes it."""

_INT32_MAX = 2**31 - 1


def declared_table(declaration: Declaration, name: str, *, key: str, owner: str, about: str) -> type[Table]:
    """Return the table of a declaration: its key first, then a column for each field that is stored."""
    columns: dict[str, Any] = {
        KEY: dy.Int32(primary_key=True, min=1, metadata=SYNTHETIC, description="Number of the row, counted from 1")
    }
    columns |= {field.name: column(declaration, field) for field in declaration.stored}
    members = {"key": key, "owner": owner, "about": about, "__doc__": about, **columns}
    return cast(type[Table], new_class(name, (Table,), exec_body=lambda namespace: namespace.update(members)))


def column(declaration: Declaration, field: FieldDeclaration) -> dy.Column:
    """Return the column of a field: its type and bounds by its kind, nullable where only some rows have it."""
    common: dict[str, Any] = {
        "nullable": bool(declaration.rows(field)),
        "metadata": SYNTHETIC,
        "description": field.description,
    }
    kinds = specs(field)
    options = declaration.options(field.name)
    if options and all(isinstance(option, str) for option in options):
        return dy.Enum([str(option) for option in options], **common)
    if bounds := declaration.bounds(field.name):
        least, most = bounds
        if any(_is_fraction(spec) for spec in kinds):
            return dy.Float64(min=least, max=most, **common)
        whole: type[dy.Int32 | dy.Int64] = dy.Int32 if max(abs(least), abs(most)) <= _INT32_MAX else dy.Int64
        return whole(min=int(least), max=int(most), **common)
    match kinds[0]:
        case Uuid():
            return dy.String(regex=UUID4, **common)
        case WordList():
            least = min(spec.min_length for spec in kinds if isinstance(spec, WordList))
            return dy.List(dy.String(min_length=1), min_length=least, **common)
        case Moments():
            # Without bounds, which quality/catalog.py judges: a time with a zone in a rule makes Polars compute as the
            # schema is declared, and its threads would not survive the fork of a step's process.
            return dy.Datetime(time_unit="ms", time_zone="UTC", **common)
    return dy.String(min_length=1, **common)


def _is_fraction(spec: object) -> bool:
    match spec:
        case FloatSpec():
            return True
        case Choice(values=values):
            return any(isinstance(value, float) for value in values)
        case Lookup(values=values):
            return any(isinstance(value, float) for value in values.values())
    return False
