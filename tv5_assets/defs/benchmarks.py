"""Benchmark assets: measurements that the UI plots from run to run."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.metadata import facts
from tv5_assets.dagster_kit.resources import SettingsResource, StoresResource
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.tables import benchmarks

# After the report that compares all stores: nothing else should keep them busy while they are measured.
ALL_PUBLISHED = ("reports/reconciliation", "redis/trends")


@table_asset(
    benchmarks.Latency, kinds=("milvus", "neo4j", "redis"), ins={"users": "embeddings/users"}, deps=ALL_PUBLISHED
)
def latency(
    context: dg.AssetExecutionContext, settings: SettingsResource, stores: StoresResource, users: Vectors
) -> pl.DataFrame:
    from tv5_assets.retrieval.latencies import latencies

    with stores.connected() as connected:
        measured = latencies(connected, users, settings.get().seed)
    context.add_output_metadata(facts({f"{row['query']} p99_ms": row["p99_ms"] for row in measured.to_dicts()}))
    return measured
