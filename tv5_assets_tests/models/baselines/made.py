"""Histories drawn at random, for the tests of every baseline."""

import numpy as np

from tv5_assets.evaluation.histories import Histories
from tv5_assets_tests.evaluation.made import histories_of

# Places of the catalog that each of five users saw; movie 5 was seen by nobody.
WATCHED = {1: [0, 1], 2: [0, 1, 2], 3: [0, 1, 2, 3], 4: [3, 4], 5: [0]}
HAND_MADE = histories_of(WATCHED, movies=6)


def drawn(users: int, movies: int, seed: int = 3, share: float = 0.3) -> Histories:
    """Return users who each saw about this share of the catalog, those of low places more often."""
    rng = np.random.default_rng(seed)
    seen = rng.random((users, movies)) < 2 * share * np.linspace(1, 0, movies)
    return histories_of(
        {
            user: [
                (int(movie), float(rng.integers(1, 11) / 2), int(rng.integers(10**6))) for movie in np.flatnonzero(row)
            ]
            for user, row in enumerate(seen, start=1)
        },
        movies,
    )
