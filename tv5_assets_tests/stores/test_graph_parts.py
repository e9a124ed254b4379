from pathlib import Path

import pytest
from upath import UPath

from tv5_assets.errors import InputError
from tv5_assets.stores import neo4j
from tv5_assets.stores.graph_parts import SOURCES, materialized


def test_every_kind_of_node_and_relationship_has_a_source():
    assert {source.spec for source in SOURCES} == {*neo4j.NODES, *neo4j.RELATIONSHIPS}


def test_every_table_that_was_never_materialized_is_named_before_anything_is_made(tmp_path: Path):
    for source in SOURCES:
        (table := tmp_path / f"{source.table}.parquet").parent.mkdir(parents=True, exist_ok=True)
        table.touch()
    for absent in ("processed/ratings", "synthetic/people"):
        (tmp_path / f"{absent}.parquet").unlink()

    with pytest.raises(
        InputError, match=r"""synthetic/people, processed/ratings: .*'\+key:"synthetic/people" or \+key:"processed/"""
    ):
        materialized(UPath(tmp_path))
