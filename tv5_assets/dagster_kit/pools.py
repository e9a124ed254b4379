"""Pools: how many steps of a kind run at a time.

A store's pool is named after it and takes one load; that is the default of dagster.yaml. What does not belong here:
how many steps run at a time in all (defs/jobs.py).
"""

import shutil

import dagster as dg

from tv5_assets.settings import Settings

MODELS = "gpu"
"""Pool of embeddings and trainings, which keep a GPU, or the processor, busy by themselves."""


def set_sizes(instance: dg.DagsterInstance, settings: Settings) -> None:
    """Give the pool of the models as many places as TV5_MODEL_STEPS says."""
    instance.event_log_storage.set_concurrency_slots(MODELS, model_steps(settings))


def model_steps(settings: Settings) -> int:
    """Return how many embeddings and trainings may run at a time.

    A GPU belongs to one. On a processor each leaves some of it idle: two at a time brought a first run from 419 to
    363 s (two cores).
    """
    if settings.model_steps:
        return settings.model_steps
    # The driver brings this program; to ask torch would take seconds.
    gpu = settings.device == "cuda" or (settings.device == "auto" and shutil.which("nvidia-smi") is not None)
    return 1 if gpu else 2
