"""Bulk loading of Redis: commands as ready bytes, made column-wise, in one MULTI/EXEC.

A client library spends longer on making and reading a command than the server on doing it. Here a block of commands is
one concatenation of columns, the next block is made while the server works on this one, and replies are read a block
behind. What does not belong here: which keys are written and why (redis.py).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from tv5_assets.ahead import one_ahead

if TYPE_CHECKING:
    from redis.connection import AbstractConnection

BLOCK_BYTES = 4 << 20
"""Of documents whose commands are sent together; at least one document."""


class Block(NamedTuple):
    """Commands in Redis's own form (RESP), and how many they are."""

    commands: int
    packed: memoryview


def set_commands(documents: pl.DataFrame, ttl_seconds: int, value: pl.Expr | None = None) -> Iterator[Block]:
    """Yield ``SET key value EX ttl`` for each document.

    Args:
        documents: columns ``key`` and ``value``, texts.
        ttl_seconds: seconds until each expires.
        value: what is written, computed as it is sent; ``value`` itself where it is None.
    """
    command = pl.concat_str(
        pl.lit("*5\r\n$3\r\nSET\r\n"), *_bulk("key"), *_bulk("value"), pl.lit(_constant("EX") + _constant(ttl_seconds))
    )
    for part in _parts(documents):
        sent = part if value is None else part.with_columns(value=value)
        yield Block(len(part), _joined(sent, command))


def restamp_commands(keys: pl.Series, offset: int, text: str, ttl_seconds: int) -> Iterator[Block]:
    """Yield ``SETRANGE key offset text`` and ``EXPIRE key ttl`` for each key: a few bytes of it change, the rest stays.

    Args:
        keys: the keys.
        offset: place of the bytes in each value.
        text: what they become; ASCII.
        ttl_seconds: seconds until each expires.
    """
    key = _bulk("key")
    command = pl.concat_str(
        pl.lit("*4\r\n$8\r\nSETRANGE\r\n"), *key, pl.lit(_constant(offset) + _constant(text)),
        pl.lit("*3\r\n$6\r\nEXPIRE\r\n"), *key, pl.lit(_constant(ttl_seconds)),
    )  # fmt: skip
    yield from _of_keys(keys, command, commands=2)


def unlink_commands(keys: pl.Series) -> Iterator[Block]:
    """Yield ``UNLINK key`` for each key."""
    yield from _of_keys(keys, pl.concat_str(pl.lit("*2\r\n$6\r\nUNLINK\r\n"), *_bulk("key")))


def execute(connection: "AbstractConnection", blocks: Iterable[Block]) -> bool:
    """Run commands in one transaction; return whether it took place, which a watched key that changed prevents.

    Args:
        connection: which watches what it has to, and is used for nothing else.
        blocks: the commands.

    Raises:
        RedisError: the server refused a command; nothing took place.
    """
    try:
        connection.send_command("MULTI")
        unread = 1
        for block in one_ahead(iter(blocks)):
            connection.send_packed_command([block.packed])
            _read(connection, unread)
            unread = block.commands
        connection.send_command("EXEC")
        _read(connection, unread)
        replies = connection.read_response(disable_decoding=True)
    except BaseException:
        connection.disconnect()  # with replies on their way that nobody expects
        raise
    for reply in replies or ():
        if isinstance(reply, Exception):
            raise reply
    return replies is not None


def _read(connection: "AbstractConnection", replies: int) -> None:
    for _ in range(replies):
        connection.read_response(disable_decoding=True)


def _of_keys(keys: pl.Series, command: pl.Expr, commands: int = 1) -> Iterator[Block]:
    for part in _parts(keys.alias("key").to_frame()):
        yield Block(commands * len(part), _joined(part, command))


def _joined(frame: pl.DataFrame, command: pl.Expr) -> memoryview:
    """Return the rows' commands, which Arrow keeps one after another, so that nothing is joined once more."""
    commands = frame.select(command=command)["command"].to_arrow(compat_level=pl.CompatLevel.oldest())
    return memoryview(commands.buffers()[2])


def _parts(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows in parts of about BLOCK_BYTES."""
    if frame.is_empty():
        return
    lengths: Any = frame.select(pl.sum_horizontal(pl.all().str.len_bytes()).mean()).item()
    rows = max(1, int(BLOCK_BYTES / max(1.0, lengths)))
    yield from frame.iter_slices(rows)


def _bulk(column: str) -> tuple[pl.Expr, ...]:
    """Return a column as bulk strings: ``$<bytes>\\r\\n<text>\\r\\n``."""
    return pl.lit("$"), pl.col(column).str.len_bytes().cast(pl.String), pl.lit("\r\n"), pl.col(column), pl.lit("\r\n")


def _constant(value: str | int) -> str:
    return f"${len(str(value))}\r\n{value}\r\n"
