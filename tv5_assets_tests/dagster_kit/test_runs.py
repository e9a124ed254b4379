"""Selecting, summing up and burying runs, on small graphs in Dagster's in-memory instance."""

import dagster as dg
import pytest

from tv5_assets.dagster_kit.instance import COMMAND_TAG, UNFINISHED, bury_dead_runs
from tv5_assets.dagster_kit.runs import select_assets
from tv5_assets.dagster_kit.summary import summarize
from tv5_assets.errors import InputError


@dg.asset(key=["raw", "a"])
def good() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"dagster/row_count": 3})


@dg.asset_check(asset=good, blocking=True)
def gate() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, description="it is wrong")


@dg.asset(key=["raw", "b"], required_resource_keys={"milvus"})
def told(context: dg.AssetExecutionContext) -> None:
    raise dg.Failure("ratings.csv is empty")


@dg.asset(key=["raw", "c"])
def broken() -> None:
    raise KeyError("column")


@dg.asset(key=["raw", "d"], deps=[good])
def downstream() -> None: ...


DEFS = dg.Definitions([good, told, broken, downstream], asset_checks=[gate], resources={"milvus": object()})


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def materialize(instance: dg.DagsterInstance, **tags: str) -> str:
    job = DEFS.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, raise_on_error=False, tags=tags).run_id


def test_a_selection_knows_its_steps_checks_and_resources():
    selected = select_assets(DEFS, 'key:"raw/a" or key:"raw/b"')
    assert {key.to_user_string() for key in selected.steps} == {"raw/a", "raw/b"}
    assert [check.name for check in selected.checks] == ["gate"]
    assert "milvus" in selected.resources
    assert not selected.everything
    assert select_assets(DEFS, None).everything


def test_what_one_step_makes_is_selected_together():
    @dg.multi_asset(outs={"e": dg.AssetOut(key=["raw", "e"]), "f": dg.AssetOut(key=["raw", "f"])})
    def both() -> tuple[int, int]:
        return 1, 2

    selected = select_assets(dg.Definitions(assets=[both]), 'key:"raw/e"')
    assert {key.to_user_string() for key in selected.steps} == {"raw/e", "raw/f"}


@pytest.mark.parametrize("select", ["((", 'key:"', 'key:"opera"'])
def test_a_malformed_or_empty_selection_is_one_line(select: str):
    with pytest.raises(InputError, match="--select") as caught:
        select_assets(DEFS, select)
    assert "\n" not in str(caught.value)


def test_a_summary_tells_each_outcome_in_one_line(instance):
    summary = summarize(instance, materialize(instance), "tiny", select_assets(DEFS, None), 1.23)
    assets = {asset.key: asset for asset in summary.assets}
    assert (assets["raw/a"].status, assets["raw/a"].rows) == ("materialized", 3)
    assert (assets["raw/b"].status, assets["raw/b"].error) == ("failed", "ratings.csv is empty")
    assert assets["raw/c"].status == "failed"
    assert "KeyError: 'column'" in str(assets["raw/c"].error)
    assert "\n" not in str(assets["raw/c"].error)
    assert assets["raw/d"].status == "skipped"
    assert [(check.name, check.passed, check.description) for check in summary.checks] == [
        ("gate", False, "it is wrong")
    ]
    assert summary.errors == []  # the gate's own failure is told once, by the check
    assert not summary.succeeded


def test_a_run_that_never_began_skips_everything(instance):
    summary = summarize(instance, None, "tiny", select_assets(DEFS, None), 0)
    assert {asset.status for asset in summary.assets} == {"skipped"}
    assert not summary.succeeded


def test_only_dead_runs_of_the_command_are_buried(instance):
    job = DEFS.resolve_implicit_global_asset_job_def()

    def unfinished(**tags: str) -> str:
        run = instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
        return run.run_id

    dead, of_the_ui = unfinished(**{COMMAND_TAG: "run"}), unfinished()
    assert bury_dead_runs(instance) == [dead]
    assert [run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))] == [of_the_ui]
    buried = instance.get_run_by_id(dead)
    assert buried is not None and buried.status is dg.DagsterRunStatus.FAILURE
    assert bury_dead_runs(instance) == []


@pytest.mark.parametrize("ended", [True, False])
def test_what_ended_runs_hold_of_pools_is_given_back(instance, ended):
    status = dg.DagsterRunStatus.FAILURE if ended else dg.DagsterRunStatus.STARTED
    run = instance.create_run_for_job(DEFS.resolve_implicit_global_asset_job_def(), status=status)
    storage = instance.event_log_storage
    storage.set_concurrency_slots("gpu", 1)
    assert storage.claim_concurrency_slot("gpu", run.run_id, "a step").is_claimed

    bury_dead_runs(instance)

    assert storage.claim_concurrency_slot("gpu", "another run", "its step").is_claimed is ended
