"""Jobs: named selections of the graph, and the executor that all of them run on."""

import os

import dagster as dg

from tv5_assets.dagster_kit import fork_server

MAIN = "main"
TRENDS_REFRESH = "trends_refresh"

main = dg.define_asset_job(
    MAIN,
    selection=dg.AssetSelection.all(),
    description="The whole graph: raw MovieLens through every store, with every gate.",
)

trends_refresh = dg.define_asset_job(
    TRENDS_REFRESH,
    selection=dg.AssetSelection.assets(
        ["synthetic", "trends_now"], ["synthetic", "trending_topics"], ["redis", "trends"]
    ),
    description="The ranking of this moment, into Redis: what changes every 15 minutes.",
)


@dg.definitions
def executor() -> dg.Definitions:
    """Run each step in a process of its own, forked from one that has imported the heavy modules already.

    Eight steps that import torch and Polars took 20.7 s with fresh processes and 9.0 s so (measured on 2 cores). With a
    step more than there are cores, a run in which nothing had changed took 205 s instead of 240.
    """
    return dg.Definitions(
        executor=dg.multiprocess_executor.configured(
            lambda config: {
                "max_concurrent": config["max_concurrent"],
                "start_method": {
                    "forkserver": {"preload_modules": fork_server.modules(text_models=config["text_models"])}
                },
            },
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
                    description="Import the libraries of text models once, before the first step, instead of in each "
                    "step that needs them: eight seconds for each, sixteen on a slow machine.",
                ),
            },
        )
    )


def _cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
