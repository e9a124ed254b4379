"""The latent tastes that drive a simulated set: each has genres, tags of the genome, and its times of fashion.

A movie has up to two tastes and a user up to four; genres, genome relevance, who rates what and how high all follow
from them, so that a recommender has something to learn. What does not belong here: movies and users.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.streams import stream
from tv5_assets.movielens.simulation.words import QUALIFIERS, THEMES
from tv5_assets.tables.processed import GENRES

TASTES = 32
GENOME_TAGS = 1_128
"""As many as ml-25m has."""
FIRST_YEAR, LAST_YEAR = 1995, 2019
"""Years of the first and the last rating, as in ml-25m."""

_GENRE_SHARES = {
    "Drama": 0.23, "Comedy": 0.15, "Thriller": 0.08, "Romance": 0.07, "Action": 0.065, "Horror": 0.055,
    "Documentary": 0.05, "Crime": 0.05, "Adventure": 0.04, "Sci-Fi": 0.035, "Children": 0.03, "Animation": 0.03,
    "Mystery": 0.028, "Fantasy": 0.026, "War": 0.018, "Western": 0.013, "Musical": 0.012, "Film-Noir": 0.005,
    "IMAX": 0.003,
}  # fmt: skip
"""Share of each genre among all genres given in ml-25m, roughly."""
_FOCUS = 4.0
"""How much of everything there is in one taste; the lower, the fewer genres make up a taste."""
_FASHION = 0.9
"""How strongly the share of a taste among new users swings over the years, in log units."""


@dataclass(frozen=True)
class Tastes:
    """The tastes and what they mean.

    Attributes:
        shares: share of each taste among movies, shape (TASTES,).
        genres: how much of each genre a taste is, rows summing to 1, shape (TASTES, len(GENRES)).
        fashion: share of each taste among the interests of a year, rows summing to 1, from FIRST_YEAR to LAST_YEAR.
        tags: the tags of the genome, alphabetically.
        tag_genre: genre that each tag belongs to, its place in GENRES; -1 for none, shape (GENOME_TAGS,).
        tag_strength: how strongly each taste calls for each tag, in logits, shape (TASTES, GENOME_TAGS).
    """

    shares: npt.NDArray[np.float64]
    genres: npt.NDArray[np.float64]
    fashion: npt.NDArray[np.float64]
    tags: list[str]
    tag_genre: npt.NDArray[np.intp]
    tag_strength: npt.NDArray[np.float64]


def tastes(seed: int) -> Tastes:
    """Return the tastes of a seed."""
    draw = stream(seed, "simulate", "tastes")
    usual = np.array([_GENRE_SHARES[genre] for genre in GENRES])
    genres = draw.dirichlet(_FOCUS * usual + 1e-3, TASTES)
    shares = draw.dirichlet(np.full(TASTES, 8.0))
    years = np.arange(LAST_YEAR - FIRST_YEAR + 1)[:, None]
    swing = np.sin(2 * np.pi * (years / draw.uniform(8, 30, TASTES) + draw.random(TASTES)))
    fashion = shares * np.exp(_FASHION * swing)

    genre_of = _tags()
    tags = sorted(genre_of)
    tag_genre = np.array([genre_of[tag] for tag in tags])
    # A taste calls for a tag by how much of the tag's genre it is, and by a liking of its own.
    closeness = np.sqrt(genres)[:, tag_genre] * (tag_genre >= 0)
    strength = 3.0 * closeness * draw.random((TASTES, len(tags))) + 0.5 * draw.standard_normal((TASTES, len(tags)))
    return Tastes(
        shares=shares,
        genres=genres,
        fashion=fashion / fashion.sum(axis=1, keepdims=True),
        tags=tags,
        tag_genre=tag_genre,
        tag_strength=strength,
    )


def _tags() -> dict[str, int]:
    """Return the tags of the genome and the place of their genre in GENRES."""
    genre_of = {"007": -1} | {genre.lower(): place for place, genre in enumerate(GENRES)}
    themes = [(theme, GENRES.index(genre)) for genre, words in THEMES.items() for theme in words]
    genre_of |= dict(themes)
    genre_of |= {f"{qualifier} {theme}": genre for qualifier in QUALIFIERS for theme, genre in themes}
    return dict(list(genre_of.items())[:GENOME_TAGS])
