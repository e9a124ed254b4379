"""Report assets: tables and pages that a person looks at."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import page_asset, table_asset
from tv5_assets.dagster_kit.resources import (
    AgentDBResource,
    CacheResource,
    GraphResource,
    MilvusResource,
    SettingsResource,
)
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.reconcile import compare_all
from tv5_assets.reports.page import Rendered
from tv5_assets.reports.world import MOVIES, RATINGS, synthetic_tables, world_page
from tv5_assets.stores import publications
from tv5_assets.tables import reports

SOURCES = {
    "movies": "processed/movies",
    "ratings": "processed/ratings",
    "users": "synthetic/users",
    "platforms": "synthetic/platforms",
    "episodes": "features/episodes",
    "rewards": "features/state_action_rewards",
    "policies": "models/policies",
    "similar": "embeddings/similar_movies",
    "people": "synthetic/people",
    "made_by": "synthetic/credits",
    "details": "synthetic/media_details",
    "influences": "synthetic/influences",
    "movie_vectors": "embeddings/movies",
    "user_vectors": "embeddings/users",
    "tower_vectors": "embeddings/tower_movies",
    "segments": "synthetic/subtitle_segments",
    "segment_vectors": "embeddings/subtitle_segments",
    "catalog": "synthetic/catalog",
    "catalog_vectors": "embeddings/catalog",
}
# Trends are left out: they live in Redis for 15 minutes, and a run of the whole graph may take longer than that. Their
# own gates compare them right after they were published.
PUBLISHED = (
    *("milvus/" + name for name in ("movies", "users", "tower_movies", "subtitle_segments", "catalog")),
    *("neo4j/" + name for name in ("movies", "users", "genres", "themes", "platforms", "ratings", "similar")),
    *("neo4j/" + name for name in ("people", "moods", "influences")),
    *("agentdb/" + name for name in ("episodes", "state_action_rewards", "policies")),
    *("agentdb/" + name for name in ("media_metadata", "media_embeddings")),
    *("redis/" + name for name in ("platforms", "policies")),
)


@table_asset(reports.Reconciliation, ins=SOURCES, deps=PUBLISHED)
def reconciliation(
    milvus: MilvusResource,
    graph: GraphResource,
    agentdb: AgentDBResource,
    cache: CacheResource,
    movies: pl.DataFrame,
    ratings: pl.LazyFrame,
    users: pl.DataFrame,
    platforms: pl.DataFrame,
    episodes: pl.LazyFrame,
    rewards: pl.LazyFrame,
    policies: pl.LazyFrame,
    similar: pl.DataFrame,
    people: pl.DataFrame,
    made_by: pl.DataFrame,
    details: pl.DataFrame,
    influences: pl.DataFrame,
    movie_vectors: Vectors,
    user_vectors: Vectors,
    tower_vectors: Vectors,
    segments: pl.LazyFrame,
    segment_vectors: Vectors,
    catalog: pl.LazyFrame,
    catalog_vectors: Vectors,
) -> pl.DataFrame:
    with milvus.connected() as m, graph.connected() as g, agentdb.connected() as a, cache.connected() as c:
        return compare_all(
            [
                *publications.movie_vectors(m, movie_vectors, movies),
                *publications.user_vectors(m, user_vectors),
                *publications.tower_vectors(m, tower_vectors, movies),
                *publications.segment_vectors(m, segment_vectors, segments),
                *publications.catalog_vectors(m, catalog_vectors, catalog),
                *publications.movie_nodes(g, movies),
                *publications.user_nodes(g, users),
                *publications.genres(g, movies),
                *publications.themes(g, movies),
                *publications.availability(g, platforms),
                *publications.rated(g, ratings),
                *publications.similar(g, similar),
                *publications.people(g, people, made_by),
                *publications.moods(g, details),
                *publications.influences(g, influences),
                *publications.episodes(a, episodes),
                *publications.state_action_rewards(a, rewards, movies),
                *publications.policies(a, policies),
                *publications.media_metadata(a, catalog),
                *publications.media_embeddings(a, catalog_vectors, catalog),
                *publications.platform_documents(c, platforms),
                *publications.policy_documents(c, policies),
            ]
        )


SHOWN = (*synthetic_tables(), MOVIES, RATINGS)


@page_asset(
    "reports/world",
    about="What the generated world looks like: every synthetic table in a few plots, with a sentence for each.",
    owner="team:data-platform",
    kinds=("polars", "matplotlib"),
    ins={key.replace("/", "_"): key for key in SHOWN},
)
def world(context: dg.AssetExecutionContext, settings: SettingsResource, **tables: pl.LazyFrame) -> Rendered:
    return world_page({key: tables[key.replace("/", "_")] for key in SHOWN}, settings.get().dataset).rendered()
