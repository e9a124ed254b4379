"""Synthetic assets that MovieLens does not have: users, contexts, interactions, platforms, trends and the catalog."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl

from tv5_assets.cadence import TRENDS
from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.synthetic import contexts as contexts_
from tv5_assets.synthetic import interactions as interactions_
from tv5_assets.synthetic import platforms as platforms_
from tv5_assets.synthetic import trends as trends_
from tv5_assets.synthetic import users as users_
from tv5_assets.synthetic.catalog.items import items
from tv5_assets.tables import catalog as media_catalog
from tv5_assets.tables import contexts as viewing
from tv5_assets.tables import synthetic

RENEWED_AS_TRENDS = dg.FreshnessPolicy.time_window(fail_window=TRENDS.fail_after, warn_window=TRENDS.warn_after)


@table_asset(synthetic.Users, kinds=("numpy", "faker"), ins={"ratings": "processed/ratings"})
def users(settings: SettingsResource, ratings: pl.LazyFrame) -> pl.DataFrame:
    user_ids = ratings.select(pl.col("user_id").unique().sort()).collect(engine="streaming").to_series()
    return users_.users(user_ids, settings.get().seed)


@table_asset(viewing.Contexts, kinds=("numpy",))
def contexts(settings: SettingsResource) -> pl.LazyFrame:
    chosen = settings.get()
    return contexts_.contexts(chosen.sizes.contexts, chosen.seed)


@table_asset(
    viewing.Interactions,
    kinds=("numpy",),
    ins={
        "ratings": "processed/ratings",
        "users": "synthetic/users",
        "contexts": "synthetic/contexts",
        "details": "synthetic/media_details",
        "movies": "processed/movies",
    },
)
def interactions(
    settings: SettingsResource,
    ratings: pl.LazyFrame,
    users: pl.DataFrame,
    contexts: pl.DataFrame,
    details: pl.DataFrame,
    movies: pl.DataFrame,
) -> pl.LazyFrame:
    return interactions_.interactions(ratings, users, contexts, details, movies, settings.get().seed)


@table_asset(
    synthetic.Platforms,
    kinds=("numpy",),
    ins={"movies": "processed/movies", "details": "synthetic/media_details", "ratings": "processed/ratings"},
)
def platforms(
    settings: SettingsResource, movies: pl.DataFrame, details: pl.DataFrame, ratings: pl.LazyFrame
) -> pl.DataFrame:
    newest = ratings.select(pl.col("rated_at").max()).collect(engine="streaming").item()
    return platforms_.platforms(movies, details, settings.get().seed, as_of=newest)


@table_asset(synthetic.Trends, kinds=("numpy",), ins={"ratings": "processed/ratings"})
def trends(settings: SettingsResource, ratings: pl.LazyFrame) -> pl.DataFrame:
    chosen = settings.get()
    return trends_.trends(ratings, chosen.seed, movies=chosen.trend_movies, days=chosen.trend_days)


@table_asset(
    synthetic.TrendsNow,
    ins={
        "trends": "synthetic/trends",
        "platforms": "synthetic/platforms",
        "users": "synthetic/users",
        "ratings": "processed/ratings",
    },
    freshness_policy=RENEWED_AS_TRENDS,
)
def trends_now(
    trends: pl.LazyFrame, platforms: pl.DataFrame, users: pl.DataFrame, ratings: pl.LazyFrame
) -> pl.DataFrame:
    return trends_.trends_now(trends, platforms, users, ratings, as_of=datetime.now(UTC))


@table_asset(
    synthetic.TrendingTopics,
    ins={"trends_now": "synthetic/trends_now", "movies": "processed/movies"},
    freshness_policy=RENEWED_AS_TRENDS,
)
def trending_topics(trends_now: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    return trends_.trending_topics(trends_now, movies)


@table_asset(media_catalog.Catalog, kinds=("numpy", "faker", "yaml"))
def catalog(settings: SettingsResource) -> pl.LazyFrame:
    chosen = settings.get()
    return items(media_catalog.DECLARATION, chosen.sizes.catalog_items, chosen.seed)
