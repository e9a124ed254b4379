"""Features by hand, the same on every engine, and blind to what is tested."""

import importlib.util
import math
import shutil
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tv5_assets.engine import engine
from tv5_assets.features.users import MONTH
from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.features import ALL, Splits, part_column
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import polars_schema
from tv5_assets_tests.features.made import START, TABLES, Source, features_of, ratings_of, source, split_of

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="Spark needs pyspark and Java, and one of them is not installed",
)
DAY = 86_400
OF_TRAIN = pl.col("part") != "test"


@pytest.fixture(scope="module")
def made() -> Source:
    return source()


@pytest.fixture(scope="module")
def split(made: Source) -> pl.DataFrame:
    return split_of(made.ratings)


def all_train(ratings: pl.DataFrame, test: int = 0) -> pl.DataFrame:
    """Return a split in which all rows but the last ``test`` are train rows of every protocol."""
    parts = pl.Series(["train"] * (len(ratings) - test) + ["test"] * test)
    columns = {part_column(protocol): parts for protocol in PROTOCOLS}
    return ratings.select("row", "user_id", "movie_id").with_columns(**columns).cast(dict(polars_schema(Splits)))


def by_hand() -> Source:
    """Two users and five movies; the last row is to be tested."""
    movies = pl.DataFrame(
        {
            "movie_id": [1, 2, 3, 4, 5],
            "genres": [["Drama"], ["Comedy", "Drama"], ["War"], [], []],
            "year": [1990, None, 1, 2, 3],
        },
        schema={"movie_id": pl.Int32, "genres": pl.List(pl.Enum(GENRES)), "year": pl.Int16},
    ).with_columns(year=pl.col("year") + 1_900 * (pl.col("year") < 1_000))
    ratings = ratings_of(
        [1, 1, 1, 2, 2, 2],
        [1, 2, 3, 1, 4, 2],
        [5.0, 4.0, 3.0, 2.0, 2.0, 0.5],
        [3_600, 61 * DAY + 3_600, 500 * DAY, 10 * DAY, 10 * DAY, 501 * DAY],
    )
    given = [
        (1, 1, "sad", 0),
        (1, 2, "sad", 1),
        (1, 1, "funny", 2),
        (1, 3, "", 3),
        (2, 2, "slow", 4),
        (1, 5, "odd", 5),
        (1, 3, "late", 600),
    ]
    tags = pl.DataFrame(
        [(user, movie, tag, START + timedelta(days=day)) for user, movie, tag, day in given],
        schema={
            "user_id": pl.Int32,
            "movie_id": pl.Int32,
            "tag_normalized": pl.String,
            "tagged_at": pl.Datetime("ms", "UTC"),
        },
        orient="row",
    )
    return Source(ratings, tags, movies)


@pytest.fixture(scope="module")
def worked() -> dict[str, pl.DataFrame]:
    hand = by_hand()
    return features_of(hand, all_train(hand.ratings, test=1), "user-80-20")


def test_users_by_hand(worked: dict[str, pl.DataFrame]) -> None:
    first, second = worked["users"].rows(named=True)
    weights = {"Comedy": 4 / 16, "Drama": 9 / 16, "War": 3 / 16}
    assert first == {
        "user_id": 1,
        "rating_mean": 4.0,
        "rating_std": pytest.approx(math.sqrt(2 / 3)),
        "rating_count": 3,
        "top_genres": ["Drama", "Comedy", "War"],
        "rating_velocity": pytest.approx(3 * MONTH.total_seconds() / (500 * DAY - 3_600)),
        "recency_days": 0,
        "rating_range": 2.0,
        "genre_weights": pytest.approx([weights.get(genre, 0) for genre in GENRES]),
        # Not: an empty tag, one on a movie that the user never rated, and one after the last rating of all.
        "tag_affinity": [{"tag": "sad", "uses": 2}, {"tag": "funny", "uses": 1}],
        "active_hour": 1,
    }
    assert second["rating_count"] == 2  # the third is tested, and so is its tag
    assert second["rating_std"] == 0
    assert second["rating_velocity"] == 2  # within a month
    assert second["recency_days"] == 490
    assert second["top_genres"] == ["Drama"]
    assert second["tag_affinity"] == []


def test_movies_by_hand(worked: dict[str, pl.DataFrame]) -> None:
    movies = worked["movies"]
    assert movies["rating_count"].to_list() == [2, 1, 1, 1, 0]
    assert movies["avg_rating"].to_list() == [3.5, 4.0, 3.0, 2.0, None]
    assert movies["rating_std"].to_list() == [1.5, 0.0, 0.0, 0.0, None]
    assert movies["popularity"].to_list() == pytest.approx([math.log(1 + count) for count in (2, 1, 1, 1, 0)])
    assert movies["release_year"].to_list() == [1990, None, 1901, 1902, 1903]
    assert movies["rating_trend"].to_list() == [None] * 5
    assert movies["genre_vector"][1].to_list() == [float(genre in ("Comedy", "Drama")) for genre in GENRES]


def test_a_trend_is_the_last_year_against_the_time_before() -> None:
    hand = by_hand()
    ratings = ratings_of([1, 2, 3, 1], [1, 1, 1, 2], [2.0, 3.0, 4.5, 1.0], [0, DAY, 400 * DAY, 401 * DAY])
    found = features_of(Source(ratings, hand.tags, hand.movies), all_train(ratings), "temporal")["movies"]
    assert found["rating_trend"].to_list() == [2.0, None, None, None, None]


def test_interactions_by_hand(worked: dict[str, pl.DataFrame]) -> None:
    found = worked["interactions"]
    deviation = math.sqrt(2 / 3)
    assert found["rating_normalized"].to_list() == pytest.approx([1 / deviation, 0, -1 / deviation, 0, 0, 0])
    assert found["hour_of_day"].to_list() == [1, 1, 0, 0, 0, 0]
    assert found["part"].to_list() == ["train"] * 5 + ["test"]


def test_a_user_of_whom_nothing_is_known_has_no_score_and_no_features() -> None:
    hand = by_hand()
    found = features_of(hand, all_train(hand.ratings, test=3), "temporal")
    assert found["interactions"]["rating_normalized"].to_list()[3:] == [None] * 3
    assert found["users"]["user_id"].to_list() == [1]


def test_statistics_by_hand(worked: dict[str, pl.DataFrame]) -> None:
    rows = {(row["protocol"], row["part"]): row for row in worked["statistics"].rows(named=True)}
    assert set(rows) == {(ALL, ALL)} | {(protocol, part) for protocol in PROTOCOLS for part in ("train", "test")}
    whole = rows[ALL, ALL]
    assert (whole["n_users"], whole["n_movies"], whole["n_ratings"]) == (2, 4, 6)
    assert whole["sparsity"] == pytest.approx(1 - 6 / 8)
    assert whole["avg_rating"] == pytest.approx(16.5 / 6)
    assert whole["rating_std"] == pytest.approx(np.std([5, 4, 3, 2, 2, 0.5]))
    assert rows["temporal", "test"]["first_rated_at"] == START + timedelta(days=501)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_tables_are_as_declared(made: Source, split: pl.DataFrame, protocol: str) -> None:
    found = features_of(made, split, protocol) | {"split": split}
    for name, table in TABLES.items():
        assert len(table.validate(found[name])) > 0
    assert found["interactions"]["row"].is_sorted()
    unused = split.filter(pl.col("temporal") == "unused")["row"]
    assert 0 < len(unused) == len(split) - len(found["interactions"])
    assert not found["interactions"]["row"].is_in(unused.implode()).any()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_tested_changes_no_feature(made: Source, split: pl.DataFrame, protocol: str) -> None:
    tested = split.filter(pl.col(part_column(protocol)) == "test").select("row", "user_id", "movie_id")
    is_tested = pl.col("row").is_in(tested["row"].implode())
    later = pl.when(is_tested).then(pl.col("rated_at") + timedelta(days=4_000)).otherwise("rated_at")
    ratings = made.ratings.with_columns(
        rating=pl.when(is_tested).then(5.5 - pl.col("rating")).otherwise("rating"),
        rated_at=later,
        movie_id=pl.when(is_tested).then(pl.lit(60, pl.Int32)).otherwise("movie_id"),
    )
    moved = split.with_columns(movie_id=ratings["movie_id"])
    tags = pl.concat(
        [
            made.tags,
            tested.select("user_id", "movie_id").with_columns(
                tag_normalized=pl.lit("given away"), tagged_at=pl.lit(START, pl.Datetime("ms", "UTC"))
            ),
        ]
    )
    before, after = features_of(made, split, protocol), features_of(Source(ratings, tags, made.movies), moved, protocol)
    assert len(tested) > 0
    assert not before["interactions"].equals(after["interactions"])
    for name in ("users", "movies"):
        assert_frame_equal(before[name], after[name], check_exact=True)
    assert_frame_equal(
        before["interactions"].filter(OF_TRAIN), after["interactions"].filter(OF_TRAIN), check_exact=True
    )


def test_a_held_out_users_history_is_in_no_feature_of_a_movie(made: Source, split: pl.DataFrame) -> None:
    protocol = "strong-generalization"
    found = features_of(made, split, protocol)
    train = split.filter(pl.col(part_column(protocol)) == "train")
    assert found["movies"]["rating_count"].sum() == len(train)
    known = split.filter(pl.col(part_column(protocol)).is_in(["train", "history"]))
    assert found["users"]["rating_count"].sum() == len(known) > len(train)


def test_features_of_temporal_end_before_the_test_begins(made: Source, split: pl.DataFrame) -> None:
    found = features_of(made, split, "temporal")["interactions"]
    newest = found.filter(OF_TRAIN)["rated_at"].max()
    assert newest < found.filter(~OF_TRAIN)["rated_at"].min()


def test_a_set_without_tags_and_genres(made: Source, split: pl.DataFrame) -> None:
    bare = Source(
        made.ratings, made.tags.clear(), made.movies.with_columns(genres=pl.lit([], pl.List(pl.Enum(GENRES))))
    )
    users = features_of(bare, split, "user-80-20")["users"]
    assert users["top_genres"].list.len().sum() == users["tag_affinity"].list.len().sum() == 0
    assert users["genre_weights"].arr.sum().to_list() == [0] * len(users)


@needs_spark
@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_engine_gives_the_same_tables(made: Source, split: pl.DataFrame) -> None:
    spark = engine("spark")
    # Spark splits every result into 200 by default, which takes minutes for a table of this size.
    session = spark.frame(made.ratings).to_native().sparkSession
    session.conf.set("spark.sql.shuffle.partitions", 2)
    assert split_of(made.ratings, spark).equals(split)
    on_polars, on_spark = (features_of(made, split, "strong-generalization", runs) for runs in (None, spark))
    for name, table in on_polars.items():
        assert_frame_equal(on_spark[name], table, check_exact=True)
