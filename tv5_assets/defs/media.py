"""Synthetic assets of movies: what they are like, who made them, and which older ones they stand on."""

import polars as pl

from tv5_assets.dagster_kit.assets import multi_asset, table_asset, table_out
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.synthetic import credits as credits_
from tv5_assets.synthetic import influences as influences_
from tv5_assets.synthetic import media_details as media_details_
from tv5_assets.tables import media


@table_asset(media.MediaDetails, kinds=("numpy",), ins={"movies": "processed/movies", "ratings": "processed/ratings"})
def media_details(settings: SettingsResource, movies: pl.DataFrame, ratings: pl.LazyFrame) -> pl.DataFrame:
    return media_details_.media_details(movies, ratings, settings.get().seed)


@multi_asset(
    name="make_credits",
    outs={"people": table_out(media.People, kinds=("numpy", "faker")), "credits": table_out(media.Credits)},
    ins={"movies": "processed/movies", "details": "synthetic/media_details"},
)
def make_credits(
    settings: SettingsResource, movies: pl.DataFrame, details: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    made = credits_.makers(movies, details, settings.get().seed)
    return made.people, made.credits


@table_asset(
    media.Influences,
    ins={"movies": "processed/movies", "made_by": "synthetic/credits", "genome_tags": "processed/genome_tags"},
)
def influences(movies: pl.DataFrame, made_by: pl.DataFrame, genome_tags: pl.DataFrame) -> pl.DataFrame:
    return influences_.influences(movies, made_by, themes_required=not genome_tags.is_empty())
