"""Sequences: the newest events of each user in order, without the last one, on both engines."""

from datetime import UTC, datetime, timedelta

import narwhals as nw
import polars as pl
import pytest

from tv5_assets.engine import PolarsEngine
from tv5_assets.features.sequences import sequences
from tv5_assets.features.splits import splits
from tv5_assets.quality.sequences import of_split
from tv5_assets.tables.features import Sequences
from tv5_assets.tables.table import polars_schema

START = datetime(2000, 1, 1, tzinfo=UTC)


def rated(user: int, seconds: list[int], first_row: int) -> pl.DataFrame:
    rows = range(first_row, first_row + len(seconds))
    return pl.DataFrame(
        {
            "user_id": [user] * len(seconds),
            "movie_id": [row + 1 for row in rows],
            "rating": [3.0] * len(seconds),
            "rated_at": [START + timedelta(seconds=second) for second in seconds],
            "row": list(rows),
        },
        schema_overrides={
            "user_id": pl.Int32,
            "movie_id": pl.Int32,
            "rating": pl.Float32,
            "rated_at": pl.Datetime("ms", "UTC"),
        },
    )


RATINGS = pl.concat([rated(1, [50, 10, 20, 20, 20], 0), rated(2, [5], 5), rated(3, [1, 2], 6), rated(4, [3, 2, 1], 8)])

SPLIT = splits(nw.from_native(RATINGS.lazy()), PolarsEngine(), 0, 1, 1).to_native().collect()


def cut(ratings: pl.DataFrame, length: int) -> pl.DataFrame:
    rows = nw.from_native(ratings.lazy())
    return sequences(rows, nw.from_native(SPLIT.lazy()), length).to_native().collect()


def judged(sequence: pl.DataFrame) -> dict[str, bool]:
    verdicts = of_split(sequence.lazy(), RATINGS.lazy(), SPLIT.lazy())
    return {name: verdict.passed for name, verdict in verdicts.items()}


def rows_of(frame: pl.DataFrame, user: int) -> list[int]:
    return frame.filter(pl.col("user_id") == user)["row"].to_list()


def test_a_sequence_is_the_newest_events_but_the_last_oldest_first_and_ties_by_row():
    found = cut(RATINGS, 3)
    assert rows_of(found, 1) == [2, 3, 4]
    assert rows_of(found, 2) == [5]  # of one event nothing is asked for
    assert rows_of(found, 3) == [6]
    assert rows_of(found, 4) == [10, 9]
    assert found["position"].to_list() == [0, 1, 2, 0, 0, 0, 1]


def test_a_sequence_no_longer_than_asked_for_and_not_dependent_on_the_order_of_rows():
    found = cut(RATINGS, 2)
    assert rows_of(found, 1) == [3, 4]
    assert found.equals(cut(RATINGS.sample(fraction=1, shuffle=True, seed=3), 2))


def test_rows_are_of_the_table():
    found = cut(RATINGS, 3)
    assert found.schema == polars_schema(Sequences)
    Sequences.validate(found)


SOUND = cut(RATINGS, 3)
LAST_OF_USER_1 = RATINGS.filter(pl.col("row") == 0).with_columns(position=pl.lit(3, pl.Int32)).select(SOUND.columns)


@pytest.mark.parametrize(
    ("damaged", "fails"),
    [
        (SOUND, set()),
        (SOUND.with_columns(row=pl.col("row").replace({3: 4, 4: 3})), {"in_order"}),
        (SOUND.filter(pl.col("user_id") != 2), {"every_user"}),
        (pl.concat([SOUND, LAST_OF_USER_1]), {"nothing_held_out", "newest"}),
        (SOUND.filter(pl.col("row") != 4), {"newest"}),
    ],
)
def test_the_rules_see_what_is_wrong(damaged, fails):
    assert {name for name, passed in judged(damaged).items() if not passed} == fails
