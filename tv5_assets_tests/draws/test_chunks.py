import numpy as np
import polars as pl
import pytest

from tv5_assets.draws.chunks import chunked, chunked_over, drawn_ahead
from tv5_assets.draws.streams import uniform

SCHEMA = pl.Schema({"row": pl.Int64, "draw": pl.Float64})


def made(numbers: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"row": numbers, "draw": uniform(1, numbers, "test")})


@pytest.mark.parametrize("chunk_rows", [1, 7, 100, 1_000])
def test_the_chunk_size_changes_nothing(chunk_rows: int):
    assert chunked(100, made, SCHEMA, chunk_rows).collect().equals(made(np.arange(100)))


def test_no_more_is_made_than_is_asked_for():
    largest = 0

    def counted(numbers: np.ndarray) -> pl.DataFrame:
        nonlocal largest
        largest = max(largest, int(numbers.max()))
        return made(numbers)

    head = chunked(1_000_000, counted, SCHEMA, 10).head(25).collect()
    assert head.equals(made(np.arange(25)))
    assert largest < 100


def test_columns_and_rows_can_be_chosen():
    frame = chunked(100, made, SCHEMA, 10).filter(pl.col("row") >= 95).select("draw").collect()
    assert frame.equals(made(np.arange(95, 100)).select("draw"))


def test_a_chunk_of_another_type_is_an_error():
    with pytest.raises(pl.exceptions.PolarsError):
        chunked(10, lambda numbers: pl.DataFrame({"row": numbers}), SCHEMA).collect()


def test_no_rows_are_an_empty_frame():
    assert chunked(0, made, SCHEMA).collect().schema == SCHEMA


def test_it_is_streamed_to_parquet(tmp_path):
    chunked(1_000, made, SCHEMA, 64).sink_parquet(tmp_path / "rows.parquet")
    assert pl.read_parquet(tmp_path / "rows.parquet").equals(made(np.arange(1_000)))


def twice(rows: pl.DataFrame, _first: int = 0) -> pl.DataFrame:
    return pl.concat([rows, rows.with_columns(pl.col("draw") + 1)]).sort("row", "draw")


@pytest.mark.parametrize("chunk_rows", [1, 7, 100, 1_000])
def test_rows_made_of_others_are_the_same_at_any_chunk_size(chunk_rows: int):
    frame = chunked_over(made(np.arange(100)).lazy(), twice, SCHEMA, chunk_rows)
    assert frame.collect().equals(twice(made(np.arange(100))))
    assert frame.head(5).collect().equals(twice(made(np.arange(100))).head(5))
    assert frame.filter(pl.col("row") == 70).select("draw").collect().height == 2


def test_of_no_rows_none_are_made():
    assert chunked_over(pl.LazyFrame(schema=SCHEMA), twice, SCHEMA).collect().is_empty()


@pytest.mark.parametrize("chunk_rows", [1, 7, 1_000])
def test_rows_drawn_ahead_are_the_same_at_any_chunk_size(chunk_rows: int):
    frame = drawn_ahead(100, lambda numbers: (numbers, uniform(1, numbers, "test")), paired, SCHEMA, chunk_rows)

    assert frame.collect().equals(made(np.arange(100)))
    assert frame.head(5).collect().equals(made(np.arange(5)))


def paired(drawn: tuple[np.ndarray, np.ndarray]) -> pl.DataFrame:
    return pl.DataFrame({"row": drawn[0], "draw": drawn[1]})


def test_an_error_of_drawing_is_the_readers():
    def failing(numbers: np.ndarray) -> np.ndarray:
        raise ValueError("cannot be drawn")

    with pytest.raises(Exception, match="cannot be drawn"):
        drawn_ahead(100, failing, made, SCHEMA, 10).collect()
