"""Synthetic assets of movies: what they are like, who made them, and which older ones they stand on."""

import polars as pl

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.synthetic import media_details as media_details_
from tv5_assets.tables import media


@table_asset(media.MediaDetails, kinds=("numpy",), ins={"movies": "processed/movies", "ratings": "processed/ratings"})
def media_details(settings: SettingsResource, movies: pl.DataFrame, ratings: pl.LazyFrame) -> pl.DataFrame:
    return media_details_.media_details(movies, ratings, settings.get().seed)
