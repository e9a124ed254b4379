"""Feature assets: what models learn from."""

import polars as pl

from tv5_assets.agentdb.episodes import episodes as episodes_of
from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.tables import features


@table_asset(features.Episodes, ins={"ratings": "processed/ratings", "movies": "processed/movies"})
def episodes(ratings: pl.LazyFrame, movies: pl.DataFrame) -> pl.LazyFrame:
    return episodes_of(ratings, movies)
