"""The movies of a simulated set: ids, years, tastes, popularity, quality and genres, one array each.

What does not belong here: titles (titles.py) and anything written to a file.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.choices import choose
from tv5_assets.draws.streams import stream
from tv5_assets.movielens.simulation.tastes import FIRST_YEAR, LAST_YEAR, TASTES, Tastes

_EARLIEST_YEAR = 1895
_MEAN_AGE = 22.0
"""Mean age of a movie in the last year; ages are exponential, which puts two thirds after 1990 as in ml-25m."""
_SPREAD_OF_SMALL, _SMALL = 2.3, 9_742
_SPREAD_OF_LARGE, _LARGE = 3.6, 62_423
"""Standard deviation of log popularity that gives the ratings by rank of ml-latest-small and of ml-25m: the larger a
catalogue, the longer its tail of movies that hardly anyone knows."""
_FAME = 9.8
"""Log popularity from which on it hardly grows: everyone knows the movie already."""
_QUALITY_SPREAD = 0.35
_QUALITY_OF_POPULARITY = 0.10
"""Stars that a movie gains for each standard deviation of log popularity."""
_MEAN_ID_GAP = 209_171 / 62_423
"""Highest id over number of movies, of ml-25m."""
_FIRST_WITHOUT_GAPS = 0.05
"""Share of movies, the first ones, whose ids follow each other."""
_GENRE_COUNT_SHARES = (0.40, 0.32, 0.19, 0.07, 0.02)
_SHARE_WITHOUT_GENRES = 5_062 / 62_423


@dataclass(frozen=True)
class Catalogue:
    """Movies in the order of their ids; each array has a row for each.

    Attributes:
        ids: int32, ascending, with gaps.
        year: year of release.
        main: the stronger taste.
        second: the weaker taste.
        blend: weight of the stronger taste, from 0.5 to 1.
        popularity: relative to others, summing to 1.
        quality: stars above or below the average movie.
        genres: which of GENRES it has, boolean, shape (n, 19).
    """

    ids: npt.NDArray[np.int32]
    year: npt.NDArray[np.int64]
    main: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    blend: npt.NDArray[np.float64]
    popularity: npt.NDArray[np.float64]
    quality: npt.NDArray[np.float64]
    genres: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def loadings(self) -> npt.NDArray[np.float64]:
        """Return how much of each taste each movie has, rows summing to 1, shape (n, TASTES)."""
        loadings = np.zeros((len(self), TASTES))
        rows = np.arange(len(self))
        np.add.at(loadings, (rows, self.main), self.blend)
        np.add.at(loadings, (rows, self.second), 1 - self.blend)
        return loadings


def catalogue(tastes: Tastes, movies: int, seed: int) -> Catalogue:
    """Return that many movies."""
    draw = stream(seed, "simulate", "catalogue")
    age = np.floor(draw.exponential(_MEAN_AGE, movies)).astype(np.int64)
    year = np.maximum(LAST_YEAR - age, _EARLIEST_YEAR)
    renown = draw.standard_normal(movies)
    # Ids are given in the order of entry: the older a movie is and the better known, the earlier it was entered.
    entered = np.maximum(year, FIRST_YEAR) + draw.exponential(6.0, movies) * np.exp(-0.5 * renown)
    order = entered.argsort(kind="stable")
    year, renown = year[order], renown[order]

    main, second = (choose(draw.random(movies), tastes.shares) for _ in range(2))
    blend = draw.uniform(0.5, 1.0, movies)
    popularity = 1 / (np.exp(-_popularity_spread(movies) * renown) + np.exp(-_FAME))
    built = Catalogue(
        ids=_ids(movies, draw),
        year=year,
        main=main,
        second=second,
        blend=blend,
        popularity=popularity / popularity.sum(),
        quality=_QUALITY_SPREAD * draw.standard_normal(movies) + _QUALITY_OF_POPULARITY * renown,
        genres=np.empty((movies, 0), dtype=bool),
    )
    return replace(built, genres=_genres(built.loadings() @ tastes.genres, draw))


def _popularity_spread(movies: int) -> float:
    sizes, spreads = np.log([_SMALL, _LARGE]), [_SPREAD_OF_SMALL, _SPREAD_OF_LARGE]
    return float(np.interp(np.log(movies), sizes, spreads))


def _ids(movies: int, draw: np.random.Generator) -> npt.NDArray[np.int32]:
    without_gaps = int(movies * _FIRST_WITHOUT_GAPS)
    mean_gap = (_MEAN_ID_GAP - _FIRST_WITHOUT_GAPS) / (1 - _FIRST_WITHOUT_GAPS)
    gaps = draw.geometric(1 / mean_gap, movies)
    gaps[:without_gaps] = 1
    return np.cumsum(gaps).astype(np.int32)


def _genres(affinity: npt.NDArray[np.float64], draw: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return a few genres for each movie, the likelier the more of them its tastes are; some movies have none."""
    count = 1 + choose(draw.random(len(affinity)), _GENRE_COUNT_SHARES)
    count[draw.random(len(affinity)) < _SHARE_WITHOUT_GENRES] = 0
    # Weighted choice without replacement: the smallest of exponential waiting times (Efraimidis and Spirakis, 2006).
    waiting = draw.standard_exponential(affinity.shape) / affinity
    return np.asarray(waiting.argsort(axis=1).argsort(axis=1) < count[:, None])
