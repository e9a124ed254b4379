"""AgentDB assets: the PostgreSQL tables of reinforcement learning and of the media catalog."""

import dagster as dg
import polars as pl

from tv5_assets.agentdb.state_action_rewards import action_dictionary, state_dictionary
from tv5_assets.dagster_kit.assets import store_asset
from tv5_assets.dagster_kit.metadata import published
from tv5_assets.dagster_kit.resources import AgentDBResource
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.fingerprint import fingerprint
from tv5_assets.stores import media, postgres

OWNER = "team:recommendations"


@store_asset(
    "agentdb/episodes",
    about="The table `episodes`: every step of every user as state, action, reward and next state. Copied into a new "
    "table, keyed, counted, and swapped in by one transaction; where few users changed, only theirs are written.",
    owner=OWNER,
    kinds={"postgres"},
    ins={"episodes": "features/episodes"},
)
def episodes(agentdb: AgentDBResource, episodes: pl.LazyFrame) -> dg.MaterializeResult:
    with agentdb.connected() as connection:
        return published(postgres.publish(connection, postgres.EPISODES, postgres.episode_rows(episodes)))


@store_asset(
    "agentdb/state_action_rewards",
    about="The table `state_action_rewards`, divided by the hash of its user, about four narrow rows an episode: what "
    "each genre and each movie was worth in each state. What its ids mean is in `states` and `actions`.",
    owner=OWNER,
    kinds={"postgres"},
    ins={"rewards": "features/state_action_rewards", "movies": "processed/movies"},
)
def state_action_rewards(agentdb: AgentDBResource, rewards: pl.LazyFrame, movies: pl.DataFrame) -> dg.MaterializeResult:
    with agentdb.connected() as connection:
        return published(
            postgres.publish(connection, postgres.STATES, state_dictionary()),
            postgres.publish(connection, postgres.ACTIONS, action_dictionary(movies)),
            postgres.publish(connection, postgres.REWARDS, rewards),
        )


@store_asset(
    "agentdb/policies",
    about="The table `policies`: for every user and state they have been in, the learnt value of each genre as JSON. "
    "Where few users changed, only theirs are written.",
    owner=OWNER,
    kinds={"postgres"},
    ins={"policies": "models/policies"},
    deps=["models/policy_values"],  # whose gate keeps policies back that are worse than none
)
def policies(agentdb: AgentDBResource, policies: pl.LazyFrame) -> dg.MaterializeResult:
    with agentdb.connected() as connection:
        return published(postgres.publish(connection, postgres.POLICIES, postgres.policy_rows(policies)))


@store_asset(
    "agentdb/media_metadata",
    about="The table `media_metadata`: a row per item of the media catalog, what only its type has as JSON; indexed by "
    "type and date, tags and JSON by GIN.",
    owner="team:catalog",
    kinds={"postgres"},
    ins={"catalog": "synthetic/catalog"},
)
def media_metadata(agentdb: AgentDBResource, catalog: pl.LazyFrame) -> dg.MaterializeResult:
    rows = media.metadata_rows(catalog)
    version = fingerprint(rows.select(pl.struct(pl.all()).hash()).collect(engine="streaming"))
    with agentdb.connected() as connection:
        return published(postgres.publish(connection, media.METADATA, rows, version))


@store_asset(
    "agentdb/media_embeddings",
    about="The table `media_embeddings`: a pgvector per item of the media catalog, indexed by HNSW (cosine) after it "
    "was copied in binary. Its foreign key to media_metadata goes on to hold when either is replaced.",
    owner="team:catalog",
    kinds={"postgres"},
    ins={"vectors": "embeddings/catalog", "catalog": "synthetic/catalog"},
    deps=["agentdb/media_metadata"],
)
def media_embeddings(agentdb: AgentDBResource, vectors: Vectors, catalog: pl.LazyFrame) -> dg.MaterializeResult:
    ids = catalog.select("item_id", "id").collect(engine="streaming")
    version = fingerprint(vectors.ids, vectors.matrix, vectors.model, ids)
    with agentdb.connected() as connection:
        return published(media.publish_vectors(connection, vectors, ids, version))
