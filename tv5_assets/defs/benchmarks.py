"""Benchmark assets: measurements that the UI plots from run to run."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.metadata import facts
from tv5_assets.dagster_kit.resources import EncoderResource, SettingsResource, StoresResource
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.tables import benchmarks

# After the report that compares all stores, after the trainings, and after other benchmarks: nothing else should keep
# the stores or the processor busy while latency is measured.
ALL_PUBLISHED = ("reports/reconciliation", "redis/trends")
ALL_TRAINED = "models/leaderboard"


@table_asset(
    benchmarks.QueriesFound, kinds=("milvus", "torch"), ins={"queries": "synthetic/queries"}, deps=("milvus/movies",)
)
def queries(
    context: dg.AssetExecutionContext, encoder: EncoderResource, stores: StoresResource, queries: pl.DataFrame
) -> pl.DataFrame:
    from tv5_assets.retrieval.queries import queries_found

    with stores.connected() as connected:
        found = queries_found(connected, encoder.get(), queries)
    totals = found.group_by("language").agg(pl.col("hits").sum() / pl.col("queries").sum())
    context.add_output_metadata(facts({f"{language} hit rate": rate for language, rate in totals.iter_rows()}))
    return found


@table_asset(
    benchmarks.Latency,
    kinds=("milvus", "neo4j", "redis"),
    ins={"users": "embeddings/users", "tower": "models/two_tower"},
    deps=(*ALL_PUBLISHED, ALL_TRAINED, "benchmarks/queries", "milvus/tower_movies"),
)
def latency(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    stores: StoresResource,
    users: Vectors,
    tower: ModelFolder,
) -> pl.DataFrame:
    from tv5_assets.models.two_tower import TwoTower
    from tv5_assets.retrieval.latencies import latencies

    with stores.connected() as connected:
        measured = latencies(connected, users, settings.get().seed, TwoTower.from_folder(tower))
    context.add_output_metadata(facts({f"{row['query']} p99_ms": row["p99_ms"] for row in measured.to_dicts()}))
    return measured


@table_asset(
    benchmarks.CatalogSearch,
    kinds=("milvus", "postgres"),
    ins={"catalog": "synthetic/catalog", "vectors": "embeddings/catalog"},
    # Not beside other measurements, so that neither disturbs the other.
    deps=("reports/reconciliation", "benchmarks/latency"),
)
def catalog_search(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    stores: StoresResource,
    catalog: pl.LazyFrame,
    vectors: Vectors,
) -> pl.DataFrame:
    from tv5_assets.retrieval.engines import compare_engines

    with stores.connected() as connected:
        measured = compare_engines(connected, catalog, vectors, settings.get().seed)
    plotted = {
        f"{row['engine']}{' filtered' if row['filtered'] else ''} {what}": row[what]
        for row in measured.to_dicts()
        for what in ("recall", "p50_ms", "p95_ms", "p99_ms")
    }
    context.add_output_metadata(facts(plotted))
    return measured


@table_asset(
    benchmarks.RecommendationLoad,
    kinds=("milvus", "neo4j", "postgres", "redis"),
    ins={"users": "embeddings/users", "tower": "models/two_tower"},
    # Not beside other measurements, so that neither disturbs the other.
    deps=("benchmarks/catalog_search",),
)
def recommendation(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    stores: StoresResource,
    users: Vectors,
    tower: ModelFolder,
) -> pl.DataFrame:
    from tv5_assets.models.two_tower import TwoTower
    from tv5_assets.retrieval.under_load import under_load

    measured = under_load(stores.connected, users.ids.tolist(), settings.get().seed, TwoTower.from_folder(tower))
    plotted = {
        f"{row['answers']} by {row['clients']} {what}"
        + ("" if row["asked_per_second"] is None else f" at {place}"): row[what]
        for place, row in enumerate(measured.to_dicts())
        for what in ("p50_ms", "p95_ms", "p99_ms", "answered_per_second")
    }
    context.add_output_metadata(facts(plotted))
    return measured
