"""Which context a view is in: one of the day, the hour and the company that it may have had.

What does not belong here: what a context is (contexts.py) and when views are (diaries.py).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import choose, choose_in_row
from tv5_assets.movielens.moments import TIME_OF_HOUR
from tv5_assets.synthetic.calendar import HOLIDAY_BITS, KNOWN_FROM, event_bits, events_of_days, season_of
from tv5_assets.synthetic.clocks import Clocks
from tv5_assets.tables.contexts import DEVICES, LOCATION_TYPES, SEASONS, VIEWING_MODES
from tv5_assets.tables.processed import DAYS_OF_WEEK, TIMES_OF_DAY

Ints = npt.NDArray[np.int64]
Draw = Callable[[str], npt.NDArray[np.float64]]

# By ARCHETYPES: what the contexts of each of VIEWING_MODES weigh.
_COMPANY = np.array(
    [
        [1.5, 0.5, 0.8, 1.0, 0.6],
        [1.0, 1.0, 1.0, 1.0, 1.0],
        [0.5, 3.0, 0.6, 0.7, 0.4],
        [1.0, 0.4, 2.0, 1.5, 2.5],
        [1.5, 0.8, 0.5, 0.8, 0.1],
        [1.0, 1.0, 1.2, 1.0, 1.0],
        [1.8, 0.4, 1.2, 0.6, 0.8],
    ]
)
_LIKED_AT_LEAST = 0.02
"""Weight of a device that a user does not like at all."""
_HOUR, _DAY, _MONTHS = 3_600, 86_400, 12
_EPOCH_WEEKDAY = DAYS_OF_WEEK.index("Thu")
_MOMENTS = len(DAYS_OF_WEEK) * len(TIMES_OF_DAY)
_TIME_OF_HOUR = np.array(TIME_OF_HOUR)


class Situations:
    """The contexts, in pools of those of the same events, month or season, day of the week and time of day."""

    def __init__(self, contexts: pl.DataFrame) -> None:
        """Sort the contexts by pool and viewing mode; each is in the pool of its month and in that of its season."""
        weekday, time, mode, location, month = (
            contexts[name].to_physical().to_numpy().astype(np.int64)
            for name in ("day_of_week", "time_of_day", "viewing_mode", "location_type", "month")
        )
        events = contexts.select(event_bits(pl.col("cultural_events"))).to_series().to_numpy()
        kinds = np.unique(np.append(events, 0))
        kind, moment = np.searchsorted(kinds, events), weekday * len(TIMES_OF_DAY) + time
        of_month = (kind * _MONTHS + month - 1) * _MOMENTS + moment
        of_season = (kind * len(SEASONS) + season_of(month)) * _MOMENTS + moment
        months, seasons = (len(kinds) * number * _MOMENTS for number in (_MONTHS, len(SEASONS)))
        cells, pool = np.unique(np.concatenate([of_month, months + of_season]), return_inverse=True)
        group = pool * len(VIEWING_MODES) + np.tile(mode, 2)
        order = np.argsort(group, kind="stable")
        context = order % max(len(contexts), 1)
        # One pool more, which is empty: that of views for which there is no context.
        self._pools = len(cells) + 1
        self._count = np.bincount(group, minlength=self._pools * len(VIEWING_MODES))
        self._start = np.cumsum(self._count) - self._count
        self._ids = np.append(contexts["context_id"].to_numpy()[context].astype(np.int64), -1)
        self._commute = np.append(location[context] == LOCATION_TYPES.index("commute"), False)
        # What the viewing modes weigh by archetype and pool.
        self._weights = (self._count.reshape(self._pools, -1) * _COMPANY[:, None]).reshape(-1, len(VIEWING_MODES))
        pool_of = np.full(months + seasons, len(cells))
        pool_of[cells] = np.arange(len(cells))
        self._pool_of = _pools_of_days(
            pool_of[:months].reshape(len(kinds), _MONTHS, _MOMENTS),
            pool_of[months:].reshape(len(kinds), len(SEASONS), _MOMENTS),
            holiday=kinds & HOLIDAY_BITS > 0,
            none=len(cells),
        )
        self._kind_of_day = _kinds_of_days(kinds)

    def of(self, ratings: pl.DataFrame, began: Ints, clocks: Clocks, draw: Draw) -> tuple[Ints, Ints]:
        """Return the context of each view that began then (-1 where there is none) and the device, both shape (n,).

        On a commute nobody watches on a television.
        """
        local = began + clocks.offset(ratings["zone"].to_numpy(), began)
        day = local // _DAY
        month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % _MONTHS
        moment = (day + _EPOCH_WEEKDAY) % len(DAYS_OF_WEEK) * len(TIMES_OF_DAY) + _TIME_OF_HOUR[local % _DAY // _HOUR]
        since = np.clip(day - _day_number(), 0, len(self._kind_of_day) - 1)
        pool = self._pool_of[(self._kind_of_day[since] * _MONTHS + month) * _MOMENTS + moment]
        archetype = ratings["archetype"].to_numpy().astype(np.intp)
        mode = choose_in_row(draw("viewing mode"), self._weights, archetype * self._pools + pool)
        group = pool * len(VIEWING_MODES) + mode
        place = self._start[group] + (draw("context") * self._count[group]).astype(np.int64)
        likes = ratings.select(DEVICES).to_numpy() + _LIKED_AT_LEAST
        likes[self._commute[place], DEVICES.index("tv")] = 0
        return self._ids[place], choose(draw("device"), likes / likes.sum(axis=1, keepdims=True))


def _pools_of_days(by_month: Ints, by_season: Ints, holiday: npt.NDArray[np.bool_], none: int) -> Ints:
    """Return the pool of each kind of day, month and moment, flat; a last kind has none.

    It is that of the month, else of the season. Where a day with a festivity has neither, it is one without an event;
    a public holiday is nothing but itself.
    """
    season = season_of(np.arange(1, _MONTHS + 1))
    fitting = np.where(by_month < none, by_month, by_season[:, season])
    fitting = np.where((fitting < none) | holiday[:, None, None], fitting, fitting[0])
    return np.append(fitting.ravel(), np.full(fitting[0].size, none))


def _kinds_of_days(kinds: Ints) -> Ints:
    """Return the kind of each known day: the place of its events among those of contexts, which begin with no event.

    Events that no context has together are as none, or beyond the last kind where one of them is a public holiday.
    """
    events = events_of_days()["events"].to_numpy()
    place = np.minimum(np.searchsorted(kinds, events), len(kinds) - 1)
    return np.where(kinds[place] == events, place, np.where(events & HOLIDAY_BITS > 0, len(kinds), 0))


def _day_number() -> int:
    """Return the first known day, in days since 1970."""
    return int(np.datetime64(KNOWN_FROM, "D").astype(np.int64))
