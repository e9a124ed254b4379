"""The connected stores that a question is asked of, those that are there.

One command or benchmark connects once and asks many times. A store that cannot be reached is no error yet: whoever
needs it gets the error with which connecting failed, and whoever can do without it says so in the answer's notes.
What does not belong here: questions.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from cachetools import LRUCache, TTLCache

from tv5_assets.errors import StoreRefusedError, StoreUnavailableError, TV5Error
from tv5_assets.services.endpoints import Endpoints, Store, require
from tv5_assets.stores import milvus, neo4j, postgres, redis

if TYPE_CHECKING:
    from psycopg import Connection
    from pymilvus import MilvusClient
    from redis import Redis

    from tv5_assets.stores.neo4j import Graph

Name = Literal["milvus", "graph", "agentdb", "cache"]
STORES: Mapping[Name, Store] = {"milvus": "milvus", "graph": "neo4j", "agentdb": "postgres", "cache": "redis"}
"""The server behind each."""
STORE_ERRORS = (StoreUnavailableError, StoreRefusedError)
"""What a store that cannot be asked raises."""
LATELY_SECONDS = 1.0
"""How long what was published is taken for what is, where a kept answer is looked for."""


@dataclass(frozen=True)
class Stores:
    """Connected clients; None for a store that is not there.

    Attributes:
        milvus: vectors of movies and users.
        graph: who rated what, genres, themes and similar movies.
        agentdb: policies and episodes, in PostgreSQL.
        cache: policies, platforms, trends and finished answers, in Redis.
        missing: why a store is not there.
        lately: versions that were asked for in the last second (versions.py).
        told: what was asked once for a version (:meth:`once`).
    """

    milvus: "MilvusClient | None" = None
    graph: "Graph | None" = None
    agentdb: "Connection[dict[str, Any]] | None" = None
    cache: "Redis | None" = None
    missing: Mapping[Name, TV5Error] = field(default_factory=dict)
    lately: TTLCache[object, tuple[str, ...]] = field(
        default_factory=lambda: TTLCache(64, LATELY_SECONDS), init=False, repr=False, compare=False
    )
    told: LRUCache[tuple[str, str], bool] = field(
        default_factory=lambda: LRUCache(1024), init=False, repr=False, compare=False
    )

    def once(self, version: str, question: str, ask: Callable[[], bool]) -> bool:
        """Return what ``ask`` tells, asked once for a version of an answer: what that rests on is in its name."""
        if (version, question) not in self.told:
            self.told[version, question] = ask()
        return self.told[version, question]

    def need_milvus(self) -> "MilvusClient":
        """Return the client, or raise the error of connecting it."""
        return self.milvus or self._raise("milvus")

    def need_graph(self) -> "Graph":
        """Return the graph, or raise the error of connecting it."""
        return self.graph or self._raise("graph")

    def need_agentdb(self) -> "Connection[dict[str, Any]]":
        """Return the connection, or raise the error of connecting it."""
        return self.agentdb or self._raise("agentdb")

    def need_cache(self) -> "Redis":
        """Return the client, or raise the error of connecting it."""
        return self.cache or self._raise("cache")

    def _raise(self, name: Name) -> Any:
        raise self.missing.get(name) or StoreUnavailableError(f"{name} was not connected")


@contextmanager
def connected(endpoints: Endpoints, names: Collection[Name] = get_args(Name)) -> Iterator[Stores]:
    """Connect the stores of ``names`` that can be reached, and close them afterwards.

    Raises:
        InputError: an address is none.
    """
    connect: dict[Name, Callable[[], Any]] = {
        "milvus": lambda: milvus.connect(require(endpoints, "milvus"), endpoints.milvus_token),
        "graph": lambda: neo4j.connect(
            require(endpoints, "neo4j"),
            endpoints.neo4j_user,
            endpoints.neo4j_password,
            endpoints.neo4j_database,
            endpoints.neo4j_bulk_url,
        ),
        "agentdb": lambda: postgres.connect(require(endpoints, "postgres")),
        "cache": lambda: redis.connect(require(endpoints, "redis")),
    }
    clients: dict[Name, Any] = {}
    missing: dict[Name, TV5Error] = {}
    with ExitStack() as stack:
        for name in names:
            try:
                clients[name] = stack.enter_context(closing(connect[name]()))
            except STORE_ERRORS as error:
                missing[name] = error
        yield Stores(**clients, missing=missing)


@contextmanager
def optional(notes: list[str], loss: str) -> Iterator[None]:
    """Go on where a store fails, and note what the answer then lacks.

    Args:
        notes: the answer's notes.
        loss: what the answer lacks, such as ``"trends do not count"``.
    """
    try:
        yield
    except STORE_ERRORS as error:
        notes.append(f"{loss}: {str(error).splitlines()[0]}")  # a database adds lines that point into its query
