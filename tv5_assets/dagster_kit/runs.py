"""Runs without the web UI: execute a selection of the graph and follow it; summary.py sums up what came of it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob

from tv5_assets.dagster_kit.instance import COMMAND_TAG, bury_dead_runs
from tv5_assets.dagster_kit.summary import RunSummary, Selection, summarize
from tv5_assets.errors import InputError

_ID_TAG = "tv5/id"
_SECONDS_BETWEEN_LOOKS = 0.5
_OF_STEPS = {
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.STEP_UP_FOR_RETRY,
}


@dataclass(frozen=True)
class Standing:
    """How far a run is, as it is told to whoever follows it.

    Attributes:
        done: steps that have ended.
        total: steps of the run; 0 until that is known.
        running: the steps that run, those that began first, and for how many seconds.
        failed: the steps that have failed since the last time.
    """

    done: int
    total: int
    running: Mapping[str, float] = field(default_factory=dict)
    failed: Sequence[str] = ()


def select_assets(defs: dg.Definitions, select: str | None) -> Selection:
    """Return what a selection stands for.

    Args:
        defs: the definitions of the code location.
        select: an asset selection in Dagster's syntax (``key:"processed/*"``, ``+key:"milvus/movies"``); all if None.

    Raises:
        InputError: the selection is malformed or selects nothing.
    """
    graph = defs.resolve_asset_graph()
    try:
        selection = dg.AssetSelection.from_string(select) if select else dg.AssetSelection.all()
        keys = selection.required_multi_asset_neighbors().resolve(graph)  # what one step makes comes together
    except dg.DagsterError as error:
        raise InputError(
            f'--select {select!r} is not a selection ({_first_line(error)}); an example is key:"processed/*"'
        ) from error
    if not keys:
        raise InputError(f'--select {select!r} selects no asset; an example is key:"processed/*"')
    definitions = {key: graph.get(key).assets_def for key in keys}
    return Selection(
        steps={key: definition.node_def.name for key, definition in definitions.items()},
        checks=[check for check in sorted(graph.asset_check_keys) if check.asset_key in keys],
        resources=frozenset().union(*(definition.required_resource_keys for definition in definitions.values())),
        everything=select is None,
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def execute(
    job: ReconstructableJob,
    instance: dg.DagsterInstance,
    dataset: str,
    selected: Selection,
    follow: Callable[[Standing], None] | None = None,
) -> RunSummary:
    """Materialize the selected assets with their checks, and return what came of it.

    Args:
        job: where the process of a step finds the job of all assets again.
        instance: the open Dagster instance.
        dataset: name of the dataset, for the summary.
        selected: what to materialize, from :func:`select_assets`.
        follow: called from another thread twice a second.
    """
    bury_dead_runs(instance)
    run_tag = uuid4().hex
    started = time.perf_counter()
    try:
        with _following(instance, run_tag, follow):
            dg.execute_job(
                job,
                instance,
                run_config={
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                    "execution": {"config": {"text_models": selected.needs_text_models}},
                },
                tags={COMMAND_TAG: "run", _ID_TAG: run_tag},
                asset_selection=None if selected.everything else sorted(selected.steps),
            )
    finally:
        bury_dead_runs(instance)  # an interrupt may leave the run as if it were still going on
    seconds = time.perf_counter() - started
    return summarize(instance, _run_id(instance, run_tag), dataset, selected, seconds)


def _run_id(instance: dg.DagsterInstance, run_tag: str) -> str | None:
    runs = instance.get_runs(dg.RunsFilter(tags={_ID_TAG: run_tag}), limit=1)
    return runs[0].run_id if runs else None


def _steps_of(instance: dg.DagsterInstance, run_id: str) -> int:
    """Return the number of steps of a run; 0 until that is known."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.step_keys_to_execute:
        return len(run.step_keys_to_execute or []) if run else 0
    if run.execution_plan_snapshot_id is None:
        return 0
    return len(instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id).step_keys_to_execute)


@contextmanager
def _following(instance: dg.DagsterInstance, run_tag: str, follow: Callable[[Standing], None] | None) -> Iterator[None]:
    if follow is None:
        yield
        return
    ended = threading.Event()

    def look() -> None:
        run_id, cursor, done, total = None, None, 0, 0
        began: dict[str, float] = {}
        while True:
            last_look = ended.wait(_SECONDS_BETWEEN_LOOKS)
            run_id = run_id or _run_id(instance, run_tag)
            if run_id is not None:
                total = total or _steps_of(instance, run_id)
                page = instance.get_records_for_run(run_id, cursor, of_type=_OF_STEPS)
                cursor, failed = page.cursor, []
                for record in page.records:
                    event = record.event_log_entry.get_dagster_event()
                    name = str(event.step_key)
                    if event.is_step_start:
                        began[name] = record.timestamp
                        continue
                    began.pop(name, None)
                    done += event.is_step_success or event.is_step_failure
                    if event.is_step_failure:
                        failed.append(name)
                now = time.time()
                follow(Standing(done, total, {name: now - since for name, since in began.items()}, failed))
            if last_look:
                return

    thread = threading.Thread(target=look, name="run-follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
