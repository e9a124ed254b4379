"""PostgreSQL, as AgentDB: tables published in one transaction, whole or by the parts of them that changed.

A publication copies into a table of its own, gives it its key and its indexes, counts it, and takes the old table's
place, all in one transaction: until it commits readers see the old table, and a loader that is killed leaves nothing.
Where the table is known by its parts (parts.py) and few of them changed, only these are replaced, in one transaction
too. What does not belong here: how the rows came about (agentdb/) and how they travel (postgres_copy.py).
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.fingerprint import fingerprint
from tv5_assets.stores.address import refused, unavailable
from tv5_assets.stores.load import Load
from tv5_assets.stores.nul import restored
from tv5_assets.stores.parts import PART, changed_parts, parts_of, version_of
from tv5_assets.stores.postgres_copy import copy_frame
from tv5_assets.stores.statements import sql

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg.sql import Composed

logger = logging.getLogger(__name__)

SETTING = "TV5_POSTGRES_URL"
DAGSTER_SETTING = "TV5_DAGSTER_PG_URL"
LOADS = "loads"
PARTS = "load_parts"
VERSION = "version"

_CONNECT_SECONDS = 10
_MOST_CHANGED = 0.2  # of the rows; to delete and index more one by one takes longer than to load everything anew
_MOST_DROPPED = 500  # columns of a table, each left by an incremental load; PostgreSQL ends at 1,600 with the others
_GRAPH_BYTES = 600  # of an HNSW graph per row, beside its vector; m=16 takes less
_LEAST_MEMORY, _MOST_MEMORY = 64 << 20, 4 << 30  # of building an index, in bytes
_SORT_MEMORY = 512 << 20  # of building any other index, in bytes
_STATISTICS_TARGET = 100  # the server's own default, which samples 30,000 rows
_REFUSALS = ("authentication failed", "no password supplied", "does not exist", "permission denied", "pg_hba.conf")


@dataclass(frozen=True)
class Index:
    """An index of a table.

    Attributes:
        columns: what it is on.
        method: ``btree``, ``gin`` or ``hnsw``.
        operators: operator class, where it is not the type's own.
        parameters: of the method.
    """

    columns: tuple[str, ...]
    method: str = "btree"
    operators: str = ""
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ForeignKey:
    """A column whose every value is in the key of another table.

    Attributes:
        column: the column.
        table: the other table, which is published first.
        target: its key.
    """

    column: str
    table: str
    target: str


@dataclass(frozen=True)
class TableSpec:
    """A table; each of its rows also carries the load's ``version``.

    Attributes:
        name: the table.
        columns: SQL type of each column, in the order in which the published frame has them.
        key: columns of the primary key.
        indexes: further indexes.
        references: columns that refer to other tables.
        extensions: extensions of the server that its types come from.
        owner: column of whole numbers that says which part a row belongs to, such as its user; where there is one, only
            the parts that changed are written. No other table may refer to such a table.
        partitions: into how many partitions the table is divided by the hash of its owner; 0 leaves it undivided.
    """

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()
    references: tuple[ForeignKey, ...] = ()
    extensions: tuple[str, ...] = ()
    owner: str = ""
    partitions: int = 0


POLICIES = TableSpec(
    "policies",
    columns={
        "user_id": "integer NOT NULL",
        "state_hash": "text NOT NULL",
        "state": "text NOT NULL",
        "q_values": "jsonb NOT NULL",
        "exploration_rate": "real NOT NULL",
        "total_visits": "integer NOT NULL",
        "average_reward": "real NOT NULL",
        "updated_at": "timestamptz NOT NULL",
    },
    key=("user_id", "state_hash"),
    owner="user_id",
)
EPISODES = TableSpec(
    "episodes",
    columns={
        "row": "bigint NOT NULL",
        "user_id": "integer NOT NULL",
        "session": "integer NOT NULL",
        "step": "integer NOT NULL",
        "state": "text NOT NULL",
        "action": "text NOT NULL",
        "movie_id": "integer NOT NULL",
        "reward": "real NOT NULL",
        "next_state": "text",
        "terminal": "boolean NOT NULL",
        "occurred_at": "timestamptz NOT NULL",
    },
    key=("row",),
    indexes=(Index(("user_id", "step")),),
    owner="user_id",
)
REWARDS = TableSpec(
    "state_action_rewards",
    columns={
        "user_id": "integer NOT NULL",
        "step": "integer NOT NULL",
        "action_id": "integer NOT NULL",
        "state_id": "smallint NOT NULL",
        "reward": "real NOT NULL",
        "occurred_at": "timestamptz NOT NULL",
    },
    key=("user_id", "step", "action_id"),
    owner="user_id",
    partitions=16,
)
"""About four rows an episode, of which ``(user_id, step)`` is the episode's; names of both ids are in the next two."""
STATES = TableSpec(
    "states",
    columns={
        "state_id": "smallint NOT NULL",
        "state": "text NOT NULL",
        "state_hash": "text NOT NULL",
        "time_of_day": "text NOT NULL",
        "day_type": "text NOT NULL",
        "last_genre": "text NOT NULL",
    },
    key=("state_id",),
)
ACTIONS = TableSpec(
    "actions",
    columns={"action_id": "integer NOT NULL", "kind": "text NOT NULL", "name": "text NOT NULL"},
    key=("action_id",),
)


def policy_rows(policies: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows of :data:`POLICIES`; ``q_values`` becomes the text of an object by action.

    Args:
        policies: rows of tables.models.Policies.
    """
    q_value = pl.element().struct
    members = pl.format(
        '"{}":{}',
        q_value.field("action").cast(pl.String),
        pl.struct(q_value.field("mean"), q_value.field("variance"), q_value.field("visits")).struct.json_encode(),
    )
    q_values = pl.concat_str(pl.lit("{"), pl.col("q_values").list.eval(members).list.join(","), pl.lit("}"))
    return policies.lazy().with_columns(q_values=q_values).select(*POLICIES.columns)


def episode_rows(episodes: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows of :data:`EPISODES`.

    Args:
        episodes: rows of tables.features.Episodes.
    """
    return episodes.lazy().select(*EPISODES.columns)


def connect(url: str, setting: str = SETTING) -> "Connection[dict[str, Any]]":
    """Connect, in autocommit, and verify that the server answers.

    Args:
        url: of the database.
        setting: the variable that holds it, for errors to name.

    Raises:
        StoreUnavailableError: nothing answers at ``url``.
        StoreRefusedError: the server does not accept the user, the password or the database.
    """
    import psycopg
    from psycopg.rows import dict_row

    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_SECONDS, row_factory=dict_row)
        connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        # The driver does not tell why a connection failed but in words.
        reason = next((line for line in str(error).splitlines() if any(word in line for word in _REFUSALS)), None)
        if reason:
            raise refused("PostgreSQL", url, setting, reason.rpartition("FATAL:")[2]) from error
        raise unavailable("PostgreSQL", url, setting) from error
    except psycopg.ProgrammingError as error:
        raise InputError(f"{setting} is not a URL such as postgresql://user:password@host/tv5") from error
    return connection


def connect_as_dagster(url: str) -> "Connection[dict[str, Any]]":
    """Connect to the database of Dagster's storage, whose URL may name SQLAlchemy's driver; see :func:`connect`."""
    _, _, rest = url.partition("://")
    return connect(f"postgresql://{rest}", DAGSTER_SETTING)


@contextmanager
def answering() -> Iterator[None]:
    """Turn the driver's errors into the platform's."""
    import psycopg

    try:
        yield
    except (psycopg.errors.DiskFull, psycopg.errors.IoError) as error:
        raise StoreRefusedError(f"PostgreSQL has no room: {error}; free some space on its disk") from error
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(f"PostgreSQL does not answer any more: {error}") from error
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise InputError(f"PostgreSQL cannot take a row: {error}") from error
    except psycopg.Error as error:
        raise StoreRefusedError(f"PostgreSQL refused: {error}") from error


Send = Callable[["Cursor[dict[str, Any]]", str], int]
"""Copies rows into a table and returns how many it sent."""


def publish(
    connection: "Connection[dict[str, Any]]",
    spec: TableSpec,
    frame: pl.DataFrame | pl.LazyFrame,
    version: str | None = None,
) -> Load:
    """Make ``frame`` the content of the table; a reader sees the old content or the new.

    Args:
        connection: from :func:`connect`.
        spec: the table.
        frame: its columns, lazily if it is large: it is streamed.
        version: fingerprint of the frame; made of it where it is None.

    Raises:
        InputError: columns are missing, the key occurs twice, a value does not fit its column, or a table that this
            one refers to is not there or lacks a row.
        StoreUnavailableError: the server stopped answering.
    """
    missing = set(spec.columns) - set(frame.lazy().collect_schema())
    if missing:
        raise InputError(f"{spec.name} needs the columns {', '.join(sorted(missing))}")
    rows = frame.lazy().select(*spec.columns)

    def described() -> _Description:
        parts = parts_of(rows, spec.owner) if spec.owner else None
        if version is not None:
            return _Description(version, parts)
        return _Description(
            fingerprint(rows.collect(engine="streaming")) if parts is None else version_of(parts), parts
        )

    def send(cursor: "Cursor[dict[str, Any]]", table: str) -> int:
        return copy_frame(cursor, table, spec.columns, rows, freeze=not spec.partitions)

    # Described in a thread: where nothing is published yet, rows are on their way to the server meanwhile.
    with ThreadPoolExecutor(1) as pool:
        return _publish(connection, spec, _Publication(pool.submit(described).result, send, rows))


def publish_rows(connection: "Connection[dict[str, Any]]", spec: TableSpec, send: Send, version: str) -> Load:
    """Make what ``send`` copies the content of the table; otherwise as :func:`publish`."""
    return _publish(connection, spec, _Publication(lambda: _Description(version), send))


@dataclass(frozen=True)
class _Description:
    """What a publication is told from others by: its version and, where the table has an owner, its parts."""

    version: str
    parts: pl.DataFrame | None = None


@dataclass(frozen=True)
class _Publication:
    """What is published: all of it by ``send``, or of ``rows`` only those parts that changed.

    ``describe`` may have to be waited for, and is asked no sooner than its answer is needed.
    """

    describe: Callable[[], _Description]
    send: Send
    rows: pl.LazyFrame | None = None

    @property
    def version(self) -> str:
        return self.describe().version

    @property
    def parts(self) -> pl.DataFrame | None:
        return self.describe().parts


@dataclass(frozen=True)
class _Live:
    """What is published already: its version, its rows, and how the table that holds them was declared."""

    version: str
    rows: int
    layout: str


@answering()
def _publish(connection: "Connection[dict[str, Any]]", spec: TableSpec, wanted: _Publication) -> Load:
    import psycopg

    started = time.perf_counter()
    if live_version(connection, spec) is not None:
        wanted.describe()  # which is needed at once, so that no other loader is kept waiting for it
    conflict = retry_if_exception_type((psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure))
    rows, written = Retrying(
        retry=conflict, stop=stop_after_attempt(5), wait=wait_random_exponential(0.1), reraise=True
    )(_bring_about, connection, spec, wanted)
    if written is None:
        logger.info("PostgreSQL %s is as it was published: nothing is written", spec.name)
    seconds = time.perf_counter() - started
    return Load(spec.name, rows, wanted.version, written is not None, seconds, written or 0)


def _bring_about(
    connection: "Connection[dict[str, Any]]", spec: TableSpec, wanted: _Publication
) -> tuple[int, int | None]:
    """Publish in one transaction; return the table's rows and how many were written, None where all was there."""
    layout = fingerprint(repr(spec))
    with connection.transaction(), connection.cursor() as cursor:
        # A second loader waits here, and then sees what the first one published.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('tv5', 0))")
        _create_ledger(cursor)
        live = _live(cursor, spec)
        if live and live.layout == layout and live.version == wanted.version:
            return live.rows, None
        _require_referenced(connection, spec)
        changed = _few_changed(cursor, spec, wanted, live) if live and live.layout == layout else None
        if changed is None:
            rows = written = _replace(connection, cursor, spec, wanted)
        else:
            rows, written = _write_parts(cursor, spec, wanted, changed)
        cursor.execute(
            sql(
                "INSERT INTO {} (dataset, version, rows, layout) VALUES (%s, %s, %s, %s) ON CONFLICT (dataset) DO "
                "UPDATE SET version = excluded.version, rows = excluded.rows, layout = excluded.layout, "
                "loaded_at = excluded.loaded_at",
                LOADS,
            ),
            (spec.name, wanted.version, rows, layout),
        )
    _analyze(connection, spec)
    return rows, written


def _analyze(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> None:
    """Have the server learn what the table holds, which its planner asks.

    The server samples each partition by itself and all of them once more; 16 of them took as long as a third of a load
    of 5,000,000 rows. So they are sampled as much together as an undivided table is.
    """
    with connection.transaction(), connection.cursor() as cursor:
        if spec.partitions:
            target = max(1, _STATISTICS_TARGET // spec.partitions)
            cursor.execute("SELECT set_config('default_statistics_target', %s, true)", (str(target),))
        cursor.execute(sql("ANALYZE {}", spec.name))


def _create_ledger(cursor: "Cursor[dict[str, Any]]") -> None:
    """Create the tables of what is published, where they are not there yet."""
    cursor.execute(
        sql(
            "CREATE TABLE IF NOT EXISTS {} (dataset text PRIMARY KEY, version text NOT NULL, rows bigint NOT NULL, "
            "loaded_at timestamptz NOT NULL DEFAULT now(), layout text NOT NULL DEFAULT '')",
            LOADS,
        )
    )
    # Of an older release, whose loads are then taken for declared otherwise.
    cursor.execute(sql("ALTER TABLE {} ADD COLUMN IF NOT EXISTS layout text NOT NULL DEFAULT ''", LOADS))
    cursor.execute(
        sql(
            "CREATE TABLE IF NOT EXISTS {} (dataset text, part bigint, rows bigint NOT NULL, digest bigint NOT NULL, "
            "PRIMARY KEY (dataset, part))",
            PARTS,
        )
    )


def _live(cursor: "Cursor[dict[str, Any]]", spec: TableSpec) -> _Live | None:
    """Return what is published; None where there is nothing, or not as many rows as there should be."""
    cursor.execute(sql("SELECT version, rows, layout FROM {} WHERE dataset = %s", LOADS), (spec.name,))
    row = cursor.fetchone()
    if row is None or not _exists(cursor.connection, spec.name) or _count(cursor, spec.name) != row["rows"]:
        return None
    return _Live(**row)


def _few_changed(
    cursor: "Cursor[dict[str, Any]]", spec: TableSpec, wanted: _Publication, live: _Live
) -> pl.Series | None:
    """Return the parts to be written where they are few; None where everything has to be loaded."""
    if wanted.parts is None:
        return None
    dropped = cursor.execute(
        "SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attisdropped", (spec.name,)
    ).fetchone()
    if dropped and dropped["columns"] >= _MOST_DROPPED:
        return None
    old = cursor.execute(sql("SELECT part, rows, digest FROM {} WHERE dataset = %s", PARTS), (spec.name,)).fetchall()
    parts, rows = changed_parts(pl.DataFrame(old, schema=wanted.parts.schema), wanted.parts)
    return parts if old and rows <= _MOST_CHANGED * live.rows else None


def _replace(
    connection: "Connection[dict[str, Any]]", cursor: "Cursor[dict[str, Any]]", spec: TableSpec, wanted: _Publication
) -> int:
    """Load everything into a table that takes the old one's place; return its rows."""
    for extension in spec.extensions:
        cursor.execute(sql("CREATE EXTENSION IF NOT EXISTS {}", extension))
    staging = f"{spec.name}_loading"
    _create(cursor, staging, spec)
    sent = wanted.send(cursor, staging)
    _add_version(cursor, staging, wanted.version)
    _add_key_and_indexes(cursor, staging, spec)
    rows = _count(cursor, staging)
    if rows != sent:
        raise StoreUnavailableError(f"PostgreSQL holds {rows} rows of {spec.name} instead of {sent}; run it again")
    _swap(connection, cursor, staging, spec)
    cursor.execute(sql("DELETE FROM {} WHERE dataset = %s", PARTS), (spec.name,))
    if wanted.parts is not None:
        _record_parts(cursor, spec, wanted.parts)
    return rows


def _write_parts(
    cursor: "Cursor[dict[str, Any]]", spec: TableSpec, wanted: _Publication, changed: pl.Series
) -> tuple[int, int]:
    """Replace the parts that changed; return the rows of the table and those that were written."""
    assert wanted.rows is not None and wanted.parts is not None  # noqa: S101  what _few_changed rests on
    among = pl.col(spec.owner).cast(pl.Int64).is_in(changed.implode())
    rows = wanted.rows.filter(among).with_columns(pl.lit(wanted.version).alias(VERSION))
    # An array that is bound: the planner then walks the index once for each part, or the table once for all.
    cursor.execute(sql("DELETE FROM {} WHERE {} = ANY(%s)", spec.name, spec.owner), (changed.to_list(),))
    sent = copy_frame(cursor, spec.name, {**spec.columns, VERSION: "text NOT NULL"}, rows, freeze=False)
    cursor.execute(sql("ALTER TABLE {} DROP COLUMN {}", spec.name, VERSION))
    _add_version(cursor, spec.name, wanted.version)
    there, expected = _count(cursor, spec.name), int(wanted.parts["rows"].sum())
    if there != expected:
        raise StoreUnavailableError(f"PostgreSQL holds {there} rows of {spec.name} instead of {expected}; run it again")
    cursor.execute(sql("DELETE FROM {} WHERE dataset = %s AND part = ANY(%s)", PARTS), (spec.name, changed.to_list()))
    _record_parts(cursor, spec, wanted.parts.filter(pl.col(PART).is_in(changed.implode())))
    return there, sent


def _record_parts(cursor: "Cursor[dict[str, Any]]", spec: TableSpec, parts: pl.DataFrame) -> None:
    columns = {"dataset": "text NOT NULL", "part": "bigint NOT NULL", "rows": "bigint NOT NULL", "digest": "bigint"}
    rows = parts.lazy().select(pl.lit(spec.name).alias("dataset"), "part", "rows", "digest")
    copy_frame(cursor, PARTS, columns, rows, freeze=False)


def _require_referenced(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> None:
    for reference in spec.references:
        if not _exists(connection, reference.table):
            raise InputError(
                f"{spec.name} refers to {reference.table}, which is not published yet; materialize "
                f"agentdb/{reference.table} first"
            )


def _create(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec) -> None:
    """Create a table without key and index, which are quicker to add once it is full."""
    from psycopg.sql import SQL, Identifier, Literal

    columns = SQL(", ").join(SQL("{} {}").format(Identifier(name), SQL(kind)) for name, kind in spec.columns.items())
    divided = sql("PARTITION BY HASH ({})", spec.owner) if spec.partitions else SQL("")
    cursor.execute(SQL("CREATE TABLE {} ({}) {}").format(Identifier(table), columns, divided))
    for number in range(spec.partitions):
        cursor.execute(
            SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES WITH (MODULUS {}, REMAINDER {})").format(
                Identifier(f"{table}_{number}"), Identifier(table), Literal(spec.partitions), Literal(number)
            )
        )


def _add_version(cursor: "Cursor[dict[str, Any]]", table: str, version: str) -> None:
    """Give every row the version. A column with a constant default is kept once, in the catalog, and takes no time."""
    from psycopg.sql import SQL, Identifier, Literal

    cursor.execute(
        SQL("ALTER TABLE {} ADD COLUMN {} text NOT NULL DEFAULT {}").format(
            Identifier(table), Identifier(VERSION), Literal(version)
        )
    )
    cursor.execute(sql("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", table, VERSION))


def _add_key_and_indexes(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec) -> None:
    cursor.execute("SELECT set_config('maintenance_work_mem', %s, true)", (f"{_SORT_MEMORY >> 10}kB",))
    cursor.execute(sql("ALTER TABLE {} ADD PRIMARY KEY ({})", table, spec.key))
    for reference in spec.references:
        statement = "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({})"
        name = f"{spec.name}_{reference.column}_fkey"
        cursor.execute(sql(statement, table, name, reference.column, reference.table, reference.target))
    for index in spec.indexes:
        if index.method == "hnsw":
            _allow_memory(cursor, table, spec, index)
        _add_index(cursor, table, index)


def _add_index(cursor: "Cursor[dict[str, Any]]", table: str, index: Index) -> None:
    from psycopg.sql import SQL, Identifier, Literal

    columns = [SQL("{} {}").format(Identifier(column), SQL(index.operators)) for column in index.columns]
    parameters = [SQL("{} = {}").format(Identifier(name), Literal(value)) for name, value in index.parameters.items()]
    cursor.execute(
        SQL("CREATE INDEX {} ON {} USING {} ({}) {}").format(
            Identifier(_index_name(table, index.columns)),
            Identifier(table),
            SQL(index.method),
            SQL(", ").join(columns),
            SQL("WITH ({})").format(SQL(", ").join(parameters)) if parameters else SQL(""),
        )
    )


def _allow_memory(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec, index: Index) -> None:
    """Let an HNSW graph be built in memory, which takes a tenth of the time, and by this one process.

    Several would share their memory through /dev/shm, of which a container has 64 MB unless told otherwise; the build
    would then fail, whatever the server has.
    """
    dimension = int(spec.columns[index.columns[0]].partition("(")[2].partition(")")[0])
    needed = _count(cursor, table) * (4 * dimension + _GRAPH_BYTES)
    kilobytes = min(max(needed, _LEAST_MEMORY), _MOST_MEMORY) >> 10
    cursor.execute("SELECT set_config('maintenance_work_mem', %s, true)", (f"{kilobytes}kB",))
    cursor.execute("SET LOCAL max_parallel_maintenance_workers = 0")


def _swap(
    connection: "Connection[dict[str, Any]]", cursor: "Cursor[dict[str, Any]]", staging: str, spec: TableSpec
) -> None:
    """Put the staging table, its key and its indexes in the place of the live ones; what refers to it goes on to."""
    referring = _let_go(cursor, spec.name)
    cursor.execute(sql("DROP TABLE IF EXISTS {}", spec.name))
    # The table, its partitions and the indexes of both; nothing else has a name that begins like this.
    loaded = cursor.execute(
        "SELECT relname AS name, relkind IN ('i', 'I') AS is_index FROM pg_class "
        "WHERE pg_table_is_visible(oid) AND starts_with(relname, %s) AND relkind IN ('r', 'p', 'i', 'I')",
        (staging,),
    ).fetchall()
    for relation in loaded:
        statement = "ALTER INDEX {} RENAME TO {}" if relation["is_index"] else "ALTER TABLE {} RENAME TO {}"
        cursor.execute(sql(statement, relation["name"], spec.name + relation["name"].removeprefix(staging)))
    for constraint in referring:
        _take_up(connection, cursor, constraint)


def _let_go(cursor: "Cursor[dict[str, Any]]", table: str) -> list[dict[str, str]]:
    """Drop the foreign keys of other tables that refer to a table; return each one's table, name and definition."""
    referring = cursor.execute(
        "SELECT conrelid::regclass::text AS child, conname AS name, pg_get_constraintdef(oid) AS definition "
        "FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass(%s)",
        (table,),
    ).fetchall()
    for constraint in referring:
        cursor.execute(sql("ALTER TABLE {} DROP CONSTRAINT {}", constraint["child"], constraint["name"]))
    return referring


def _take_up(
    connection: "Connection[dict[str, Any]]", cursor: "Cursor[dict[str, Any]]", constraint: Mapping[str, str]
) -> None:
    """Add a foreign key again. Rows of the older load that refer to nothing any more are let be until their own asset
    replaces them: the key then holds for new rows only, which its gate sees.
    """
    import psycopg
    from psycopg.sql import SQL

    child, name = constraint["child"], constraint["name"]
    definition = SQL(constraint["definition"].removesuffix(" NOT VALID"))  # the server's own words
    cursor.execute(SQL("{} {} NOT VALID").format(sql("ALTER TABLE {} ADD CONSTRAINT {}", child, name), definition))
    try:
        with connection.transaction():
            cursor.execute(sql("ALTER TABLE {} VALIDATE CONSTRAINT {}", child, name))
    except psycopg.errors.ForeignKeyViolation:
        logger.info("%s is of an older load than what it refers to; publish it too", child)


def _index_name(table: str, columns: tuple[str, ...]) -> str:
    return f"{table}_{'_'.join(columns)}_idx"


@answering()
def live_version(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> str | None:
    """Return the version that readers see, or None where nothing is published."""
    if not _exists(connection, LOADS):
        return None
    row = connection.execute(sql("SELECT version FROM {} WHERE dataset = %s", LOADS), (spec.name,)).fetchone()
    return str(row[VERSION]) if row else None


@answering()
def count(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> int:
    """Return how many rows the table holds, counted by the server at this moment; 0 where it is not there."""
    if not _exists(connection, spec.name):
        return 0
    with connection.cursor() as cursor:
        return _count(cursor, spec.name)


@answering()
def ids(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> pl.DataFrame:
    """Return the key of every row, in the order of the key."""
    statement = sql(
        "COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER)", spec.key, spec.name, spec.key
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        text = b"".join(bytes(block) for block in copy)
    types = {name: _polars_type(spec.columns[name]) for name in spec.key}
    return pl.read_csv(text, schema_overrides=types)


def checksums_of(spec: TableSpec, rows: pl.LazyFrame) -> pl.DataFrame:
    """Return each owner's number of rows and the sum of each of their columns of whole numbers, by ascending owner.

    For tables too long to list the keys of: what is equal here has the same rows for each owner, but for values that
    cancel out.

    Args:
        spec: the table, which has an owner.
        rows: what it is to hold.
    """
    sums = [pl.col(name).cast(pl.Int64).sum() for name in _summed(spec)]
    return (
        rows.group_by(spec.owner)
        .agg(pl.len().cast(pl.Int64).alias("rows"), *sums)
        .sort(spec.owner)
        .collect(engine="streaming")
    )


@answering()
def checksums(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> pl.DataFrame:
    """Return what :func:`checksums_of` does of what the table holds at this moment, added up by the server."""
    from psycopg.sql import SQL, Identifier

    sums = [sql("sum({})::bigint AS {}", name, name) for name in _summed(spec)]
    query = SQL("SELECT {}, {} FROM {} GROUP BY 1 ORDER BY 1").format(
        Identifier(spec.owner), SQL(", ").join([SQL("count(*) AS rows"), *sums]), Identifier(spec.name)
    )
    rows = connection.execute(query).fetchall()
    schema = {
        spec.owner: _polars_type(spec.columns[spec.owner]),
        "rows": pl.Int64(),
        **dict.fromkeys(_summed(spec), pl.Int64()),
    }
    return pl.DataFrame(rows, schema=schema)


def _summed(spec: TableSpec) -> list[str]:
    whole = ("smallint", "integer", "bigint")
    return [name for name, kind in spec.columns.items() if _base_type(kind) in whole and name != spec.owner]


@answering()
def fetch(connection: "Connection[dict[str, Any]]", spec: TableSpec, keys: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of those ``keys`` that exist, in the order of the key.

    Args:
        connection: from :func:`connect`.
        spec: the table.
        keys: the key's columns.
    """
    from psycopg.sql import SQL

    arrays = SQL(", ").join(SQL("%s::{}[]").format(SQL(_base_type(spec.columns[name]))) for name in spec.key)
    columns = SQL(", ").join(_readable(name, declared) for name, declared in spec.columns.items())
    query = SQL("SELECT {}, {} {})) {}").format(
        columns,
        sql("{} FROM {} WHERE ({}) IN (SELECT * FROM unnest(", VERSION, spec.name, spec.key),
        arrays,
        sql("ORDER BY {}", spec.key),
    )
    rows = connection.execute(query, [keys[name].to_list() for name in spec.key]).fetchall()
    return [{name: restored(value) for name, value in row.items()} for row in rows]


def _readable(name: str, declared: str) -> "Composed":
    """Return a column as it is read: a UUID as text, a vector as an array, anything else as it is."""
    from psycopg.sql import SQL, Identifier

    base = _base_type(declared)
    cast = "::text" if base == "uuid" else "::real[]" if base.startswith("vector") else ""
    return SQL("{}{} AS {}").format(Identifier(name), SQL(cast), Identifier(name))


@answering()
def policy(connection: "Connection[dict[str, Any]]", user_id: int, state_hash: str) -> dict[str, Any] | None:
    """Return a user's policy in one state, or None where the user has never been in it."""
    query = sql("SELECT * FROM {} WHERE user_id = %s AND state_hash = %s", POLICIES.name)
    return connection.execute(query, (user_id, state_hash)).fetchone()


@answering()
def last_episode(connection: "Connection[dict[str, Any]]", user_id: int) -> dict[str, Any] | None:
    """Return a user's last step, or None where there is none."""
    query = sql("SELECT * FROM {} WHERE user_id = %s ORDER BY step DESC LIMIT 1", EPISODES.name)
    return connection.execute(query, (user_id,)).fetchone()


@answering()
def foreign_key_facts(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> dict[str, int]:
    """Return how many of a table's declared foreign keys there are, how many hold for every row, and how many rows they
    do not hold for.
    """
    keys = connection.execute(
        "SELECT count(*) AS there, count(*) FILTER (WHERE convalidated) AS valid FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid = to_regclass(%s)",
        (spec.name,),
    ).fetchone()
    orphans = 0
    for reference in spec.references:
        statement = "SELECT count(*) AS rows FROM {} AS child WHERE NOT EXISTS (SELECT FROM {} WHERE {} = child.{})"
        names = (spec.name, reference.table, reference.target, reference.column)
        row = connection.execute(sql(statement, *names)).fetchone()
        orphans += int(row["rows"]) if row else 0
    return {"declared": len(spec.references), **(keys or {"there": 0, "valid": 0}), "orphans": orphans}


def _exists(connection: "Connection[dict[str, Any]]", table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL AS found", (table,)).fetchone()
    return bool(row and row["found"])


def _count(cursor: "Cursor[dict[str, Any]]", table: str) -> int:
    row = cursor.execute(sql("SELECT count(*) AS rows FROM {}", table)).fetchone()
    return int(row["rows"]) if row else 0


def _base_type(declaration: str) -> str:
    return declaration.removesuffix(" NOT NULL")


def _polars_type(declaration: str) -> pl.DataType:
    return {
        "smallint": pl.Int16(),
        "integer": pl.Int32(),
        "bigint": pl.Int64(),
        "text": pl.String(),
        "uuid": pl.String(),
    }[_base_type(declaration)]
