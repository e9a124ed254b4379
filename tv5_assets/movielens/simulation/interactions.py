"""Who rates which movie, when and how high.

Everything is drawn by the user's id and the number of the draw, so that users can be simulated in chunks of any size,
in any order, and come out the same. What does not belong here: anything written to a file.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.streams import uniform
from tv5_assets.movielens.simulation.activity import places
from tv5_assets.movielens.simulation.catalogue import Catalogue
from tv5_assets.movielens.simulation.tastes import FIRST_YEAR, LAST_YEAR, TASTES, Tastes
from tv5_assets.movielens.simulation.viewers import CELL_BITS, Viewers, starts, times, viewers, years_since_first

HALF_STARS_SINCE = 1_045_526_400
"""Unix time of 2003-02-18, when MovieLens brought in half stars; before it all ratings are whole."""

_OFF_TASTE = 0.008
"""How likely a movie is picked by a taste that it has none of, relative to one that it is all of."""
_SHARE_UNRATED = 3_376 / 62_423
"""Share of ml-25m's movies that nobody rated."""
_MOST_DISCOVERIES = 0.25
"""Largest share of a user's ratings that are of movies given to them so that the movies are rated at all."""
_RECENT_YEARS = 3
_SHARE_RECENT = 0.3
"""Share of picks that are made among the movies of the last _RECENT_YEARS years."""
_CANDIDATES = (1.4, 4.0)
"""Candidates drawn for each rating: for all users, then for those whom repetitions left short."""
_MEAN_RATING = 3.35


@dataclass(frozen=True)
class Ratings:
    """Ratings of some users, sorted by user and movie; each array has an item for each rating.

    Attributes:
        user: ids of the users.
        movie: places of the movies in the catalogue.
        half_stars: the rating in half stars, 1 to 10.
        seconds: Unix time.
    """

    user: npt.NDArray[np.int64]
    movie: npt.NDArray[np.int64]
    half_stars: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.user)


class Audience:
    """The users, whose ratings are simulated a chunk at a time."""

    def __init__(self, tastes: Tastes, movies: Catalogue, activity: npt.NDArray[np.int64], seed: int):
        """Prepare the draws.

        Args:
            tastes: what drives everything.
            movies: what can be rated.
            activity: ratings of each user, as :func:`activity` gives them; user ids start at 1.
            seed: the seed of everything random.
        """
        self._tastes = tastes
        self._movies = movies
        self._activity = activity
        self._seed = seed
        # Movies by year of release, so that what is out in a year, and what is recent, are ranges.
        self._by_year = movies.year.argsort(kind="stable")
        density = (
            np.ascontiguousarray(movies.loadings()[self._by_year].T + _OFF_TASTE) * movies.popularity[self._by_year]
        )
        self._density = density / density.sum(axis=1, keepdims=True)
        # Cumulated, row k from k to k + 1, so that one search in the flattened rows serves picks by any taste.
        self._cumulated = np.arange(TASTES)[:, None] + np.pad(np.cumsum(self._density, axis=1), ((0, 0), (1, 0)))
        self._discovered = self._discoverers()
        years = np.arange(FIRST_YEAR - _RECENT_YEARS, LAST_YEAR + 1)
        self._released = np.maximum(np.searchsorted(movies.year[self._by_year], years, side="right"), 1)

    def ratings(self, first: int, last: int) -> Ratings:
        """Return the ratings of the users with the ids ``first`` to ``last``, inclusive."""
        users = viewers(np.arange(first, last + 1), self._activity[first - 1 : last], self._tastes, self._seed)
        seconds = times(users, self._seed)
        movie = self._picks(users, years_since_first(seconds))
        row = users.repeated(np.arange(len(users)))
        order = np.argsort(row * len(self._movies) + movie)
        row, movie, seconds = row[order], movie[order], seconds[order]
        return Ratings(users.ids[row], movie, self._half_stars(users, row, movie, seconds), seconds)

    def _draw(self, cells: npt.NDArray[np.int64], what: str) -> npt.NDArray[np.float64]:
        return uniform(self._seed, cells, "simulate", what)

    def _discoverers(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return movies and the user who is given each, sorted by user; the more a user rates, the more they are given.

        Picks by popularity alone would leave far more movies unrated than there are in reality.
        """
        movies = np.arange(len(self._movies))
        rated = movies[self._draw(movies, "unrated") >= _SHARE_UNRATED]
        start = starts(np.arange(1, len(self._activity) + 1), self._seed)
        by_start = np.argsort(start, kind="stable")
        ratings_before = np.pad(np.cumsum(self._activity[by_start]), (1, 0))
        # Anyone who began when the movie was out; everyone, where nobody did.
        out = np.searchsorted(years_since_first(start[by_start]), self._movies.year[rated] - FIRST_YEAR)
        low = np.where(out < len(by_start), ratings_before[np.minimum(out, len(by_start) - 1)], 0)
        spot = low + self._draw(rated, "discoverer") * (ratings_before[-1] - low)
        user = 1 + by_start[np.searchsorted(ratings_before, spot, side="right") - 1]
        order = np.argsort(user, kind="stable")
        return rated[order], user[order]

    def _picks(self, users: Viewers, year: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """Return the movie of each rating in the order of time, none twice for a user.

        ``year`` is the year of each rating, counted from FIRST_YEAR.
        """
        movie = np.full(int(users.counts.sum()), -1)
        short = np.arange(len(users))
        for factor in _CANDIDATES:
            row, rank, picked = self._distinct_candidates(users, short, year, factor)
            movie[users.first_ratings[row] + rank] = picked
            short = short[np.bincount(row, minlength=len(users))[short] < users.counts[short]]
        for user in short.tolist():
            begin = users.first_ratings[user]
            mine = movie[begin : begin + users.counts[user]]
            have = mine[mine >= 0]
            mine[len(have) :] = self._most_wanted(
                users, user, have, len(mine) - len(have), int(year[begin + len(mine) - 1])
            )
        return movie

    def _distinct_candidates(
        self, users: Viewers, chosen: npt.NDArray[np.intp], year: npt.NDArray[np.intp], factor: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Draw ``factor`` candidates for each rating of the chosen users and drop what repeats or is too much.

        Returns:
            For each candidate that stays its user's row, its place among the user's ratings and its movie.
        """
        wanted = users.counts[chosen]
        drawn = np.ceil(wanted * factor).astype(np.int64)
        row, draw = np.repeat(chosen, drawn), places(drawn)
        # The n-th candidate is drawn in the year of about the rating that it will become, whatever the factor.
        rating = np.minimum((draw / _CANDIDATES[0]).astype(np.int64), users.counts[row] - 1)
        movie = self._candidates(users, row, draw, year[users.first_ratings[row] + rating])
        self._give(users, chosen, np.cumsum(drawn) - drawn, movie)

        key = ((row * len(self._movies) + movie) << CELL_BITS) | draw
        key.sort()
        pick = key >> CELL_BITS
        key = key[np.flatnonzero(np.diff(pick, prepend=-1))]
        # Back into the order of drawing.
        row, movie = np.divmod(key >> CELL_BITS, len(self._movies))
        order = np.argsort((row << CELL_BITS) | (key & ((1 << CELL_BITS) - 1)))
        row, movie = row[order], movie[order]
        place = places(np.bincount(row, minlength=len(users)))
        keep = place < users.counts[row]
        return row[keep], place[keep], movie[keep]

    def _give(
        self,
        users: Viewers,
        chosen: npt.NDArray[np.intp],
        first_draw: npt.NDArray[np.int64],
        movie: npt.NDArray[np.int64],
    ) -> None:
        """Put the movies that the chosen users are given among the candidates that surely stay, the latest of them."""
        discovered, discoverer = self._discovered
        begin, end = (np.searchsorted(discoverer, users.ids[chosen], side=side) for side in ("left", "right"))
        given = np.minimum(end - begin, (users.counts[chosen] * _MOST_DISCOVERIES).astype(np.int64))
        nth = places(given)
        spot = np.repeat(first_draw + users.counts[chosen] - 1, given) - nth
        movie[spot] = discovered[np.repeat(begin, given) + nth]

    def _candidates(
        self,
        users: Viewers,
        row: npt.NDArray[np.int64],
        draw: npt.NDArray[np.int64],
        year: npt.NDArray[np.intp],
    ) -> npt.NDArray[np.int64]:
        """Return a movie for each draw: one of the user's tastes, then a movie by its popularity in that taste."""
        cells = (users.ids[row] << CELL_BITS) + draw
        which = self._draw(cells, "taste")
        bounds = np.cumsum(users.weights, axis=1)
        slot = sum((which >= bounds[row, edge]).astype(np.intp) for edge in range(bounds.shape[1] - 1))
        taste = users.interests[row, slot]
        out = self._released[year + _RECENT_YEARS]
        where = self._draw(cells, "movie")
        recent = where < _SHARE_RECENT
        low = self._cumulated[taste, np.where(recent, self._released[year], 0)]
        high = self._cumulated[taste, out]
        low = np.where(low < high, low, taste)  # nothing recent: pick among all
        where = np.where(recent, where / _SHARE_RECENT, (where - _SHARE_RECENT) / (1 - _SHARE_RECENT))
        target = low + where * (high - low)
        order = np.argsort(target)  # a search for ascending values stays in the cache: ten times as fast
        place = np.empty(len(target), dtype=np.int64)
        place[order] = np.searchsorted(self._cumulated.reshape(-1), target[order], side="right") - 1
        place -= taste * self._cumulated.shape[1]
        return self._by_year[np.clip(place, 0, out - 1)]

    def _most_wanted(
        self, users: Viewers, user: int, have: npt.NDArray[np.int64], missing: int, year: int
    ) -> npt.NDArray[np.int64]:
        """Return further movies for a user who rates so many that repetitions crowd out the rest.

        Weighted choice without replacement by Gumbel noise (Kool, van Hoof and Welling, 2019) over all movies; what is
        not out yet comes only after all that is.
        """
        density = users.weights[user] @ self._density[users.interests[user]]
        cells = (users.ids[user] << CELL_BITS) + self._by_year
        score = np.log(density) - np.log(-np.log(self._draw(cells, "most wanted") + 1e-300))
        score[self._released[year + _RECENT_YEARS] :] -= 1_000
        score[np.isin(self._by_year, have)] = -np.inf
        best = np.argpartition(score, -missing)[-missing:]
        return self._by_year[best[np.argsort(-score[best])]]

    def _half_stars(
        self,
        users: Viewers,
        row: npt.NDArray[np.int64],
        movie: npt.NDArray[np.int64],
        seconds: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int64]:
        """Return each rating in half stars: the user's mood, the movie's quality, how well they match, and noise."""
        liking = 0.6 * (self._draw(users.ids[:, None] * TASTES + np.arange(TASTES), "liking") - 0.5)
        np.add.at(liking, (np.arange(len(users))[:, None], users.interests), 1.2 * users.weights)
        mood = np.sum([self._draw(users.ids, f"mood {part}") for part in range(3)], axis=0) - 1.5
        main, second, blend = self._movies.main[movie], self._movies.second[movie], self._movies.blend[movie]
        match = blend * liking[row, main] + (1 - blend) * liking[row, second]
        noise = self._draw((users.ids[row] << CELL_BITS) + movie, "noise")
        stars = (
            _MEAN_RATING
            + 0.8 * mood[row]
            + self._movies.quality[movie]
            + match
            + 0.48 * np.log((noise + 1e-9) / (1 - noise))
        )
        half_stars = np.where(seconds >= HALF_STARS_SINCE, np.rint(2 * stars), 2 * np.rint(stars))
        return np.clip(half_stars, np.where(seconds >= HALF_STARS_SINCE, 1, 2), 10).astype(np.int64)
