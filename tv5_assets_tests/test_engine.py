import importlib.util
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import narwhals as nw
import polars as pl
import pytest

from tv5_assets.dagster_kit.io_managers import TableIOManager
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.defs import features
from tv5_assets.engine import Engine, engine
from tv5_assets.errors import InputError
from tv5_assets.movielens import parse
from tv5_assets.movielens.moments import with_moment
from tv5_assets.movielens.simulate import simulate
from tv5_assets.settings import load_settings
from tv5_assets.tables.features import Episodes
from tv5_assets.tables.processed import DAYS_OF_WEEK, GENRES, TIMES_OF_DAY

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="Spark needs pyspark and Java, and one of them is not installed",
)
ENGINES = ["polars", pytest.param("spark", marks=needs_spark)]


def movies_of(raw: Path) -> pl.DataFrame:
    """Return the ids and genres of a set's movies, which is all that episodes read of them."""
    genres = pl.col("genres").str.split("|").list.eval(pl.element().filter(pl.element().is_in(GENRES)))
    movies = pl.read_csv(raw / "movies.csv").select(pl.col("movieId").alias("movie_id"), genres)
    return movies.cast({"movie_id": pl.Int32, "genres": pl.List(pl.Enum(GENRES))})


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


@needs_spark
def test_an_asset_runs_on_the_engine_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = simulate(tmp_path / "raw", users=30, movies=120, ratings=900, seed=1)
    monkeypatch.setenv("TV5_DATASET", "simulated")

    def episodes_on(name: str) -> pl.DataFrame:
        monkeypatch.setenv("TV5_HOME", str(tmp_path / name))
        monkeypatch.setenv("TV5_ENGINE", name)
        data = load_settings().dataset_root
        for table, frame in {"ratings": parse.ratings(raw), "movies": movies_of(raw)}.items():
            frame.lazy().sink_parquet(Path(str(data)) / "processed" / f"{table}.parquet", mkdir=True)
        done = dg.materialize(
            [
                features.episodes,
                *(dg.AssetSpec(["processed", table]).with_io_manager_key("tables") for table in ("ratings", "movies")),
            ],
            resources={"tables": TableIOManager(), "settings": SettingsResource()},
        )
        assert done.success
        assert [path.name for path in Path(str(data / "features")).iterdir()] == ["episodes.parquet"]
        return pl.read_parquet(str(data / "features" / "episodes.parquet"))

    on_polars, on_spark = episodes_on("polars"), episodes_on("spark")
    Episodes.validate(on_spark)
    assert len(on_polars) == 900
    assert on_polars["next_state"].null_count() > 0
    assert on_spark.equals(on_polars)


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
