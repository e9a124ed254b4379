"""Every gate is seen to fail on a corrupted subject and to stop what is downstream."""

import dagster as dg
import pytest

from tv5_assets_tests.defs.corruptions.corruption import PROCESSED, TABLE_CHECKS, Corruption
from tv5_assets_tests.defs.corruptions.every import BLOCKING, WARNING
from tv5_assets_tests.defs.corruptions.processed import named_set
from tv5_assets_tests.defs.platform import GRAPH, Platform, downstream_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

LEAVES = {
    "reports/world",
    "reports/eda",
    "reports/embeddings",
    *("models/" + name for name in ("policy_prior", "ease", "joined", "sasrec", "bert4rec")),
    "embeddings/tower_users",
    "benchmarks/recommendation",
    "embeddings/contexts",
    "features/sequences",
    "features/users",
    "features/movies",
    "features/statistics",
}


def test_every_gate_has_a_corruption():
    covered = {(corruption.asset, corruption.check) for corruption in (*BLOCKING, *WARNING)}
    assert covered == {(check.asset_key.to_user_string(), check.name) for check in GRAPH.asset_check_keys}


def test_only_leaves_have_nothing_downstream_to_stop():
    assert {key.to_user_string() for key in GRAPH.get_all_asset_keys() if not GRAPH.get(key).child_keys} == LEAVES
    assert all(downstream_of(key.to_user_string()) for key in GRAPH.get_all_asset_keys() if GRAPH.get(key).child_keys)


@pytest.mark.parametrize("asset", ["processed/genome_scores", "milvus/movies"])
def test_gates_let_what_is_intact_through(platform: Platform, asset: str):
    judged = platform.judge(asset)
    assert not judged.failing
    assert judged.reached
    assert not judged.stopped


def test_a_named_set_that_is_as_published_passes(platform: Platform):
    named_set(platform)
    for name in PROCESSED:
        judged = platform.judge(f"processed/{name}")
        assert not judged.failing
        assert "published_rows" in judged.evaluations["published_rows"].metadata


@pytest.mark.parametrize("column", ["rated_at", "row"])
def test_a_table_without_a_column_fails_and_stops_what_is_downstream(platform: Platform, column: str):
    ratings = "processed/ratings"
    platform.put_table(ratings, platform.table(ratings).drop(column))
    judged = platform.judge(ratings)
    assert set(TABLE_CHECKS) <= judged.failing
    assert judged.evaluations["schema"].description == f"{column} is missing"
    assert judged.stopped
    assert not judged.reached


def test_what_a_store_has_lost_is_named_by_the_gate_over_all_stores(platform: Platform):
    report = "reports/reconciliation"
    for asset in ("milvus/users", "neo4j/similar", "agentdb/policies", "redis/platforms"):
        next(one for one in BLOCKING if (one.asset, one.check) == (asset, "count")).corrupt(platform)
    platform.put_table(report, platform.table(report))  # a copy that may be overwritten
    platform.materialize(report)
    judged = platform.judge(report)
    assert judged.failing == {"reconciled"}
    assert judged.evaluations["reconciled"].description == (
        "differs from its source: milvus users, neo4j similar, postgres policies, redis platforms"
    )
    assert judged.evaluations["reconciled"].metadata["off"].value == 4
    assert not judged.reached


@pytest.mark.parametrize("corruption", BLOCKING, ids=str)
def test_a_corrupted_subject_fails_its_gate_and_stops_what_is_downstream(platform: Platform, corruption: Corruption):
    corruption.corrupt(platform)
    judged = platform.judge(corruption.asset)
    assert judged.failing == {corruption.check, *corruption.also}
    assert judged.evaluations[corruption.check].severity == dg.AssetCheckSeverity.ERROR
    assert judged.evaluations[corruption.check].metadata, "a failed gate shows its figures"
    assert judged.stopped
    assert not judged.reached


@pytest.mark.parametrize("corruption", WARNING, ids=str)
def test_a_gate_that_only_warns_stops_nothing(platform: Platform, corruption: Corruption):
    corruption.corrupt(platform)
    judged = platform.judge(corruption.asset)
    assert judged.failing == {corruption.check}
    assert judged.evaluations[corruption.check].severity == dg.AssetCheckSeverity.WARN
    assert judged.evaluations[corruption.check].metadata, "a failed gate shows its figures"
    assert not judged.stopped
