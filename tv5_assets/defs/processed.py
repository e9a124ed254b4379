"""Processed assets: MovieLens, cleaned and typed. What could not be understood is in processed/rejects."""

from collections.abc import Mapping

import polars as pl

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.movielens import parse
from tv5_assets.tables import processed

RAW = ("raw/movielens",)
TABLES: Mapping[str, str] = {
    name: f"processed/{name}" for name in ("movies", "ratings", "tags", "genome_tags", "genome_scores", "demographics")
}


@table_asset(
    processed.Movies,
    ins={name: TABLES[name] for name in ("tags", "genome_tags", "genome_scores")},
    deps=RAW,
)
def movies(
    settings: SettingsResource, tags: pl.LazyFrame, genome_tags: pl.DataFrame, genome_scores: pl.LazyFrame
) -> pl.DataFrame:
    raw = settings.get().raw_folder
    return parse.movies(raw, tags=tags, genome_tags=genome_tags, genome_scores=genome_scores)


@table_asset(processed.Ratings, deps=RAW)
def ratings(settings: SettingsResource) -> pl.LazyFrame:
    return parse.ratings(settings.get().raw_folder)


@table_asset(processed.Tags, deps=RAW)
def tags(settings: SettingsResource) -> pl.LazyFrame:
    return parse.tags(settings.get().raw_folder)


@table_asset(processed.GenomeTags, deps=RAW)
def genome_tags(settings: SettingsResource) -> pl.DataFrame:
    return parse.genome_tags(settings.get().raw_folder)


@table_asset(processed.GenomeScores, deps=RAW)
def genome_scores(settings: SettingsResource) -> pl.LazyFrame:
    return parse.genome_scores(settings.get().raw_folder)


@table_asset(processed.Demographics, deps=RAW)
def demographics(settings: SettingsResource) -> pl.DataFrame:
    return parse.demographics(settings.get().raw_folder)


@table_asset(processed.Rejects, ins=TABLES)
def rejects(settings: SettingsResource, **tables: pl.LazyFrame) -> pl.DataFrame:
    written = {name: table.select(pl.len()).collect().item() for name, table in tables.items()}
    return parse.rejects(settings.get().raw_folder, written)
