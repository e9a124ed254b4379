"""What follows from the time of an interaction: time of day and day of the week, in UTC.

Functions over Narwhals lazy frames, so that they run on Polars and on Spark alike. Whole-number arithmetic on seconds
since 1970 is the same on both, and quicker than their calendars. What does not belong here: anything about one table.
"""

from typing import Any

import narwhals as nw

from tv5_assets.engine import Engine
from tv5_assets.tables.processed import DAYS_OF_WEEK, TIMES_OF_DAY

_HOUR = 3_600
_DAY = 24 * _HOUR
_EPOCH_WEEKDAY = DAYS_OF_WEEK.index("Thu")  # 1 January 1970
_ENDS = ((6, "late_night"), (12, "morning"), (17, "afternoon"), (21, "evening"), (24, "night"))
"""Each time of day and the hour at which it has ended."""
TIME_OF_HOUR = tuple(
    TIMES_OF_DAY.index(next(name for end, name in _ENDS if hour < end)) for hour in range(_ENDS[-1][0])
)
"""The place in TIMES_OF_DAY of each hour of the day."""


def with_moment(frame: "nw.LazyFrame[Any]", engine: Engine, *, seconds: str) -> "nw.LazyFrame[Any]":
    """Return a frame with ``time_of_day`` and ``day_of_week`` beside ``seconds``, which becomes a UTC timestamp.

    Args:
        frame: has a column of whole seconds since 1970.
        engine: the engine that the frame belongs to.
        seconds: name of that column.
    """
    moment = nw.col(seconds)
    return engine.typed(
        frame.with_columns(
            _time_of_day(moment % _DAY).alias("time_of_day"),
            ((moment // _DAY + _EPOCH_WEEKDAY) % len(DAYS_OF_WEEK)).alias("day_of_week"),
        ),
        instants=[seconds],
        labels={"time_of_day": TIMES_OF_DAY, "day_of_week": DAYS_OF_WEEK},
    )


def _time_of_day(second: nw.Expr) -> nw.Expr:
    """Return the position in TIMES_OF_DAY of a second of the day."""
    code = _position(_ENDS[-1][1])
    for end, name in reversed(_ENDS[:-1]):
        code = nw.when(second < end * _HOUR).then(_position(name)).otherwise(code)
    return code


def _position(time_of_day: str) -> nw.Expr:
    return nw.lit(TIMES_OF_DAY.index(time_of_day), dtype=nw.Int8)
