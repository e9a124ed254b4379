"""How Milvus and PostgreSQL search the same media catalog: what they find and how fast, on the same queries.

What does not belong here: the searches themselves (stores/) and what they are held to (stores/rules.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import cycle

import numpy as np
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.latency import measure
from tv5_assets.quality.recall import recall_at_k
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import media, milvus
from tv5_assets.stores.rules import RECALL_AT, CatalogSearch, catalog_items, filtered_facts, filtered_queries
from tv5_assets.tables import benchmarks
from tv5_assets.tables.table import polars_schema

QUERIES = 100
WARM_UP = 10


def compare_engines(stores: Stores, catalog: pl.LazyFrame, vectors: Vectors, seed: int) -> pl.DataFrame:
    """Measure both engines, with and without a filter; return rows of tables.benchmarks.CatalogSearch.

    Args:
        stores: connected; Milvus and PostgreSQL are needed.
        catalog: rows of tables.catalog.Catalog.
        vectors: of the catalog; some of them are the queries.
        seed: of the draw.

    Raises:
        StoreUnavailableError: an engine is not there.
    """
    items = catalog_items(catalog)
    queries = filtered_queries(items, vectors, QUERIES, seed)
    plain = np.stack([query.vector for query in queries])
    engines: dict[str, CatalogSearch] = {
        "milvus": partial(milvus.search_catalog, stores.need_milvus()),
        "postgres": partial(media.search, stores.need_agentdb()),
    }
    rows = []
    for engine, search in engines.items():
        found = recall_at_k(vectors, plain, search(plain, RECALL_AT).ids, RECALL_AT)
        calls = [partial(search, query[None], RECALL_AT) for query in plain]
        rows.append({"engine": engine, "filtered": False, "recall": found, **_times(calls)})
        found = filtered_facts(search, items, vectors, queries)["recall"]
        calls = [partial(search, one.vector[None], RECALL_AT, one.kind, one.since, one.until) for one in queries]
        rows.append({"engine": engine, "filtered": True, "recall": found, **_times(calls)})
    return pl.DataFrame(rows, schema=polars_schema(benchmarks.CatalogSearch))


def _times(calls: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Return the percentiles of calls that differ, each made once after a warm-up."""
    calling = cycle(calls)
    times = asdict(measure(lambda: next(calling)(), len(calls), WARM_UP))
    return {"queries": times.pop("runs"), **times}
