from pathlib import Path

import pytest
from upath import UPath

from tv5_assets.errors import InputError
from tv5_assets.stores import neo4j
from tv5_assets.stores.graph_parts import SOURCES, materialized


def test_every_kind_of_node_and_relationship_has_a_source():
    assert {source.spec for source in SOURCES} == {*neo4j.NODES, *neo4j.RELATIONSHIPS}


def test_a_table_that_was_never_materialized_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="processed/movies is not there"):
        next(materialized(UPath(tmp_path)))
