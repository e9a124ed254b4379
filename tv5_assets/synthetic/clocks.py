"""Local time at the places where users live, for millions of moments in many time zones at once.

What does not belong here: which zone a user lives in (places.py, users.py).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
_SPAN = int((_LAST - _FIRST).total_seconds())


class Clocks:
    """The clocks of some time zones.

    Attributes:
        zones: IANA names; a zone is known by its place among them.
    """

    def __init__(self, zones: Sequence[str]) -> None:
        """Keep the names; what the clocks show is looked up when it is first asked for."""
        self.zones = tuple(zones)

    def offset(self, zone: npt.NDArray[np.intp], seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return by how many seconds each local clock is ahead of UTC, shape (n,).

        Args:
            zone: the place of each moment's zone, shape (n,).
            seconds: the moments in seconds since 1970 UTC, shape (n,); before 1990 and after 2060 clocks show what
                they show in those years.
        """
        keys, offsets = self._changes
        moment = np.clip(seconds - int(_FIRST.timestamp()), 0, _SPAN - 1)
        return np.asarray(offsets[np.searchsorted(keys, zone * _SPAN + moment, side="right") - 1])

    def utc(self, zone: npt.NDArray[np.intp], local: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the moment at which each local clock shows a time, in seconds since 1970 UTC, shape (n,).

        A time that a clock skips in spring is taken for the hour after it, one that it shows twice for either.
        """
        about = local - self.offset(zone, local)
        return local - self.offset(zone, about)

    @cached_property
    def _changes(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return when clocks are set to which offset: keys (zone times _SPAN plus seconds since 1990), ascending."""
        days = pl.datetime_range(_FIRST, _LAST, "1d", time_unit="ms", eager=True)
        keys, offsets = [], []
        for number, zone in enumerate(self.zones):
            ahead = _ahead(days, zone)
            # Clocks are changed on the hour; hours are looked at only on the days on which they are.
            changed = days.filter((ahead != ahead.shift(-1)).fill_null(value=False))
            on_these = changed.to_frame("hour").select(
                pl.datetime_ranges("hour", pl.col("hour") + pl.duration(days=1), "1h")
            )
            hours = pl.concat([days[:1], on_these["hour"].explode()])
            shown = _ahead(hours, zone).to_numpy()
            new = np.concatenate([[True], shown[1:] != shown[:-1]])
            keys.append(number * _SPAN + (hours.dt.epoch("s").to_numpy() - int(_FIRST.timestamp()))[new])
            offsets.append(shown[new])
        return np.concatenate(keys), np.concatenate(offsets)


def local_time(zones: Iterable[str]) -> pl.Expr:
    """Return what the clocks of ``timezone``, one of some zones, showed at ``occurred_at``."""
    return pl.coalesce(
        pl.when(pl.col("timezone") == zone).then(
            pl.col("occurred_at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        )
        for zone in zones
    )


def _ahead(moments: pl.Series, zone: str) -> pl.Series:
    """Return by how many seconds the clocks of a zone are ahead of UTC at each moment."""
    there = moments.dt.convert_time_zone(zone)
    return (there.dt.base_utc_offset() + there.dt.dst_offset()).dt.total_seconds()
