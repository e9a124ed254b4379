"""Bulk loading of Redis: commands as ready bytes, made column-wise, in one MULTI/EXEC.

A client library spends longer on making and reading a command than the server on doing it, and the server longer on
keeping a command of a transaction than on storing one more value. Here a block of rows is a few commands of thousands
of keys each, every one the concatenation of columns; the next block is made while the server works on this one, and
replies are read a block behind. What does not belong here: which keys are written and why (redis.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from tv5_assets.ahead import one_ahead

if TYPE_CHECKING:
    from redis.connection import AbstractConnection

Text = str | pl.Expr
"""A text that all rows share, or one of each row's."""
BLOCK_BYTES = 4 << 20
"""Of documents that are sent together; at least one document."""
_KEY, _VALUE = pl.col("key"), pl.col("value")
_CONTIGUOUS = pl.CompatLevel.oldest()  # in which a column is one text after another
_MOST_ROWS = 100_000  # of a block: a server takes about a million words in a command
_EXPIRE = "for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[1]) end"


class Block(NamedTuple):
    """Commands in Redis's own form (RESP), and how many they are."""

    commands: int
    packed: tuple[bytes | memoryview, ...]


def set_commands(documents: pl.DataFrame, ttl_seconds: int, value: Sequence[Text] = (_VALUE,)) -> Iterator[Block]:
    """Yield what sets documents that expire: ``MSET key value ...`` and a script of ``EXPIRE key ttl``.

    Args:
        documents: columns ``key`` and ``value``, texts.
        ttl_seconds: seconds until each expires.
        value: what is written, the texts one after another.
    """
    for part in _parts(documents):
        pairs = _joined(part, *_bulk(_KEY), *_bulk(*value))
        yield Block(2, (_head(1 + 2 * len(part), "MSET"), pairs, *_expire(part, ttl_seconds)))


def restamp_commands(keys: pl.Series, offset: int, text: str, ttl_seconds: int) -> Iterator[Block]:
    """Yield ``SETRANGE key offset text`` for each key, of which a few bytes change, and a script of ``EXPIRE key ttl``.

    Args:
        keys: the keys.
        offset: place of the bytes in each value.
        text: what they become; ASCII.
        ttl_seconds: seconds until each expires.
    """
    set_range = "*4\r\n$8\r\nSETRANGE\r\n", *_bulk(_KEY), _constant(offset) + _constant(text)
    for part in _parts(keys.alias("key").to_frame()):
        yield Block(len(part) + 1, (_joined(part, *set_range), *_expire(part, ttl_seconds)))


def unlink_commands(keys: pl.Series) -> Iterator[Block]:
    """Yield ``UNLINK key ...``."""
    for part in _parts(keys.alias("key").to_frame()):
        yield Block(1, (_head(1 + len(part), "UNLINK"), _joined(part, *_bulk(_KEY))))


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
            connection.send_packed_command(block.packed)
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


def _expire(part: pl.DataFrame, ttl_seconds: int) -> tuple[bytes | memoryview, ...]:
    """Return the command that lets all keys of a part expire."""
    head = _head(4 + len(part), "EVAL", _EXPIRE, len(part))
    return head, _joined(part, *_bulk(_KEY)), _constant(ttl_seconds).encode()


def _head(words: int, *first: str | int) -> bytes:
    """Return the beginning of a command of so many words."""
    return (f"*{words}\r\n" + "".join(map(_constant, first))).encode()


def _joined(frame: pl.DataFrame, *texts: Text) -> memoryview:
    """Return the rows' texts one after another, as Arrow joins them, so that nothing is copied once more."""
    import pyarrow as pa
    import pyarrow.compute as pc  # takes a tenth of a second, which nobody who only reads should wait for

    own = [text for text in texts if not isinstance(text, str)]
    columns = iter(frame.select(text.alias(str(place)) for place, text in enumerate(own)))
    kind = pa.large_string()
    strings = (
        pa.scalar(text, kind) if isinstance(text, str) else next(columns).to_arrow(compat_level=_CONTIGUOUS)
        for text in texts
    )
    joined: Any = pc.binary_join_element_wise(*strings, pa.scalar("", kind))
    return memoryview(joined.buffers()[2])


def _parts(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows in parts of about BLOCK_BYTES."""
    if frame.is_empty():
        return
    lengths: Any = frame.select(pl.sum_horizontal(pl.all().str.len_bytes()).mean()).item()
    rows = min(_MOST_ROWS, max(1, int(BLOCK_BYTES / max(1.0, lengths))))
    yield from frame.iter_slices(rows)


def _bulk(*texts: Text) -> tuple[Text, ...]:
    """Return a bulk string of texts: ``$<bytes>\\r\\n<texts>\\r\\n``."""
    constant = sum(len(text.encode()) for text in texts if isinstance(text, str))
    rest = pl.sum_horizontal(text.str.len_bytes() for text in texts if not isinstance(text, str))
    return "$", (constant + rest).cast(pl.String), "\r\n", *texts, "\r\n"


def _constant(value: str | int) -> str:
    return f"${len(str(value))}\r\n{value}\r\n"
