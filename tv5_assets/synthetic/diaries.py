"""When each user has time to watch, and in which sitting they saw what they rated.

A user watches at some of the 28 sittings of a week (its mornings, afternoons, evenings and late nights), more of them
who rates more, chosen by the user's habits. Sittings are numbered through the weeks, and each takes one view, so that
nobody watches two movies at once. A view is in the last sitting that is free, some time before its rating; of movies
that were rated together the newer one was seen later. What does not belong here: the second at which a view begins
(interactions.py).
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import choose_several
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.clocks import Clocks

Ints = npt.NDArray[np.int64]

VIEWING_TIMES = ("weekday_evening", "weekend_afternoon", "late_night")
RATINGS_AT_ONCE = 1_000_000
"""Ratings whose sittings are found at once; it changes nothing."""
_HOUR, _DAY, _WEEK_DAYS, _WORKING_DAYS = 3_600, 86_400, 7, 5
_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday, and weeks begin on Monday
# Of late nights, mornings, afternoons and evenings: when they begin, and how long a view may begin after that.
_STARTS = np.array([0, 6, 12, 17]) * _HOUR
_LENGTHS = np.array([5, 6, 5, 7]) * _HOUR
_LATE_NIGHT, _AFTERNOON, _EVENING = 0, 2, 3
_PARTS = len(_STARTS)
_SITTINGS = _PARTS * _WEEK_DAYS
_OTHER_TIMES = 0.35
"""Weight of all sittings that are none of VIEWING_TIMES, together."""
_FEWEST_A_WEEK = 7
_WEEKS = 104
"""A user watches so often that all views would take these weeks, if that is possible."""
_MEAN_DELAY_DAYS = 45.0
"""Days from a view to its rating, on average, beside those in which other movies were watched."""


class Diary:
    """The sittings of each user, who is known by the place among the users."""

    def __init__(self, users: pl.DataFrame, ratings: pl.LazyFrame, seed: int) -> None:
        """Choose the sittings of a week of each user.

        Args:
            users: with ``user_id`` and VIEWING_TIMES.
            ratings: with ``user_id``.
            seed: the seed of everything random.
        """
        rated = ratings.group_by("user_id").len().collect(engine="streaming")
        self.ratings = users.join(rated, on="user_id", how="left")["len"].fill_null(0).to_numpy().astype(np.int64)
        self.a_week = np.clip(-(-self.ratings // _WEEKS), _FEWEST_A_WEEK, _SITTINGS)
        ids = users["user_id"].to_numpy()
        draws = np.column_stack([uniform(seed, ids, "diaries", number) for number in range(_SITTINGS)])
        order = choose_several(draws, _habits(users))
        used = np.zeros(order.shape, dtype=bool)
        np.put_along_axis(used, order, np.arange(_SITTINGS) < self.a_week[:, None], axis=1)
        self._begun = np.cumsum(used, axis=1, dtype=np.int8)
        self._nth = np.argsort(~used, axis=1, kind="stable").astype(np.int8)

    def begun(self, user: Ints, local: Ints) -> Ints:
        """Return the number of the last sitting of each user that has begun when their clock shows a time."""
        day = local // _DAY + _EPOCH_WEEKDAY
        part = np.searchsorted(_STARTS, local % _DAY, side="right") - 1
        begun = self._begun.ravel()[user * _SITTINGS + day % _WEEK_DAYS * _PARTS + part]
        return day // _WEEK_DAYS * self.a_week[user] + begun - 1

    def sitting(self, user: Ints, number: Ints) -> tuple[Ints, Ints, Ints]:
        """Return when a sitting begins and when the next one does, local, and how long one may begin to watch."""
        begin, part = self._begin(user, number)
        return begin, self._begin(user, number + 1)[0], _LENGTHS[part]

    def _begin(self, user: Ints, number: Ints) -> tuple[Ints, Ints]:
        week, nth = np.divmod(number, self.a_week[user])
        day, part = np.divmod(self._nth.ravel()[user * _SITTINGS + nth].astype(np.int64), _PARTS)
        return (week * _WEEK_DAYS - _EPOCH_WEEKDAY + day) * _DAY + _STARTS[part], part


def _habits(users: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Return what each sitting of a week weighs for each user, shape (n, sittings)."""
    evening, afternoon, night = users.select(VIEWING_TIMES).to_numpy().astype(np.float64).T[:, :, None]
    weights = np.full((len(users), _WEEK_DAYS, _PARTS), _OTHER_TIMES / _SITTINGS)
    weights[:, :_WORKING_DAYS, _EVENING] += evening / _WORKING_DAYS
    weights[:, _WORKING_DAYS:, _AFTERNOON] += afternoon / (_WEEK_DAYS - _WORKING_DAYS)
    weights[:, :, _LATE_NIGHT] += night / _WEEK_DAYS
    return weights.reshape(len(users), _SITTINGS)


def sittings(
    ratings: pl.LazyFrame, users: pl.DataFrame, movies: pl.DataFrame, clocks: Clocks, diary: Diary, seed: int
) -> npt.NDArray[np.int32]:
    """Return the number of the sitting in which each rated movie was seen, shape (n,), in the order of the ratings.

    Args:
        ratings: read in as many passes as keep one at about RATINGS_AT_ONCE.
        users: with ``user_id``, ascending, and ``zone``.
        movies: with ``movie_id`` and ``released``, in seconds since 1970.
        clocks: of the zones.
        diary: of the users.
        seed: the seed of everything random.
    """
    found = np.empty(int(diary.ratings.sum()), dtype=np.int32)
    needed = ratings.select("row", "user_id", "movie_id", "rated_at").with_row_index("place")
    zones, known = users["zone"].to_numpy(), movies["movie_id"].to_numpy()
    released = np.zeros(known.max(initial=0) + 1, dtype=np.int64)
    released[known] = movies["released"].to_numpy()
    passes = np.cumsum(diary.ratings) // RATINGS_AT_ONCE
    for number in np.unique(passes):
        ids = users["user_id"].filter(pl.Series(passes == number))
        some = needed.filter(pl.col("user_id").is_between(ids.min(), ids.max())).collect(engine="streaming")
        user = np.searchsorted(users["user_id"].to_numpy(), some["user_id"].to_numpy())
        found[some["place"].to_numpy()] = _planned(
            some, user, zones[user], released[some["movie_id"].to_numpy()], clocks, diary, seed
        )
    return found


def _planned(
    ratings: pl.DataFrame, user: Ints, zone: Ints, released: Ints, clocks: Clocks, diary: Diary, seed: int
) -> Ints:
    """Return the sittings of all ratings of some users."""
    rated = ratings["rated_at"].dt.epoch("s").to_numpy()
    # The view of a sitting is over when the next one begins, so that the last one begun is too late.
    latest = diary.begun(user, rated + clocks.offset(zone, rated)) - 1
    earliest = diary.begun(user, released) + 1
    mean = _MEAN_DELAY_DAYS / _WEEK_DAYS * diary.a_week[user]
    draws = uniform(seed, ratings["row"].to_numpy(), "interactions", "delay")
    delay = (-np.log1p(-draws) * mean).astype(np.int64)
    # Even if all other movies of the user were seen after it, it was not before its release.
    wanted = latest - np.minimum(delay, np.maximum(latest - earliest - diary.ratings[user], 0))
    # One number to sort by; no two years begin in the same 365 days.
    order = np.argsort(_in_one(user, wanted, released // (365 * _DAY)), kind="stable")
    sitting = np.empty_like(wanted)
    sitting[order] = _one_each(user[order], wanted[order])
    # Where too many new movies were rated, some sittings have two; what was rated before its release keeps its own.
    crowded = (sitting < earliest) & (earliest <= latest)
    return np.where(crowded, earliest + (draws * (latest - earliest + 1)).astype(np.int64), sitting)


def _in_one(*keys: Ints) -> Ints:
    """Return whole numbers that are in the order of the keys, the first of which counts most."""
    one = np.zeros_like(keys[0])
    for key in keys:
        one = one * (np.ptp(key) + 1 if len(key) else 1) + key - (key.min() if len(key) else 0)
    return one


def _one_each(user: Ints, wanted: Ints) -> Ints:
    """Return for each view the last sitting up to the one wanted that no later view of the user takes.

    From the last view to the first, each is at the wanted sitting or just before the view after it; so what it is ahead
    of its place in the order is the least of what it and the later ones want.

    Args:
        user: ascending.
        wanted: ascending for each user.
    """
    place = np.arange(len(user))
    ahead = wanted - place
    # Users are set so far apart that none is held back by those after them.
    apart = user * (np.ptp(ahead) + 1 if len(ahead) else 1)
    least = np.minimum.accumulate((ahead + apart)[::-1])[::-1]
    return least - apart + place
