"""AgentDB assets: the PostgreSQL tables of reinforcement learning."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import store_asset
from tv5_assets.dagster_kit.metadata import published
from tv5_assets.dagster_kit.resources import AgentDBResource
from tv5_assets.fingerprint import fingerprint
from tv5_assets.stores import postgres

OWNER = "team:recommendations"


@store_asset(
    "agentdb/episodes",
    about="The table `episodes`: every step of every user as state, action, reward and next state. Copied into a new "
    "table, keyed, counted, and swapped in by one transaction.",
    owner=OWNER,
    kinds={"postgres"},
    ins={"episodes": "features/episodes"},
)
def episodes(agentdb: AgentDBResource, episodes: pl.LazyFrame) -> dg.MaterializeResult:
    rows = postgres.episode_rows(episodes).collect(engine="streaming")
    with agentdb.connected() as connection:
        return published(postgres.publish(connection, postgres.EPISODES, rows, fingerprint(rows)))


@store_asset(
    "agentdb/policies",
    about="The table `policies`: for every user and state they have been in, the learnt value of each genre as JSON.",
    owner=OWNER,
    kinds={"postgres"},
    ins={"policies": "models/policies"},
)
def policies(agentdb: AgentDBResource, policies: pl.DataFrame) -> dg.MaterializeResult:
    rows = postgres.policy_rows(policies).collect(engine="streaming")
    with agentdb.connected() as connection:
        return published(postgres.publish(connection, postgres.POLICIES, rows, fingerprint(rows)))
