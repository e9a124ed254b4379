"""PostgreSQL, as AgentDB: tables replaced whole in one transaction.

A publication copies into a table of its own, gives it its key and its indexes, counts it, and takes the old table's
place, all in one transaction: until it commits readers see the old table, and a loader that is killed leaves nothing.
What does not belong here: how the rows came about (agentdb/).
"""

import io
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
_REFUSALS = ("authentication failed", "no password supplied", "does not exist", "permission denied", "pg_hba.conf")


@dataclass(frozen=True)
class TableSpec:
    """A table; each of its rows also carries the load's ``version``.

    Attributes:
        name: the table.
        columns: SQL type of each column, in the order in which the published frame has them.
        key: columns of the primary key.
        indexes: columns of each further index.
    """

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()


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
    indexes=(("user_id", "step"),),
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
def _answering() -> Iterator[None]:
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


@_answering()
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
        InputError: columns are missing, the key occurs twice, or a value does not fit its column.
        StoreUnavailableError: the server stopped answering.
    """
    import psycopg

    started = time.perf_counter()
    missing = set(spec.columns) - set(frame.lazy().collect_schema())
    if missing:
        raise InputError(f"{spec.name} needs the columns {', '.join(sorted(missing))}")
    conflict = retry_if_exception_type((psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure))
    rows, changed = Retrying(
        retry=conflict, stop=stop_after_attempt(5), wait=wait_random_exponential(0.1), reraise=True
    )(_replace, connection, spec, frame.lazy().select(*spec.columns), version)
    return Load(spec.name, rows, version, changed, time.perf_counter() - started)


def _replace(
    connection: "Connection[dict[str, Any]]", spec: TableSpec, frame: pl.LazyFrame, version: str
) -> tuple[int, bool]:
    """Replace the table in one transaction unless it is there already; return its rows and whether it changed."""
    with connection.transaction(), connection.cursor() as cursor:
        # A second loader waits here, and then sees what the first one published.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('tv5', 0))")
        cursor.execute(
            _sql(
                "CREATE TABLE IF NOT EXISTS {} (dataset text PRIMARY KEY, version text NOT NULL, rows bigint NOT NULL, "
                "loaded_at timestamptz NOT NULL DEFAULT now())",
                LOADS,
            )
        )
        cursor.execute(_sql("SELECT version, rows FROM {} WHERE dataset = %s", LOADS), (spec.name,))
        live = cursor.fetchone()
        if live and live[VERSION] == version and _count(cursor, spec.name) == live["rows"]:
            return int(live["rows"]), False
        staging = f"{spec.name}_loading"
        _create(cursor, staging, spec, version)
        sent = _copy(cursor, staging, spec, frame)
        _add_key_and_indexes(cursor, staging, spec)
        rows = _count(cursor, staging)
        if rows != sent:
            raise StoreUnavailableError(f"PostgreSQL holds {rows} rows of {spec.name} instead of {sent}; run it again")
        _swap(cursor, staging, spec)
        cursor.execute(
            _sql(
                "INSERT INTO {} (dataset, version, rows) VALUES (%s, %s, %s) ON CONFLICT (dataset) DO UPDATE "
                "SET version = excluded.version, rows = excluded.rows, loaded_at = excluded.loaded_at",
                LOADS,
            ),
            (spec.name, version, rows),
        )
    with connection.cursor() as cursor:
        cursor.execute(_sql("ANALYZE {}", spec.name))
    return rows, True


def _create(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec, version: str) -> None:
    from psycopg.sql import SQL, Identifier, Literal

    columns = [SQL("{} {}").format(Identifier(name), SQL(kind)) for name, kind in spec.columns.items()]
    # The version is a default, so that it need not be sent with every row.
    columns.append(SQL("{} text NOT NULL DEFAULT {}").format(Identifier(VERSION), Literal(version)))
    cursor.execute(SQL("CREATE TABLE {} ({})").format(Identifier(table), SQL(", ").join(columns)))


def _copy(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec, frame: pl.LazyFrame) -> int:
    """Stream the frame into the table as CSV text; return the number of rows sent."""
    statement = _sql("COPY {} ({}) FROM STDIN (FORMAT csv, FREEZE)", table, tuple(spec.columns))
    sent = 0
    total = frame.select(pl.len()).collect().item()
    with progress(logger, f"PostgreSQL {spec.name}", total, "row") as bar, cursor.copy(statement) as copy:
        for batch in frame.collect_batches(chunk_size=_COPY_ROWS, maintain_order=True):
            text = io.BytesIO()
            batch.write_csv(text, include_header=False)
            copy.write(text.getbuffer())
            sent += len(batch)
            bar.update(len(batch))
    return sent


def _add_key_and_indexes(cursor: "Cursor[dict[str, Any]]", table: str, spec: TableSpec) -> None:
    cursor.execute(_sql("ALTER TABLE {} ADD PRIMARY KEY ({})", table, spec.key))
    for columns in spec.indexes:
        cursor.execute(_sql("CREATE INDEX {} ON {} ({})", _index_name(table, columns), table, columns))


def _swap(cursor: "Cursor[dict[str, Any]]", staging: str, spec: TableSpec) -> None:
    """Put the staging table, its key and its indexes in the place of the live ones."""
    cursor.execute(_sql("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", staging, VERSION))
    cursor.execute(_sql("DROP TABLE IF EXISTS {}", spec.name))
    cursor.execute(_sql("ALTER TABLE {} RENAME TO {}", staging, spec.name))
    cursor.execute(_sql("ALTER INDEX {} RENAME TO {}", f"{staging}_pkey", f"{spec.name}_pkey"))
    for columns in spec.indexes:
        cursor.execute(
            _sql("ALTER INDEX {} RENAME TO {}", _index_name(staging, columns), _index_name(spec.name, columns))
        )


def _index_name(table: str, columns: tuple[str, ...]) -> str:
    return f"{table}_{'_'.join(columns)}_idx"


@_answering()
def live_version(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> str | None:
    """Return the version that readers see, or None where nothing is published."""
    if not _exists(connection, LOADS):
        return None
    row = connection.execute(_sql("SELECT version FROM {} WHERE dataset = %s", LOADS), (spec.name,)).fetchone()
    return str(row[VERSION]) if row else None


@_answering()
def count(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> int:
    """Return how many rows the table holds, counted by the server at this moment; 0 where it is not there."""
    if not _exists(connection, spec.name):
        return 0
    with connection.cursor() as cursor:
        return _count(cursor, spec.name)


@_answering()
def ids(connection: "Connection[dict[str, Any]]", spec: TableSpec) -> pl.DataFrame:
    """Return the key of every row, in the order of the key."""
    statement = _sql(
        "COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER)", spec.key, spec.name, spec.key
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        text = b"".join(bytes(block) for block in copy)
    types = {name: _polars_type(spec.columns[name]) for name in spec.key}
    return pl.read_csv(text, schema_overrides=types)


@_answering()
def fetch(connection: "Connection[dict[str, Any]]", spec: TableSpec, keys: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of those ``keys`` that exist, in the order of the key.

    Args:
        connection: from :func:`connect`.
        spec: the table.
        keys: the key's columns.
    """
    from psycopg.sql import SQL

    arrays = SQL(", ").join(SQL("%s::{}[]").format(SQL(_base_type(spec.columns[name]))) for name in spec.key)
    query = SQL("{} {})) {}").format(
        _sql(
            "SELECT {}, {} FROM {} WHERE ({}) IN (SELECT * FROM unnest(",
            tuple(spec.columns),
            VERSION,
            spec.name,
            spec.key,
        ),
        arrays,
        _sql("ORDER BY {}", spec.key),
    )
    return connection.execute(query, [keys[name].to_list() for name in spec.key]).fetchall()


@_answering()
def policy(connection: "Connection[dict[str, Any]]", user_id: int, state_hash: str) -> dict[str, Any] | None:
    """Return a user's policy in one state, or None where the user has never been in it."""
    query = _sql("SELECT * FROM {} WHERE user_id = %s AND state_hash = %s", POLICIES.name)
    return connection.execute(query, (user_id, state_hash)).fetchone()


@_answering()
def last_episode(connection: "Connection[dict[str, Any]]", user_id: int) -> dict[str, Any] | None:
    """Return a user's last step, or None where there is none."""
    query = _sql("SELECT * FROM {} WHERE user_id = %s ORDER BY step DESC LIMIT 1", EPISODES.name)
    return connection.execute(query, (user_id,)).fetchone()


def _exists(connection: "Connection[dict[str, Any]]", table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL AS found", (table,)).fetchone()
    return bool(row and row["found"])


def _count(cursor: "Cursor[dict[str, Any]]", table: str) -> int:
    row = cursor.execute(_sql("SELECT count(*) AS rows FROM {}", table)).fetchone()
    return int(row["rows"]) if row else 0


def _sql(template: str, *names: str | tuple[str, ...]) -> "Composed":
    """Return a statement with quoted identifiers in its places; a tuple becomes a list of them."""
    from psycopg.sql import SQL, Identifier

    quoted = [Identifier(name) if isinstance(name, str) else SQL(", ").join(map(Identifier, name)) for name in names]
    return SQL(template).format(*quoted)


def _base_type(declaration: str) -> str:
    return declaration.removesuffix(" NOT NULL")


def _polars_type(declaration: str) -> pl.DataType:
    return {"integer": pl.Int32(), "bigint": pl.Int64(), "text": pl.String()}[_base_type(declaration)]
