"""Jobs: named selections of the graph, and the executor that all of them run on."""

import dagster as dg

from tv5_assets.dagster_kit.executor import forking_executor

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
    """Run every job on it."""
    return dg.Definitions(executor=forking_executor)
