"""What Redis holds: the keys, and the frames of documents under them.

Each function returns a frame of ``key`` and ``value``, the text of a JSON object, encoded by Polars without a Python
loop. What does not belong here: writing them (redis.py, which also puts the version into each).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from tv5_assets.ids import media_id, media_id_expr
from tv5_assets.stores.redis import PLATFORMS, POLICIES, TRENDS

TRENDS_NOW = f"{TRENDS.prefix}now"
TREND_MOVIES = 100
"""Movies in the document of a scope: what a page of trends shows."""
POLICY_ACTIONS = 3
"""Actions of each state in a policy's document, best first; all of them are in PostgreSQL."""


def platform_key(movie_id: int) -> str:
    """Return the key of a movie's platforms, such as ``platform:ml_296``."""
    return f"{PLATFORMS.prefix}{media_id(movie_id)}"


def trend_key(scope: str) -> str:
    """Return the key of a scope's ranking, such as ``trend:region:FR``."""
    return f"{TRENDS.prefix}{scope}"


def policy_key(user_id: int) -> str:
    """Return the key of a user's policy."""
    return f"{POLICIES.prefix}{user_id}"


def user_vector_key(user_id: int) -> str:
    """Return the key of a user's cached vector."""
    return f"uservec:{user_id}"


def recommendations_key(user_id: int, version: str) -> str:
    """Return the key of a user's cached recommendations by one version of the index."""
    return f"rec:{user_id}:{version}"


def query_key(query: Mapping[str, Any]) -> str:
    """Return the key of a query's cached result; equal queries have equal keys, whatever the order of their parts."""
    text = json.dumps(query, sort_keys=True, ensure_ascii=False)
    return f"query:{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def platform_documents(platforms: pl.DataFrame) -> pl.DataFrame:
    """Return a document per movie: ``{"media_id", "platforms": [...]}``.

    Args:
        platforms: rows of tables.synthetic.Platforms.
    """
    offers = pl.struct(pl.exclude("movie_id")).sort_by("platform_id").alias("platforms")
    return (
        platforms.group_by("movie_id")
        .agg(offers)
        .sort("movie_id")
        .select(
            key=pl.concat_str(pl.lit(PLATFORMS.prefix), media_id_expr()),
            value=pl.struct(media_id_expr(), "platforms").struct.json_encode(),
        )
    )


def trend_documents(trends_now: pl.DataFrame, topics: pl.DataFrame) -> pl.DataFrame:
    """Return a document per scope, and ``trend:now`` with the global ranking beside the trending genres and themes.

    Args:
        trends_now: rows of tables.synthetic.TrendsNow.
        topics: rows of tables.synthetic.TrendingTopics.
    """
    movie = pl.struct("rank", media_id_expr(), pl.exclude("scope", "rank", "movie_id", "as_of"))
    scopes = (
        trends_now.filter(pl.col("rank") <= TREND_MOVIES)
        .sort("scope", "rank")
        .group_by("scope", maintain_order=True)
        .agg(pl.first("as_of"), movies=movie)
    )
    now = scopes.filter(pl.col("scope") == "global").select(
        "as_of", "movies", genres=_topics(topics, "genre"), themes=_topics(topics, "theme")
    )
    return pl.concat(
        [
            scopes.select(
                key=pl.concat_str(pl.lit(TRENDS.prefix), "scope"),
                value=pl.struct("scope", "as_of", "movies").struct.json_encode(),
            ),
            now.select(key=pl.lit(TRENDS_NOW), value=pl.struct(pl.all()).struct.json_encode()),
        ]
    )


def _topics(topics: pl.DataFrame, kind: str) -> pl.Expr:
    ranked = topics.filter(pl.col("kind").cast(pl.String) == kind).sort("rank")
    return pl.lit(ranked.select(pl.struct("rank", "topic", "score", "movies")).to_series().implode())


def policy_documents(policies: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return a document per user: ``{"user_id", "states": {state_hash: [{"action", "mean"}, ...]}}``, best first.

    Args:
        policies: rows of tables.models.Policies; lazily if they are many, most of which is never in memory then.
    """
    best = (
        pl.col("q_values")
        .list.head(POLICY_ACTIONS)
        .list.eval(pl.struct(pl.element().struct.field("action"), pl.element().struct.field("mean")))
    )
    actions = pl.struct(best.alias("actions")).struct.json_encode().str.strip_prefix('{"actions":').str.head(-1)
    states = pl.format('"{}":{}', "state_hash", actions)
    return (
        policies.lazy()
        .select("user_id", "state_hash", states.alias("states"))
        .group_by("user_id")
        .agg(pl.col("states").sort_by("state_hash").str.join(","))
        .sort("user_id")
        .select(
            key=pl.format(f"{POLICIES.prefix}{{}}", "user_id"),
            value=pl.concat_str(
                pl.lit('{"user_id":'), pl.col("user_id").cast(pl.String), pl.lit(',"states":{'), "states", pl.lit("}}")
            ),
        )
        .collect(engine="streaming")
    )
