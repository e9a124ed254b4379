"""Feature assets: what models learn from."""

import narwhals as nw
import polars as pl

from tv5_assets.agentdb.episodes import episodes as episodes_of
from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.tables import features


@table_asset(features.Episodes, kinds=("narwhals",), ins={"ratings": "processed/ratings", "movies": "processed/movies"})
def episodes(settings: SettingsResource, ratings: nw.LazyFrame, movies: pl.DataFrame) -> nw.LazyFrame:
    return episodes_of(ratings, movies, settings.engine())
