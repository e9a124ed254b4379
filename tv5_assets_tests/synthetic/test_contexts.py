import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tv5_assets.coherence import Rule
from tv5_assets.engine import PARQUET
from tv5_assets.quality.frames import every_row
from tv5_assets.synthetic.calendar import FIRST_DAY, LAST_DAY, events_by_day
from tv5_assets.synthetic.contexts import HOLIDAY_SHARE, RULES, TIME_SHARES, contexts
from tv5_assets.tables.contexts import CULTURAL_EVENTS, PUBLIC_HOLIDAYS, Contexts
from tv5_assets.tables.processed import TIMES_OF_DAY
from tv5_assets_tests.synthetic.statistics import fits

COUNT = 50_000


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return contexts(COUNT, seed=42).collect()


def mean_of(many: pl.DataFrame, by: str, value: pl.Expr) -> dict[str, float]:
    return dict(many.group_by(by).agg(value.mean()).iter_rows())


def test_the_frame_is_as_its_schema_says(many: pl.DataFrame) -> None:
    Contexts.validate(many)
    assert many["context_id"].to_list() == list(range(COUNT))
    assert many["date"].min() >= FIRST_DAY
    assert many["date"].max() <= LAST_DAY


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_context_agrees_with_itself(many: pl.DataFrame, rule: Rule) -> None:
    verdict = every_row(many.lazy(), [rule])[rule.name]
    assert verdict.passed, verdict.description


def test_times_and_holidays_have_their_shares(many: pl.DataFrame) -> None:
    assert fits(many["time_of_day"], dict(zip(TIMES_OF_DAY, TIME_SHARES, strict=True)))
    assert fits(many["is_holiday"], {"true": HOLIDAY_SHARE, "false": 1 - HOLIDAY_SHARE})


def test_every_value_that_may_occur_does(many: pl.DataFrame) -> None:
    for name, column in Contexts.columns().items():
        if isinstance(column.dtype, pl.Enum):
            assert set(many[name].drop_nulls().cast(pl.String)) == set(column.dtype.categories), name
    assert set(many["cultural_events"].explode().drop_nulls().cast(pl.String)) == set(CULTURAL_EVENTS)
    assert 0 < many["weather"].null_count() < COUNT / 10


def test_the_calendar_is_that_of_france() -> None:
    events = events_by_day()
    assert events[date(2017, 4, 17)] == ("easter",)
    assert events[date(2018, 7, 14)] == ("bastille_day",)
    assert events[date(2019, 12, 25)] == ("christmas", "christmas_season")
    assert events[date(2019, 2, 14)] == ("berlinale", "valentines_day")
    assert events[date(2016, 3, 1)] == ()
    assert events[date(2008, 5, 1)] == ("labour_day", "ascension")
    # Eleven a year, but for Pentecost Monday, which was a working day from 2005 to 2007.
    assert sum(name in PUBLIC_HOLIDAYS for names in events.values() for name in names) == 28 * len(PUBLIC_HOLIDAYS) - 3


def test_company_and_hour_shift_what_people_want(many: pl.DataFrame) -> None:
    romantic = mean_of(many, "viewing_mode", pl.col("mood") == "romantic")
    assert romantic["date"] > 3 * romantic["friends"]
    special = mean_of(many, "is_holiday", pl.col("occasion") == "special_event")
    assert special[True] > 1.5 * special[False]
    intensity = mean_of(many, "mood", pl.col("intensity"))
    assert intensity["energetic"] > intensity["curious"] > intensity["relaxed"]
    family = mean_of(many, "time_of_day", pl.col("viewing_mode") == "family")
    assert family["afternoon"] > 5 * family["late_night"]
    binge = mean_of(many, "time_of_day", pl.col("time_budget") == "binge")
    assert binge["late_night"] > 5 * binge["morning"]
    snow = mean_of(many, "month", pl.col("weather") == "snow")
    assert snow[1] > snow[3] > snow[4] == 0


@pytest.mark.parametrize("chunk_rows", [1_000, 4_096, 1_000_000])
def test_the_chunk_size_changes_no_byte(many: pl.DataFrame, chunk_rows: int) -> None:
    assert contexts(10_000, seed=42, chunk_rows=chunk_rows).collect().equals(many[:10_000])


def test_the_chunk_size_changes_no_byte_of_a_file_of_many_groups_of_rows(tmp_path: Path) -> None:
    written = set()
    for chunk_rows in (50_001, 131_072, 300_000):
        contexts(300_000, seed=42, chunk_rows=chunk_rows).sink_parquet(tmp_path / "contexts.parquet", **PARQUET)
        written.add(hashlib.sha256((tmp_path / "contexts.parquet").read_bytes()).hexdigest())
    assert len(written) == 1


def test_another_seed_makes_other_contexts(many: pl.DataFrame) -> None:
    other = contexts(1_000, seed=43).collect()
    for name in ("date", "time_of_day", "viewing_mode", "mood", "intensity"):
        same = (other[name] == many[name][:1_000]).mean()
        assert same < 0.9, name


def test_draws_of_different_columns_are_independent(many: pl.DataFrame) -> None:
    assert abs(np.corrcoef(many["month"], many["time_of_day"].to_physical())[0, 1]) < 0.02
