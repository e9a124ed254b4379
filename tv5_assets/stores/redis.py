"""Redis: small JSON documents under keys that expire.

A publication writes the keys of a dataset that changed, removes those it no longer has, starts the time to live of the
others anew and moves the ``load:<dataset>`` pointer in one MULTI/EXEC, so that a reader never sees a mixture. The
transaction waits in the server's memory until it is complete: room for a second copy of what changed is needed. What
does not belong here: what the documents say (documents.py) and how commands travel (redis_bulk.py).
"""

import json
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from tv5_assets.cadence import PLATFORMS as PLATFORMS_CADENCE
from tv5_assets.cadence import POLICIES as POLICIES_CADENCE
from tv5_assets.cadence import TRENDS as TRENDS_CADENCE
from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.stores.address import refused, unavailable
from tv5_assets.stores.load import Load
from tv5_assets.stores.redis_bulk import Block, execute, restamp_commands, set_commands, unlink_commands

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline

logger = logging.getLogger(__name__)

SETTING = "TV5_REDIS_URL"

_TIMEOUT_SECONDS = 30.0
_STAMP = '{"version":"'  # how each document begins, so that a version is always in the same place
_SCAN_KEYS = 10_000
_READ_KEYS = 1_000


@dataclass(frozen=True)
class KeySpace:
    """The keys of one dataset.

    Attributes:
        dataset: what is published; ``load:<dataset>`` points to its version.
        prefix: how each of its keys starts, and no other dataset's.
        ttl_seconds: seconds until a key expires after it was published.
    """

    dataset: str
    prefix: str
    ttl_seconds: int

    @property
    def pointer(self) -> str:
        """Key of the dataset's version and size."""
        return f"load:{self.dataset}"


PLATFORMS = KeySpace("platforms", "platform:", PLATFORMS_CADENCE.ttl_seconds)
TRENDS = KeySpace("trends", "trend:", TRENDS_CADENCE.ttl_seconds)
POLICIES = KeySpace("policies", "policy:", POLICIES_CADENCE.ttl_seconds)


@dataclass(frozen=True)
class TtlFacts:
    """How long the keys of a dataset still live.

    Attributes:
        keys: how many there are.
        without_ttl: how many of them never expire.
        shortest_seconds: least time to live; 0 where there is no key.
        longest_seconds: greatest time to live; 0 where there is no key.
    """

    keys: int
    without_ttl: int
    shortest_seconds: int
    longest_seconds: int


def connect(url: str) -> "Redis":
    """Connect and verify that the server answers.

    Raises:
        StoreUnavailableError: nothing answers at ``url``.
        StoreRefusedError: the server does not accept the password, or ``url`` is no Redis URL.
    """
    from redis import AuthenticationError, Redis, RedisError, ResponseError

    try:
        client = Redis.from_url(
            url, decode_responses=True, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )
        client.echo("")  # a server whose disk is full refuses PING, although readers are answered as before
    except (AuthenticationError, ResponseError) as error:
        raise refused("Redis", url, SETTING, str(error)) from error
    except ValueError as error:
        raise InputError(f"{SETTING} is not a Redis URL such as redis://:password@host:6379/0") from error
    except RedisError as error:
        raise unavailable("Redis", url, SETTING) from error
    return client


@contextmanager
def _answering() -> Iterator[None]:
    """Turn the client's errors into the platform's."""
    from redis import RedisError, WatchError, exceptions

    try:
        yield
    except WatchError as error:
        raise StoreUnavailableError("another loader publishes the same dataset into Redis; run it again") from error
    except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
        raise StoreUnavailableError(f"Redis does not answer any more: {error}") from error
    except RedisError as error:
        raise StoreRefusedError(f"Redis refused: {error}") from error


@_answering()
def publish(client: "Redis", space: KeySpace, documents: pl.DataFrame, version: str) -> Load:
    """Make ``documents`` the content of the key space; a reader sees the old content or the new.

    Publishing the version that is already there writes no document and only starts every time to live anew.

    Args:
        client: from :func:`connect`.
        space: the dataset's keys.
        documents: columns ``key`` and ``value``, unique keys and the text of a JSON object each; ``"version"`` is put
            into every object.
        version: fingerprint of the documents: letters and digits.

    Raises:
        InputError: a key is outside the key space or occurs twice, or a value is not an object.
        StoreUnavailableError: the server stopped answering, or another loader was always faster.
    """
    from redis import WatchError

    started = time.perf_counter()
    _verify(space, documents)
    retry = retry_if_exception_type(WatchError)
    written = Retrying(retry=retry, stop=stop_after_attempt(5), wait=wait_random_exponential(0.05), reraise=True)(
        _swap, client, space, documents.select("key", "value"), version
    )
    if written is None:
        logger.info("Redis %s is as it was published: nothing is written", space.dataset)
    seconds = time.perf_counter() - started
    return Load(space.dataset, len(documents), version, written is not None, seconds, written or 0)


def _verify(space: KeySpace, documents: pl.DataFrame) -> None:
    wrong = documents.filter(
        ~pl.col("key").str.starts_with(space.prefix) | pl.col("key").is_duplicated() | ~_is_object(pl.col("value"))
    )
    if len(wrong):
        raise InputError(
            f"{space.dataset}: {wrong['key'][0]!r} does not start with {space.prefix!r}, occurs twice or holds no JSON "
            f"object; {len(wrong)} such rows"
        )


def _is_object(value: pl.Expr) -> pl.Expr:
    return (value.str.starts_with("{") & value.str.ends_with("}")).fill_null(False)


def _members(value: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return what follows the version in the text of an object, in two parts: ``,`` and ``"a":1}``, or ``}`` alone."""
    rest = value.str.slice(1)
    return pl.when(rest == "}").then(pl.lit("")).otherwise(pl.lit(",")), rest


def _swap(client: "Redis", space: KeySpace, documents: pl.DataFrame, version: str) -> int | None:
    """Publish in one transaction, which fails where another loader moved the pointer meanwhile.

    Returns:
        How many documents were written; None where all was there already.
    """
    from redis import WatchError

    with client.pipeline(transaction=True) as pipe:
        pipe.watch(space.pointer)
        assert pipe.connection is not None  # noqa: S101  which watching has taken for itself
        present = pl.Series("key", list(_keys(client, space)), dtype=pl.String).unique()
        pointer = _pointer(pipe, space)
        stale = present.filter(~present.is_in(documents["key"].implode()))
        there = pointer is not None and pointer["version"] == version and len(present) == len(documents)
        if there and stale.is_empty():
            changed, kept = documents.clear(), documents
        else:
            changed, kept = _changed(client, documents, version, present)
        moved = pl.DataFrame(
            {"key": [space.pointer], "value": [json.dumps({"version": version, "rows": len(documents)})]}
        )
        blocks = chain(
            set_commands(changed, space.ttl_seconds, _stamped(version)),
            restamp_commands(kept["key"], len(_STAMP), version, space.ttl_seconds),
            _removal(stale),
            set_commands(moved, space.ttl_seconds),
        )
        if not execute(pipe.connection, blocks):
            raise WatchError
    return None if there and stale.is_empty() else len(changed)


def _stamped(version: str) -> tuple[str | pl.Expr, ...]:
    """Return the text of each object with the version in it, before all else, in parts."""
    return f'{_STAMP}{version}"', *_members(pl.col("value"))


def _changed(
    client: "Redis", documents: pl.DataFrame, version: str, present: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the documents that the server has otherwise or not at all, and those of which only the version differs.

    Where most of the first documents differ, the others are not looked at: then everything is written.
    """
    same: list[pl.Series] = []
    for part in documents.filter(pl.col("key").is_in(present.implode())).iter_slices(_READ_KEYS):
        values = pl.Series("there", client.mget(part["key"].to_list()), dtype=pl.String)
        members = pl.concat_str(_members(pl.col("value")))
        # Of the same length, so that the version fits into the place of the old one.
        as_long = members.str.len_bytes() + len(f'{_STAMP}{version}"') == pl.col("there").str.len_bytes()
        alike = part.hstack([values]).filter(as_long & (members == _content("there")))
        if not same and 2 * len(alike) < len(part):
            break
        same.append(alike["key"])
    known = pl.concat(same) if same else pl.Series("key", [], dtype=pl.String)
    among = pl.col("key").is_in(known.implode())
    return documents.filter(~among), documents.filter(among)


def _content(column: str) -> pl.Expr:
    """Return what a document says beside its version, which stands first."""
    return pl.col(column).str.replace(rf'^{re.escape(_STAMP)}[^"]*"', "")


def _removal(stale: pl.Series) -> Iterator[Block]:
    return unlink_commands(stale)


@_answering()
def live_version(client: "Redis", space: KeySpace) -> str | None:
    """Return the version that readers see, or None where nothing is published or all of it has expired."""
    pointer = _pointer(client, space)
    return None if pointer is None else str(pointer["version"])


@_answering()
def count(client: "Redis", space: KeySpace) -> int:
    """Return how many keys the dataset has, counted by the server at this moment."""
    return len(set(_keys(client, space)))


@_answering()
def ids(client: "Redis", space: KeySpace) -> list[str]:
    """Return every key of the dataset, sorted."""
    return sorted(set(_keys(client, space)))


@_answering()
def fetch(client: "Redis", keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the documents of those ``keys`` that exist."""
    return {
        key: json.loads(value)
        for part in _slices(keys)
        for key, value in zip(part, client.mget(part), strict=True)
        if value is not None
    }


@_answering()
def contents(client: "Redis", keys: Sequence[str]) -> pl.DataFrame:
    """Return ``key`` and ``value`` of those documents that exist, as :func:`publish` takes them: without a version."""
    values = [value for part in _slices(keys) for value in client.mget(part)]
    found = pl.DataFrame({"key": keys, "value": values}, schema={"key": pl.String, "value": pl.String}).drop_nulls()
    return found.with_columns(value=pl.lit("{") + _content("value").str.strip_prefix(","))


@_answering()
def ttl_facts(client: "Redis", space: KeySpace) -> TtlFacts:
    """Return how long the dataset's keys still live."""
    ttls: list[int] = []
    for part in _slices(ids(client, space)):
        with client.pipeline(transaction=False) as pipe:
            for key in part:
                pipe.ttl(key)
            ttls += [ttl for ttl in pipe.execute() if ttl != -2]  # -2: it expired since it was listed
    living = [ttl for ttl in ttls if ttl >= 0]
    return TtlFacts(len(ttls), len(ttls) - len(living), min(living, default=0), max(living, default=0))


@_answering()
def get(client: "Redis", key: str) -> dict[str, Any] | None:
    """Return the document under ``key``, or None where there is none or it has expired."""
    value = client.get(key)
    return None if value is None else json.loads(value)


@_answering()
def put(client: "Redis", key: str, document: Mapping[str, Any], version: str, ttl_seconds: int) -> None:
    """Keep one document, such as the answer to a query, for ``ttl_seconds``.

    Args:
        client: from :func:`connect`.
        key: where, from documents.py.
        document: what; its ``version`` becomes ``version``.
        version: version of the load that it was computed from.
        ttl_seconds: seconds until it expires.
    """
    value = json.dumps({**document, "version": version}, ensure_ascii=False, separators=(",", ":"))
    client.set(key, value, ex=ttl_seconds)


def _pointer(client: "Redis | Pipeline", space: KeySpace) -> dict[str, Any] | None:
    value = client.get(space.pointer)
    return None if value is None else json.loads(value)


def _keys(client: "Redis", space: KeySpace) -> Iterator[str]:
    """Yield the dataset's keys; SCAN may yield one twice."""
    return client.scan_iter(match=f"{space.prefix}*", count=_SCAN_KEYS)


def _slices(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for offset in range(0, len(keys), _READ_KEYS):
        yield keys[offset : offset + _READ_KEYS]
