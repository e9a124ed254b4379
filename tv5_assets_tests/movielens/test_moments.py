from datetime import UTC, datetime

import narwhals as nw
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.engine import PolarsEngine
from tv5_assets.movielens.moments import with_moment
from tv5_assets.tables.processed import DAYS_OF_WEEK, TIMES_OF_DAY


def moments(*seconds: int) -> list[tuple[datetime, str, str]]:
    frame = nw.from_native(pl.LazyFrame({"at": seconds}, schema={"at": pl.Int64}))
    return nw.to_native(with_moment(frame, PolarsEngine(), seconds="at")).collect().rows()


def test_each_hour_has_its_time_of_day() -> None:
    found = [name for _, name, _ in moments(*(hour * 3600 for hour in range(24)))]
    assert found == (
        ["late_night"] * 6 + ["morning"] * 6 + ["afternoon"] * 5 + ["evening"] * 4 + ["night"] * 3
    )  # fmt: skip


def test_time_of_day_turns_on_the_second() -> None:
    assert [name for _, name, _ in moments(6 * 3600 - 1, 6 * 3600)] == ["late_night", "morning"]


@given(second=st.integers(0, 4_102_444_800))
def test_agrees_with_the_calendar_of_python(second: int) -> None:
    moment = datetime.fromtimestamp(second, tz=UTC)
    ((at, time_of_day, day_of_week),) = moments(second)
    assert (at, day_of_week) == (moment, DAYS_OF_WEEK[moment.weekday()])
    assert time_of_day in TIMES_OF_DAY
