"""How fast the query side answers, one kind of query at a time, by one warm client.

What does not belong here: judging the times (quality/latency.py) and the queries themselves.
"""

from collections.abc import Callable
from dataclasses import asdict
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.latency import TARGETS_MS, measure
from tv5_assets.retrieval import two_hops
from tv5_assets.retrieval.recommend import recommend
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import documents, milvus, redis
from tv5_assets.tables.benchmarks import Latency
from tv5_assets.tables.table import polars_schema

if TYPE_CHECKING:
    from tv5_assets.models.two_tower import TwoTower

RUNS = 100
USERS = 50
"""Different users that each query cycles through, so that no single answer stays in a cache."""


def latencies(stores: Stores, users: Vectors, seed: int, tower: "TwoTower | None" = None) -> pl.DataFrame:
    """Measure every kind of query that has a target; return rows of tables.benchmarks.Latency.

    Args:
        stores: connected; all four are needed.
        users: the users' vectors, of which some are drawn.
        seed: of the draw.
        tower: what recommendations are made with.

    Raises:
        StoreUnavailableError: a store is not there.
    """
    rows = np.random.default_rng(seed).choice(len(users), size=min(USERS, len(users)), replace=False)
    client, graph, cache = stores.need_milvus(), stores.need_graph(), stores.need_cache()
    vectors, user_ids = cycle(users.matrix[rows]), cycle(users.ids[rows].tolist())
    calls: dict[str, Callable[[], object]] = {
        "vector_search": lambda: milvus.search(client, milvus.MOVIES, next(vectors)[None], 10),
        "two_hop_graph": lambda: two_hops.interests(graph, next(user_ids)),
        "two_hop_similar": lambda: two_hops.like_the_best(graph, next(user_ids)),
        "policy_lookup": lambda: redis.get(cache, documents.policy_key(next(user_ids))),
        "recommendation": lambda: recommend(stores, next(user_ids), fresh=True, tower=tower),
    }
    measured = [
        {
            "query": query,
            "target_ms": target,
            **asdict(measure(calls[query], RUNS)),
        }
        for query, target in TARGETS_MS.items()
    ]
    return pl.DataFrame(measured, schema=polars_schema(Latency))
