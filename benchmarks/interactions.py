"""Histories for benchmarks of models, as long as those of ml-25m and with its few movies that most users know.

What does not belong here: sets that a recommender can learn anything from (tv5_assets/movielens/simulate.py).
"""

import numpy as np

from tv5_assets.evaluation.histories import Histories

EVENTS_PER_USER = 154
"""Of ml-25m."""
_FEWEST = 20
_SKEW = 3.0  # the most popular tenth of the movies has .1 ** (1 / 3), nearly half, of all events


def interactions(users: int, movies: int, rng: np.random.Generator) -> Histories:
    """Return histories of distinct movies, of 20 and more events; a few users have far more than most."""
    counts = np.minimum(_FEWEST + rng.exponential(EVENTS_PER_USER - _FEWEST, users).astype(int), movies // 2)
    drawn = (movies * rng.random(counts.sum()) ** _SKEW).astype(np.int64)
    return histories_of(np.unique(np.repeat(np.arange(users), counts) * movies + drawn), users, movies)


def apart(history: Histories, share: float, rng: np.random.Generator) -> tuple[Histories, Histories]:
    """Return histories in two: each event goes to the second with the probability ``share``."""
    movies = len(history.catalog)
    keys = history.users_of_events().astype(np.int64) * movies + history.items
    chosen = rng.random(len(keys)) < share
    first, second = (histories_of(keys[which], len(history), movies) for which in (~chosen, chosen))
    return first, second


def histories_of(keys: np.ndarray, users: int, movies: int) -> Histories:
    """Return the histories of ascending numbers ``user * movies + movie``."""
    return Histories(
        np.arange(users, dtype=np.int32),
        np.searchsorted(keys, np.arange(users + 1) * movies).astype(np.int64),
        (keys % movies).astype(np.int32),
        np.full(len(keys), 4, dtype=np.float32),
        np.zeros(len(keys), dtype=np.int64),
        np.arange(1, movies + 1, dtype=np.int32),
    )
