"""ArcadeDB's bulk endpoint, which creates relationships over HTTP some ten times as fast as Cypher does over Bolt.

What does not belong here: which relationships, and between which nodes (neo4j.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors as cs

from tv5_assets.errors import StoreRefusedError, StoreUnavailableError

if TYPE_CHECKING:
    import httpx

START, END = "@from", "@to"
"""Columns with the record ids of the nodes that a relationship leads from and to."""
MOST_IN_BULK = 400_000
"""Of one request, whose body the server takes up to 100 MB of; a rating takes 120 bytes."""

_ROWS_PER_PIECE = 50_000
"""Made into text at once, while the server reads those before."""
_CONNECT_SECONDS, _ANSWER_SECONDS = 10.0, 600.0


@dataclass(frozen=True)
class BulkEndpoint:
    """Where it is.

    Attributes:
        url: the server's HTTP address.
        user: whom to write as.
        password: the user's.
        database: what is written into.
    """

    url: str
    user: str
    password: str = field(repr=False)
    database: str

    @contextmanager
    def connected(self) -> Iterator["BulkConnection"]:
        """Yield a connection and close it."""
        import httpx

        timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        # No proxy of the environment: the server is on this machine.
        with httpx.Client(
            base_url=self.url, auth=(self.user, self.password), timeout=timeout, trust_env=False
        ) as client:
            yield BulkConnection(client, self.database)


@dataclass(frozen=True)
class BulkConnection:
    """A connection to the endpoint of one database."""

    client: "httpx.Client"
    database: str

    def declare(self, kind: str) -> None:
        """Let there be relationships of a type.

        Raises:
            StoreUnavailableError: the server stopped answering, or failed.
            StoreRefusedError: the server does not take the request.
        """
        self._command(f"CREATE EDGE TYPE `{kind}` IF NOT EXISTS")

    def count(self, kind: str) -> int:
        """Return how many relationships of a type there are, whether their nodes know of them or not.

        Raises:
            StoreUnavailableError: the server stopped answering, or failed.
            StoreRefusedError: the server does not take the request.
        """
        return int(self._command(f"SELECT count(*) AS relationships FROM `{kind}`")[0]["relationships"])  # noqa: S608

    def delete_unlinked(self, kind: str, but: str | None) -> None:
        """Delete the relationships of a type that no node knows of, as a request that broke off leaves them.

        Args:
            kind: the type; relationships of it that nodes know of are all of the version ``but``.
            but: value of their property ``version``; None if there are none.

        Raises:
            StoreUnavailableError: the server stopped answering, or failed.
            StoreRefusedError: the server does not take the request.
        """
        # UNSAFE leaves the nodes alone: otherwise each relationship is looked for among all of its two nodes'.
        others = "" if but is None else "WHERE version <> :but"
        self._command(f"DELETE FROM `{kind}` {others} UNSAFE", but=but)  # noqa: S608

    def create(self, kind: str, relationships: pl.DataFrame) -> int:
        """Create a relationship of each row and return how many the server created.

        They are written in several transactions, and a node learns of its own at the end, so that a request which
        breaks off leaves some behind that no node knows of. The server takes one such request at a time, and nodes must
        not get other relationships meanwhile: what one of the two writes would be lost.

        Args:
            kind: type of the relationships, declared.
            relationships: columns START, END and the properties; at most MOST_IN_BULK.

        Raises:
            polars.exceptions.InvalidOperationError: a number is above those of 64 bits with a sign.
            StoreUnavailableError: the server stopped answering, or failed.
            StoreRefusedError: the server does not take the request.
        """
        rows = relationships.select(
            pl.lit("edge").alias("@type"),
            pl.lit(kind).alias("@class"),
            cs.integer().cast(pl.Int64),
            # A float32 in as few digits as tell it from other float32s would become another float64.
            cs.float().cast(pl.Float64),
            ~cs.numeric(),
        )
        created = self._post(
            "batch",
            params={"wal": "true"},  # without it, a server that is killed leaves a damaged database
            content=(piece.write_ndjson().encode() for piece in rows.iter_slices(_ROWS_PER_PIECE)),
            headers={"Content-Type": "application/x-ndjson"},
        )
        return int(created["edgesCreated"])

    def _command(self, statement: str, **parameters: str | None) -> list[dict[str, Any]]:
        """Run SQL; a type is no parameter, and is one of the platform's own names."""
        result: list[dict[str, Any]] = self._post(
            "command", json={"language": "sql", "command": statement, "params": parameters}
        )["result"]
        return result

    def _post(self, what: str, **request: Any) -> dict[str, Any]:
        import httpx

        try:
            answer = self.client.post(f"/api/v1/{what}/{self.database}", **request)
        except httpx.TransportError as error:
            raise StoreUnavailableError(f"Neo4j does not answer any more: {error}") from error
        if answer.is_server_error:
            raise StoreUnavailableError(f"Neo4j failed; run it again: {answer.text}")
        if answer.is_error:
            raise StoreRefusedError(f"Neo4j refused: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found
