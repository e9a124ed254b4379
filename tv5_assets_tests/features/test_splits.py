"""Each protocol keeps its word, whatever the ratings, and leaks nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tv5_assets.engine import PolarsEngine
from tv5_assets.errors import InputError
from tv5_assets.features import splits
from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.features import PARTS, Splits, part_column

START = datetime(2000, 1, 1, tzinfo=UTC)
SCHEMA = {"user_id": pl.Int32, "movie_id": pl.Int32, "rated_at": pl.Datetime("ms", "UTC"), "row": pl.Int64}
USERS_AND_SECONDS = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 200_000)), max_size=80)


def ratings_of(rows: list[tuple[int, int]]) -> pl.DataFrame:
    """Make ratings from user and seconds, in the order of the file."""
    return pl.DataFrame(
        [(user, row % 7 + 1, START + timedelta(seconds=at), row) for row, (user, at) in enumerate(rows)],
        schema=SCHEMA,
        orient="row",
    )


def some_ratings(users: int = 40, rows: int = 2_000, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return ratings_of(
        list(zip(rng.integers(1, users + 1, rows).tolist(), rng.integers(0, 10**6, rows).tolist(), strict=True))
    )


def split(ratings: pl.DataFrame, protocol: str, seed: int = 1) -> pl.DataFrame:
    """Return the ratings with their parts, by row."""
    found: pl.DataFrame = splits.split(nw.from_native(ratings.lazy()), protocol, seed).to_native().collect()
    assert found.columns == ["row", "part"]
    return ratings.join(found, on="row", validate="1:1").sort("row")


def all_splits(ratings: pl.DataFrame, min_user: int = 1, min_movie: int = 1, seed: int = 1) -> pl.DataFrame:
    frame: Any = nw.from_native(ratings.lazy())
    found: pl.DataFrame = splits.splits(frame, PolarsEngine(), seed, min_user, min_movie).to_native().collect()
    return found


def parts(frame: pl.DataFrame) -> list[str]:
    return frame["part"].cast(pl.String).to_list()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(max_examples=12, deadline=None)
@given(USERS_AND_SECONDS)
def test_every_rating_has_one_part_that_its_protocol_knows(protocol: str, rows: list[tuple[int, int]]) -> None:
    ratings = ratings_of(rows)
    found = split(ratings, protocol)
    assert len(found) == len(ratings)
    known = {"train", "test", "history"} if protocol == "strong-generalization" else {"train", "test"}
    assert set(parts(found)) <= known
    assert found["part"].dtype == pl.Enum(PARTS)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_order_of_the_rows_changes_nothing(protocol: str) -> None:
    ratings = some_ratings()
    assert split(ratings.sample(fraction=1, shuffle=True, seed=3), protocol).equals(split(ratings, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_what_is_drawn_depends_on_the_seed(protocol: str) -> None:
    ratings = some_ratings()
    same = split(ratings, protocol, seed=1).equals(split(ratings, protocol, seed=2))
    assert same == (protocol in ("temporal", "leave-last-out"))


def test_a_fifth_of_each_users_ratings_is_drawn() -> None:
    sizes = [1, 4, 5, 9, 10, 24, 25, 300]
    rows = [(user, 0) for user, size in enumerate(sizes, start=1) for _ in range(size)]
    found = split(ratings_of(rows), "user-80-20").group_by("user_id").agg(test=(pl.col("part") == "test").sum())
    assert found.sort("user_id")["test"].to_list() == [size // 5 for size in sizes]


def test_every_rating_is_as_likely_to_be_drawn() -> None:
    ratings = ratings_of([(1, 0)] * 50)
    drawn = np.array([np.array(parts(split(ratings, "user-80-20", seed))) == "test" for seed in range(150)])
    # 150 draws of a share of .2: a standard deviation of .033; neighbours are drawn together in .0367 of the cases.
    assert np.abs(drawn.mean(axis=0) - 0.2).max() < 5 * 0.0327
    assert (drawn[:, 1:] & drawn[:, :-1]).mean() == pytest.approx(0.2 * 9 / 49, abs=0.012)


def test_a_slice_of_the_training_rows_is_drawn_independently_of_the_split() -> None:
    ratings = some_ratings(rows=5_000)
    train = split(ratings, "user-80-20", seed=1).filter(pl.col("part") == "train").drop("part")
    slices = [set(split(train, "user-80-20", seed).filter(pl.col("part") == "test")["row"]) for seed in (2, 3)]
    assert len(slices[0] & slices[1]) / len(slices[0]) == pytest.approx(0.2, abs=0.08)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 12).map(lambda step: step * 30_000)), min_size=1, max_size=60)
)
def test_no_training_row_is_from_the_time_of_the_test_or_later(rows: list[tuple[int, int]]) -> None:
    found = split(ratings_of(rows), "temporal")
    train, test = (found.filter(pl.col("part") == part) for part in ("train", "test"))
    assert len(test) > 0
    first = test["rated_at"].min()
    assert train.filter(pl.col("rated_at") >= first).is_empty()
    # No more than equal times ask for are kept from learning.
    wanted = int(len(found) * 0.8)
    assert len(train) <= wanted < len(train) + len(test.filter(pl.col("rated_at") == first))


def test_a_hand_worked_boundary() -> None:
    day = 86_400
    found = split(ratings_of([(1, 0), (1, 3 * day), (2, day), (2, 2 * day), (3, 3 * day + 1)]), "temporal")
    assert parts(found) == ["train", "train", "train", "train", "test"]
    tied = split(ratings_of([(1, 0), (1, 3 * day), (2, day), (2, 2 * day), (3, 3 * day)]), "temporal")
    assert parts(tied) == ["train", "test", "train", "train", "test"]


def test_the_last_is_left_out_and_of_equal_times_the_last_row() -> None:
    found = split(ratings_of([(1, 5), (1, 9), (1, 9), (1, 2), (2, 1), (3, 8), (3, 7)]), "leave-last-out")
    assert parts(found) == ["train", "train", "test", "train", "train", "test", "train"]


def test_held_out_users_have_history_and_nobody_else() -> None:
    ratings = some_ratings(users=200, rows=6_000)
    found = split(ratings, "strong-generalization").group_by("user_id").agg(pl.len(), pl.col("part").value_counts())
    parts_of = {user: {row["part"]: row["count"] for row in counts} for user, _, counts in found.rows()}
    held = {user: counts for user, counts in parts_of.items() if "train" not in counts}
    assert len(held) == 20
    for user, size, _ in found.rows():
        if user in held:
            assert held[user] == {"test": size // 5, "history": size - size // 5}
        else:
            assert parts_of[user] == {"train": size}


def test_at_most_so_many_are_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "HELD_OUT_MOST", 3)
    found = split(some_ratings(users=200), "strong-generalization")
    assert found.filter(pl.col("part") != "train")["user_id"].n_unique() == 3


def test_an_unknown_protocol() -> None:
    with pytest.raises(InputError, match=r"no protocol 'random'; choose one of user-80-20, temporal"):
        split(some_ratings(), "random")


@pytest.mark.parametrize(("min_user", "min_movie"), [(1, 1), (4, 1), (1, 4), (4, 4)])
@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), max_size=70, unique=True))
def test_the_core_is_the_largest_in_which_all_have_enough(min_user: int, min_movie: int, pairs: list) -> None:
    ratings = ratings_of([(user, row) for row, (user, _) in enumerate(pairs)]).with_columns(
        movie_id=pl.Series([movie for _, movie in pairs], dtype=pl.Int32)
    )
    found = all_splits(ratings, min_user, min_movie)
    Splits.validate(found)
    assert found["row"].to_list() == list(range(len(pairs)))
    core = set(pairs)
    while True:
        users, movies = ([pair[place] for pair in core] for place in (0, 1))
        kept = {p for p in core if users.count(p[0]) >= min_user and movies.count(p[1]) >= min_movie}
        if kept == core:
            break
        core = kept
    for protocol in PROTOCOLS:
        used = found.filter(pl.col(part_column(protocol)) != "unused")
        assert set(used.select("user_id", "movie_id").rows()) == core


def test_what_is_unused_takes_no_part_in_the_split_of_the_others() -> None:
    ratings = some_ratings(users=60)
    counts = pl.len().over("user_id")
    least = int(ratings.select(counts.quantile(0.3)).item())
    found = all_splits(ratings, min_user=least)
    core = ratings.filter(counts >= least)
    assert 0 < len(core) < len(ratings)
    for protocol in PROTOCOLS:
        alone = split(core, protocol).select("row", "part")
        column = part_column(protocol)
        assert alone.equals(found.filter(pl.col(column) != "unused").select("row", part=column))


def test_the_split_has_a_column_for_every_protocol() -> None:
    assert [column for column in Splits.columns() if column not in ("row", "user_id", "movie_id")] == [
        part_column(protocol) for protocol in PROTOCOLS
    ]
