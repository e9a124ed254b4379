"""What a live store is held to beside its content: its index, what its search finds, when its keys expire."""

from typing import TYPE_CHECKING

import numpy as np

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.recall import recall_at_k, recall_at_least, sample_queries
from tv5_assets.quality.verdict import Verdict
from tv5_assets.stores import milvus, redis

if TYPE_CHECKING:
    from pymilvus import MilvusClient
    from redis import Redis

RECALL_AT = 10
RECALL_QUERIES = 100


def index_built(client: "MilvusClient", spec: milvus.CollectionSpec, vectors: Vectors) -> Verdict:
    """Ask for the HNSW index with the platform's parameters, over every row."""
    facts = milvus.index_facts(client, spec.name)
    expected = {"index_type": "HNSW", "metric_type": milvus.METRIC, **milvus.HNSW}
    wrong = {name: facts.get(name) for name, value in expected.items() if str(facts.get(name)) != str(value)}
    return Verdict(
        passed=not wrong and int(facts["indexed_rows"]) == len(vectors),
        facts={**facts, "rows": len(vectors)},
        description=f"not as declared: {wrong}" if wrong else f"{facts['indexed_rows']} of {len(vectors)} rows indexed",
    )


def search_finds(client: "MilvusClient", spec: milvus.CollectionSpec, vectors: Vectors, seed: int) -> Verdict:
    """Hold the served search to exact search: recall@10 of a sample of the vectors themselves."""
    queries = sample_queries(vectors, RECALL_QUERIES, np.random.default_rng(seed))
    hits = milvus.search(client, spec, queries, RECALL_AT)
    return recall_at_least(recall_at_k(vectors, queries, hits.ids, RECALL_AT), len(queries), RECALL_AT)


def expiring(client: "Redis", space: redis.KeySpace) -> Verdict:
    """Ask that every key of a dataset expires, and not later than declared."""
    ttls = redis.ttl_facts(client, space)
    return Verdict(
        passed=ttls.keys > 0 and ttls.without_ttl == 0 and ttls.longest_seconds <= space.ttl_seconds,
        facts={
            "keys": ttls.keys,
            "without_ttl": ttls.without_ttl,
            "shortest_seconds": ttls.shortest_seconds,
            "longest_seconds": ttls.longest_seconds,
            "declared_seconds": space.ttl_seconds,
        },
        description=f"{ttls.without_ttl} of {ttls.keys} keys never expire; the others live "
        f"{ttls.shortest_seconds} to {ttls.longest_seconds} s, at most {space.ttl_seconds} s declared",
    )
