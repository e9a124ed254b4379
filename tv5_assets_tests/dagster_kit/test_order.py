"""Which steps go first."""

import dagster as dg

from tv5_assets.dagster_kit.order import LONG_WAYS
from tv5_assets.definitions import defs


def test_the_long_ways_go_through_the_graph_without_a_gap():
    graph = defs.resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert keys >= LONG_WAYS
    for key in LONG_WAYS - {"processed/movies", "processed/ratings"}:
        parents = {parent.to_user_string() for parent in graph.get(dg.AssetKey(key.split("/"))).parent_keys}
        assert parents & LONG_WAYS, key


def test_their_assets_and_gates_have_priority():
    job = defs.resolve_job_def("main")
    tags = {node.name: node.definition.tags.get("dagster/priority") for node in job.nodes}
    first = {name for name, priority in tags.items() if priority == "1"}
    assert {"embeddings__subtitle_segments", "milvus__subtitle_segments__gates", "train_two_tower"} <= first
    assert not first & {"train_baselines", "embeddings__contexts", "embeddings__contexts__gates"}
