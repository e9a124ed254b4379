"""Neo4j, or any server that speaks Bolt and Cypher: nodes and relationships, published by dataset.

Each dataset has a ``(:Load {dataset, version, rows})`` node, its pointer. Nodes are few and are replaced in one
transaction. Relationships are many: the new version is written beside the old, counted, and then the pointer is moved;
readers follow only relationships of the pointer's version (:meth:`RelationshipSpec.live`), and the old ones are removed
afterwards. An ArcadeDB whose HTTP address is known takes relationships in bulk (arcadedb_bulk.py). What does not belong
here: the frames (graph/) and the questions asked of the graph (retrieval/).
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.progress import progress
from tv5_assets.stores.address import refused, unavailable
from tv5_assets.stores.arcadedb_bulk import END, MOST_IN_BULK, START, BulkConnection, BulkEndpoint
from tv5_assets.stores.load import Load
from tv5_assets.stores.one_loader import only_loader

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction, Session

logger = logging.getLogger(__name__)

SETTING = "TV5_NEO4J_URI"

_CONNECT_SECONDS = 10.0
_RETRY_SECONDS = 30.0
_NODES_PER_QUERY = 5_000
_MOST_OVER_BOLT = 100_000
"""In one transaction. ArcadeDB rewrites up to 8 KB of every node that a transaction adds to, so that larger ones write
less: a 24th of ml-25m's movies, with batches that touch as many of them as 20,000 and 100,000 rows of the whole do,
took 156 and 95 s."""
_NODES_PER_REMOVAL = 500
_GRACE_SECONDS = 0.25
"""How long the relationships of the version before stay after the switch: a reader who had just looked up the pointer
found none of them where all were removed before it looked at the first."""
_GONE = "Neo.ClientError.Statement.EntityNotFound"
"""What a query is told that met a relationship which was removed while it was read."""


@dataclass(frozen=True)
class NodeSpec:
    """One kind of node; each also carries the load's ``version``.

    Attributes:
        dataset: what is published, by which the pointer is found.
        label: the nodes' label.
        key: property that identifies a node, under a uniqueness constraint.
        properties: the other properties.
    """

    dataset: str
    label: str
    key: str
    properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class RelationshipSpec:
    """One kind of relationship; each also carries the load's ``version``.

    Attributes:
        dataset: what is published, by which the pointer is found.
        type: the relationships' type.
        start: nodes that they start from.
        end: nodes that they lead to.
        start_column: column of the frame with the start's key.
        end_column: column of the frame with the end's key.
        properties: properties of a relationship, also columns of the frame.
    """

    dataset: str
    type: str
    start: NodeSpec
    end: NodeSpec
    start_column: str
    end_column: str
    properties: tuple[str, ...] = ()

    def live(self, variable: str) -> str:
        """Return the clause that a query starts with to see one whole version of these relationships.

        ``RATINGS.live("l")`` is followed by ``MATCH (u)-[r:RATED]->(m) WHERE r.version = l.version``.
        """
        return f"MATCH ({variable}:Load {{dataset: '{self.dataset}'}})"


MOVIES = NodeSpec("movies", "Movie", "movie_id", ("media_id", "title", "year"))
USERS = NodeSpec("users", "User", "user_id", ("user_key", "archetype", "country"))
GENRES = NodeSpec("genres", "Genre", "name")
THEMES = NodeSpec("themes", "Theme", "name")
PLATFORMS = NodeSpec("platforms", "Platform", "platform_id", ("name",))
PEOPLE = NodeSpec("people", "Person", "person_id", ("name", "country", "born"))
MOODS = NodeSpec("moods", "Mood", "name")
NODES = (MOVIES, USERS, GENRES, THEMES, PLATFORMS, PEOPLE, MOODS)

RATINGS = RelationshipSpec("ratings", "RATED", USERS, MOVIES, "user_id", "movie_id", ("score", "timestamp"))
MOVIE_GENRES = RelationshipSpec("movie_genres", "HAS_GENRE", MOVIES, GENRES, "movie_id", "name")
MOVIE_THEMES = RelationshipSpec("movie_themes", "HAS_THEME", MOVIES, THEMES, "movie_id", "name", ("relevance",))
SIMILAR = RelationshipSpec("similar", "SIMILAR_TO", MOVIES, MOVIES, "movie_id", "similar_id", ("score", "source"))
AVAILABILITY = RelationshipSpec(
    "availability", "AVAILABLE_ON", MOVIES, PLATFORMS, "movie_id", "platform_id", ("region", "type")
)
DIRECTED = RelationshipSpec("directed", "DIRECTED", PEOPLE, MOVIES, "person_id", "movie_id", ("billing",))
WROTE = RelationshipSpec("wrote", "WROTE", PEOPLE, MOVIES, "person_id", "movie_id", ("billing",))
ACTED_IN = RelationshipSpec("acted_in", "ACTED_IN", PEOPLE, MOVIES, "person_id", "movie_id", ("billing",))
PRODUCED = RelationshipSpec("produced", "PRODUCED", PEOPLE, MOVIES, "person_id", "movie_id", ("billing",))
CREDITS = {"director": DIRECTED, "writer": WROTE, "actor": ACTED_IN, "producer": PRODUCED}
"""What each role of tables.media.ROLES is in the graph."""
MOVIE_MOODS = RelationshipSpec("movie_moods", "HAS_MOOD", MOVIES, MOODS, "movie_id", "name", ("rank",))
INFLUENCES = RelationshipSpec("influences", "INFLUENCED_BY", MOVIES, MOVIES, "newer_id", "older_id", ("strength",))
RELATIONSHIPS = (
    RATINGS, MOVIE_GENRES, MOVIE_THEMES, SIMILAR, AVAILABILITY, *CREDITS.values(), MOVIE_MOODS, INFLUENCES
)  # fmt: skip


@dataclass(frozen=True)
class Graph:
    """A connection.

    Attributes:
        driver: the Neo4j driver, verified.
        database: the database that is read and written.
        bulk: where relationships are created in bulk, if the server has such an endpoint.
    """

    driver: "Driver"
    database: str
    bulk: BulkEndpoint | None = None

    def close(self) -> None:
        """Close the driver's connections."""
        self.driver.close()


def connect(uri: str, user: str, password: str, database: str, bulk_url: str = "") -> Graph:
    """Connect and verify that the database answers.

    Args:
        uri: Bolt address.
        user: whom to connect as.
        password: the user's.
        database: the database.
        bulk_url: HTTP address of the server if it is an ArcadeDB, for loading in bulk.

    Raises:
        StoreUnavailableError: nothing answers at ``uri``.
        StoreRefusedError: the server does not accept the user, the password or the database.
        InputError: ``uri`` is no Bolt address.
    """
    import neo4j
    from neo4j import exceptions

    # The driver logs what a server remarks on a query, such as that nothing of a kind is there yet.
    logging.getLogger("neo4j.notifications").setLevel(logging.ERROR)
    try:
        driver = neo4j.GraphDatabase.driver(
            uri,
            auth=(user, password),
            connection_timeout=_CONNECT_SECONDS,
            max_transaction_retry_time=_RETRY_SECONDS,
        )
    except (exceptions.ConfigurationError, ValueError) as error:
        raise InputError(f"{SETTING} is not an address such as bolt://neo4j:7687: {error}") from error
    try:
        # Not retried, so that a server that is not there is told at once.
        with driver.session(database=database) as session:
            session.run("RETURN 1").consume()
    except exceptions.AuthError as error:
        driver.close()
        raise refused("Neo4j", uri, "TV5_NEO4J_USER and TV5_NEO4J_PASSWORD", "the password is wrong") from error
    except exceptions.ClientError as error:
        driver.close()
        raise refused("Neo4j", uri, "TV5_NEO4J_DATABASE", error.message or f"no database {database!r}") from error
    except (exceptions.DriverError, exceptions.Neo4jError) as error:
        driver.close()
        raise unavailable("Neo4j", uri, SETTING) from error
    return Graph(driver, database, BulkEndpoint(bulk_url, user, password, database) if bulk_url else None)


@contextmanager
def _answering() -> Iterator[None]:
    """Turn the driver's errors into the platform's."""
    from neo4j import exceptions

    try:
        yield
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired, exceptions.TransientError) as error:
        raise StoreUnavailableError(f"Neo4j does not answer any more: {error}") from error
    except (exceptions.Neo4jError, exceptions.DriverError) as error:
        raise StoreRefusedError(f"Neo4j refused: {error}") from error


def _constrain(graph: Graph, *nodes: NodeSpec) -> None:
    """Create the uniqueness constraints that are missing, before any data: MERGE and MATCH by key use their indexes."""
    for label, key in [("Load", "dataset"), *((node.label, node.key) for node in nodes)]:
        graph.driver.execute_query(
            f"CREATE CONSTRAINT {label.lower()}_{key} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{key} IS UNIQUE",
            database_=graph.database,
        )


def _only_loader(graph: Graph, spec: NodeSpec | RelationshipSpec) -> AbstractContextManager[None]:
    """Return what waits for other loaders of the dataset, or of any dataset where relationships are created in bulk,
    since what others link to a node meanwhile would be lost.
    """
    return only_loader("neo4j", spec.dataset if graph.bulk is None else "any")


@contextmanager
def _bulk(graph: Graph, spec: RelationshipSpec) -> Iterator[BulkConnection | None]:
    """Yield a connection to the bulk endpoint, if there is one, which knows the type of relationship."""
    if graph.bulk is None:
        yield None
        return
    with graph.bulk.connected() as connection:
        connection.declare(spec.type)
        yield connection


@_answering()
def publish_nodes(graph: Graph, spec: NodeSpec, frame: pl.DataFrame, version: str) -> Load:
    """Make ``frame`` the nodes of one kind, in one transaction; nodes it no longer has go with their relationships.

    Args:
        graph: from :func:`connect`.
        spec: the kind of node.
        frame: its key and properties.
        version: fingerprint of the frame.

    Raises:
        InputError: a column is missing, or a key is null or occurs twice.
        StoreUnavailableError: the server stopped answering, or does not hold what was sent.
    """
    started = time.perf_counter()
    nodes = _columns(frame, spec.key, *spec.properties)
    if nodes[spec.key].is_duplicated().any() or nodes[spec.key].has_nulls():
        raise InputError(f"{spec.dataset}: {spec.key} is null or occurs twice")
    with _only_loader(graph, spec), graph.driver.session(database=graph.database) as session:
        _constrain(graph, spec)
        changed = session.execute_write(_replace_nodes, spec, nodes, version)
    return Load(spec.dataset, count(graph, spec), version, changed, time.perf_counter() - started)


def _replace_nodes(tx: "ManagedTransaction", spec: NodeSpec, nodes: pl.DataFrame, version: str) -> bool:
    label, key = spec.label, spec.key
    if _pointer(tx, spec) == version and _tally_nodes(tx, spec, version) == (len(nodes), len(nodes)):
        return False
    for batch in nodes.iter_slices(_NODES_PER_QUERY):
        tx.run(
            f"UNWIND $rows AS row MERGE (n:{label} {{{key}: row.{key}}}) SET n = row SET n.version = $version",
            rows=batch.to_dicts(),
            version=version,
        ).consume()
    tx.run(f"MATCH (n:{label}) WHERE n.version <> $version DETACH DELETE n", version=version).consume()
    _verify(spec, _tally_nodes(tx, spec, version), len(nodes))
    _point(tx, spec, version, len(nodes))
    return True


@_answering()
def publish_relationships(
    graph: Graph, spec: RelationshipSpec, frame: pl.DataFrame | pl.LazyFrame, version: str
) -> Load:
    """Make ``frame`` the relationships of one kind; readers see the old version until the new one is whole.

    Where the version is already there but damaged, by hand or because nodes have gone since, it is written again and
    readers see none of it meanwhile.

    Args:
        graph: from :func:`connect`.
        spec: the kind of relationship; its nodes are published.
        frame: both keys and the properties, lazily if it is large: it is sent in batches.
        version: fingerprint of the frame.

    Raises:
        InputError: a column is missing, or a relationship's node is not there.
        StoreUnavailableError: the server stopped answering, or does not hold what was sent.
    """
    started = time.perf_counter()
    edges = _columns(frame, spec.start_column, spec.end_column, *spec.properties).lazy()
    rows = int(edges.select(pl.len()).collect().item())
    with (
        _only_loader(graph, spec),
        graph.driver.session(database=graph.database) as session,
        _bulk(graph, spec) as bulk,
    ):
        _constrain(graph, spec.start, spec.end)
        live = session.execute_read(_pointer, spec)
        total, of_live = session.execute_read(_tally_relationships, spec, live)
        changed = live != version or of_live != rows
        if changed and live == version:
            session.execute_write(_forget, spec)
            live, of_live = None, 0
        if total != of_live or (bulk and bulk.count(spec.type) != total):
            _remove_all_but(graph, bulk, spec, live)
        if changed:
            if bulk is None:
                _write(spec, edges, rows, _over_bolt(session, spec, version), _MOST_OVER_BOLT)
            else:
                _write(spec, edges, rows, _in_bulk(graph, bulk, spec, version), MOST_IN_BULK)
            session.execute_write(_switch, spec, version, rows)
            if of_live:
                time.sleep(_GRACE_SECONDS)
                _remove_all_but(graph, bulk, spec, version)
    return Load(spec.dataset, rows, version, changed, time.perf_counter() - started)  # counted just now, either way


@_answering()
def adopt(graph: Graph, spec: NodeSpec | RelationshipSpec, version: str, rows: int) -> Load:
    """Verify what an import wrote, pointer included, and constrain it as a publication does.

    Args:
        graph: from :func:`connect`.
        spec: the kind of node or relationship.
        version: its version.
        rows: how many there are.

    Raises:
        StoreUnavailableError: the server stopped answering, or does not hold what was imported.
    """
    started = time.perf_counter()
    _constrain(graph, *([spec] if isinstance(spec, NodeSpec) else [spec.start, spec.end]))
    with graph.driver.session(database=graph.database) as session:
        if isinstance(spec, NodeSpec):
            tally = session.execute_read(_tally_nodes, spec, version)
        else:
            tally = session.execute_read(_tally_relationships, spec, version)
        if session.execute_read(_pointer, spec) != version:
            raise StoreUnavailableError(f"Neo4j has no version {version} of {spec.dataset}; import it again")
    _verify(spec, tally, rows)
    return Load(spec.dataset, rows, version, True, time.perf_counter() - started)


Create = Callable[[pl.DataFrame], int]
"""Creates a batch of relationships and returns how many of them have both their nodes; if not all, the load fails."""


def _write(spec: RelationshipSpec, edges: pl.LazyFrame, rows: int, create: Create, most: int) -> None:
    """Write the new version in batches sorted by their start, which touch few nodes each."""
    batches = edges.sort(spec.start_column).collect_batches(chunk_size=most, maintain_order=True)
    with progress(logger, f"Neo4j {spec.dataset}", rows, "relationship") as bar:
        for chunk in batches:
            for batch in chunk.iter_slices(most):
                starts = batch[spec.start_column]
                try:
                    created = create(batch)
                except (OverflowError, pl.exceptions.InvalidOperationError) as error:
                    raise InputError(
                        f"{spec.dataset}: the graph cannot hold a number from {starts[0]} to {starts[-1]}: {error}"
                    ) from error
                if created != len(batch):
                    raise InputError(
                        f"{spec.dataset}: {len(batch) - created} of {len(batch)} {spec.type} from {starts[0]} to "
                        f"{starts[-1]} have no {spec.start.label} or {spec.end.label}; publish those nodes first"
                    )
                bar.update(created)


def _over_bolt(session: "Session", spec: RelationshipSpec, version: str) -> Create:
    """Return what creates a batch in one transaction, which is tried again after errors that pass.

    Columns go over the wire, not rows: 45,900 relationships a second against 26,400 with a map for each, measured
    with a bare driver loop of 61,000 on ArcadeDB 26.10 and an idle two-core machine.
    """
    values = ", ".join(f"{name}: ${name}[i]" for name in spec.properties)
    statement = (
        f"UNWIND range(0, size($starts) - 1) AS i "
        f"MATCH (a:{spec.start.label} {{{spec.start.key}: $starts[i]}}) "
        f"MATCH (b:{spec.end.label} {{{spec.end.key}: $ends[i]}}) "
        f"CREATE (a)-[:{spec.type} {{{values}{', ' if values else ''}version: $version}}]->(b) "
        "RETURN count(*) AS created"
    )

    def create(batch: pl.DataFrame) -> int:
        columns = {name: batch[name].to_list() for name in spec.properties}
        ends = {"starts": batch[spec.start_column].to_list(), "ends": batch[spec.end_column].to_list()}
        return int(session.execute_write(_single, statement, {**columns, **ends, "version": version}))

    return create


def _in_bulk(graph: Graph, bulk: BulkConnection, spec: RelationshipSpec, version: str) -> Create:
    """Return what creates a batch by one request, and none of it where a node is missing.

    25 M ratings of ml-25m's users took 113 s on two cores; over Bolt the first 12.6 M took 16 minutes.
    """
    starts = _record_ids(graph, spec.start, spec.start_column, START)
    ends = _record_ids(graph, spec.end, spec.end_column, END)

    def create(batch: pl.DataFrame) -> int:
        linked = batch
        for nodes in (starts, ends):
            key = nodes.columns[0]
            linked = linked.join(nodes.cast({key: batch.schema[key]}), on=key, maintain_order="left")
        if len(linked) < len(batch):
            return len(linked)
        return bulk.create(spec.type, linked.select(START, END, *spec.properties, version=pl.lit(version)))

    return create


def _record_ids(graph: Graph, spec: NodeSpec, key: str, record: str) -> pl.DataFrame:
    """Return the key of every node, and the id of its record, under these names."""
    rows = query(graph, f"MATCH (n:{spec.label}) RETURN n.{spec.key} AS key, elementId(n) AS record")
    return pl.DataFrame({key: [row["key"] for row in rows], record: [row["record"] for row in rows]})


def _switch(tx: "ManagedTransaction", spec: RelationshipSpec, version: str, rows: int) -> None:
    _verify(spec, (rows, _tally_relationships(tx, spec, version)[1]), rows)
    _point(tx, spec, version, rows)


def _remove_all_but(graph: Graph, bulk: BulkConnection | None, spec: RelationshipSpec, version: str | None) -> None:
    """Remove every relationship of another version, and what a bulk load that broke off left."""
    _remove(graph, spec.start, f"-[r:{spec.type}]->()", version)
    if bulk is None:
        return
    with graph.driver.session(database=graph.database) as session:
        _, live = session.execute_read(_tally_relationships, spec, version)
    if bulk.count(spec.type) != live:
        _remove(graph, spec.end, f"<-[r:{spec.type}]-()", version)
        bulk.delete_unlinked(spec.type, but=version)


def _remove(graph: Graph, node: NodeSpec, relationship: str, version: str | None) -> None:
    """Remove relationships of another version a few nodes at a time, so that each one is looked at once."""
    stale = "" if version is None else "WHERE r.version <> $version"
    statement = f"UNWIND $keys AS key MATCH (:{node.label} {{{node.key}: key}}){relationship} {stale} DELETE r"
    keys = ids(graph, node)
    with graph.driver.session(database=graph.database) as session:
        for offset in range(0, len(keys), _NODES_PER_REMOVAL):
            part = keys[offset : offset + _NODES_PER_REMOVAL]
            session.execute_write(_run, statement, {"keys": part, "version": version})


def _forget(tx: "ManagedTransaction", spec: RelationshipSpec) -> None:
    tx.run("MATCH (l:Load {dataset: $dataset}) DELETE l", dataset=spec.dataset).consume()


def _point(tx: "ManagedTransaction", spec: NodeSpec | RelationshipSpec, version: str, rows: int) -> None:
    tx.run(
        "MERGE (l:Load {dataset: $dataset}) SET l.version = $version, l.rows = $rows",
        dataset=spec.dataset,
        version=version,
        rows=rows,
    ).consume()


def _pointer(tx: "ManagedTransaction", spec: NodeSpec | RelationshipSpec) -> str | None:
    record = tx.run("MATCH (l:Load {dataset: $dataset}) RETURN l.version AS version", dataset=spec.dataset).single()
    return None if record is None else str(record["version"])


def _tally_nodes(tx: "ManagedTransaction", spec: NodeSpec, version: str) -> tuple[int, int]:
    """Return how many nodes there are, and how many of them are of the version."""
    statement = (
        f"MATCH (n:{spec.label}) "
        "RETURN count(n) AS total, sum(CASE WHEN n.version = $version THEN 1 ELSE 0 END) AS live"
    )
    return _tally(tx, statement, version)


def _tally_relationships(tx: "ManagedTransaction", spec: RelationshipSpec, version: str | None) -> tuple[int, int]:
    """Return how many relationships there are, and how many of them are of the version."""
    statement = (
        f"MATCH (:{spec.start.label})-[r:{spec.type}]->() "
        "RETURN count(r) AS total, sum(CASE WHEN r.version = $version THEN 1 ELSE 0 END) AS live"
    )
    return _tally(tx, statement, version)


def _tally(tx: "ManagedTransaction", statement: str, version: str | None) -> tuple[int, int]:
    record = tx.run(statement, version=version).single(strict=True)
    return int(record["total"]), int(record["live"] or 0)


def _verify(spec: NodeSpec | RelationshipSpec, tally: tuple[int, int], rows: int) -> None:
    if tally != (rows, rows):
        raise StoreUnavailableError(f"Neo4j holds {tally[1]} {spec.dataset} instead of {rows}; run it again")


def _run(tx: "ManagedTransaction", statement: str, parameters: dict[str, Any]) -> None:
    tx.run(statement, parameters).consume()


def _single(tx: "ManagedTransaction", statement: str, parameters: dict[str, Any]) -> Any:
    return tx.run(statement, parameters).single(strict=True)[0]


def _columns(frame: Any, *names: str) -> Any:
    missing = set(names) - set(frame.lazy().collect_schema())
    if missing:
        raise InputError(f"the graph needs the columns {', '.join(sorted(missing))}")
    return frame.select(*names)


@_answering()
def live_version(graph: Graph, spec: NodeSpec | RelationshipSpec) -> str | None:
    """Return the version that readers see, or None where nothing is published."""
    with graph.driver.session(database=graph.database) as session:
        return session.execute_read(_pointer, spec)


@_answering()
def count(graph: Graph, spec: NodeSpec | RelationshipSpec) -> int:
    """Return how many nodes or relationships readers see, counted by the server at this moment."""
    with graph.driver.session(database=graph.database) as session:
        if isinstance(spec, NodeSpec):
            return int(session.execute_read(_single, f"MATCH (n:{spec.label}) RETURN count(n) AS rows", {}))
        return session.execute_read(lambda tx: _tally_relationships(tx, spec, _pointer(tx, spec))[1])


@_answering()
def ids(graph: Graph, spec: NodeSpec) -> list[Any]:
    """Return the key of every node, ascending."""
    return [row["key"] for row in query(graph, f"MATCH (n:{spec.label}) RETURN n.{spec.key} AS key ORDER BY key")]


@_answering()
def fetch_nodes(graph: Graph, spec: NodeSpec, keys: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the properties of those nodes that exist, by ascending key."""
    statement = f"UNWIND $keys AS key MATCH (n:{spec.label} {{{spec.key}: key}}) RETURN n ORDER BY key"
    return [dict(row["n"]) for row in query(graph, statement, {"keys": list(keys)})]


@_answering()
def fetch_relationships(graph: Graph, spec: RelationshipSpec, pairs: pl.DataFrame) -> list[dict[str, Any]]:
    """Return those live relationships that exist, by ascending keys: both keys, the properties and the version.

    Args:
        graph: from :func:`connect`.
        spec: the kind of relationship.
        pairs: the columns of both keys.
    """
    values = "".join(f", r.{name} AS {name}" for name in (*spec.properties, "version"))
    statement = (
        f"{spec.live('l')} UNWIND range(0, size($starts) - 1) AS i "
        f"MATCH (a:{spec.start.label} {{{spec.start.key}: $starts[i]}})-[r:{spec.type}]->"
        f"(b:{spec.end.label} {{{spec.end.key}: $ends[i]}}) WHERE r.version = l.version "
        f"RETURN a.{spec.start.key} AS {spec.start_column}, b.{spec.end.key} AS {spec.end_column}{values} "
        f"ORDER BY {spec.start_column}, {spec.end_column}"
    )
    parameters = {"starts": pairs[spec.start_column].to_list(), "ends": pairs[spec.end_column].to_list()}
    return query(graph, statement, parameters)


@_answering()
def degrees(graph: Graph, spec: RelationshipSpec) -> list[dict[str, Any]]:
    """Return each start's key, under the name of its column, and ``degree``, how many live relationships it has."""
    statement = (
        f"{spec.live('l')} MATCH (a:{spec.start.label})-[r:{spec.type}]->() WHERE r.version = l.version "
        f"RETURN a.{spec.start.key} AS {spec.start_column}, count(r) AS degree"
    )
    return query(graph, statement)


@_answering()
def query(graph: Graph, cypher: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a reading query; whatever it might write is rolled back.

    It is asked again where what it was reading went away meanwhile, as the old version does after a publication, and
    after other errors that pass.

    Raises:
        InputError: the query writes.
    """
    asked = Retrying(
        retry=retry_if_exception(_passes), stop=stop_after_attempt(5), wait=wait_random_exponential(0.05), reraise=True
    )
    rows, writes = asked(_read, graph, cypher, dict(parameters or {}))
    if writes:
        raise InputError(f"this query writes, which is for publishing only: {cypher}")
    return rows


def _read(graph: Graph, cypher: str, parameters: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """Return the rows of a query, and whether it would have written."""
    from neo4j import READ_ACCESS

    with (
        graph.driver.session(database=graph.database, default_access_mode=READ_ACCESS) as session,
        session.begin_transaction() as tx,
    ):
        result = tx.run(cypher, parameters)
        rows = [record.data() for record in result]
        # ArcadeDB does not refuse to write in a reading session, so the transaction is not committed.
        writes = result.consume().counters.contains_updates
        tx.rollback()
    return rows, writes


def _passes(error: BaseException) -> bool:
    from neo4j import exceptions

    return isinstance(error, exceptions.TransientError) or (
        isinstance(error, exceptions.ClientError) and error.code == _GONE
    )
