"""Redis assets: the documents that an answer needs within milliseconds. Every key expires and carries its version."""

import dagster as dg
import polars as pl

from tv5_assets.cadence import TRENDS
from tv5_assets.dagster_kit.assets import store_asset
from tv5_assets.dagster_kit.metadata import published
from tv5_assets.dagster_kit.resources import CacheResource
from tv5_assets.fingerprint import fingerprint
from tv5_assets.stores import documents, redis

OWNER = "team:serving"


@store_asset(
    "redis/platforms",
    about="A document per movie, `platform:{media_id}`: where it can be watched. Lives for a day.",
    owner=OWNER,
    kinds={"redis"},
    ins={"platforms": "synthetic/platforms"},
)
def platforms(cache: CacheResource, platforms: pl.DataFrame) -> dg.MaterializeResult:
    return _publish(cache, redis.PLATFORMS, documents.platform_documents(platforms))


@store_asset(
    "redis/trends",
    about=f"The rankings of this moment: `trend:now` and one `trend:{{scope}}` per region and platform. They live for "
    f"{TRENDS.ttl_seconds // 60} minutes, exactly as long as until the next renewal.",
    owner=OWNER,
    kinds={"redis"},
    ins={"trends_now": "synthetic/trends_now", "topics": "synthetic/trending_topics"},
)
def trends(cache: CacheResource, trends_now: pl.DataFrame, topics: pl.DataFrame) -> dg.MaterializeResult:
    return _publish(cache, redis.TRENDS, documents.trend_documents(trends_now, topics))


@store_asset(
    "redis/policies",
    about="A document per user, `policy:{user_id}`: the best genres in each state, so that a policy answers at once.",
    owner=OWNER,
    kinds={"redis"},
    ins={"policies": "models/policies"},
    deps=["models/policy_values"],  # whose gate keeps policies back that are worse than none
)
def policies(cache: CacheResource, policies: pl.LazyFrame) -> dg.MaterializeResult:
    return _publish(cache, redis.POLICIES, documents.policy_documents(policies))


def _publish(cache: CacheResource, space: redis.KeySpace, rows: pl.DataFrame) -> dg.MaterializeResult:
    with cache.connected() as client:
        return published(redis.publish(client, space, rows, fingerprint(rows)))
