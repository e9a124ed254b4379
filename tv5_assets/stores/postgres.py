"""PostgreSQL, as AgentDB: tables replaced whole in one transaction.

A publication copies into a table of its own, gives it its key and its indexes, counts it, and takes the old table's
place, all in one transaction: until it commits readers see the old table, and a loader that is killed leaves nothing.
What does not belong here: how the rows came about (agentdb/).
"""

import io
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.progress import progress
from tv5_assets.stores.address import refused, unavailable
from tv5_assets.stores.load import Load

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg.sql import Composed

logger = logging.getLogger(__name__)

SETTING = "TV5_POSTGRES_URL"
DAGSTER_SETTING = "TV5_DAGSTER_PG_URL"
LOADS = "loads"
VERSION = "version"

_CONNECT_SECONDS = 10
_COPY_ROWS = 100_000
_GRAPH_BYTES = 600  # of an HNSW graph per row, beside its vector; m=16 takes less
_LEAST_MEMORY, _MOST_MEMORY = 64 << 20, 4 << 30  # of building an index, in bytes
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
    """

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()
    references: tuple[ForeignKey, ...] = ()
    extensions: tuple[str, ...] = ()


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
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(f"PostgreSQL does not answer any more: {error}") from error
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise InputError(f"PostgreSQL cannot take a row: {error}") from error
    except psycopg.Error as error:
        raise StoreRefusedError(f"PostgreSQL refused: {error}") from error


Send = Callable[["Cursor[dict[str, Any]]", str], int]
"""Copies rows into a table and returns how many it sent."""


def publish(
    connection: "Connection[dict[str, Any]]", spec: TableSpec, frame: pl.DataFrame | pl.LazyFrame, version: str
) -> Load:
    """Make ``frame`` the content of the table; a reader sees the old content or the new.

    Args:
        connection: from :func:`connect`.
        spec: the table.
        frame: its columns, lazily if it is large: it is streamed.
        version: fingerprint of the frame.

    Raises:
        InputError: columns are missing, the key occurs twice, a value does not fit its column, or a table that this
            one refers to is not there or lacks a row.
        StoreUnavailableError: the server stopped answering.
    """
    missing = set(spec.columns) - set(frame.lazy().collect_schema())
    if missing:
        raise InputError(f"{spec.name} needs the columns {', '.join(sorted(missing))}")
    return publish_rows(connection, spec, partial(_copy, spec=spec, frame=frame.lazy().select(*spec.columns)), version)


@answering()
def publish_rows(connection: "Connection[dict[str, Any]]", spec: TableSpec, send: Send, version: str) -> Load:
    """Make what ``send`` copies the content of the table; otherwise as :func:`publish`."""
    import psycopg

    started = time.perf_counter()
    conflict = retry_if_exception_type((psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure))
    rows, changed = Retrying(
        retry=conflict, stop=stop_after_attempt(5), wait=wait_random_exponential(0.1), reraise=True
    )(_replace, connection, spec, send, version)
    return Load(spec.name, rows, version, changed, time.perf_counter() - started)


def _replace(connection: "Connection[dict[str, Any]]", spec: TableSpec, send: Send, version: str) -> tuple[int, bool]:
    """Replace the table in one transaction unless it is there already; return its rows and whether it changed."""
    with connection.transaction(), connection.cursor() as cursor:
        # A second loader waits here, and then sees what the first one published.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('tv5', 0))")
        cursor.execute(
            sql(
                "CREATE TABLE IF NOT EXISTS {} (dataset text PRIMARY KEY, version text NOT NULL, rows bigint NOT NULL, "
                "loaded_at timestamptz NOT NULL DEFAULT now())",
                LOADS,
            )
        )
        cursor.execute(sql("SELECT version, rows FROM {} WHERE dataset = %s", LOADS), (spec.name,))
        live = cursor.fetchone()
        if live and live[VERSION] == version and _count(cursor, spec.name) == live["rows"]:
            return int(live["rows"]), False
        _require_referenced(connection, spec)
        for extension in spec.extensions:
            cursor.execute(sql("CREATE EXTENSION IF NOT EXISTS {}", extension))
        staging = f"{spec.name}_loading"
        _create(cursor, staging, spec, version)
        sent = send(cursor, staging)
        _add_key_and_indexes(cursor, staging, spec)
        rows = _count(cursor, staging)
        if rows != sent:
            raise StoreUnavailableError(f"PostgreSQL holds {rows} rows of {spec.name} instead of {sent}; run it again")
        _swap(connection, cursor, staging, spec)
        cursor.execute(
            sql(
                "INSERT INTO {} (dataset, version, rows) VALUES (%s, %s, %s) ON CONFLICT (dataset) DO UPDATE "
                "SET version = excluded.version, rows = excluded.rows, loaded_at = excluded.loaded_at",
                LOADS,
            ),
            (spec.name, version, rows),
        )
    with connection.cursor() as cursor:
        cursor.execute(sql("ANALYZE {}", spec.name))
    return rows, True


def _require_referenced(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> None:
    for reference in spec.references:
        if not _exists(connection, reference.table):
            raise InputError(
                f"{spec.name} refers to {reference.table}, which is not published yet; materialize "
                f"agentdb/{reference.table} first"
            )


def _create(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec, version: str) -> None:
    from psycopg.sql import SQL, Identifier, Literal

    columns = [SQL("{} {}").format(Identifier(name), SQL(kind)) for name, kind in spec.columns.items()]
    # The version is a default, so that it need not be sent with every row.
    columns.append(SQL("{} text NOT NULL DEFAULT {}").format(Identifier(VERSION), Literal(version)))
    cursor.execute(SQL("CREATE TABLE {} ({})").format(Identifier(table), SQL(", ").join(columns)))


def _copy(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec, frame: pl.LazyFrame) -> int:
    """Stream the frame into the table as CSV text; return the number of rows sent."""
    statement = sql("COPY {} ({}) FROM STDIN (FORMAT csv, FREEZE)", table, tuple(spec.columns))
    arrays = [_array_literal(name) for name, dtype in frame.collect_schema().items() if isinstance(dtype, pl.List)]
    sent = 0
    total = frame.select(pl.len()).collect().item()
    with progress(logger, f"PostgreSQL {spec.name}", total, "row") as bar, cursor.copy(statement) as copy:
        for batch in frame.collect_batches(chunk_size=_COPY_ROWS, maintain_order=True):
            text = io.BytesIO()
            batch.with_columns(*arrays).write_csv(text, include_header=False)
            copy.write(text.getbuffer())
            sent += len(batch)
            bar.update(len(batch))
    return sent


def _array_literal(name: str) -> pl.Expr:
    """Return a column of lists of texts as PostgreSQL writes arrays: ``{"a","b"}``."""
    quoted = pl.format('"{}"', pl.element().str.replace_all(r'([\\"])', r"\$1"))
    return pl.concat_str(pl.lit("{"), pl.col(name).list.eval(quoted).list.join(","), pl.lit("}")).alias(name)


def _add_key_and_indexes(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec) -> None:
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
    cursor.execute(sql("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", staging, VERSION))
    cursor.execute(sql("DROP TABLE IF EXISTS {}", spec.name))
    cursor.execute(sql("ALTER TABLE {} RENAME TO {}", staging, spec.name))
    cursor.execute(sql("ALTER INDEX {} RENAME TO {}", f"{staging}_pkey", f"{spec.name}_pkey"))
    for index in spec.indexes:
        cursor.execute(
            sql(
                "ALTER INDEX {} RENAME TO {}",
                _index_name(staging, index.columns),
                _index_name(spec.name, index.columns),
            )
        )
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
    return connection.execute(query, [keys[name].to_list() for name in spec.key]).fetchall()


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


def sql(template: str, *names: str | tuple[str, ...]) -> "Composed":
    """Return a statement with quoted identifiers in its places; a tuple becomes a list of them."""
    from psycopg.sql import SQL, Identifier

    quoted = [Identifier(name) if isinstance(name, str) else SQL(", ").join(map(Identifier, name)) for name in names]
    return SQL(template).format(*quoted)


def _base_type(declaration: str) -> str:
    return declaration.removesuffix(" NOT NULL")


def _polars_type(declaration: str) -> pl.DataType:
    return {"integer": pl.Int32(), "bigint": pl.Int64(), "text": pl.String(), "uuid": pl.String()}[
        _base_type(declaration)
    ]
