"""Tags of simulated movies: how well each tag of the genome fits, and which ones users put on what they rated.

What does not belong here: the vocabulary itself (tastes.py, words.py).
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import gather
from tv5_assets.draws.streams import stream, uniform
from tv5_assets.movielens.simulation.activity import places, split
from tv5_assets.movielens.simulation.catalogue import Catalogue
from tv5_assets.movielens.simulation.interactions import Ratings
from tv5_assets.movielens.simulation.tastes import GENOME_TAGS, Tastes
from tv5_assets.tables.processed import GENRES

RELEVANCE_STEP = 0.00025
"""Relevance of ml-25m is a multiple of this, with the noise of floating point behind it."""
_USUAL_LOGIT = -3.5
_GENRE_LOGIT = 3.0
"""What a genre adds to the tag of its name on the movies that have it."""
_THEME_LOGIT = 1.9
"""What a genre adds to each of its tags on the movies that have it."""
_RELEVANCE_NOISE = 0.7
"""Scale of the logistic noise on the logit of a relevance."""
_GENOME_SHARE = 13_816 / 62_423
"""Share of ml-25m's movies that are in the genome; the most popular ones."""

_SHARE_TAGGING = 14_592 / 162_541
"""Share of ml-25m's users who tag anything."""
_TAGGING_SPREAD = 1.9
_TAG_BITS = 24
_ODD_TAGS = (
    "007", "True", "None", "3.14", "NULL", "R:sustained strong stylized violence", "Nudity (Topless)", "\u0007bell",
    "watched\ttwice", "très bien", "8½", "In Netflix queue", "could not finish this one, perhaps on a rainy Sunday",
    "one of those movies that you watch only once but think about for years", 'so-called "classic"', "2001-like",
)  # fmt: skip
"""Tags that a careless reader takes for a number, a truth value or a missing one, or trips over."""
_SHARE_ODD = 0.004
_SHARE_CAPITALIZED = 0.15
"""Share of tags that start with a capital, which makes another tag of the same word."""


def genome_movies(movies: Catalogue) -> npt.NDArray[np.intp]:
    """Return the places of the movies that the genome covers, ascending."""
    covered = round(len(movies) * _GENOME_SHARE)
    return np.sort(np.argsort(-movies.popularity, kind="stable")[:covered])


def relevance(tastes: Tastes, movies: Catalogue, places: npt.NDArray[np.intp], seed: int) -> npt.NDArray[np.float64]:
    """Return how well each genome tag fits each of some movies, from 0 to 1, shape (len(places), GENOME_TAGS)."""
    blend = movies.blend[places, None]
    logit = blend * tastes.tag_strength[movies.main[places]] + (1 - blend) * tastes.tag_strength[movies.second[places]]
    logit += _USUAL_LOGIT + _THEME_LOGIT * movies.genres[places][:, tastes.tag_genre] * (tastes.tag_genre >= 0)
    named_after = [tastes.tags.index(genre.lower()) for genre in GENRES]
    logit[:, named_after] += _GENRE_LOGIT * movies.genres[places]
    noise = uniform(seed, places[:, None] * GENOME_TAGS + np.arange(GENOME_TAGS), "simulate", "relevance")
    odds = np.exp(logit) * ((noise + 1e-9) / (1 - noise)) ** _RELEVANCE_NOISE
    return np.clip(np.rint(odds / (1 + odds) / RELEVANCE_STEP), 1, 1 / RELEVANCE_STEP - 1) * RELEVANCE_STEP


class Taggers:
    """The users who tag, and what they call the movies they rated."""

    def __init__(self, tastes: Tastes, movies: Catalogue, users: int, tags: int, seed: int):
        """Decide who tags how often.

        Args:
            tastes: what the tags come from.
            movies: what is tagged.
            users: number of users; their ids start at 1.
            tags: tags given by all of them together.
            seed: the seed of everything random.
        """
        self._movies = movies
        self._seed = seed
        willing = uniform(seed, np.arange(1, users + 1), "simulate", "willing to tag")
        weights = stream(seed, "simulate", "tags of a user").lognormal(0.0, _TAGGING_SPREAD, users)
        tagging = willing <= np.quantile(willing, _SHARE_TAGGING, method="higher")
        self._counts = split(tags, np.where(tagging, weights, 0.0), most=tags)
        self._texts = [*tastes.tags, *(tag.capitalize() for tag in tastes.tags), *_ODD_TAGS]
        appeal = np.exp(1.5 * tastes.tag_strength)
        # Cumulated, row k from k to k + 1, so that one search in the flattened rows serves all tastes.
        self._cumulated = np.arange(len(appeal))[:, None] + np.cumsum(appeal, axis=1) / appeal.sum(
            axis=1, keepdims=True
        )

    def tags(self, ratings: Ratings) -> pl.DataFrame:
        """Return the tags that users put on what they rated, sorted by user, movie and tag.

        Args:
            ratings: all ratings of some users.

        Returns:
            A frame of ``userId, movieId, tag, timestamp``; a tag comes within a minute after the rating.
        """
        users, first, rated = np.unique(ratings.user, return_index=True, return_counts=True)
        counts = self._counts[users - 1]
        row = np.repeat(np.arange(len(users)), counts)
        cells = (users[row] << _TAG_BITS) + places(counts)

        def draw(what: str) -> npt.NDArray[np.float64]:
            return uniform(self._seed, cells, "simulate", "tag", what)

        rating = first[row] + (draw("rating") * rated[row]).astype(np.int64)
        movie = ratings.movie[rating]
        frame = pl.DataFrame(
            {
                "userId": users[row],
                "movieId": self._movies.ids[movie],
                "tag": gather(self._texts, self._words(movie, draw("taste"), draw("word"), draw("form"))),
                "timestamp": ratings.seconds[rating] + 3 + (draw("delay") * 57).astype(np.int64),
            }
        )
        return frame.sort("userId", "movieId", "tag", "timestamp")

    def _words(
        self,
        movie: npt.NDArray[np.int64],
        taste: npt.NDArray[np.float64],
        word: npt.NDArray[np.float64],
        form: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.int64]:
        """Return the place in the texts of a tag for each movie: of one of its tastes, or an odd one."""
        vocabulary = self._cumulated.shape[1]
        of_taste = np.where(taste < self._movies.blend[movie], self._movies.main[movie], self._movies.second[movie])
        fitting = np.searchsorted(self._cumulated.reshape(-1), of_taste + word) - of_taste * vocabulary
        capitalized = form > 1 - _SHARE_CAPITALIZED
        odd = 2 * vocabulary + (form / _SHARE_ODD * len(_ODD_TAGS)).astype(np.int64)
        return np.where(form < _SHARE_ODD, odd, np.clip(fitting, 0, vocabulary - 1) + vocabulary * capitalized)
