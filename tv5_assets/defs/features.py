"""Feature assets: what models learn from."""

import narwhals as nw
import polars as pl

from tv5_assets.agentdb.episodes import episodes as episodes_of
from tv5_assets.agentdb.state_action_rewards import state_action_rewards as rewards_of
from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.features.interactions import interactions as interactions_of
from tv5_assets.features.movies import movie_features
from tv5_assets.features.splits import splits
from tv5_assets.features.statistics import statistics as statistics_of
from tv5_assets.features.users import user_features
from tv5_assets.tables import features

RATINGS, MOVIES = "processed/ratings", "processed/movies"
INTERACTIONS, SPLIT = features.InteractionFeatures.key, features.Splits.key


@table_asset(features.Episodes, kinds=("narwhals",), ins={"ratings": RATINGS, "movies": MOVIES})
def episodes(settings: SettingsResource, ratings: nw.LazyFrame, movies: pl.DataFrame) -> nw.LazyFrame:
    return episodes_of(ratings, movies, settings.engine())


@table_asset(features.StateActionRewards, ins={"episodes": features.Episodes.key, "movies": MOVIES})
def state_action_rewards(episodes: pl.LazyFrame, movies: pl.DataFrame) -> pl.LazyFrame:
    return rewards_of(episodes, movies)


@table_asset(features.Splits, kinds=("narwhals",), ins={"ratings": RATINGS})
def split(settings: SettingsResource, ratings: nw.LazyFrame) -> nw.LazyFrame:
    chosen = settings.get()
    return splits(ratings, settings.engine(), chosen.seed, chosen.min_user_ratings, chosen.min_movie_ratings)


@table_asset(features.InteractionFeatures, kinds=("narwhals",), ins={"ratings": RATINGS, "parts": SPLIT})
def interactions(settings: SettingsResource, ratings: nw.LazyFrame, parts: nw.LazyFrame) -> nw.LazyFrame:
    return interactions_of(ratings, parts, settings.get().protocol)


@table_asset(
    features.UserFeatures,
    kinds=("narwhals",),
    ins={"rated": INTERACTIONS, "tags": "processed/tags", "movies": MOVIES},
)
def users(settings: SettingsResource, rated: nw.LazyFrame, tags: nw.LazyFrame, movies: pl.DataFrame) -> pl.DataFrame:
    return user_features(rated, tags, movies, settings.engine())


@table_asset(features.MovieFeatures, kinds=("narwhals",), ins={"rated": INTERACTIONS, "movies": MOVIES})
def movies(rated: nw.LazyFrame, movies: pl.DataFrame) -> pl.DataFrame:
    return movie_features(rated, movies)


@table_asset(features.Statistics, kinds=("narwhals",), ins={"ratings": RATINGS, "parts": SPLIT})
def statistics(ratings: nw.LazyFrame, parts: nw.LazyFrame) -> pl.DataFrame:
    return statistics_of(ratings, parts)
