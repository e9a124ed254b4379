"""Rows of a declared table: which fields they have, made in the order in which one needs another.

A row depends on the seed and on its number alone. What does not belong here: how a value of each kind is made
(values.py, texts.py), and what a schema file may hold (declaration/).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.declaration.declaration import Declaration
from tv5_assets.declaration.declaration import Rows as Where
from tv5_assets.declaration.model import KEY, Conditional
from tv5_assets.draws.chunks import CHUNK_ROWS, chunked
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.catalog.rows import Make, Rows
from tv5_assets.synthetic.catalog.values import maker, weighted_by
from tv5_assets.tables.declared import column


def items(
    declaration: Declaration,
    rows: int,
    seed: int,
    chunk_rows: int = CHUNK_ROWS,
    on_chunk: Callable[[int], object] = lambda rows: None,
) -> pl.LazyFrame:
    """Return the rows of a declared table, generated as they are read.

    Args:
        declaration: the fields.
        rows: how many rows.
        seed: the seed of everything random.
        chunk_rows: rows generated at once; another number gives the same rows.
        on_chunk: told how many rows were generated, after each chunk.

    Returns:
        A frame of the schema of tables.declared.declared_table, sorted by item_id.
    """
    generator = _Generator(declaration, seed)

    def make(numbers: npt.NDArray[np.int64]) -> pl.DataFrame:
        chunk = generator.rows(numbers)
        on_chunk(len(chunk))
        return chunk

    return chunked(rows, make, generator.schema, chunk_rows)


class _Prepared(NamedTuple):
    """What makes a field's values in some rows; the value of the field that it goes by names its draws."""

    where: Where
    value: str
    make: Make


class _Generator:
    """What is prepared once for all chunks: pools of words and names, tables of weights."""

    def __init__(self, declaration: Declaration, seed: int):
        self._seed = seed
        self._dtypes = {name: column(declaration, field).dtype for name, field in declaration.fields.items()}
        self._makers = {name: self._prepared(declaration, name) for name in declaration.order}
        self.schema = pl.Schema(
            {KEY: pl.Int32(), **{field.name: self._dtypes[field.name] for field in declaration.stored}}
        )

    def _prepared(self, declaration: Declaration, name: str) -> list[_Prepared]:
        field, dtype = declaration.fields[name], self._dtypes[name]
        cases = declaration.cases(field)
        if isinstance(field.spec, Conditional) and (make := weighted_by(field.spec, dtype)):
            return [_Prepared(declaration.rows(field), "", make)]
        return [
            _Prepared(case.rows, case.value or "", maker(declaration, case.spec, dtype, self._seed)) for case in cases
        ]

    def rows(self, numbers: npt.NDArray[np.int64]) -> pl.DataFrame:
        """Return the rows of the given numbers, counted from 0."""
        made: dict[str, pl.Series] = {}
        everything = Rows(numbers, made)
        for name, cases in self._makers.items():
            made[name] = self._field(name, cases, everything)
        made[KEY] = pl.Series(numbers + 1, dtype=pl.Int32)
        return pl.DataFrame({name: made[name] for name in self.schema})

    def _field(self, name: str, cases: list[_Prepared], rows: Rows) -> pl.Series:
        """Return a field's values: each case's in its rows, null in the others."""
        parts: list[pl.Series] = []
        places: list[npt.NDArray[np.intp]] = []
        for case in cases:
            draw = partial(_draw, self._seed, name, case.value)
            if not case.where:
                return case.make(rows, draw)
            chosen = np.flatnonzero(_chosen(rows, case.where))
            places.append(chosen)
            parts.append(case.make(rows.at(chosen), draw))
        found = np.concatenate(places)
        # Where each row's value is among the parts; -1, then null, where it is in none.
        position = np.full(len(rows), -1)
        position[found] = np.arange(len(found))
        index = pl.Series(position)
        values = pl.concat([part.cast(self._dtypes[name]) for part in parts])
        return values.gather(index.replace(-1, None) if len(found) < len(rows) else index)


def _chosen(rows: Rows, where: Where) -> npt.NDArray[np.bool_]:
    """Tell for each row whether it is among those of a case."""
    masks = []
    for name, values in where.items():
        words = cast(pl.Enum, rows.made[name].dtype).categories
        # One place more, for -1: the rows that do not have the field.
        masks.append(np.array([word in values for word in words] + [False])[rows.codes(name)])
    return np.asarray(np.logical_and.reduce(masks))


def _draw(seed: int, field: str, case: str, ids: npt.NDArray[np.int64], what: str) -> npt.NDArray[np.float64]:
    return uniform(seed, ids, "catalog", field, case, what)
