"""Locks that live in PostgreSQL: one holder of a name at a time, on whatever machine, gone with the holder's process.

PostgreSQL gives an advisory lock back when the connection that took it ends, however it ends. So whether a training or
a study is alive is a question about its lock, which no process id, heartbeat or clock answers as surely. What does not
belong here: what is done under a lock.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tv5_assets.errors import InputError, StoreUnavailableError

if TYPE_CHECKING:
    from psycopg import Connection

_CONNECT_SECONDS = 10
_SECONDS_BETWEEN_TRIES = 0.1


@contextmanager
def held(url: str, *names: str) -> Iterator[None]:
    """Wait for the lock of a name and hold it.

    Args:
        url: of a PostgreSQL database, which may name SQLAlchemy's driver; locks of two databases are different ones.
        names: what is locked.

    Raises:
        StoreUnavailableError: nothing answers at ``url``, or it refuses.
    """
    with connected(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_key(names)])
        yield


@contextmanager
def held_if_free(url: str, *names: str, patience: float = 0.0) -> Iterator[bool]:
    """Hold the lock of a name if nobody else does, and tell whether that is so; see :func:`held`.

    Args:
        url: of a PostgreSQL database.
        names: what is locked.
        patience: seconds in which it may become free; the server takes a moment to notice that a holder was killed.
    """
    with connected(url) as connection:
        deadline = time.monotonic() + patience
        while not (taken := _taken(connection, names)) and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN_TRIES)
        yield taken


@contextmanager
def connected(url: str) -> Iterator["Connection[tuple[object, ...]]"]:
    """Yield a connection in autocommit and close it; see :func:`held`.

    Raises:
        InputError: ``url`` is not one of PostgreSQL.
        StoreUnavailableError: nothing answers there, or it refuses.
    """
    import psycopg

    scheme, separator, rest = url.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres") or not separator:
        raise InputError(f"a {scheme or 'missing'} address was given where PostgreSQL's is needed: postgresql://...")
    try:
        connection = psycopg.connect(f"postgresql://{rest}", autocommit=True, connect_timeout=_CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(f"PostgreSQL cannot be used: {error}") from error  # the driver names no password
    with connection:
        yield connection


def _taken(connection: "Connection[tuple[object, ...]]", names: tuple[str, ...]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_key(names)]).fetchone()
    return row == (True,)


def _key(names: tuple[str, ...]) -> int:
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
