import importlib.util
import shutil
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from tv5_assets.engine import Engine, engine
from tv5_assets.errors import InputError
from tv5_assets.movielens.moments import with_moment
from tv5_assets.tables.processed import DAYS_OF_WEEK, TIMES_OF_DAY

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="Spark needs pyspark and Java, and one of them is not installed",
)
ENGINES = ["polars", pytest.param("spark", marks=needs_spark)]


def by_every_hour(path: Path) -> pl.DataFrame:
    """Write an interaction for every hour of a week and then some, and return what it should become."""
    hours = pl.DataFrame({"row": range(24 * 9), "rating": [3.5] * 24 * 9}).with_columns(
        rated_at=pl.lit(1_119_999_999, dtype=pl.Int64) + pl.col("row") * 3600
    )
    hours.write_parquet(path)
    at = pl.from_epoch("rated_at").dt.replace_time_zone("UTC").dt.cast_time_unit("ms")
    hour = at.dt.hour()
    part = (
        pl.when(hour < 6).then(4).when(hour < 12).then(0).when(hour < 17).then(1).when(hour < 21).then(2).otherwise(3)
    )
    return hours.with_columns(
        rated_at=at,
        time_of_day=part.replace_strict(dict(enumerate(TIMES_OF_DAY)), return_dtype=pl.String),
        day_of_week=(at.dt.weekday() - 1).replace_strict(dict(enumerate(DAYS_OF_WEEK)), return_dtype=pl.String),
    )


def through(runs: Engine, source: Path, target: Path) -> pl.DataFrame:
    frame: nw.LazyFrame[Any] = with_moment(runs.scan(source), runs, seconds="rated_at")
    runs.sink(frame.filter(nw.col("row") >= 0), target)
    return pl.read_parquet(target).sort("row").with_columns(pl.col("time_of_day", "day_of_week").cast(pl.String))


@pytest.mark.parametrize("name", ENGINES)
def test_the_same_function_gives_the_same_table_on_every_engine(tmp_path: Path, name: str) -> None:
    expected = by_every_hour(tmp_path / "in.parquet")
    found = through(engine(name), tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert found.select(expected.columns).equals(expected)
    assert found.schema["rated_at"] == pl.Datetime("ms", "UTC")


@pytest.mark.parametrize("name", ENGINES)
def test_writing_again_replaces(tmp_path: Path, name: str) -> None:
    by_every_hour(tmp_path / "in.parquet")
    first = through(engine(name), tmp_path / "in.parquet", tmp_path / "out.parquet")
    again = through(engine(name), tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert first.equals(again)


def test_polars_gives_enums(tmp_path: Path) -> None:
    by_every_hour(tmp_path / "in.parquet")
    runs = engine("polars")
    frame = nw.to_native(with_moment(runs.scan(tmp_path / "in.parquet"), runs, seconds="rated_at"))
    assert frame.collect_schema()["time_of_day"] == pl.Enum(TIMES_OF_DAY)
    assert frame.collect_schema()["day_of_week"] == pl.Enum(DAYS_OF_WEEK)


def test_unknown_engine() -> None:
    with pytest.raises(InputError, match="no engine 'duckdb'; choose polars or spark"):
        engine("duckdb")


def test_spark_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyspark", None)
    with pytest.raises(InputError, match="needs pyspark"):
        engine("spark")
