"""What publishing into a store reports, whichever store it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """The outcome of one publication.

    Attributes:
        dataset: what was published, such as ``movies``.
        rows: rows (vectors, nodes, relationships, keys) that the store now serves of it.
        version: fingerprint of the published data, carried by every row.
        changed: false where the store already served exactly this version, and nothing was written.
        seconds: wall time.
        written: rows that were written for it: all of them, those of changed parts, or none.
    """

    dataset: str
    rows: int
    version: str
    changed: bool
    seconds: float
    written: int | None = None
