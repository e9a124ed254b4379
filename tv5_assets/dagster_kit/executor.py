"""The executor of every job: each step in a process of its own, forked from one that has imported the heavy modules.

Eight steps that import torch and Polars took 20.7 s with fresh processes and 9.0 s so (measured on 2 cores). With one
step more than there are cores, a run in which nothing had changed took 205 s instead of 240.
"""

import os
from collections.abc import Callable
from typing import cast

import dagster as dg

from tv5_assets.dagster_kit import fork_server


def _cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_create = cast("Callable[[dg.InitExecutorContext], dg.Executor]", dg.multiprocess_executor.executor_creation_fn)


@dg.executor(
    name="multiprocess",
    config_schema={
        "max_concurrent": dg.Field(
            int,
            default_value=_cores() + 1,
            description="Steps at a time: one more than cores, since most wait for a store now and then.",
        ),
        "text_models": dg.Field(
            bool,
            default_value=False,
            description="Import the libraries of text models once, before the first step, instead of in each step that "
            "needs them: eight seconds for each, sixteen on a slow machine.",
        ),
    },
    requirements=dg.multiple_process_executor_requirements(),
)
def forking_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """Return Dagster's executor of processes, once steps can be forked: no step waits for the imports of its run."""
    config = context.executor_config
    text_models = bool(config["text_models"])
    fork_server.start(text_models=text_models)
    fork_server.wait()
    return _create(
        context._replace(
            executor_config={
                "max_concurrent": config["max_concurrent"],
                "start_method": {"forkserver": {"preload_modules": fork_server.modules(text_models=text_models)}},
                "retries": {"enabled": {}},
            }
        )
    )
