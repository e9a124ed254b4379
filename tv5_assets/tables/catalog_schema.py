"""The catalog's schema file: which one there is without a choice, and what any must declare.

What does not belong here: which file was chosen, and the table that follows from it (catalog.py).
"""

from pathlib import Path

import dataframely as dy
import polars as pl

from tv5_assets.declaration.declaration import Declaration
from tv5_assets.declaration.read import MANUAL, read_declaration
from tv5_assets.errors import InputError
from tv5_assets.tables.declared import declared_table

BUNDLED = Path(__file__).resolve().parent.parent / "synthetic" / "catalog.yaml"
NEEDED = {
    "id": pl.String(),
    "type": pl.Enum([]),
    "title": pl.String(),
    "description": pl.String(),
    "tags": pl.List(pl.String()),
    "creator": pl.String(),
    "created_at": pl.Datetime("ms", "UTC"),
    "content_text": pl.String(),
}
"""What the platform embeds and publishes, whatever else a catalog has; a catalog's own types are free beyond these."""


def catalog_declaration(path: Path) -> Declaration:
    """Read a catalog's schema file.

    Raises:
        InputError: the file is no schema, or lacks a field that the platform embeds or publishes; the message names
            it.
    """
    declaration = read_declaration(path)
    columns = declared_table(declaration, "Catalog", key="", owner="", about="").columns()
    faults = [
        *(f"{name} is missing" for name in NEEDED if name not in columns),
        *(f"{name} is not in every row" for name in NEEDED if name in columns and columns[name].nullable),
        *(
            f"{name} is {columns[name].dtype}, not {needed}"
            for name, needed in NEEDED.items()
            if name in columns and not _fits(columns[name], needed)
        ),
    ]
    if faults:
        raise InputError(
            f"{path} declares no catalog that the platform can embed and publish: {'; '.join(faults)}; declare them as "
            f"{MANUAL} says, or generate the table by itself with tv5 generate"
        )
    return declaration


def _fits(column: dy.Column, needed: pl.DataType) -> bool:
    return isinstance(column.dtype, pl.Enum) if isinstance(needed, pl.Enum) else column.dtype == needed
