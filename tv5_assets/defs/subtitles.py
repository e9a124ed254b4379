"""Subtitle assets: what the movies' subtitles are like, and lines of dialogue out of them."""

import polars as pl

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.synthetic import segments as segments_
from tv5_assets.synthetic import subtitles as subtitles_
from tv5_assets.tables import subtitles as tables


@table_asset(
    tables.Subtitles, kinds=("numpy",), ins={"movies": "processed/movies", "details": "synthetic/media_details"}
)
def subtitles(settings: SettingsResource, movies: pl.DataFrame, details: pl.DataFrame) -> pl.DataFrame:
    return subtitles_.subtitles(movies, details, settings.get().seed)


@table_asset(
    tables.SubtitleSegments,
    kinds=("numpy", "faker"),
    ins={"subtitles": "synthetic/subtitles", "details": "synthetic/media_details"},
)
def subtitle_segments(settings: SettingsResource, subtitles: pl.DataFrame, details: pl.DataFrame) -> pl.LazyFrame:
    chosen = settings.get()
    rows = chosen.sizes.segments_of(details.height)
    return segments_.segments(subtitles, details, chosen.seed, rows)
