"""Databases of PostgreSQL: dumped and restored by its own programs, and added up table by table by the server.

What does not belong here: stores without a dump of their own (datasets.py).
"""

import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tv5_assets.errors import InputError, StoreUnavailableError, TV5Error
from tv5_assets.services.postgresql import bundled_program
from tv5_assets.stores import postgres
from tv5_assets.stores.statements import sql

logger = logging.getLogger(__name__)

Sums = dict[str, tuple[int, str]]
"""Rows and checksum by table."""

_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
}  # fmt: skip
_TABLES = """
SELECT relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""


def dump(url: str, setting: str, folder: Path) -> Sums:
    """Dump a database into a folder; return what its tables hold in the very state that was dumped.

    Args:
        url: of the database; it may name SQLAlchemy's driver.
        setting: the variable that holds it, for errors to name.
        folder: is made.

    Raises:
        StoreUnavailableError: the server does not answer.
        TV5Error: pg_dump failed.
    """
    with postgres.connect(_plain(url), setting) as connection, postgres.answering(), connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot() AS snapshot").fetchone()
        assert row is not None  # noqa: S101  a SELECT of a function has a row
        _run(
            "pg_dump", "--format=directory", "--compress=gzip:1", f"--jobs={_jobs()}", "--no-owner", "--no-privileges",
            f"--snapshot={row['snapshot']}", f"--file={folder}", url=url,
        )  # fmt: skip
        return _sums(connection)


def restore(url: str, setting: str, folder: Path) -> Sums:
    """Restore a dump in the place of what the database holds; return what its tables hold then.

    Raises:
        StoreUnavailableError: the server does not answer.
        TV5Error: pg_restore failed.
    """
    _run(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--exit-on-error",
        f"--jobs={_jobs()}", f"--dbname={_parameters(url)['dbname']}", str(folder), url=url,
    )  # fmt: skip
    with postgres.connect(_plain(url), setting) as connection, postgres.answering():
        connection.execute("ANALYZE")
        return _sums(connection)


def holds_anything(url: str, setting: str) -> bool:
    """Tell whether a database has a table."""
    with postgres.connect(_plain(url), setting) as connection:
        return connection.execute(_TABLES).fetchone() is not None


def _sums(connection: Any) -> Sums:
    """Return rows and checksum of each table: the sum of the hashes of its rows as texts, in whatever order."""
    statement = "SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text AS checksum FROM {} AS t"
    names = [row["name"] for row in connection.execute(_TABLES).fetchall()]
    found = {name: connection.execute(sql(statement, name)).fetchone() for name in names}
    return {name: (int(row["rows"]), str(row["checksum"])) for name, row in found.items()}


def _run(program: str, *arguments: str, url: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, which is not everybody's to read."""
    variables = {_VARIABLES[name]: str(value) for name, value in _parameters(url).items() if name in _VARIABLES}
    done = subprocess.run(  # noqa: S603  PostgreSQL's own program
        [_program(program), *arguments], env=os.environ | variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise TV5Error(f"{program} failed: {lines[0]}")


def _program(name: str) -> str:
    """Return the embedded server's program, which understands every older server too, or the machine's."""
    found = bundled_program(name) or shutil.which(name)
    if found is None:
        raise InputError(f"there is no {name}; install PostgreSQL's client programs")
    return found


def _parameters(url: str) -> Mapping[str, Any]:
    from psycopg.conninfo import conninfo_to_dict

    return conninfo_to_dict(_plain(url))


def _plain(url: str) -> str:
    """Return a URL without the name of SQLAlchemy's driver."""
    if not url:
        raise StoreUnavailableError("there is no PostgreSQL server; start the embedded ones with `tv5 services up`")
    return f"postgresql://{url.partition('://')[2]}"


def _jobs() -> int:
    return min(4, os.cpu_count() or 1)
