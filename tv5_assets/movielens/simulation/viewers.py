"""The users of a simulated set: their tastes, and when they rate.

Everything is drawn by the user's id, and by the number of the rating, so that it does not matter in which chunks users
are simulated. What does not belong here: which movies they rate (interactions.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.choices import choose
from tv5_assets.draws.streams import uniform
from tv5_assets.movielens.simulation.activity import places
from tv5_assets.movielens.simulation.tastes import FIRST_YEAR, LAST_YEAR, Tastes

FIRST_SECOND, LAST_SECOND = 789_652_009, 1_574_327_703
"""Unix time of the first and the last rating of ml-25m."""
CELL_BITS = 24
"""Bits of the number of a draw beside a user's id; far more than there are movies."""

_TASTES_OF_A_USER = 4
_SHARE_ONE_SESSION = 0.55
_MOST_NEW_SESSIONS = 0.3
"""Largest share of a user's ratings that begin a session."""
_SHARE_TIES = 0.16
"""Share of ratings in the same second as the user's one before, as in ml-latest-small."""
_SECONDS_BETWEEN_RATINGS, _STRAGGLING = 15, 1.7
"""Scale and power of an exponential draw: gaps within a session have the quartiles of ml-latest-small."""
_MOST_DAYS_BETWEEN_SESSIONS = 200
_DAY = 86_400
_NEW_YEARS = np.array([f"{year}-01-01" for year in range(FIRST_YEAR, LAST_YEAR + 1)], "datetime64[s]").astype(np.int64)


@dataclass(frozen=True)
class Viewers:
    """Some users.

    Attributes:
        ids: their ids, shape (n,).
        counts: ratings of each, shape (n,).
        start: Unix time of their first rating, shape (n,).
        interests: their tastes, shape (n, 4).
        weights: how much each of their tastes counts, rows summing to 1, shape (n, 4).
    """

    ids: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    start: npt.NDArray[np.float64]
    interests: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def first_ratings(self) -> npt.NDArray[np.int64]:
        """Where each user's ratings begin among those of all of these users, shape (n,)."""
        return np.cumsum(self.counts) - self.counts

    def repeated(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return each user's value once for each of their ratings."""
        return np.repeat(values, self.counts)


def viewers(ids: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], tastes: Tastes, seed: int) -> Viewers:
    """Return the users with the given ids and numbers of ratings; their tastes are in fashion when they begin."""

    def draw(cells: npt.NDArray[np.int64], what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, cells, "simulate", "viewer", what)

    start = starts(ids, seed)
    fashion = tastes.fashion[years_since_first(start)]
    slots = ids[:, None] * _TASTES_OF_A_USER + np.arange(_TASTES_OF_A_USER)
    interests = [choose(draw(slots[:, slot], "interest"), fashion) for slot in range(_TASTES_OF_A_USER)]
    weights = np.log(draw(slots, "weight of interest") + 1e-12) ** 2
    return Viewers(
        ids=ids,
        counts=counts,
        start=start,
        interests=np.stack(interests, axis=1),
        weights=weights / weights.sum(axis=1, keepdims=True),
    )


def starts(ids: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.float64]:
    """Return the Unix time of each user's first rating."""
    return FIRST_SECOND + uniform(seed, ids, "simulate", "viewer", "start") * (LAST_SECOND - FIRST_SECOND - _DAY)


def times(viewers: Viewers, seed: int) -> npt.NDArray[np.int64]:
    """Return the Unix time of each rating, ascending within a user: sessions of quick ratings, and long gaps."""

    def draw(cells: npt.NDArray[np.int64], what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, cells, "simulate", "times", what)

    loyalty = draw(viewers.ids, "loyalty")
    sessions = np.where(loyalty < _SHARE_ONE_SESSION, 0, 1 + 8 * loyalty * np.sqrt(viewers.counts / 50))
    chance = viewers.repeated(np.minimum(sessions / viewers.counts, _MOST_NEW_SESSIONS))
    days = viewers.repeated(_MOST_DAYS_BETWEEN_SESSIONS ** draw(viewers.ids, "days between sessions"))

    # One draw for each rating decides all: a new session, the same second as before, or so many seconds later.
    fate = draw(viewers.repeated(viewers.ids << CELL_BITS) + places(viewers.counts), "gap")
    pause = ((fate - chance) / (1 - chance) - _SHARE_TIES) / (1 - _SHARE_TIES)
    straggled = _SECONDS_BETWEEN_RATINGS * (-np.log1p(-np.maximum(pause, 0))) ** _STRAGGLING
    gap = np.where(pause < 0, 0, 1 + straggled)
    new = np.flatnonzero(fate < chance)
    gap[new] = -np.log1p(-fate[new] / chance[new]) * days[new] * _DAY
    gap[viewers.first_ratings] = 0

    elapsed = np.cumsum(gap.astype(np.int64))  # whole seconds: a sum of fractions would depend on what came before
    elapsed -= viewers.repeated(elapsed[viewers.first_ratings])
    span = elapsed[viewers.first_ratings + viewers.counts - 1]
    shrink = np.minimum((LAST_SECOND - viewers.start) / np.maximum(span, 1), 1)
    return (viewers.repeated(viewers.start) + elapsed * viewers.repeated(shrink)).astype(np.int64)


def years_since_first(seconds: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the year of Unix times, counted from FIRST_YEAR."""
    return np.searchsorted(_NEW_YEARS, seconds, side="right") - 1
