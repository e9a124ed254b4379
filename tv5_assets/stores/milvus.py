"""Milvus: vectors with scalar fields, published whole and searched by cosine.

A publication is loaded into a collection of its own, ``<name>_<version>_<attempt>``, indexed, counted and warmed up;
then the alias ``<name>``, which is all that readers know, is moved to it, and what it replaces is dropped. Where only a
few rows differ from what readers see, those are written in its place, in one message. What does not belong here: how
vectors are made (embeddings/), what a row is (milvus_rows.py) and what is searched for (retrieval/).
"""

import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError, TV5Error
from tv5_assets.progress import progress
from tv5_assets.stores.address import refused, unavailable
from tv5_assets.stores.hits import Hits
from tv5_assets.stores.load import Load
from tv5_assets.stores.milvus_rows import (
    ABSENT,
    DIGEST,
    VECTOR,
    VERSION,
    CollectionSpec,
    Rows,
    Scalar,
    frame_schema,
    holds_nulls,
    nullable,
    rows_at_once,
    schema,
    without_absent,
)
from tv5_assets.stores.one_loader import only_loader

if TYPE_CHECKING:
    from pymilvus import MilvusClient, MilvusException

logger = logging.getLogger(__name__)

SETTING = "TV5_MILVUS_URI"
METRIC = "COSINE"
HNSW = {"M": 16, "efConstruction": 200}
SEARCH_EF = 64
"""Default breadth of a search; what recall it gives is measured by a gate."""
FILTERED_EF = 256
"""Of a search with a filter: of those that it looks at, the filter lets only some pass."""
MOST_HITS = 16_384
"""Most hits of one query that a server returns."""
KEEPALIVE = {"grpc.keepalive_time_ms": 300_000, "grpc.keepalive_permit_without_calls": False}
"""Of every client. pymilvus pings an idle server every 10 s; a gRPC server takes one ping in 5 minutes and hangs up on
whoever sends more. Clients of one address share a connection, made with the options of the first of them."""

_CONNECT_SECONDS = 10.0
_CALL_SECONDS = 120.0  # bounds pymilvus's own retries, which otherwise go on for over three minutes
_LOAD_SECONDS = 3_600.0
_POLL_SECONDS = 0.2
_READ_ROWS = 1_000
_PAGE_ROWS = 10_000
_MOST_CHANGED = 0.05
"""Share of the rows up to which only those are written that changed."""
_MOST_UPDATES = 20
"""After so many, the collection is written whole again: what was replaced leaves holes in its index."""
_VERSIONS = "tv5.versions"
"""Property of a collection in which its updates are listed."""
_COLLECTION_NOT_FOUND = 100
_COLLECTION_NOT_LOADED = 101
_BEING_DROPPED = "belongs to partition"
"""Of what the real server tells a reader whom it sent to a collection just before the alias left it (milvus-io/milvus,
issue 27311); once in 100,000 questions while publications followed one another."""

Value = str | int | float | list[str] | list[int]
"""What a filter's parameter may be."""
_T = TypeVar("_T")


_OF_MOVIES = (
    Scalar("title", "VARCHAR", max_length=2_048),
    Scalar("year", "INT16", nullable=True),
    Scalar("genres", "ARRAY"),
)
MOVIES = CollectionSpec("movies", key="movie_id", scalars=_OF_MOVIES)
TOWER_MOVIES = CollectionSpec("tower_movies", key="movie_id", scalars=_OF_MOVIES)
USERS = CollectionSpec("users", key="user_id")
SUBTITLE_SEGMENTS = CollectionSpec(
    "subtitle_segments",
    key="segment_id",
    scalars=(
        Scalar("movie_id", "INT32"),
        Scalar("language", "VARCHAR", max_length=16),
        Scalar("start_ms", "INT32"),
        Scalar("end_ms", "INT32"),
        Scalar("speaker", "VARCHAR"),
        Scalar("text", "VARCHAR", max_length=1024),
    ),
)
CATALOG = CollectionSpec(
    "catalog",
    key="item_id",
    scalars=(
        Scalar("id", "VARCHAR", max_length=36),
        Scalar("type", "VARCHAR", max_length=64),
        Scalar("created_at", "INT64"),
        Scalar("title", "VARCHAR", max_length=1024),
    ),
)
"""``created_at`` is in whole seconds since 1970, UTC."""


def segment_fields(segments: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return the fields of :data:`SUBTITLE_SEGMENTS`.

    Args:
        segments: rows of tables.subtitles.SubtitleSegments.
    """
    return _fields(segments, SUBTITLE_SEGMENTS, pl.col("language").cast(pl.String))


def catalog_fields(catalog: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return the fields of :data:`CATALOG`.

    Args:
        catalog: rows of tables.catalog.Catalog.
    """
    return _fields(catalog, CATALOG, pl.col("type").cast(pl.String), pl.col("created_at").dt.epoch("s"))


def _fields(frame: pl.DataFrame | pl.LazyFrame, spec: CollectionSpec, *changes: pl.Expr) -> pl.DataFrame:
    names = [spec.key, *(scalar.name for scalar in spec.scalars)]
    # The keys of vectors have 32 bits.
    return frame.lazy().with_columns(*changes).select(names).cast({spec.key: pl.Int32}).collect(engine="streaming")


def connect(uri: str, token: str = "") -> "MilvusClient":
    """Connect and verify that the server answers.

    Raises:
        StoreUnavailableError: nothing answers at ``uri``.
        StoreRefusedError: the server does not accept the token, or does not speak Milvus's protocol.
    """
    import grpc
    from pymilvus import MilvusClient, MilvusException

    # The client logs, with its stack, every error that it raises; whoever catches it decides what to tell.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    try:
        client = MilvusClient(uri, token=token, timeout=_CONNECT_SECONDS, grpc_options=KEEPALIVE)
        client.list_collections(timeout=_CONNECT_SECONDS)
    except MilvusException as error:
        code = _grpc_code(error)
        if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            raise refused("Milvus", uri, "TV5_MILVUS_TOKEN", "the token is wrong") from error
        if code is grpc.StatusCode.UNIMPLEMENTED:
            raise refused("Milvus", uri, SETTING, "what listens there does not speak Milvus's protocol") from error
        raise unavailable("Milvus", uri, SETTING) from error
    return client


@contextmanager
def _answering() -> Iterator[None]:
    """Turn the client's errors into the platform's."""
    from pymilvus import MilvusException

    try:
        yield
    except MilvusException as error:
        raise _translated(error) from error


def _translated(error: "MilvusException") -> TV5Error:
    from pymilvus.client.types import Status

    if error.code == _COLLECTION_NOT_FOUND:
        return InputError(f"Milvus: {error.message}; materialize the asset that publishes it")
    passes = error.retriable or error.code == Status.CONNECT_FAILED or "Retry" in error.message
    if _grpc_code(error) is None and not passes:
        return StoreRefusedError(f"Milvus refused: {error.message}")
    return StoreUnavailableError(f"Milvus does not answer any more: {error.message}")


def _grpc_code(error: BaseException | None) -> Any:
    """Return the transport's status code behind an error, or None where the server itself answered."""
    import grpc

    while error is not None:
        if isinstance(error, grpc.RpcError):
            return error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNAVAILABLE
        error = None if error.__cause__ is error else error.__cause__  # the client raises errors from themselves
    return None


@_answering()
def publish(
    client: "MilvusClient", spec: CollectionSpec, vectors: Vectors, scalars: pl.DataFrame, version: str
) -> Load:
    """Make ``vectors`` and ``scalars`` the content of ``spec.name``; a reader sees the old content or the new.

    Args:
        client: from :func:`connect`.
        spec: the collection.
        vectors: ids and rows; the ids become the primary key.
        scalars: one row per id, any order: ``spec.key`` and each of ``spec.scalars``.
        version: fingerprint of both, letters and digits.

    Raises:
        InputError: vectors and scalars do not have the same ids, or the version could not be part of a name.
        StoreUnavailableError: the server stopped answering, or does not hold what was sent.
    """
    started = time.perf_counter()
    if not (version.isascii() and version.isalnum()):
        raise InputError(f"{spec.name}: the version {version!r} is not of letters and digits only")
    with only_loader("milvus", spec.name):
        live = _live(client, spec.name)
        changed = live is None or live.version != version or count(client, spec.name) != len(vectors)
        _drop_all_but(client, spec.name, live)  # what a killed loader left, before it takes room twice
        if changed:
            rows = Rows.of(spec, vectors, scalars, version)
            if live is None or not _update(client, live, rows):
                live = _replace(client, rows)
                _drop_all_but(client, spec.name, live)
        else:
            client.load_collection(spec.name, timeout=_LOAD_SECONDS)
        total = count(client, spec.name)
    return Load(spec.name, total, version, changed, time.perf_counter() - started)


def _replace(client: "MilvusClient", rows: Rows) -> "Live":
    """Write all rows into a collection of their own, and let readers see that one."""
    name = rows.spec.name
    collection = f"{name}_{rows.version}_{secrets.token_hex(4)}"
    _fill(client, collection, rows)
    index(client, collection)
    _make_ready(client, collection, rows)
    _point(client, name, collection)
    return Live(collection, (rows.version,))


def _fill(client: "MilvusClient", collection: str, rows: Rows) -> None:
    client.create_collection(collection, schema=schema(client, rows.spec, rows.dimension), timeout=_CALL_SECONDS)
    with progress(logger, f"Milvus {rows.spec.name}", len(rows), "vector") as bar:
        for message in rows.messages(holds_nulls(client)):
            client.insert(collection, message, timeout=_CALL_SECONDS)
            bar.update(len(message))
    client.flush(collection, timeout=_LOAD_SECONDS)


def _update(client: "MilvusClient", live: "Live", rows: Rows) -> bool:
    """Write only the rows that differ from those that readers see, where that is one message; return whether it is.

    The server shows a message whole or not at all. A row that has gone would have to be deleted by a message of its
    own, so that a publication without it takes the long way, as does one of another shape.
    """
    if len(live.versions) > _MOST_UPDATES or not _has_digests(client, live, rows):
        return False
    held = _digests(client, live, rows.spec)
    sent = rows.digests()
    changed = sent.with_row_index("place").join(held, on=[rows.spec.key, DIGEST], how="anti")["place"]
    gone = len(held.join(sent, on=rows.spec.key, how="anti"))
    if gone or len(changed) > min(rows_at_once(rows.dimension), _MOST_CHANGED * len(rows)):
        return False
    for message in rows.take(changed.cast(pl.Int64).to_numpy()).messages(holds_nulls(client)):
        client.upsert(live.collection, message, timeout=_CALL_SECONDS)
    if len(changed):
        client.flush(live.collection, timeout=_LOAD_SECONDS)
        settled_index_facts(client, live.collection)
    differing = len(rows.digests().join(_digests(client, live, rows.spec), on=[rows.spec.key, DIGEST], how="anti"))
    if differing:
        raise StoreUnavailableError(
            f"Milvus lacks {differing} of {len(changed)} rows of {live.collection}; run it again"
        )
    versions = [*(version for version in live.versions if version != rows.version), rows.version]
    client.alter_collection_properties(live.collection, {_VERSIONS: ",".join(versions)}, timeout=_CALL_SECONDS)
    logger.info("Milvus %s: %d of %d rows had changed", rows.spec.name, len(changed), len(rows))
    return True


def _has_digests(client: "MilvusClient", live: "Live", rows: Rows) -> bool:
    """Return whether a collection has the fields that the rows would have in a new one."""
    fields = client.describe_collection(live.collection, timeout=_CALL_SECONDS)["fields"]
    held = {(field["name"], int(field["type"]), field["params"].get("dim")) for field in fields}
    wanted = {
        (field.name, int(field.dtype), field.params.get("dim"))
        for field in schema(client, rows.spec, rows.dimension).fields
    }
    return held == wanted


def _digests(client: "MilvusClient", live: "Live", spec: CollectionSpec) -> pl.DataFrame:
    schema_ = {spec.key: pl.Int64, DIGEST: pl.Int64}
    return pl.DataFrame(_read_all(client, live.collection, spec, [spec.key, DIGEST]), schema=schema_)


def index(client: "MilvusClient", collection: str) -> None:
    """Build the index and wait until it covers every row."""
    wanted = client.prepare_index_params()
    # The client flattens one level of "params", and milvus-lite looks for the parameters in the second.
    wanted.add_index(VECTOR, "HNSW", index_name=VECTOR, metric_type=METRIC, params={"params": HNSW})
    client.create_index(collection, wanted, timeout=_LOAD_SECONDS)
    settled_index_facts(client, collection)


def settled_index_facts(client: "MilvusClient", name: str) -> dict[str, str | int]:
    """Return :func:`index_facts` once the server is done with indexing, what it merged after a load included.

    Raises:
        StoreUnavailableError: it was not done for too long.
    """
    deadline = time.monotonic() + _LOAD_SECONDS
    while (facts := index_facts(client, name))["pending_rows"]:
        if time.monotonic() > deadline:
            raise StoreUnavailableError(f"Milvus has not indexed {name} within {_LOAD_SECONDS:.0f} seconds")
        time.sleep(_POLL_SECONDS)
    return facts


def _make_ready(client: "MilvusClient", collection: str, rows: Rows) -> None:
    """Load into memory, verify the count, and search a little, so that the first reader does not wait."""
    # milvus-lite takes a new collection for loaded, and only loading it builds its index.
    client.release_collection(collection, timeout=_CALL_SECONDS)
    client.load_collection(collection, timeout=_LOAD_SECONDS)
    held = count(client, collection)
    if held != len(rows):
        raise StoreUnavailableError(f"Milvus holds {held} rows of {collection} instead of {len(rows)}; run it again")
    if held:
        _search(client, collection, rows.spec.key, rows.matrix[:8], min(10, held), "", SEARCH_EF)


def _point(client: "MilvusClient", name: str, collection: str) -> None:
    from pymilvus import MilvusException

    if _live(client, name) is None:
        # Where the collection was dropped by hand, a server may still have its alias.
        with suppress(MilvusException):
            client.drop_alias(name, timeout=_CALL_SECONDS)
        client.create_alias(collection, name, timeout=_CALL_SECONDS)
    else:
        client.alter_alias(collection, name, timeout=_CALL_SECONDS)


def _drop_all_but(client: "MilvusClient", name: str, live: "Live | None") -> None:
    for collection in client.list_collections(timeout=_CALL_SECONDS):
        if (live is None or collection != live.collection) and _version_of(name, collection):
            client.drop_collection(collection, timeout=_CALL_SECONDS)


def _version_of(name: str, collection: str) -> str | None:
    """Return the version in a collection's name, or None where it is no publication of ``name``."""
    match = re.fullmatch(rf"{re.escape(name)}_([0-9A-Za-z]+)_[0-9a-f]{{8}}", collection)
    return match.group(1) if match else None


@dataclass(frozen=True)
class Live:
    """What readers see.

    Attributes:
        collection: its name, which carries the version that was written whole.
        versions: that version and those that changed some rows of it, the last of which is served.
    """

    collection: str
    versions: tuple[str, ...]

    @property
    def version(self) -> str:
        """The version that is served."""
        return self.versions[-1]


def _live(client: "MilvusClient", name: str) -> Live | None:
    """Return what readers of ``name`` see, in one request."""
    from pymilvus import MilvusException

    try:
        described = client.describe_collection(name, timeout=_CALL_SECONDS)
    except MilvusException as error:
        if error.code == _COLLECTION_NOT_FOUND:
            return None
        raise
    collection = str(described["collection_name"])
    whole = _version_of(name, collection)
    if whole is None:
        return None
    told = str(described.get("properties", {}).get(_VERSIONS, whole))
    return Live(collection, tuple(told.split(",")))


@_answering()
def live_version(client: "MilvusClient", name: str) -> str | None:
    """Return the version that readers of ``name`` see, or None where nothing is published."""
    live = _live(client, name)
    return None if live is None else live.version


@_answering()
def versions(client: "MilvusClient", name: str) -> tuple[str, ...]:
    """Return the versions that rows of ``name`` may carry: where little had changed, only those rows were written."""
    live = _live(client, name)
    return () if live is None else live.versions


@_answering()
def count(client: "MilvusClient", name: str) -> int:
    """Return how many rows ``name`` holds, counted by the server at this moment; 0 where nothing is published."""
    if not client.has_collection(name, timeout=_CALL_SECONDS):
        return 0
    rows = _when_loaded(
        client,
        name,
        lambda: client.query(
            name, filter="", output_fields=["count(*)"], consistency_level="Strong", timeout=_CALL_SECONDS
        ),
    )
    return int(rows[0]["count(*)"])


@_answering()
def ids(client: "MilvusClient", spec: CollectionSpec) -> npt.NDArray[np.int64]:
    """Return every primary key that readers see, ascending."""
    keys = [row[spec.key] for row in _read_all(client, spec.name, spec, [spec.key])]
    return np.sort(np.array(keys, dtype=np.int64))


def _read_all(client: "MilvusClient", name: str, spec: CollectionSpec, fields: list[str]) -> list[dict[str, int]]:
    """Return some fields of every row, in any order."""

    def read() -> list[dict[str, int]]:
        pages = client.query_iterator(
            name,
            batch_size=_PAGE_ROWS,
            output_fields=fields,
            consistency_level="Strong",
            timeout=_CALL_SECONDS,
        )
        try:
            return [{field: row[field] for field in fields} for page in iter(pages.next, []) for row in page]
        finally:
            pages.close()

    return _when_loaded(client, name, read)


@_answering()
def fetch(client: "MilvusClient", spec: CollectionSpec, keys: Sequence[int]) -> pl.DataFrame:
    """Return the rows of ``keys`` that exist, by ascending key: the key, the scalars, ``version`` and ``vector``."""
    fields = [spec.key, *(scalar.name for scalar in spec.scalars), VERSION, VECTOR]

    def read() -> list[dict[str, Any]]:
        return [
            {field: row[field] for field in fields}
            for offset in range(0, len(keys), _READ_ROWS)
            for row in client.get(
                spec.name,
                ids=[int(key) for key in keys[offset : offset + _READ_ROWS]],
                output_fields=fields,
                timeout=_CALL_SECONDS,
            )
        ]

    rows = _when_loaded(client, spec.name, read)
    return without_absent(spec, pl.DataFrame(rows, schema=frame_schema(spec))).sort(spec.key)


@_answering()
def search(
    client: "MilvusClient",
    spec: CollectionSpec,
    queries: npt.NDArray[np.float32],
    k: int,
    filter_expr: str = "",
    params: Mapping[str, Value] | None = None,
    ef: int = SEARCH_EF,
) -> Hits:
    """Return the ``k`` nearest rows of each query by cosine.

    Args:
        client: from :func:`connect`.
        spec: what is searched.
        queries: float32, shape (queries, dimension).
        k: how many hits of each.
        filter_expr: Milvus's filter language, with ``{name}`` where a parameter goes:
            ``array_contains(genres, {genre}) and year >= {since}``.
        params: the parameters.
        ef: breadth of the search, at least ``k`` is used.

    Raises:
        InputError: nothing is published under that name, or a parameter is missing.
    """
    expression = _expression(spec, filter_expr, params)
    return _when_loaded(client, spec.name, lambda: _search(client, spec.name, spec.key, queries, k, expression, ef))


def search_catalog(
    client: "MilvusClient",
    queries: npt.NDArray[np.float32],
    k: int,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    ef: int | None = None,
) -> Hits:
    """Return the ``k`` nearest catalog items of each query by cosine, as ``item_id``s.

    Args:
        client: from :func:`connect`.
        queries: float32, shape (queries, dimension).
        k: how many hits of each.
        kind: only items of this type.
        since: only items made then or later, to the second.
        until: only items made before.
        ef: breadth of the search; SEARCH_EF unless given, FILTERED_EF with a filter.

    Raises:
        InputError: nothing is published yet.
    """
    wanted: dict[str, tuple[str, Value | None]] = {
        "type == {kind}": ("kind", kind),
        "created_at >= {since}": ("since", None if since is None else int(since.timestamp())),
        "created_at < {until}": ("until", None if until is None else int(until.timestamp())),
    }
    conditions = [condition for condition, (_, value) in wanted.items() if value is not None]
    params = {name: value for name, value in wanted.values() if value is not None}
    breadth = ef or (FILTERED_EF if conditions else SEARCH_EF)
    return search(client, CATALOG, queries, k, " and ".join(conditions), params, breadth)


def _search(
    client: "MilvusClient",
    collection: str,
    key: str,
    queries: npt.NDArray[np.float32],
    k: int,
    expression: str,
    ef: int,
) -> Hits:
    hits = Hits.none(len(queries), k)
    for offset in range(0, len(queries), _READ_ROWS):
        found = _nearest(client, collection, list(queries[offset : offset + _READ_ROWS]), k, expression, ef, [key])
        for row, nearest in enumerate(found, start=offset):
            hits.ids[row, : len(nearest)] = [hit[key] for hit in nearest]
            hits.scores[row, : len(nearest)] = [hit["distance"] for hit in nearest]
    return hits


def _nearest(
    client: "MilvusClient",
    collection: str,
    queries: list[npt.NDArray[np.float32]],
    k: int,
    expression: str,
    ef: int,
    fields: list[str],
) -> Any:
    """Return the client's hits of each query."""
    return client.search(
        collection,
        data=queries,
        anns_field=VECTOR,
        limit=k,
        filter=expression,
        output_fields=fields,
        search_params={"metric_type": METRIC, "params": {"ef": max(ef, k)}},
        timeout=_CALL_SECONDS,
    )


@_answering()
def search_rows(
    client: "MilvusClient",
    spec: CollectionSpec,
    query: npt.NDArray[np.float32],
    k: int,
    filter_expr: str = "",
    params: Mapping[str, Value] | None = None,
    ef: int = SEARCH_EF,
) -> pl.DataFrame:
    """Return the ``k`` nearest rows of one query, nearest first: the key, the scalars and ``score``.

    One request, where :func:`search` and :func:`fetch` take two and carry the vectors too. Arguments and errors are
    those of :func:`search`, but for ``query``, float32 of shape (dimension,). Rows come without their version, which
    would be half of each.
    """
    schema = pl.Schema({**frame_schema(spec), "score": pl.Float32()})
    del schema[VECTOR], schema[VERSION]
    fields = [name for name in schema if name != "score"]
    expression = _expression(spec, filter_expr, params)
    found = _when_loaded(client, spec.name, lambda: _nearest(client, spec.name, [query], k, expression, ef, fields))[0]
    rows = [{**{name: hit[name] for name in fields}, "score": hit["distance"]} for hit in found]
    return without_absent(spec, pl.DataFrame(rows, schema))


def _expression(spec: CollectionSpec, filter_expr: str, params: Mapping[str, Value] | None) -> str:
    """Return a filter with its parameters, which rows without a field that it names do not pass, as with a null."""
    bound = bind(filter_expr, params or {})
    absent = [f" and {name} != {ABSENT}" for name in nullable(spec) if re.search(rf"\b{name}\b", filter_expr)]
    return f"({bound}){''.join(absent)}" if absent else bound


_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def bind(filter_expr: str, params: Mapping[str, Value]) -> str:
    """Put parameters into a filter as quoted literals.

    Done here because milvus-lite does not know the server's own filter templates, whose syntax this is. Of a text only
    that is escaped which would end it or break its line: milvus-lite knows no escape of other characters.

    Raises:
        InputError: a parameter has no value, or one of a kind that a filter cannot hold.
    """

    def literal(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in params:
            raise InputError(f"the filter {filter_expr!r} needs a value for {name!r}")
        value = params[name]
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | int | float) for item in items):
            raise InputError(f"{name!r} of the filter {filter_expr!r} is {value!r}; give texts or numbers")
        literals = [_quoted(item) if isinstance(item, str) else json.dumps(item, allow_nan=False) for item in items]
        return f"[{', '.join(literals)}]" if isinstance(value, list) else literals[0]

    return re.sub(r"\{(\w+)\}", literal, filter_expr)


@_answering()
def dimension(client: "MilvusClient", name: str) -> int:
    """Return the length of a collection's vectors."""
    fields = client.describe_collection(name, timeout=_CALL_SECONDS)["fields"]
    return next(int(field["params"]["dim"]) for field in fields if field["name"] == VECTOR)


@_answering()
def index_facts(client: "MilvusClient", name: str) -> dict[str, str | int]:
    """Return the vector index of a collection: its kind, its metric, its parameters and the rows it covers."""
    facts = client.describe_index(name, VECTOR, timeout=_CALL_SECONDS)
    parameters = {**facts, **facts.get("params", {})}  # servers differ in where they put M and efConstruction
    return {
        "index_type": str(facts["index_type"]),
        "metric_type": str(facts["metric_type"]),
        "M": int(parameters["M"]),
        "efConstruction": int(parameters["efConstruction"]),
        "indexed_rows": int(facts["indexed_rows"]),
        "pending_rows": int(facts["pending_index_rows"]),
    }


def _when_loaded(client: "MilvusClient", name: str, call: Callable[[], _T]) -> _T:
    """Return ``call()``; load ``name`` first where it is not in memory, as after a restart of the server.

    It is called again where it met a collection that a publication was dropping: the alias leads to the new one now.
    """
    from pymilvus import MilvusException

    asked = Retrying(
        retry=retry_if_exception(lambda error: _BEING_DROPPED in str(error)),
        stop=stop_after_attempt(5),
        wait=wait_random_exponential(0.05),
        reraise=True,
    )
    try:
        return asked(call)
    except MilvusException as error:
        if error.code != _COLLECTION_NOT_LOADED:
            raise
    client.load_collection(name, timeout=_LOAD_SECONDS)
    return asked(call)
