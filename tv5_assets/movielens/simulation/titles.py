"""Titles of simulated movies, with the quirks of real ones at the share that ml-25m has them.

What does not belong here: how a title is taken apart (movielens/parse.py).
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.choices import choose
from tv5_assets.draws.streams import stream
from tv5_assets.movielens.simulation.catalogue import Catalogue
from tv5_assets.movielens.simulation.words import ADJECTIVES, FRENCH_TITLES, NAMES, NOUNS, PLACES
from tv5_assets.tables.processed import GENRES

_ML25M_MOVIES = 62_423
_ALL_QUIRKS_FROM = 1_000
"""Sets of at least this many movies have each quirk at least once, however rare it is."""

QUIRKS: dict[str, tuple[int, Callable[[str, int], str]]] = {
    "trailing white space": (154, lambda title, year: f"{title} ({year}) "),
    "no year": (402, lambda title, year: title),
    "range of years": (1, lambda title, year: f"{title} ({year}–{year + 1})"),  # noqa: RUF001  # the real one has an en dash
    "year in the middle": (1, lambda title, year: f"{title} ({year}) (Director's Cut)"),
    "no-break space": (4, lambda title, year: f"{title}\N{NO-BREAK SPACE}({year})"),
    "zero-width space": (3, lambda title, year: f"{title} ({year})\N{ZERO WIDTH SPACE}"),
    "doubled year": (2, lambda title, year: f"{title} ({year}) ({year})"),
    "no space before the year": (1, lambda title, year: f"{title}({year})"),
    "double quotes": (11, lambda title, year: f'"{title}" Affair ({year})'),
    "vertical bar": (1, lambda title, year: f"{title} | Part One ({year})"),
}
"""How many titles of ml-25m have each quirk, and how it is made."""
_EQUAL_TITLES = 98
"""Pairs of movies in ml-25m that have the same title and year."""

_PATTERNS: tuple[tuple[float, str], ...] = (
    (0.29, "{adjective} {noun}"),
    (0.12, "{noun} of {place}"),
    (0.10, "{name}'s {noun}"),
    (0.10, "{noun} and {other}"),
    (0.10, "{noun}"),
    (0.10, "{name} and the {adjective} {noun}"),
    (0.08, "{adjective} {noun}: {other} of {place}"),
    (0.04, "{adjective} {noun}, The"),
    (0.02, "{noun}, The"),
    (0.01, "{adjective} {noun}, The ({french})"),
    (0.04, "{french}"),
)
"""Share and form of titles; about one in ten has its article behind a comma, as in ml-25m."""


def titles(movies: Catalogue, seed: int) -> list[str]:
    """Return the title of each movie as movies.csv has it, the year behind it."""
    draw = stream(seed, "simulate", "titles")
    years = movies.year.tolist()
    bare = _bare_titles(movies, draw)
    told_apart = _tell_apart(bare, years)
    full = [f"{title} ({year})" for title, year in zip(told_apart, years, strict=True)]

    order = draw.permutation(len(full)).tolist()
    for count, spoil in QUIRKS.values():
        for movie in _take(order, count, len(full)):
            full[movie] = spoil(told_apart[movie], years[movie])
    for movie in _take(order, _EQUAL_TITLES, len(full)):
        full[movie] = full[order.pop()]
    return full


def _bare_titles(movies: Catalogue, draw: np.random.Generator) -> list[str]:
    """Return titles without a year; their nouns are those of the movie's genres."""
    size = len(movies)
    genre = _any_genre(movies.genres, draw)
    pattern = choose(draw.random(size), [share for share, _ in _PATTERNS])

    def words(pool: Sequence[str]) -> list[str]:
        return [pool[place] for place in draw.integers(len(pool), size=size)]

    def nouns() -> list[str]:
        draws = draw.random(size).tolist()
        pools = [NOUNS[GENRES[place]] for place in genre]
        return [pool[int(one * len(pool))] for pool, one in zip(pools, draws, strict=True)]

    names = ("adjective", "place", "name", "french", "noun", "other")
    columns = (words(ADJECTIVES), words(PLACES), words(NAMES), words(FRENCH_TITLES), nouns(), nouns())
    return [
        _PATTERNS[form][1].format(**dict(zip(names, filling, strict=True)))
        for form, *filling in zip(pattern.tolist(), *columns, strict=True)
    ]


def _any_genre(genres: npt.NDArray[np.bool_], draw: np.random.Generator) -> list[int]:
    """Return one genre of each movie, any where it has none."""
    return (draw.random(genres.shape) + genres).argmax(axis=1).tolist()


def _tell_apart(bare: list[str], years: list[int]) -> list[str]:
    """Return the titles, with a number behind the noun of those whose title and year another has already."""
    seen: dict[tuple[str, int], int] = {}
    told_apart = []
    for title, year in zip(bare, years, strict=True):
        seen[title, year] = part = seen.get((title, year), 0) + 1
        told_apart.append(title if part == 1 else f"{title} {part}")
    return told_apart


def _take(order: list[int], count: int, movies: int) -> list[int]:
    """Take as many movies off ``order`` as have a quirk that ``count`` movies of ml-25m have."""
    share = round(count * movies / _ML25M_MOVIES)
    least = 1 if movies >= _ALL_QUIRKS_FROM else 0
    return [order.pop() for _ in range(max(share, least))]
