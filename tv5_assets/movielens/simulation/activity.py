"""How many ratings, tags and the like each user gives: whole numbers with an exact sum.

What does not belong here: which movies they are given to (interactions.py).
"""

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError

FEWEST_RATINGS = 20
"""Ratings of the least active user; GroupLens leaves out users with fewer."""
_ACTIVITY_SPREAD = 1.4
"""Standard deviation of the log of a user's ratings over FEWEST_RATINGS; ml-25m has mean 154 and median 71."""


def activity(users: int, movies: int, ratings: int, seed: int) -> npt.NDArray[np.int64]:
    """Return how many ratings each user gives, summing to ``ratings`` exactly.

    Raises:
        InputError: so many ratings do not fit so many users and movies.
    """
    fewest, most = users * FEWEST_RATINGS, users * movies
    if not fewest <= ratings <= most:
        raise InputError(
            f"{ratings:,} ratings do not fit {users:,} users and {movies:,} movies: each user rates at least "
            f"{FEWEST_RATINGS} movies and each movie once, which makes {fewest:,} to {most:,} ratings"
        )
    weights = stream(seed, "simulate", "activity").lognormal(0.0, _ACTIVITY_SPREAD, users)
    return FEWEST_RATINGS + split(ratings - fewest, weights, movies - FEWEST_RATINGS)


def split(total: int, weights: npt.NDArray[np.float64], most: int) -> npt.NDArray[np.int64]:
    """Split ``total`` into whole parts in proportion to ``weights``, none above ``most``; it must fit."""
    parts = np.zeros(len(weights), dtype=np.int64)
    while (rest := total - int(parts.sum())) > 0:
        room = most - parts
        wanted = np.where(room > 0, weights, 0.0)
        exact = rest * wanted / wanted.sum()
        step = np.minimum(np.floor(exact).astype(np.int64), room)
        if not step.any():  # less than one is left for each: the largest fractions get one
            step[np.argsort(-np.where(room > 0, exact, -1.0), kind="stable")[:rest]] = 1
        parts += step
    return parts


def places(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return 0, 1, 2 ... for each group of the given sizes."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
