"""Gates of published content: rules of quality/ and stores/rules.py, asked of the store that a resource connects."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, collected_for, rule_gate
from tv5_assets.dagster_kit.resources import AgentDBResource, CacheResource, GraphResource, MilvusResource
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.reconcile import Publication, publication_rules
from tv5_assets.quality.verdict import Verdict
from tv5_assets.stores import media, milvus, rules
from tv5_assets.stores.hits import Hits
from tv5_assets.stores.milvus import CollectionSpec
from tv5_assets.stores.redis import KeySpace

Publications = Callable[..., list[Publication]]
StoreResource = MilvusResource | GraphResource | AgentDBResource | CacheResource

_SEED = 0


def published_gate(asset: str, store: str, publications: Publications, reads: Mapping[str, str]) -> Gate:
    """Return the gate that compares what an asset sent with what the store holds.

    Args:
        asset: the store asset.
        store: name of the resource that connects.
        publications: from stores/publications.py; called with the connection and the values of ``reads``.
        reads: as in Gate.
    """
    return Gate(
        asset,
        {
            "count": "The store holds every row of the source and no other: counts and ids are equal.",
            "read_back": "A sample that was read back equals what was sent.",
        },
        partial(_compare, store, publications),
        reads=reads,
        resources=(store,),
    )


def _compare(store: str, publications: Publications, **arguments: Any) -> Mapping[str, Verdict]:
    resource: StoreResource = arguments.pop(store)
    with resource.connected() as connection:
        return publication_rules(publications(connection, **collected_for(publications, arguments)))


def search_gates(asset: str, spec: CollectionSpec, vectors: str) -> list[Gate]:
    """Return the gates of a collection's index and of what its search finds."""
    return [
        rule_gate(
            asset,
            "index_built",
            "The HNSW index has the declared parameters and covers every row.",
            partial(_index_built, spec),
            reads={"vectors": vectors},
            resources=["milvus"],
        ),
        rule_gate(
            asset,
            "recall",
            f"The search finds at least 95 % of the {rules.RECALL_AT} true nearest neighbours.",
            partial(_search_finds, spec),
            reads={"vectors": vectors},
            resources=["milvus"],
        ),
    ]


def catalog_gates(asset: str, store: str, vectors: str, catalog: str) -> list[Gate]:
    """Return the gates of the catalog's search in one engine: what it finds, and what it finds behind a filter.

    Args:
        asset: the store asset.
        store: name of the resource that connects, ``milvus`` or ``agentdb``.
        vectors: key of the catalog's vectors.
        catalog: key of the catalog.
    """
    filtered = rule_gate(
        asset,
        "filtered",
        "A search for one type and a range of dates returns only such items, and at least 95 % of the nearest of them.",
        partial(_filter_keeps_its_word, store),
        reads={"catalog": catalog, "vectors": vectors},
        resources=[store],
    )
    if store == "milvus":
        return [filtered]
    return [
        filtered,
        rule_gate(
            asset,
            "recall",
            f"The search finds at least 95 % of the {rules.RECALL_AT} true nearest neighbours.",
            _media_search_finds,
            reads={"vectors": vectors},
            resources=[store],
        ),
        rule_gate(
            asset,
            "index_built",
            "The HNSW index has the declared parameters and is in use.",
            _vector_index_built,
            reads={"vectors": vectors},
            resources=[store],
        ),
        rule_gate(
            asset,
            "foreign_key",
            "Every vector's item is in media_metadata, and the database enforces it.",
            _foreign_keys_hold,
            reads={"vectors": vectors},
            resources=[store],
        ),
    ]


def _filter_keeps_its_word(store: str, catalog: pl.LazyFrame, vectors: Vectors, **resources: StoreResource) -> Verdict:
    search: Callable[..., Hits] = milvus.search_catalog if store == "milvus" else media.search
    with resources[store].connected() as connection:
        return rules.filter_keeps_its_word(partial(search, connection), catalog, vectors, _SEED)


def _media_search_finds(agentdb: AgentDBResource, vectors: Vectors) -> Verdict:
    with agentdb.connected() as connection:
        return rules.catalog_search_finds(partial(media.search, connection), vectors, _SEED)


def _vector_index_built(agentdb: AgentDBResource, vectors: Vectors) -> Verdict:
    with agentdb.connected() as connection:
        return rules.vector_index_built(connection, vectors)


def _foreign_keys_hold(agentdb: AgentDBResource, vectors: Vectors) -> Verdict:
    with agentdb.connected() as connection:
        return rules.foreign_keys_hold(connection, media.embeddings(vectors.dimension))


def _index_built(spec: CollectionSpec, milvus: MilvusResource, vectors: Vectors) -> Verdict:
    with milvus.connected() as client:
        return rules.index_built(client, spec, vectors)


def _search_finds(spec: CollectionSpec, milvus: MilvusResource, vectors: Vectors) -> Verdict:
    with milvus.connected() as client:
        return rules.search_finds(client, spec, vectors, _SEED)


def documents_gates(asset: str, space: KeySpace, publications: Publications, reads: Mapping[str, str]) -> list[Gate]:
    """Return the gates of Redis documents: their content and their expiry."""
    return [
        published_gate(asset, "cache", publications, reads),
        rule_gate(
            asset,
            "ttl",
            f"Every key expires, within the declared {space.ttl_seconds} seconds.",
            partial(_expiring, space),
            resources=["cache"],
        ),
    ]


def _expiring(space: KeySpace, cache: CacheResource) -> Verdict:
    with cache.connected() as client:
        return rules.expiring(client, space)
