"""The asset of search queries; how well they are answered is a benchmark (benchmarks.py)."""

import polars as pl

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.synthetic import queries as queries_
from tv5_assets.tables import queries as tables


@table_asset(tables.Queries, kinds=("numpy",), ins={"movies": "processed/movies", "users": "synthetic/users"})
def queries(settings: SettingsResource, movies: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    chosen = settings.get()
    return queries_.queries(movies, users["user_id"], chosen.seed, chosen.sizes.queries)
