"""What a recommender is asked: what it may learn from, what it knows of each user, and what it should find.

A problem that gives an answer away is refused when it is made. What does not belong here: how ratings are split
(features/splits.py), how a split becomes a problem (protocol.py) and how answers are scored (metrics.py).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories

if TYPE_CHECKING:
    import torch

TEMPORAL = "temporal"
LEAVE_LAST_OUT = "leave-last-out"
STRONG_GENERALIZATION = "strong-generalization"


@dataclass(frozen=True)
class Problem:
    """One protocol on one dataset.

    Attributes:
        protocol: name of the protocol, one of features.splits.PROTOCOLS.
        train: what a model may learn from.
        history: what is known of each user who is asked about when they are asked about; no movie of it is to be
            recommended. Users are those of ``truth``. Under strong generalization none of them is in ``train``.
        truth: what each of them should be recommended; a user without any is left out of the metrics.

    Raises:
        InputError: catalogs or users differ, or an answer is given away: a movie that should be found is in the user's
            history or in their training events; ``temporal`` trains on events after the first that should be found;
            ``leave-last-out`` knows events of a user after the one that should be found; ``strong-generalization``
            trains on a user that is asked about.
    """

    protocol: str
    train: Histories
    history: Histories
    truth: Histories

    def __post_init__(self) -> None:
        for part in (self.train, self.history):
            if not np.array_equal(part.catalog, self.truth.catalog):
                raise InputError(f"{self.protocol}: training, history and truth are of different catalogs")
        if not np.array_equal(self.history.user_ids, self.truth.user_ids):
            raise InputError(f"{self.protocol}: history and truth are of different users")
        for part, what in ((self.history, "history"), (self.train, "training events")):
            self._refuse_known(part, what)
        if self.protocol == TEMPORAL:
            self._refuse_future()
        if self.protocol == LEAVE_LAST_OUT:
            self._refuse_later_history()
        if self.protocol == STRONG_GENERALIZATION:
            self._refuse_trained_users()

    def _refuse_known(self, part: Histories, what: str) -> None:
        of_asked = part.take(np.flatnonzero(np.isin(part.user_ids, self.truth.user_ids)))
        known = np.isin(_events(self.truth), _events(of_asked))
        if known.any():
            event = int(np.flatnonzero(known)[0])
            user = self.truth.user_ids[np.searchsorted(self.truth.offsets, event, side="right") - 1]
            movie = self.truth.catalog[self.truth.items[event]]
            raise InputError(
                f"{self.protocol}: movie {movie} should be found for user {user} but is in their {what}, "
                f"as are {known.sum() - 1} more; split the ratings again"
            )

    def _refuse_future(self) -> None:
        if not len(self.train.times) or not len(self.truth.times):
            return
        last, first = self.train.times.max(), self.truth.times.min()
        if last > first:
            late = int((self.train.times > first).sum())
            raise InputError(
                f"{self.protocol}: {late} training events are after the first event that should be found "
                f"({last} > {first} seconds since 1970); split the ratings again"
            )

    def _refuse_later_history(self) -> None:
        both = (self.history.lengths > 0) & (self.truth.lengths > 0)
        last = self.history.times[self.history.offsets[1:][both] - 1]
        first = self.truth.times[self.truth.offsets[:-1][both]]
        if (late := last > first).any():
            user = self.truth.user_ids[both][late][0]
            raise InputError(
                f"{self.protocol}: the history of user {user} goes on after the event that should be found; "
                "split the ratings again"
            )

    def _refuse_trained_users(self) -> None:
        trained = np.intersect1d(self.train.user_ids[self.train.lengths > 0], self.truth.user_ids)
        if len(trained):
            raise InputError(
                f"{self.protocol}: user {trained[0]} is asked about but is in the training events, "
                f"as are {len(trained) - 1} more; split the ratings again"
            )


def _events(part: Histories) -> np.ndarray:
    """Return a number for each event that says of which user id and movie it is, shape (n,)."""
    return part.user_ids.astype(np.int64)[part.users_of_events()] * len(part.catalog) + part.items


class Recommender(Protocol):
    """What can be ranked: a fitted model that scores the whole catalog from histories alone."""

    @property
    def name(self) -> str:
        """What leaderboards call it."""
        ...

    def scores(self, history: Histories) -> "torch.Tensor":
        """Return a score for each user and movie of the catalog, float32 of shape (u, m), on the model's device.

        Seen movies need no treatment; the evaluation removes them. A movie that is not to be recommended at all has
        minus infinity; no score may be NaN. The tensor may be shared or expanded, since nothing stays changed in it.
        """
        ...
