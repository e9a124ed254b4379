"""Which loads an answer rests on: the versions that the stores serve at this moment, as one fingerprint.

A kept answer is found again only under the fingerprint it was kept by, so that what is published anew is not answered
from before. Asking for the versions takes longer than the kept answer itself, so a client that asks often takes those
of the last second for it; what it computes rests on those of the moment. What does not belong here: keeping answers
(answers.py).
"""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from tv5_assets.fingerprint import fingerprint
from tv5_assets.retrieval.stores import STORE_ERRORS, Stores
from tv5_assets.stores import milvus, neo4j, postgres, redis
from tv5_assets.stores.milvus import CollectionSpec
from tv5_assets.stores.neo4j import NodeSpec, RelationshipSpec
from tv5_assets.stores.postgres import TableSpec
from tv5_assets.stores.redis import KeySpace

_LIVE = "MATCH (load:Load) WHERE load.dataset IN $datasets RETURN load.dataset AS dataset, load.version AS version"
_ASKING = ThreadPoolExecutor(8, thread_name_prefix="tv5-versions")


@dataclass(frozen=True, eq=False)
class Loads:
    """The loads that a kind of answer rests on; each is made once, and equal to itself only.

    Attributes:
        milvus: collections.
        graph: nodes and relationships.
        agentdb: tables.
        cache: key spaces.
    """

    milvus: Collection[CollectionSpec] = ()
    graph: Collection[NodeSpec | RelationshipSpec] = ()
    agentdb: Collection[TableSpec] = ()
    cache: Collection[KeySpace] = ()


def version_of(stores: Stores, loads: Loads, *further: str) -> str:
    """Return a fingerprint of the versions of ``loads`` and of what else an answer depends on.

    The stores are asked at once, since a kept answer should not wait for one after the other. One that is not there has
    no version; what an answer lacks for want of it is noted where it is needed.
    """
    asked: list[Callable[[], list[str | None]]] = [
        *(partial(_of_milvus, stores, spec) for spec in loads.milvus),
        lambda: _of_graph(stores.need_graph(), [spec.dataset for spec in loads.graph]),
        lambda: [postgres.live_version(stores.need_agentdb(), spec) for spec in loads.agentdb],
        lambda: [redis.live_version(stores.need_cache(), space) for space in loads.cache],
    ]
    versions = tuple(str(version) for version in _ASKING.map(_or_none, asked))
    stores.lately[loads] = versions
    return fingerprint(*versions, *further)


def version_lately(stores: Stores, loads: Loads, *further: str) -> str | None:
    """Return what :func:`version_of` returned in the last second for the same; None where nothing was asked then."""
    versions = stores.lately.get(loads)
    return None if versions is None else fingerprint(*versions, *further)


def _of_milvus(stores: Stores, spec: CollectionSpec) -> list[str | None]:
    return [milvus.live_version(stores.need_milvus(), spec.name)]


def _of_graph(graph: neo4j.Graph, datasets: list[str]) -> list[str | None]:
    """Return the version of each dataset, all of them in one query."""
    if not datasets:
        return []
    live = {row["dataset"]: row["version"] for row in neo4j.query(graph, _LIVE, {"datasets": datasets})}
    return [live.get(dataset) for dataset in datasets]


def _or_none(ask: Callable[[], list[str | None]]) -> list[str | None]:
    try:
        return ask()
    except STORE_ERRORS:
        return []
