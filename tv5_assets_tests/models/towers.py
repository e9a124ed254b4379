"""Small worlds that towers are trained on: users who like one of a few groups of movies."""

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem
from tv5_assets.models.two_tower_inputs import MovieInputs, movie_inputs
from tv5_assets.tables.processed import GENRES

GROUPS = 4
MOVIES = 60


def catalog() -> npt.NDArray[np.int32]:
    return np.arange(10, 10 + MOVIES, dtype=np.int32)


def frame() -> pl.DataFrame:
    """Movies of which each group has a genre of its own."""
    places = np.arange(MOVIES)
    return pl.DataFrame(
        {
            "movie_id": catalog(),
            "year": (1950 + places).astype(np.int16),
            "genres": [[GENRES[place % GROUPS]] for place in places],
        }
    )


def inputs() -> MovieInputs:
    return movie_inputs(catalog(), frame())


def histories_of(rows: list[list[int]], ratings: list[list[float]] | None = None) -> Histories:
    """Make histories of places in the catalog; user ids are from 1, times a day apart."""
    lengths = [len(row) for row in rows]
    items = [item for row in rows for item in row]
    stars = [4.0] * len(items) if ratings is None else [star for row in ratings for star in row]
    return Histories(
        np.arange(1, len(rows) + 1, dtype=np.int32),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array(items, dtype=np.int32),
        np.array(stars, dtype=np.float32),
        np.concatenate([np.arange(length) * 86_400 for length in lengths]).astype(np.int64),
        catalog(),
    )


def world(users: int = 80, seed: int = 0) -> Problem:
    """Users of whose 10 movies 9 are of their group; two of the group are to be found."""
    rng = np.random.default_rng(seed)
    known, truth = [], []
    for user in range(users):
        group = rng.permutation(np.arange(user % GROUPS, MOVIES, GROUPS))
        other = rng.choice(np.setdiff1d(np.arange(MOVIES), group))
        known.append([*group[:9].tolist(), int(other)])
        truth.append(group[9:11].tolist())
    history = histories_of(known)
    return Problem("user-80-20", history, history, histories_of(truth))
