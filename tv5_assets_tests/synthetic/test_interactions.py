from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tv5_assets.coherence import Rule
from tv5_assets.errors import InputError
from tv5_assets.quality import viewing
from tv5_assets.quality.frames import every_row
from tv5_assets.synthetic import diaries
from tv5_assets.synthetic.contexts import contexts
from tv5_assets.synthetic.interactions import (
    RULES,
    SEARCH_CHANCE,
    SKIP_CHANCE,
    SKIPPED_UP_TO,
    interactions,
)
from tv5_assets.synthetic.users import users
from tv5_assets.tables.contexts import Interactions
from tv5_assets_tests.synthetic.statistics import fits

USERS, MOVIES, RATINGS = 300, 500, 20_000


@pytest.fixture(scope="module")
def ratings() -> pl.DataFrame:
    """Ratings of six years, some users' all in one hour, sorted by user, with a gap in the rows."""
    draw = np.random.default_rng(0)
    pairs = np.sort(draw.choice(USERS * MOVIES, RATINGS, replace=False))
    user, movie = 1 + pairs // MOVIES, 1 + pairs % MOVIES
    start = draw.integers(1_400_000_000, 1_590_000_000, USERS + 1)
    second = start[user] + draw.integers(0, np.where(user % 3 == 0, 3_600, 10_000_000))
    return pl.DataFrame(
        {
            "user_id": user.astype(np.int32),
            "movie_id": movie.astype(np.int32),
            "rating": (draw.integers(1, 11, RATINGS) / 2).astype(np.float32),
            "rated_at": pl.Series(second * 1_000).cast(pl.Datetime("ms", "UTC")),
            "row": np.arange(RATINGS) + 1_000 * (np.arange(RATINGS) > 50),
        }
    )


@pytest.fixture(scope="module")
def audience() -> pl.DataFrame:
    return users(np.arange(1, USERS + 1, dtype=np.int32), seed=42)


@pytest.fixture(scope="module")
def situations() -> pl.DataFrame:
    return contexts(5_000, seed=42).collect()


@pytest.fixture(scope="module")
def details() -> pl.DataFrame:
    number = pl.int_range(1, MOVIES + 1)
    return pl.select(movie_id=number.cast(pl.Int32), duration_minutes=(60 + number % 120).cast(pl.Int16))


@pytest.fixture(scope="module")
def movies() -> pl.DataFrame:
    """Films of 1950 to 2021, so that some were rated before they were released, and a few of no year."""
    number = pl.int_range(1, MOVIES + 1)
    year = pl.when(number % 50 > 0).then(1950 + number % 72)
    return pl.select(movie_id=number.cast(pl.Int32), year=year.cast(pl.Int16))


@pytest.fixture(scope="module")
def events(
    ratings: pl.DataFrame, audience: pl.DataFrame, situations: pl.DataFrame, details: pl.DataFrame, movies: pl.DataFrame
) -> pl.DataFrame:
    return interactions(ratings.lazy(), audience, situations, details, movies, seed=42).collect()


def test_the_frame_is_as_its_schema_says(events: pl.DataFrame) -> None:
    Interactions.validate(events)
    assert events["interaction_id"].is_sorted()
    assert 1.3 * RATINGS < len(events) < 2 * RATINGS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_event_agrees_with_itself(events: pl.DataFrame, rule: Rule) -> None:
    verdict = every_row(events.lazy(), [rule])[rule.name]
    assert verdict.passed, verdict.description


def test_every_event_agrees_with_its_rating(events: pl.DataFrame, ratings: pl.DataFrame, movies: pl.DataFrame) -> None:
    verdicts = viewing.beside_ratings(events.lazy(), ratings.lazy(), movies.lazy())
    assert all(verdict.passed for verdict in verdicts.values()), verdicts
    assert verdicts["completion_follows_rating"].facts["rows"] == RATINGS


def test_ratings_are_judged_the_same_in_several_passes(
    events: pl.DataFrame, ratings: pl.DataFrame, movies: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = viewing.beside_ratings(events.lazy(), ratings.lazy(), movies.lazy())
    monkeypatch.setattr(viewing, "_RATINGS_AT_ONCE", 999)
    for name, verdict in viewing.beside_ratings(events.lazy(), ratings.lazy(), movies.lazy()).items():
        assert dict(verdict.facts) == pytest.approx(dict(at_once[name].facts)), name


def test_events_of_ratings_that_are_not_there_are_strange(
    events: pl.DataFrame, ratings: pl.DataFrame, movies: pl.DataFrame
) -> None:
    verdicts = viewing.beside_ratings(events.lazy(), ratings.lazy().filter(pl.col("row") != 7), movies.lazy())
    assert verdicts["of_its_rating"].facts["strange"] == (events["rating_row"] == 7).sum()
    assert verdicts["view_before_rating"].passed


def test_watching_times_are_those_of_the_movie(events: pl.DataFrame, details: pl.DataFrame) -> None:
    assert viewing.watch_time(events.lazy(), details.lazy()).passed
    longer = details.with_columns(pl.col("duration_minutes") + 1)
    assert not viewing.watch_time(events.lazy(), longer.lazy()).passed


def test_events_agree_with_their_contexts_and_viewers(
    events: pl.DataFrame, situations: pl.DataFrame, audience: pl.DataFrame
) -> None:
    verdicts = viewing.beside_viewers(events.lazy(), situations.lazy(), audience.lazy())
    assert all(verdict.passed for verdict in verdicts.values()), verdicts
    assert verdicts["context_of_the_hour"].facts["placed"] > RATINGS


def test_the_chances_of_events_are_as_declared(events: pl.DataFrame, ratings: pl.DataFrame) -> None:
    counts = dict(events.group_by(pl.col("event").cast(pl.String)).len().iter_rows())
    assert counts["view"] == RATINGS
    bad = (ratings["rating"] <= SKIPPED_UP_TO).sum()
    for chance, found, of in ((SEARCH_CHANCE, counts["search"], RATINGS), (SKIP_CHANCE, counts["skip"], bad)):
        happened = pl.Series(["yes"] * found + ["no"] * (of - found))
        assert fits(happened, {"yes": chance, "no": 1 - chance})


def test_good_ratings_bring_favorites_and_shares(events: pl.DataFrame, ratings: pl.DataFrame) -> None:
    rated = events.join(ratings, left_on="rating_row", right_on="row")
    for event in ("favorite", "share"):
        stars = rated.filter(pl.col("event") == event)["rating"]
        assert stars.mean() > ratings["rating"].mean() + 0.5


def test_the_events_of_a_rating_happen_in_order_and_around_its_view(events: pl.DataFrame) -> None:
    assert events.group_by("rating_row").agg(ordered=pl.col("occurred_at").is_sorted())["ordered"].all()
    watching = pl.col("event").cast(pl.String).is_in(["view", "skip"])
    assert events.filter(watching)["context_id"].null_count() < 0.01 * len(events)


def test_the_company_follows_the_archetype(
    events: pl.DataFrame, situations: pl.DataFrame, audience: pl.DataFrame
) -> None:
    seen = events.join(situations, on="context_id").join(audience, on="user_id")
    shares = dict(seen.group_by("archetype").agg((pl.col("viewing_mode") == "family").mean()).iter_rows())
    assert shares["family"] > 2 * shares["young_adult"]


@pytest.mark.parametrize("at_once", [257, 8_192])
def test_the_chunk_size_changes_no_byte(
    events: pl.DataFrame,
    ratings: pl.DataFrame,
    audience: pl.DataFrame,
    situations: pl.DataFrame,
    details: pl.DataFrame,
    movies: pl.DataFrame,
    tmp_path: Path,
    at_once: int,
) -> None:
    ratings.write_parquet(tmp_path / "ratings.parquet")
    again = interactions(
        pl.scan_parquet(tmp_path / "ratings.parquet"),
        audience.reverse(),
        situations,
        details.reverse(),
        movies.reverse(),
        42,
        at_once,
    )
    again.sink_parquet(tmp_path / "events.parquet")
    assert pl.read_parquet(tmp_path / "events.parquet").equals(events)


def test_nobody_watches_two_movies_at_once(events: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = viewing.beside_themselves(events.lazy())
    assert all(verdict.passed for verdict in verdicts.values()), verdicts
    monkeypatch.setattr(viewing, "_RATINGS_AT_ONCE", 999)
    for name, verdict in viewing.beside_themselves(events.lazy()).items():
        assert dict(verdict.facts) == pytest.approx(dict(verdicts[name].facts)), name


def test_sittings_are_the_same_in_several_passes_and_when_users_are_mixed(
    events: pl.DataFrame,
    ratings: pl.DataFrame,
    audience: pl.DataFrame,
    situations: pl.DataFrame,
    details: pl.DataFrame,
    movies: pl.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diaries, "RATINGS_AT_ONCE", 999)
    # Everyone's first rating, then everyone's second.
    shuffled = ratings.sort(pl.int_range(pl.len()).over("user_id"), "user_id")
    again = interactions(shuffled.lazy(), audience, situations, details, movies, seed=42).collect()
    assert again.sort("interaction_id").equals(events)


def test_views_of_a_date_have_its_holidays(
    events: pl.DataFrame, situations: pl.DataFrame, audience: pl.DataFrame
) -> None:
    verdict = viewing.beside_viewers(events.lazy(), situations.lazy(), audience.lazy())["context_of_the_date"]
    assert verdict.facts["same_month"] > 0.9
    holidays = events.join(situations.filter("is_holiday"), on="context_id")
    assert len(holidays) > 0.01 * len(events)


def test_the_events_of_a_user_do_not_depend_on_other_users_and_another_seed_makes_others(
    events: pl.DataFrame,
    ratings: pl.DataFrame,
    audience: pl.DataFrame,
    situations: pl.DataFrame,
    details: pl.DataFrame,
    movies: pl.DataFrame,
) -> None:
    some = ratings.filter(pl.col("user_id") % 10 == 3).lazy()
    same = interactions(some, audience, situations, details, movies, seed=42).collect()
    assert same.equals(events.filter(pl.col("user_id") % 10 == 3))
    other = interactions(some, audience, situations, details, movies, seed=43).collect()
    views = [frame.filter(pl.col("event") == "view") for frame in (same, other)]
    for name in ("occurred_at", "device", "context_id", "completion_rate"):
        assert (views[0][name] == views[1][name]).mean() < 0.6, name


def test_without_contexts_events_have_none(
    ratings: pl.DataFrame, audience: pl.DataFrame, situations: pl.DataFrame, details: pl.DataFrame, movies: pl.DataFrame
) -> None:
    bare = interactions(ratings.lazy().head(100), audience, situations.head(0), details, movies, seed=1).collect()
    assert bare["context_id"].null_count() == len(bare)
    few = interactions(ratings.lazy().head(1_000), audience, situations.head(20), details, movies, seed=1).collect()
    assert viewing.beside_viewers(few.lazy(), situations.lazy(), audience.lazy())["context_of_the_hour"].passed


@pytest.mark.parametrize(
    ("lacking", "words"), [("user", "user_id 5 was rated.*synthetic/users"), ("movie", "movie_id 9")]
)
def test_who_is_not_known_is_named(
    ratings: pl.DataFrame,
    audience: pl.DataFrame,
    situations: pl.DataFrame,
    details: pl.DataFrame,
    movies: pl.DataFrame,
    lacking: str,
    words: str,
) -> None:
    if lacking == "user":
        audience = audience.filter(pl.col("user_id") != 5)
    else:
        details = details.filter(pl.col("movie_id") != 9)
    with pytest.raises(InputError, match=words):
        interactions(ratings.lazy(), audience, situations, details, movies, seed=1)


def test_a_clock_that_is_set_forward_keeps_the_hour_of_the_context(
    audience: pl.DataFrame, situations: pl.DataFrame, details: pl.DataFrame, movies: pl.DataFrame
) -> None:
    # Ratings right after the spring night of 2018, so that some views lie in it.
    moments = [datetime(2018, 3, 25, 8, minute, tzinfo=UTC) for minute in range(60)] * 20
    ratings = pl.DataFrame(
        {
            "user_id": np.tile(np.arange(1, 61, dtype=np.int32), 20),
            "movie_id": np.repeat(np.arange(1, 21, dtype=np.int32), 60),
            "rating": np.full(1_200, 4.0, dtype=np.float32),
            "rated_at": pl.Series(moments).dt.cast_time_unit("ms"),
            "row": np.arange(1_200),
        }
    )
    events = interactions(ratings.lazy(), audience, situations, details, movies, seed=1).collect()
    assert viewing.beside_viewers(events.lazy(), situations.lazy(), audience.lazy())["context_of_the_hour"].passed
