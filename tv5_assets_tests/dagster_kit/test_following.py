"""How far a run is, told of small graphs in Dagster's in-memory instance."""

import time
from collections.abc import Iterator

import dagster as dg
import pytest

from tv5_assets.dagster_kit import following
from tv5_assets.dagster_kit.following import ID_TAG, Standing, followed

STEPS = dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def execute(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition, tag: str = "me") -> str:
    job = dg.Definitions(assets).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, raise_on_error=False, tags={ID_TAG: tag}).run_id


def test_how_many_steps_have_ended_and_which_of_them_failed(instance: dg.DagsterInstance) -> None:
    told_of: list[Standing] = []

    @dg.asset
    def good() -> None: ...

    @dg.asset
    def broken() -> None:
        raise KeyError("column")

    with followed(instance, "me", told_of.append):
        execute(instance, good, broken, tag="another")
        run_id = execute(instance, good, broken)
    assert [step for standing in told_of for step in standing.failed] == ["broken"]
    assert [standing.done for standing in told_of] == sorted(standing.done for standing in told_of)
    ended = [record for kind in STEPS for record in instance.get_records_for_run(run_id, of_type=kind).records]
    assert (told_of[-1].done, told_of[-1].total) == (len(ended), 2)
    assert not told_of[-1].running


def test_what_runs(instance: dg.DagsterInstance) -> None:
    told_of: list[Standing] = []

    @dg.asset
    def slow() -> None:
        while not any(step.name == "slow" for standing in told_of for step in standing.running):
            time.sleep(0.05)

    with followed(instance, "me", told_of.append):
        execute(instance, slow)
    assert (told_of[-1].done, told_of[-1].running) == (1, [])


def test_what_a_step_that_runs_for_long_last_logged(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SECONDS_BETWEEN_LINES", 0.0)
    told_of: list[Standing] = []

    def said(line: str) -> bool:
        return any(step.said == line for standing in told_of for step in standing.running)

    @dg.asset
    def slow(context: dg.AssetExecutionContext) -> None:
        for line in ("reading: 10%", "reading: 90%"):
            context.log.info("of no more interest")
            context.log.info(f"of which the last line is shown\n{line}\n")
            while not said(line):
                time.sleep(0.05)

    @dg.asset(deps=[slow])
    def next_one() -> None:
        started = len(told_of)
        while len(told_of) < started + 3:
            time.sleep(0.05)

    with followed(instance, "me", told_of.append):
        execute(instance, slow, next_one)
    lines = [step.said for standing in told_of for step in standing.running if step.name == "slow"]
    assert [line for line in dict.fromkeys(lines) if line.startswith("reading")] == ["reading: 10%", "reading: 90%"]
    assert {step.said for standing in told_of for step in standing.running if step.name == "next_one"} == {""}


def test_what_an_earlier_try_logged_is_not_said_of_the_next(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SECONDS_BETWEEN_LINES", 0.0)
    told_of: list[Standing] = []
    second_try: list[int] = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=1))
    def tried(context: dg.AssetExecutionContext) -> None:
        if context.retry_number == 0:
            context.log.info("of the first try")
            while not any(step.said for standing in told_of for step in standing.running):
                time.sleep(0.05)
            raise dg.RetryRequested
        second_try.append(len(told_of) + 1)  # after the look that may be going on
        while len(told_of) < second_try[0] + 3:
            time.sleep(0.05)

    with followed(instance, "me", told_of.append):
        execute(instance, tried)
    running = [step for standing in told_of[second_try[0] :] for step in standing.running]
    assert {(step.name, step.said) for step in running} == {("tried", "")}
    assert told_of[-1].done == 1
    assert not any(standing.failed for standing in told_of)
