"""The Dagster instance of this platform: its home, its environment, and what a killed run left in it.

What does not belong here: executing runs (runs.py) and the settings of the instance (dagster.yaml).
"""

import os
from pathlib import Path

import dagster as dg

from tv5_assets.dagster_kit import pools
from tv5_assets.settings import Settings

COMMAND_TAG = "tv5/command"
"""Tag of runs that a `tv5 run` executes itself, as opposed to runs launched from the UI."""

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_INSTANCE_CONFIG = Path(__file__).resolve().parents[2] / "dagster.yaml"


def prepare(settings: Settings) -> None:
    """Set this process's environment for Dagster, as that of the processes that it starts."""
    os.environ.update(environment(settings))


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that Dagster's processes need, none of which is a secret.

    The folder that DAGSTER_HOME names is made, with a link to the project's dagster.yaml in it.
    """
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    link = home / "dagster.yaml"
    if not (link.is_symlink() and link.readlink() == _INSTANCE_CONFIG):
        link.unlink(missing_ok=True)
        link.symlink_to(_INSTANCE_CONFIG)
    return {
        "DAGSTER_HOME": str(home),
        "TV5_HOME": str(settings.home),
        "TV5_DATASET": settings.dataset,
        # Steps share the cores: threads that wait for one another must sleep, not spin. With one of two cores busy,
        # torch encoded 233 texts a second so, 180 otherwise (434 and 449 with both cores free).
        "OMP_WAIT_POLICY": "PASSIVE",
        # OpenBLAS' threads, NumPy's and SciPy's, spin for 2^26 ticks of the clock by default: 12 s of a processor in a
        # run that trained every model.
        "OPENBLAS_THREAD_TIMEOUT": "12",
    }


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance, for which this process was prepared; close it by using it as a context manager."""
    instance = dg.DagsterInstance.get()
    pools.set_sizes(instance, settings)
    return instance


def bury_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs whose `tv5 run` was killed as failed, give back what any ended run still holds of pools, and return
    the ids of those marked.

    Call it only while holding the lock of `tv5 run`: then an unfinished run of that command cannot be alive.
    """
    dead = instance.get_runs(dg.RunsFilter(tags={COMMAND_TAG: "run"}, statuses=UNFINISHED))
    for run in dead:
        instance.report_run_failed(run, "The command of this run was killed or interrupted.")
    # Also a run that failed by itself holds slots, if its process ended before that of one of its steps; whoever wants
    # such a slot would wait for ever.
    storage = instance.event_log_storage
    for run_id in storage.get_concurrency_run_ids():
        holder = instance.get_run_by_id(run_id)
        if holder is None or holder.is_finished:
            storage.free_concurrency_slots_for_run(run_id)
    return [run.run_id for run in dead]
