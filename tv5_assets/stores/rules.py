"""What a live store is held to beside its content: its index, what its search finds, when its keys expire."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.recall import LEAST_RECALL, recall_at_k, recall_at_least, sample_queries
from tv5_assets.quality.verdict import Verdict
from tv5_assets.stores import media, milvus, postgres, redis
from tv5_assets.stores.hits import Hits

if TYPE_CHECKING:
    from psycopg import Connection
    from pymilvus import MilvusClient
    from redis import Redis

RECALL_AT = 10
RECALL_QUERIES = 100
FILTERED_QUERIES = 50
FILTER_DAYS = 180
"""A filtered query asks for items of its own type that were made so many days before or after it."""

CatalogSearch = Callable[..., Hits]
"""``(queries, k, kind, since, until)``, as milvus.search_catalog and media.search without their connections."""


def index_built(client: "MilvusClient", spec: milvus.CollectionSpec, vectors: Vectors) -> Verdict:
    """Ask for the HNSW index with the platform's parameters, over every row."""
    facts = milvus.settled_index_facts(client, spec.name)
    expected = {"index_type": "HNSW", "metric_type": milvus.METRIC, **milvus.HNSW}
    wrong = {name: facts.get(name) for name, value in expected.items() if str(facts.get(name)) != str(value)}
    return Verdict(
        # An update leaves what it replaced in the index until the server tidies up.
        passed=not wrong and int(facts["indexed_rows"]) >= len(vectors),
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


def vector_index_built(connection: "Connection[dict[str, Any]]", vectors: Vectors) -> Verdict:
    """Ask for pgvector's HNSW index with the platform's parameters, valid and over vectors of the right length."""
    facts = media.index_facts(connection)
    expected = {"method": "hnsw", "operators": "vector_cosine_ops", "valid": True, **media.HNSW}
    wrong = {name: facts.get(name) for name, value in expected.items() if facts.get(name) != value}
    return Verdict(
        passed=not wrong,
        facts={**facts, "rows": len(vectors)},
        description=f"not as declared: {wrong}" if wrong else "the index is as declared",
    )


def foreign_keys_hold(connection: "Connection[dict[str, Any]]", spec: postgres.TableSpec) -> Verdict:
    """Ask that every declared foreign key is there, holds for every row, and is enforced for new ones."""
    facts = postgres.foreign_key_facts(connection, spec)
    return Verdict(
        passed=facts["there"] == facts["valid"] == facts["declared"] and not facts["orphans"],
        facts=facts,
        description="{valid} of {declared} foreign keys hold, {orphans} rows refer to nothing".format(**facts),
    )


def catalog_search_finds(search: CatalogSearch, vectors: Vectors, seed: int) -> Verdict:
    """Hold a search of the catalog without a filter to exact search."""
    queries = sample_queries(vectors, RECALL_QUERIES, np.random.default_rng(seed))
    hits = search(queries, RECALL_AT)
    return recall_at_least(recall_at_k(vectors, queries, _known(hits.ids, vectors), RECALL_AT), len(queries), RECALL_AT)


@dataclass(frozen=True)
class FilteredQuery:
    """A query of the catalog with a filter.

    Attributes:
        vector: float32, shape (dimension,).
        kind: type of the items that pass.
        since: when the first of them were made.
        until: they were made before.
    """

    vector: npt.NDArray[np.float32]
    kind: str
    since: datetime
    until: datetime


def filtered_queries(catalog: pl.DataFrame, vectors: Vectors, count: int, seed: int) -> list[FilteredQuery]:
    """Return queries of some items, each for its own type and the time around it.

    Args:
        catalog: ``item_id``, ``type`` and ``created_at``, in the order of the vectors.
        vectors: of the catalog.
        count: how many queries at most.
        seed: of the draw.
    """
    rows = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:count])
    around = timedelta(days=FILTER_DAYS)
    return [
        FilteredQuery(vectors.matrix[row], kind, made - around, made + around)
        for row, kind, made in zip(
            rows, *catalog[rows].select(pl.col("type"), pl.col("created_at").dt.truncate("1d")), strict=True
        )
    ]


def filtered_facts(
    search: CatalogSearch, catalog: pl.DataFrame, vectors: Vectors, queries: list[FilteredQuery]
) -> dict[str, float | int]:
    """Return what filtered searches found: recall against exact search among what passes the filter, how many hits do
    not pass it, how many hits there are and how many there should be.

    Args:
        search: the search.
        catalog: ``item_id``, ``type`` and ``created_at``, in the order of the vectors.
        vectors: of the catalog.
        queries: from :func:`filtered_queries`.
    """
    recalled = 0.0
    wrong = found = wanted = 0
    for query in queries:
        made = pl.col("created_at").is_between(query.since, query.until, closed="left")
        rows = catalog.select((pl.col("type") == query.kind) & made).to_series().arg_true().to_numpy()
        passing = Vectors(vectors.ids[rows], vectors.matrix[rows], vectors.model)
        hits = search(query.vector[None], RECALL_AT, query.kind, query.since, query.until).ids
        right = _known(hits, passing)
        k = min(RECALL_AT, len(passing))
        wrong += int(((hits >= 0) & (right < 0)).sum())
        found += int((hits >= 0).sum())
        wanted += k
        recalled += k * recall_at_k(passing, query.vector[None], right, RECALL_AT)
    return {"recall": recalled / wanted if wanted else 0.0, "wrong": wrong, "found": found, "wanted": wanted}


def filter_keeps_its_word(search: CatalogSearch, catalog: pl.LazyFrame, vectors: Vectors, seed: int) -> Verdict:
    """Ask that filtered searches return only what passes the filter, and as much of the nearest as there is."""
    items = catalog_items(catalog)
    queries = filtered_queries(items, vectors, FILTERED_QUERIES, seed)
    facts = filtered_facts(search, items, vectors, queries)
    enough = facts["recall"] >= LEAST_RECALL and facts["found"] >= LEAST_RECALL * facts["wanted"]
    found = "{wrong} of {found} hits do not pass the filter, {wanted} hits expected, recall {recall:.3f}"
    return Verdict(
        passed=enough and facts["wrong"] == 0,
        facts={**facts, "least_recall": LEAST_RECALL, "queries": len(queries), "k": RECALL_AT},
        description=found.format(**facts),
    )


def catalog_items(catalog: pl.LazyFrame) -> pl.DataFrame:
    """Return what filters look at, by ascending id: ``item_id``, ``type`` and ``created_at``."""
    return (
        catalog.select("item_id", pl.col("type").cast(pl.String), "created_at")
        .collect(engine="streaming")
        .sort("item_id")
    )


def _known(hits: npt.NDArray[np.int64], vectors: Vectors) -> npt.NDArray[np.int64]:
    """Return hits with -1 for those that are not among the vectors."""
    return np.where(np.isin(hits, vectors.ids), hits, -1)
