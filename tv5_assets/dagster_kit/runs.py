"""Runs without the web UI: execute a selection of the graph. following.py tells how far it is, summary.py sums up what
came of it.
"""

import time
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob

from tv5_assets.dagster_kit.following import ID_TAG, Follow, followed, run_id_of
from tv5_assets.dagster_kit.instance import COMMAND_TAG, bury_dead_runs
from tv5_assets.dagster_kit.summary import RunSummary, Selection, summarize
from tv5_assets.errors import InputError


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
    follow: Follow | None = None,
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
        with followed(instance, run_tag, follow):
            dg.execute_job(
                job,
                instance,
                run_config={
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                    "execution": {"config": {"text_models": selected.needs_text_models}},
                },
                tags={COMMAND_TAG: "run", ID_TAG: run_tag},
                asset_selection=None if selected.everything else sorted(selected.steps),
            )
    finally:
        bury_dead_runs(instance)  # an interrupt may leave the run as if it were still going on
    seconds = time.perf_counter() - started
    return summarize(instance, run_id_of(instance, run_tag), dataset, selected, seconds)
