"""The knowledge graph as the CSV files that Neo4j's import tool reads.

The files hold what publishing over Bolt writes, the version of each row and the ``Load`` pointers included, so that
what was imported is later recognised as published. What does not belong here: running the tool
(services/neo4j_import.py).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tv5_assets.errors import InputError
from tv5_assets.stores.graph_parts import Part
from tv5_assets.stores.neo4j import NodeSpec, RelationshipSpec

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """A part that was written: its kind, its version and its number of rows."""

    spec: NodeSpec | RelationshipSpec
    version: str
    rows: int


@dataclass(frozen=True)
class Files:
    """What was written.

    Attributes:
        arguments: the tool's arguments that name the files.
        parts: what they hold.
    """

    arguments: list[str]
    parts: list[Written]


def write(parts: Iterable[Part], folder: Path) -> Files:
    """Write a file for each part, one after the other, and one of the pointers.

    Args:
        parts: nodes and relationships; of those, both kinds of node are among the parts.
        folder: where the files go; it is there.

    Raises:
        InputError: a column is missing or of a type that has none in the graph, or a key is null or occurs twice.
    """
    arguments: list[str] = []
    written: list[Written] = []
    for part in parts:
        spec = part.spec
        path = folder / f"{spec.dataset}.csv"
        if isinstance(spec, NodeSpec):
            _write(part.frame, part.version, _node_header(spec, part.frame), path)
            arguments.append(f"--nodes={spec.label}={path}")
        else:
            _write(part.frame, part.version, _relationship_header(spec, part.frame), path)
            arguments.append(f"--relationships={spec.type}={path}")
        written.append(Written(spec, part.version, len(part.frame)))
        logger.info("wrote %s rows of %s", f"{len(part.frame):,}", spec.dataset)
    pointers = folder / "loads.csv"
    loads = [(part.spec.dataset, part.version, part.rows) for part in written]
    pl.DataFrame(loads, schema=["dataset:ID(Load)", "version", "rows:long"], orient="row").write_csv(
        pointers, quote_style="non_numeric"
    )
    return Files([f"--nodes=Load={pointers}", *arguments], written)


def _node_header(spec: NodeSpec, frame: pl.DataFrame) -> dict[str, str]:
    if frame[spec.key].is_duplicated().any() or frame[spec.key].has_nulls():
        raise InputError(f"{spec.dataset}: {spec.key} is null or occurs twice")
    kind = _type(spec.dataset, spec.key, frame.schema[spec.key])
    return {spec.key: f"{spec.key}:ID({spec.label}){{id-type:{kind}}}", **_properties(spec, frame)}


def _relationship_header(spec: RelationshipSpec, frame: pl.DataFrame) -> dict[str, str]:
    return {
        spec.start_column: f":START_ID({spec.start.label})",
        spec.end_column: f":END_ID({spec.end.label})",
        **_properties(spec, frame),
    }


def _properties(spec: NodeSpec | RelationshipSpec, frame: pl.DataFrame) -> dict[str, str]:
    return {name: f"{name}:{_type(spec.dataset, name, frame.schema[name])}" for name in spec.properties}


def _type(dataset: str, name: str, dtype: pl.DataType) -> str:
    """Return the tool's name of the type that the driver makes of a column's values."""
    if dtype.is_integer():
        return "long"
    if dtype.is_float():
        return "double"
    if dtype == pl.String:
        return "string"
    if dtype == pl.Boolean:
        return "boolean"
    raise InputError(f"{dataset}: the import tool has no type for {name}, which is {dtype}")


def _write(frame: pl.DataFrame, version: str, header: dict[str, str], path: Path) -> None:
    """Write the columns of ``header`` under its names, and the version; a null is an empty field without quotes."""
    columns = frame.lazy().select(
        # A real is sent over Bolt as a double, whose digits those of the shorter number are not: 0.1 is not 0.1f.
        *(pl.col(name).cast(pl.Float64) if frame.schema[name].is_float() else pl.col(name) for name in header)
    )
    named = columns.rename(header).with_columns(pl.lit(version).alias("version:string"))
    named.sink_csv(path, quote_style="non_numeric")
