"""What users did, as models and metrics read it: each user's movies in the order of time, one user after another.

Movies are places in a catalog, users are places in a list of ids, and the events of a user are a slice, so that nothing
here is a loop over interactions. What does not belong here: which events a model may see (problem.py).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_array

from tv5_assets.errors import InputError


@dataclass(frozen=True)
class Histories:
    """The events of users, by user, then by time; equal times in the order of their rows in the source file.

    Attributes:
        user_ids: int32, shape (u,), ascending; a user may have no event.
        offsets: int64, shape (u + 1,); the events of user ``i`` are ``offsets[i]:offsets[i + 1]``.
        items: int32, shape (n,); place of each event's movie in the catalog.
        ratings: float32, shape (n,).
        times: int64, shape (n,); seconds since 1970.
        catalog: int32, shape (m,), ascending: the movie ids that ``items`` are places of.
    """

    user_ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    ratings: npt.NDArray[np.float32]
    times: npt.NDArray[np.int64]
    catalog: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.user_ids)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Number of events of each user, shape (u,)."""
        return np.diff(self.offsets)

    def of(self, start: int, stop: int) -> "Histories":
        """Return the users ``start:stop``; their events are views, nothing is copied."""
        first, last = self.offsets[start], self.offsets[min(stop, len(self))]
        return Histories(
            self.user_ids[start:stop],
            self.offsets[start : stop + 1] - first,
            self.items[first:last],
            self.ratings[first:last],
            self.times[first:last],
            self.catalog,
        )

    def take(self, users: npt.NDArray[np.integer]) -> "Histories":
        """Return the users at these places, in this order of ascending ids; their events are copied."""
        lengths = self.lengths[users]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        events = np.repeat(self.offsets[users] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Histories(
            self.user_ids[users], offsets, self.items[events], self.ratings[events], self.times[events], self.catalog
        )

    def users_of_events(self) -> npt.NDArray[np.int32]:
        """Return the place of each event's user, shape (n,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)

    def matrix(self, values: npt.NDArray[np.float32] | None = None) -> csr_array:
        """Return users x catalog with 1 for each event, or ``values``, shape (n,)."""
        filled = np.ones(len(self.items), dtype=np.float32) if values is None else values
        return csr_array((filled, self.items, self.offsets), shape=(len(self), len(self.catalog)))


def histories(
    events: pl.LazyFrame, catalog: npt.NDArray[np.int32], user_ids: npt.NDArray[np.int32] | None = None
) -> Histories:
    """Gather events into histories.

    Args:
        events: ``user_id``, ``movie_id``, ``rating``, ``rated_at`` and ``row``, in any order.
        catalog: movie ids, ascending.
        user_ids: whose histories, ascending; None means everyone who has an event.

    Raises:
        InputError: an event is of a movie that the catalog does not have, or of a user that is not asked for.
    """
    ordered = (
        events.sort("user_id", "rated_at", "row")
        .select("user_id", "movie_id", "rating", seconds=pl.col("rated_at").dt.epoch("s"))
        .collect()
    )
    users, movies = ordered["user_id"].to_numpy(), ordered["movie_id"].to_numpy()
    known = np.unique(users) if user_ids is None else user_ids
    _require_known(users, known, "user")
    _require_known(movies, catalog, "movie")
    return Histories(
        known.astype(np.int32),
        np.append(np.searchsorted(users, known), len(users)).astype(np.int64),
        np.searchsorted(catalog, movies).astype(np.int32),
        ordered["rating"].to_numpy().astype(np.float32),
        ordered["seconds"].to_numpy().astype(np.int64),
        catalog,
    )


def _require_known(ids: npt.NDArray[np.int32], known: npt.NDArray[np.int32], what: str) -> None:
    places = np.searchsorted(known, ids)
    inside = places < len(known)
    inside[inside] = known[places[inside]] == ids[inside]
    if not inside.all():
        raise InputError(f"{what} {ids[~inside][0]} of the events is not among the {len(known)} {what}s asked about")
