from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from tv5_assets.coherence import Rule
from tv5_assets.errors import InputError
from tv5_assets.quality import trending
from tv5_assets.quality.frames import every_row
from tv5_assets.synthetic.platforms import platforms
from tv5_assets.synthetic.trends import (
    MOMENTUM_HALF_LIFE,
    NOW_RULES,
    RULES,
    SEASON_AMPLITUDE,
    VIRAL_CHANCE,
    trending_topics,
    trends,
    trends_now,
)
from tv5_assets.synthetic.users import users
from tv5_assets.tables.processed import Movies
from tv5_assets.tables.synthetic import TrendingTopics, Trends, TrendsNow
from tv5_assets.tables.table import polars_schema

LAST_DAY = date(2019, 11, 20)
NOW = datetime(2019, 11, 20, 18, 7, tzinfo=UTC)


def ratings_on(days: list[tuple[int, date]]) -> pl.LazyFrame:
    """Return one rating for each movie and day, each by another user, at noon."""
    return pl.LazyFrame(
        {
            "user_id": range(1, len(days) + 1),
            "movie_id": [movie for movie, _ in days],
            "rated_at": [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for _, day in days],
        },
        schema_overrides={"user_id": pl.Int32, "movie_id": pl.Int32, "rated_at": pl.Datetime("ms", "UTC")},
    )


@pytest.fixture(scope="module")
def ratings() -> pl.LazyFrame:
    """20,000 ratings of 300 movies by 400 users over two years; the lower its number, the more a movie is rated."""
    draw = np.random.default_rng(0)
    size = 20_000
    return pl.LazyFrame(
        {
            "user_id": draw.integers(1, 401, size).astype(np.int32),
            "movie_id": (1 + 300 * draw.random(size) ** 2).astype(np.int32),
            "rated_at": pl.Series(draw.integers(0, 2 * 365 * 86_400, size)).cast(pl.Duration("ms")) * 1_000
            + datetime(2017, 11, 21, tzinfo=UTC),
        }
    ).with_columns(pl.col("rated_at").dt.cast_time_unit("ms"))


@pytest.fixture(scope="module")
def movies() -> pl.DataFrame:
    """300 movies: even ones are comedies about robots, odd ones dramas without themes."""
    number = pl.int_range(1, 301)
    even = number % 2 == 0
    return pl.select(
        movie_id=number.cast(pl.Int32),
        title=pl.lit("A title"),
        original_title=pl.lit("A title (1999)"),
        title_sort=pl.lit("A title"),
        year=pl.lit(1999, pl.Int16),
        genres=pl.when(even).then(pl.lit(["Comedy", "Sci-Fi"])).otherwise(pl.lit(["Drama"])),
        themes=pl.when(even)
        .then(pl.lit([{"tag": "robots", "relevance": 0.9}]))
        .otherwise(pl.lit([], pl.List(pl.Struct({"tag": pl.String, "relevance": pl.Float64})))),
        imdb_id=pl.lit(None, pl.String),
        tmdb_id=pl.lit(None, pl.Int64),
    ).cast(polars_schema(Movies))


@pytest.fixture(scope="module")
def history(ratings: pl.LazyFrame) -> pl.DataFrame:
    return trends(ratings, seed=42, movies=200, days=60)


@pytest.fixture(scope="module")
def offers(movies: pl.DataFrame) -> pl.DataFrame:
    return platforms(movies, movies.select("movie_id", language=pl.lit("en")), seed=42, as_of=NOW)


@pytest.fixture(scope="module")
def audience() -> pl.DataFrame:
    return users(np.arange(1, 401, dtype=np.int32), seed=42)


@pytest.fixture(scope="module")
def now(history: pl.DataFrame, offers: pl.DataFrame, audience: pl.DataFrame, ratings: pl.LazyFrame) -> pl.DataFrame:
    return trends_now(history.lazy(), offers, audience, ratings, as_of=NOW)


class TestTrends:
    def test_momentum_and_velocity_of_a_worked_example(self) -> None:
        # Movie 1 is rated twice a half-life before the last day and once on it; movie 2 once, seven days before.
        half_life = timedelta(days=MOMENTUM_HALF_LIFE)
        week_before = LAST_DAY - timedelta(days=7)
        days = [(1, LAST_DAY - half_life), (1, LAST_DAY - half_life), (1, LAST_DAY), (2, week_before)]
        frame = trends(ratings_on(days), seed=1, movies=2, days=8)
        week = 0.5 ** (7 / MOMENTUM_HALF_LIFE)

        rows = frame.select("movie_id", "date", "momentum").iter_rows()
        momentum = {(movie, day): value for movie, day, value in rows}
        assert momentum[1, LAST_DAY] == pytest.approx(2 * 0.5 + 1)
        assert momentum[1, week_before] == pytest.approx(2 * 0.5 / week)
        assert momentum[2, week_before] == pytest.approx(1)
        assert momentum[2, LAST_DAY] == pytest.approx(week)

        velocity = dict(frame.filter(pl.col("date") == LAST_DAY).select("movie_id", "velocity").iter_rows())
        assert velocity[1] == pytest.approx((2 - 1 / week) / 7)
        assert velocity[2] == pytest.approx((week - 1) / 7)

    def test_ratings_before_the_window_count_as_much_as_they_would_in_a_longer_one(self, ratings: pl.LazyFrame) -> None:
        short = trends(ratings, seed=42, movies=200, days=10)
        long = trends(ratings, seed=42, movies=200, days=60).filter(pl.col("date") >= short["date"].min())
        assert np.allclose(short["momentum"], long["momentum"], rtol=1e-5)
        assert np.allclose(short["velocity"], long["velocity"], atol=1e-5)
        assert short["is_viral"].equals(long["is_viral"])

    def test_the_frame_is_as_its_schema_says(self, history: pl.DataFrame) -> None:
        Trends.validate(history)
        assert len(history) == 200 * 60
        assert history.select("movie_id", "date").equals(history.select("movie_id", "date").sort("movie_id", "date"))
        assert history["date"].max() == LAST_DAY

    def test_the_most_rated_movies_are_tracked(self, ratings: pl.LazyFrame, history: pl.DataFrame) -> None:
        counts = ratings.group_by("movie_id").len().sort("len", "movie_id", descending=[True, False]).collect()
        assert set(history["movie_id"]) == set(counts["movie_id"].head(200))

    def test_more_movies_than_there_are_tracks_all(self, ratings: pl.LazyFrame) -> None:
        assert trends(ratings, seed=1, movies=10_000, days=2)["movie_id"].n_unique() == 300

    def test_popularity_reaches_one_and_follows_momentum(self, history: pl.DataFrame) -> None:
        assert history["popularity"].max() == pytest.approx(1)
        calm = history.filter((pl.col("date") == LAST_DAY) & ~pl.col("is_viral"))
        assert calm.select(pl.corr("momentum", "popularity", method="spearman")).item() > 0.9

    def test_views_and_searches_follow_popularity(self, history: pl.DataFrame) -> None:
        for column in ("view_count", "search_volume"):
            assert history.select(pl.corr(column, "popularity")).item() > 0.95

    def test_the_season_peaks_at_christmas(self) -> None:
        year = trends(ratings_on([(1, date(2019, 12, 31))]), seed=1, movies=1, days=365)
        peak = year.sort("season_factor").row(-1, named=True)
        assert peak["date"] == date(2019, 12, 21)
        assert peak["season_factor"] == pytest.approx(1 + SEASON_AMPLITUDE)
        assert year["season_factor"].min() == pytest.approx(1 - SEASON_AMPLITUDE, abs=1e-3)

    def test_viral_moments_are_rare_fade_and_lift_popularity(self, ratings: pl.LazyFrame) -> None:
        year = trends(ratings, seed=42, movies=300, days=365).with_columns(
            starts=pl.col("is_viral") & ~pl.col("is_viral").shift(1).over("movie_id").fill_null(True),
            jump=pl.col("popularity") - pl.col("popularity").shift(1).over("movie_id"),
        )
        starts = year["starts"].sum()
        assert 0.5 * VIRAL_CHANCE < starts / len(year) < 1.5 * VIRAL_CHANCE
        length = year["is_viral"].sum() / starts
        assert 2 < length < 15
        assert year.filter("starts")["jump"].mean() > 10 * abs(year.filter(~pl.col("starts"))["jump"].mean())

    def test_equal_seeds_make_equal_trends(self, ratings: pl.LazyFrame, history: pl.DataFrame) -> None:
        assert trends(ratings, seed=42, movies=200, days=60).equals(history)
        other = trends(ratings, seed=43, movies=200, days=60)
        assert not other["view_count"].equals(history["view_count"])
        assert other["momentum"].equals(history["momentum"])

    def test_no_ratings_are_refused(self, ratings: pl.LazyFrame) -> None:
        with pytest.raises(InputError, match="no ratings"):
            trends(ratings.head(0), seed=1, movies=5, days=5)

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_every_day_agrees_with_itself_and_the_days_before(self, history: pl.DataFrame, rule: Rule) -> None:
        verdict = every_row(history.lazy(), [rule])[rule.name]
        assert verdict.passed, verdict.description

    def test_rules_see_what_does_not_agree(self, history: pl.DataFrame) -> None:
        calm = history.with_columns(is_viral=pl.lit(value=False))
        broken = {name: one.facts["broken"] for name, one in every_row(calm.lazy(), RULES).items()}
        assert broken["viral_lifts"] > 0.9 * history["is_viral"].sum() > 0
        later = history.with_columns(pl.col("date") + timedelta(days=30))
        assert every_row(later.lazy(), RULES)["season_of_date"].facts["broken"] > 0.5 * len(history)

    def test_popularity_ranks_as_momentum_day_by_day(self, history: pl.DataFrame) -> None:
        verdict = trending.popularity_follows_momentum(history.lazy())
        assert verdict.passed, verdict.description
        by_day = [
            spearmanr(day["momentum"], day["popularity"]).statistic
            for day in history.partition_by("date")
            if day["momentum"].n_unique() > 1
        ]
        assert verdict.facts["least"] == pytest.approx(min(by_day), abs=1e-6)
        assert verdict.facts["days"] == len(by_day)
        shuffled = history.with_columns(pl.col("popularity").shuffle(seed=0))
        assert not trending.popularity_follows_momentum(shuffled.lazy()).passed
        flat = history.with_columns(popularity=pl.lit(0.5, pl.Float32))
        assert not trending.popularity_follows_momentum(flat.lazy()).passed

    def test_momentum_is_counted_anew(self, history: pl.DataFrame, ratings: pl.LazyFrame) -> None:
        assert trending.momentum_is_of_ratings(history.lazy(), ratings).passed
        assert not trending.momentum_is_of_ratings(history.lazy(), ratings.head(19_000)).passed

    def test_viral_moments_begin_as_often_as_declared(self, ratings: pl.LazyFrame, history: pl.DataFrame) -> None:
        year = trends(ratings, seed=42, movies=300, days=365)
        verdict = trending.viral_as_declared(year.lazy())
        assert verdict.passed, verdict.description
        assert verdict.facts["whole"] == 300 * 364
        assert not trending.viral_as_declared(year.with_columns(is_viral=pl.lit(value=False)).lazy()).passed
        assert trending.viral_as_declared(history.head(100).lazy()).passed


class TestTrendsNow:
    def test_the_frame_is_as_its_schema_says(self, now: pl.DataFrame) -> None:
        TrendsNow.validate(now)
        assert (now["as_of"] == NOW).all()

    def test_it_agrees_with_itself_and_with_its_history(self, now: pl.DataFrame, history: pl.DataFrame) -> None:
        verdicts = trending.beside_history(now.lazy(), history.lazy()) | every_row(now.lazy(), NOW_RULES)
        assert all(verdict.passed for verdict in verdicts.values()), verdicts

    def test_each_scope_ranks_from_one_by_falling_score(self, now: pl.DataFrame) -> None:
        for scope in now.partition_by("scope"):
            assert scope["rank"].to_list() == list(range(1, len(scope) + 1))
            assert scope["score"].is_sorted(descending=True)
            assert scope["movie_id"].is_unique().all()

    def test_the_scopes_are_the_world_regions_and_platforms(self, now: pl.DataFrame, offers: pl.DataFrame) -> None:
        assert set(now["scope"]) == {
            "global", "region:US", "region:FR", "region:EU", "region:Global",
            *("platform:" + offers["platform_id"].unique()),
        }  # fmt: skip
        assert (now["scope"] == "global").sum() == 200

    def test_a_platform_ranks_what_it_carries(self, now: pl.DataFrame, offers: pl.DataFrame) -> None:
        for platform in offers["platform_id"].unique():
            carried = set(offers.filter(pl.col("platform_id") == platform)["movie_id"])
            ranked = now.filter(pl.col("scope") == f"platform:{platform}")
            assert set(ranked["movie_id"]) == carried & set(now["movie_id"])

    def test_a_region_ranks_what_can_be_watched_there(self, now: pl.DataFrame, offers: pl.DataFrame) -> None:
        reach = {"US": ["US", "Global"], "FR": ["FR", "EU", "Global"], "EU": ["EU", "Global"], "Global": ["Global"]}
        for region, offered in reach.items():
            watchable = set(offers.filter(pl.col("region").cast(pl.String).is_in(offered))["movie_id"])
            assert set(now.filter(pl.col("scope") == f"region:{region}")["movie_id"]) == watchable & set(
                now["movie_id"]
            )

    def test_the_age_brackets_of_the_raters_sum_to_one(
        self, now: pl.DataFrame, ratings: pl.LazyFrame, audience: pl.DataFrame
    ) -> None:
        shares = now.select("movie_id", pl.col("demographic_breakdown")).unnest("demographic_breakdown")
        assert np.allclose(shares.drop("movie_id").sum_horizontal(), 1)
        raters = ratings.filter(pl.col("movie_id") == 5).collect().join(audience, on="user_id")
        assert shares.filter(pl.col("movie_id") == 5)["65+"][0] == pytest.approx((raters["age_range"] == "65+").mean())

    def test_the_peak_is_the_day_of_the_highest_popularity(self, now: pl.DataFrame, history: pl.DataFrame) -> None:
        movie, peak_at = now.select("movie_id", "peak_at").row(0)
        mine = history.filter(pl.col("movie_id") == movie)
        assert mine.filter(pl.col("date") == peak_at)["popularity"][0] == mine["popularity"].max()

    def test_equal_moments_rank_equally_and_the_next_renewal_differently(
        self,
        now: pl.DataFrame,
        history: pl.DataFrame,
        offers: pl.DataFrame,
        audience: pl.DataFrame,
        ratings: pl.LazyFrame,
    ) -> None:
        def at(moment: datetime) -> pl.DataFrame:
            return trends_now(history.lazy(), offers, audience, ratings, as_of=moment)

        assert at(NOW).equals(now)
        later = at(NOW + timedelta(minutes=15))
        assert not later["score"].equals(now["score"])
        assert (later.sort("scope", "movie_id")["score"] - now.sort("scope", "movie_id")["score"]).abs().max() < 0.15

    def test_a_moment_long_after_the_last_rating_ranks_the_last_day(
        self, history: pl.DataFrame, offers: pl.DataFrame, audience: pl.DataFrame, ratings: pl.LazyFrame
    ) -> None:
        today = trends_now(history.lazy(), offers, audience, ratings, as_of=datetime(2026, 11, 20, 23, 59, tzinfo=UTC))
        last = history.filter(pl.col("date") == LAST_DAY)
        both = today.filter(pl.col("scope") == "global").join(last, on="movie_id")
        assert both.select((pl.col("score") - pl.col("popularity")).abs().max()).item() < 0.05
        assert both["velocity"].equals(both["velocity_right"])

    def test_a_moment_without_time_zone_is_refused(
        self, history: pl.DataFrame, offers: pl.DataFrame, audience: pl.DataFrame, ratings: pl.LazyFrame
    ) -> None:
        with pytest.raises(InputError, match="has no time zone"):
            trends_now(history.lazy(), offers, audience, ratings, as_of=NOW.replace(tzinfo=None))


class TestTrendingTopics:
    def test_topics_sum_the_scores_of_their_movies(self, now: pl.DataFrame, movies: pl.DataFrame) -> None:
        topics = trending_topics(now, movies)
        TrendingTopics.validate(topics)
        everywhere = now.filter(pl.col("scope") == "global")
        scores = {
            even: everywhere.filter((pl.col("movie_id") % 2 == 0) == even)["score"].sum() for even in (True, False)
        }
        by_topic = {row["topic"]: row for row in topics.iter_rows(named=True)}
        assert set(by_topic) == {"Comedy", "Sci-Fi", "Drama", "robots"}
        assert by_topic["Drama"]["score"] == pytest.approx(scores[False], rel=1e-5)
        assert by_topic["robots"]["score"] == by_topic["Comedy"]["score"] == pytest.approx(scores[True], rel=1e-5)
        assert by_topic["robots"] | {"kind": "theme", "rank": 1} == by_topic["robots"]
        assert by_topic["Comedy"]["rank"] + 1 == by_topic["Sci-Fi"]["rank"]
        assert by_topic["Drama"]["movies"] + by_topic["Comedy"]["movies"] == len(everywhere)
