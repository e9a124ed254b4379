"""What a corruption of a gate's subject is, and the simplest ways to make one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dataframely as dy
import polars as pl

from tv5_assets.tables.table import Table
from tv5_assets_tests.defs.platform import Platform

Corrupt = Callable[[Platform], None]
Change = Callable[[pl.DataFrame], pl.DataFrame]

NOBODY = 30_000  # no movie, user or tag has this id
TABLE_CHECKS = ("schema", "unique_key", "no_nulls", "values")
FOREIGN_KEYS = ("movie_id", "similar_id", "user_id", "tag_id")
PROCESSED = ("movies", "ratings", "tags", "genome_tags", "genome_scores", "demographics")


@dataclass(frozen=True)
class Corruption:
    """What is done to the subject of a gate.

    Attributes:
        asset: the gated asset.
        check: the check that must fail.
        corrupt: what is done.
        also: further checks of the asset that must fail too, because they see the same from another side.
        name: tells apart two corruptions for the same check.
    """

    asset: str
    check: str
    corrupt: Corrupt
    also: tuple[str, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.asset, self.check, self.name) if part)


def table(asset: str, change: Change) -> Corrupt:
    """Return what rewrites a table."""
    return lambda platform: platform.put_table(asset, change(platform.table(asset)))


def in_first_row(column: str, value: Any) -> Change:
    """Return what puts a value into the first row."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        first = pl.Series(column, [value], dtype=frame.schema[column])
        return frame.with_columns(pl.concat([first, frame[column][1:]]))

    return change


def in_first_where(premise: pl.Expr, column: str, value: Any) -> Change:
    """Return what puts a value into the first row that a predicate holds for."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        first = frame.with_row_index().filter(premise)["index"][0]
        other = pl.Series(column, [value], dtype=frame.schema[column])
        return frame.with_columns(pl.concat([frame[column][:first], other, frame[column][first + 1 :]]))

    return change


def without_first_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame[1:]


def made_rows(schema: type[Table]) -> pl.DataFrame:
    return schema.sample(2, generator=dy.random.Generator(seed=0))
