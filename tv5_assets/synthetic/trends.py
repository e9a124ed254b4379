"""How popular a movie is, day by day and at this moment.

Momentum and velocity are real: exponentially decayed counts of the rating stream. Season, viral moments and what
follows from them (popularity, views, searches) are invented on top. What must agree in every row is declared in RULES
and NOW_RULES. What does not belong here: how trends are cached (stores/redis.py) and how often they are renewed
(cadence.py).
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.cadence import TRENDS
from tv5_assets.coherence import Rule
from tv5_assets.draws.streams import uniform
from tv5_assets.errors import InputError
from tv5_assets.tables.synthetic import AGE_RANGES, TrendingTopics, Trends, TrendsNow
from tv5_assets.tables.table import polars_schema

MOMENTUM_HALF_LIFE = 30.0
"""Days after which a rating counts half."""
VELOCITY_DAYS = 7
_MEMORY_DAYS = int(50 * MOMENTUM_HALF_LIFE)
"""Age at the beginning of the window from which a rating is forgotten; its weight would be below 1e-15."""
VIRAL_HALF_LIFE = 3.0
"""Days after which a viral moment has lost half its strength."""
VIRAL_CHANCE = 1 / 2_000
"""Chance of a viral moment, a movie and day."""
VIRAL_THRESHOLD = 0.5
"""A viral moment is under way while it adds at least this share to a movie's momentum."""
SEASON_AMPLITUDE = 0.15
SEASON_PEAK = 355
"""Day of the year on which most is watched: the Christmas holidays."""

_VIRAL_STRENGTH = (1.0, 4.0)
_VIRAL_MEMORY = 30
"""Days before the window from which viral moments are remembered; they have lost all but 0.1 % by then."""
_MOST_VIEWS = 10_000
_MOST_SEARCHES = 5_000
"""Views and searches of the most popular movie's day, from the original data generation plan."""
_NOISE = 0.15
_JITTER = 0.04
"""How far the score of a moment may lie from the day's popularity, as a share of it."""

_HOME_REGIONS = {"US": ("US",), "FR": ("FR",), "EU": ("FR", "DE", "ES", "IT")}
"""Countries that each region's audience lives in; the Global one lives everywhere."""
_OFFERS_SEEN = {"US": ("US", "Global"), "FR": ("FR", "EU", "Global"), "EU": ("EU", "Global"), "Global": ("Global",)}
"""Regions whose offers can be watched in each region."""
_PRIOR_RATERS = 20
"""Raters of average origin that each movie is given, so that a few real ones prove little."""


def trends(ratings: pl.LazyFrame, seed: int, movies: int, days: int) -> pl.DataFrame:
    """Return the daily trend of the most rated movies.

    Momentum of a day is the sum over the movie's ratings up to that day of ``2 ** (-age / MOMENTUM_HALF_LIFE)``, with
    the age in whole days; the whole stream counts, also what lies before the window.

    Args:
        ratings: of tables.processed.Ratings.
        seed: the seed of everything random.
        movies: how many movies are tracked at most, the most rated first, the lower id first among equals.
        days: length of the window, which ends with the day of the newest rating.

    Returns:
        A frame of the schema of tables.synthetic.Trends, sorted by movie and day.

    Raises:
        InputError: there are no ratings.
    """
    last = ratings.select(pl.col("rated_at").max().dt.date()).collect(engine="streaming").item()
    if last is None:
        raise InputError("there are no ratings to compute trends from; materialize processed/ratings first")
    window = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    ids = _most_rated(ratings, movies)

    momentum = _momentum(ratings, ids, last, days + VELOCITY_DAYS)
    velocity = (momentum[:, VELOCITY_DAYS:] - momentum[:, :-VELOCITY_DAYS]) / VELOCITY_DAYS
    momentum = momentum[:, VELOCITY_DAYS:]
    season = _season(window)
    viral = _viral(ids.to_numpy(), window, seed)
    heat = np.log1p(momentum * season * (1 + viral))
    popularity = heat / heat.max()
    cells = ids.to_numpy().astype(np.int64)[:, None] << 20 | _ordinals(window)
    views, searches = (
        popularity * (1 - _NOISE + 2 * _NOISE * uniform(seed, cells, "trends", what)) for what in ("views", "searches")
    )
    return pl.DataFrame(
        {
            "movie_id": np.repeat(ids.to_numpy(), days),
            "date": pl.Series(np.tile(np.array(window, dtype="datetime64[D]"), len(ids))),
            "momentum": momentum.ravel(),
            "popularity": popularity.ravel(),
            "view_count": (_MOST_VIEWS * views).ravel(),
            "search_volume": (_MOST_SEARCHES * searches).ravel(),
            "velocity": velocity.ravel(),
            "is_viral": (viral >= VIRAL_THRESHOLD).ravel(),
            "season_factor": np.tile(season, len(ids)),
        }
    ).cast(polars_schema(Trends))


def trends_now(
    trends: pl.LazyFrame, platforms: pl.DataFrame, users: pl.DataFrame, ratings: pl.LazyFrame, as_of: datetime
) -> pl.DataFrame:
    """Return the rankings of one moment: of all tracked movies, and of each region's and platform's.

    The score moves from the popularity of the day before to that of the day as the day goes by, with a small jitter
    that changes at every renewal; equal moments have equal rankings. A region ranks what is offered there or
    everywhere, weighted by how much of the movie's audience lives there. A moment outside the tracked history is taken
    for the same time on its nearest day.

    Args:
        trends: of tables.synthetic.Trends.
        platforms: of tables.synthetic.Platforms.
        users: of tables.synthetic.Users.
        ratings: of tables.processed.Ratings.
        as_of: the moment, aware.

    Returns:
        A frame of the schema of tables.synthetic.TrendsNow, sorted by scope and rank.

    Raises:
        InputError: ``as_of`` has no time zone.
    """
    if as_of.tzinfo is None:
        raise InputError(f"as_of={as_of} has no time zone; pass an aware datetime")
    scores = _scores(trends, as_of)
    audience = _audience(scores["movie_id"], users, ratings)
    scores = scores.join(audience, on="movie_id", how="left", maintain_order="left")
    everywhere = scores.select("movie_id", "score", scope=pl.lit("global"))
    by_region = (
        _offered_in(platforms)
        .join(scores, on="movie_id")
        .with_columns(
            lift=pl.coalesce(
                pl.when(pl.col("region") == region).then(pl.col(f"lift {region}")) for region in _HOME_REGIONS
            ).fill_null(1.0)
        )
        .select("movie_id", (pl.col("score") * pl.col("lift")).clip(0, 1), scope="region:" + pl.col("region"))
    )
    by_platform = platforms.join(scores, on="movie_id").select(
        "movie_id", "score", scope="platform:" + pl.col("platform_id")
    )
    ranked = (
        pl.concat([everywhere, by_region, by_platform])
        .sort("scope", "score", "movie_id", descending=[False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("scope"), as_of=pl.lit(as_of))
        .join(scores.drop("score"), on="movie_id", how="left", maintain_order="left")
    )
    return ranked.select(polars_schema(TrendsNow).names()).cast(polars_schema(TrendsNow))


def trending_topics(trends_now: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """Return the genres and themes of the moment, ranked by the summed score of their movies in the global ranking.

    Args:
        trends_now: of tables.synthetic.TrendsNow.
        movies: of tables.processed.Movies.

    Returns:
        A frame of the schema of tables.synthetic.TrendingTopics, sorted by kind and rank.
    """
    tracked = trends_now.filter(pl.col("scope") == "global").join(movies, on="movie_id")
    topics = {
        "genre": pl.col("genres").cast(pl.List(pl.String)),
        "theme": pl.col("themes").list.eval(pl.element().struct.field("tag")),
    }
    kinds = [
        tracked.select("score", "as_of", kind=pl.lit(kind), topic=topic).explode("topic").drop_nulls("topic")
        for kind, topic in topics.items()
    ]
    return (
        pl.concat(kinds)
        .cast({"kind": polars_schema(TrendingTopics)["kind"]})
        .group_by("kind", "topic")
        .agg(pl.col("score").cast(pl.Float64).sum(), pl.len().alias("movies"), pl.col("as_of").first())
        .sort("kind", "score", "topic", descending=[False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("kind"))
        .select(polars_schema(TrendingTopics).names())
        .cast(polars_schema(TrendingTopics))
    )


def _most_rated(ratings: pl.LazyFrame, movies: int) -> pl.Series:
    """Return the ids of the most rated movies, ascending."""
    counts = ratings.group_by("movie_id").agg(ratings=pl.len()).collect(engine="streaming")
    return counts.sort("ratings", "movie_id", descending=[True, False]).head(movies)["movie_id"].sort()


def _momentum(ratings: pl.LazyFrame, ids: pl.Series, last: date, days: int) -> npt.NDArray[np.float64]:
    """Return the momentum of each movie on each of the ``days`` days up to ``last``, shape (len(ids), days)."""
    first = last - timedelta(days=days - 1)
    decay = 0.5 ** (1 / MOMENTUM_HALF_LIFE)
    tracked = pl.LazyFrame({"movie_id": ids, "movie": range(len(ids))})
    daily = (
        ratings.select("movie_id", day=(pl.col("rated_at").dt.date() - first).dt.total_days())
        .filter(pl.col("day") >= -_MEMORY_DAYS)
        .join(tracked, on="movie_id")
        .group_by("movie", "day")
        .agg(ratings=pl.len())
        .sort("movie", "day")  # so that sums, and with them every byte, are the same each time
        .collect(engine="streaming")
    )
    movie, day, count = (daily[name].to_numpy().astype(np.int64) for name in ("movie", "day", "ratings"))
    # What lies before the first day enters as the momentum that it still has on that day.
    momentum = np.zeros((len(ids), days))
    np.add.at(momentum, (movie, np.maximum(day, 0)), count * decay ** np.maximum(-day, 0))
    return _decayed_sums(momentum, decay)


def _decayed_sums(values: npt.NDArray[np.float64], decay: float) -> npt.NDArray[np.float64]:
    """Return ``y`` with ``y[:, t] = values[:, t] + decay * y[:, t - 1]``."""
    sums = values.copy()
    for day in range(1, sums.shape[1]):
        sums[:, day] += decay * sums[:, day - 1]
    return sums


def _season(window: list[date]) -> npt.NDArray[np.float64]:
    """Return what the season multiplies popularity by, shape (days,), from 1 - to 1 + SEASON_AMPLITUDE."""
    day_of_year = np.array([day.timetuple().tm_yday for day in window])
    return 1 + SEASON_AMPLITUDE * np.cos(2 * np.pi * (day_of_year - SEASON_PEAK) / 365.25)


def _viral(ids: npt.NDArray[np.int32], window: list[date], seed: int) -> npt.NDArray[np.float64]:
    """Return what viral moments add to each movie's momentum on each day, as a share of it, shape (movies, days)."""
    before = [window[0] - timedelta(days=back) for back in range(_VIRAL_MEMORY, 0, -1)]
    cells = ids.astype(np.int64)[:, None] << 20 | _ordinals(before + window)
    weakest, strongest = _VIRAL_STRENGTH
    strength = weakest + (strongest - weakest) * uniform(seed, cells, "trends", "viral strength")
    starts = np.where(uniform(seed, cells, "trends", "viral start") < VIRAL_CHANCE, strength, 0.0)
    return _decayed_sums(starts, 0.5 ** (1 / VIRAL_HALF_LIFE))[:, _VIRAL_MEMORY:]


def _ordinals(days: list[date]) -> npt.NDArray[np.int64]:
    """Return a number below 2**20 for each day, the same whichever window it is part of."""
    return np.array([day.toordinal() for day in days])


def _scores(trends: pl.LazyFrame, as_of: datetime) -> pl.DataFrame:
    """Return ``movie_id, score, velocity, peak_at`` of each tracked movie at the moment."""
    moment = as_of.astimezone(UTC)
    first, last = trends.select(first=pl.col("date").min(), last=pl.col("date").max()).collect().row(0)
    today = min(max(moment.date(), first), last)
    since_midnight = moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)
    elapsed = since_midnight / timedelta(days=1)
    on_day = pl.col("date") == today
    day_before = pl.col("date") == today - timedelta(days=1)
    popularity = pl.col("popularity")
    scores = (
        trends.group_by("movie_id")
        .agg(
            popularity.filter(on_day).first(),
            before=popularity.filter(day_before).first(),
            velocity=pl.col("velocity").filter(on_day).first(),
            peak_at=pl.col("date").sort_by(-popularity, "date").first(),
        )
        .sort("movie_id")
        .collect(engine="streaming")
        .with_columns(pl.col("before").fill_null(popularity))
    )
    slot = int(moment.timestamp() // TRENDS.every.total_seconds())
    jitter = 1 + _JITTER * (2 * uniform(slot, scores["movie_id"].to_numpy(), "trends_now") - 1)
    score = (pl.col("before") * (1 - elapsed) + popularity * elapsed) * pl.lit(pl.Series(jitter))
    return scores.select("movie_id", "velocity", "peak_at", score=score.clip(0, 1))


def _audience(movie_ids: pl.Series, users: pl.DataFrame, ratings: pl.LazyFrame) -> pl.DataFrame:
    """Return the age brackets and the origin of each tracked movie's raters.

    Columns: ``movie_id``, ``demographic_breakdown`` and for each home region ``lift <region>``: its share among the
    movie's raters (with _PRIOR_RATERS average ones) over its share among the raters of all tracked movies.
    """
    traits = {f"age {age}": pl.col("age_range") == age for age in AGE_RANGES} | {
        f"region {region}": pl.col("country").cast(pl.String).is_in(countries)
        for region, countries in _HOME_REGIONS.items()
    }
    counts = (
        ratings.select("movie_id", "user_id")
        .join(pl.LazyFrame({"movie_id": movie_ids}), on="movie_id", how="semi")
        .join(users.lazy().select("user_id", "age_range", "country"), on="user_id")
        .group_by("movie_id", "age_range", "country")
        .agg(raters=pl.len())
        .collect(engine="streaming")
        .group_by("movie_id")
        .agg(pl.col("raters").sum(), *(pl.col("raters").filter(trait).sum().alias(n) for n, trait in traits.items()))
    )
    raters = pl.col("raters")
    return counts.select(
        "movie_id",
        pl.struct((pl.col(f"age {age}") / raters).alias(age) for age in AGE_RANGES).alias("demographic_breakdown"),
        *(_lift(pl.col(f"region {region}"), raters).alias(f"lift {region}") for region in _HOME_REGIONS),
    )


def _lift(from_region: pl.Expr, raters: pl.Expr) -> pl.Expr:
    usual = from_region.sum() / raters.sum()
    return (from_region + _PRIOR_RATERS * usual) / (raters + _PRIOR_RATERS) / usual


def _offered_in(platforms: pl.DataFrame) -> pl.DataFrame:
    """Return ``movie_id, region`` of each region that a movie is offered in; what is offered globally is in each."""
    offers = platforms.select("movie_id", pl.col("region").cast(pl.String))
    reach = pl.DataFrame(
        [(region, offer) for region, seen in _OFFERS_SEEN.items() for offer in seen],
        schema=["seen_from", "region"],
        orient="row",
    )
    return offers.join(reach, on="region").select("movie_id", region="seen_from").unique()


def _days_before(column: str, days: int) -> pl.Expr:
    """Return a movie's value so many days before, null where that day is not in the row that many rows above."""
    before = pl.col(column).shift(days).over("movie_id")
    return pl.when(pl.col("date") - pl.col("date").shift(days).over("movie_id") == timedelta(days=days)).then(before)


def _season_of_date() -> pl.Expr:
    angle = (pl.col("date").dt.ordinal_day() - SEASON_PEAK) * (2 * np.pi / 365.25)
    return 1 + SEASON_AMPLITUDE * angle.cos()


def _viral_lifts() -> pl.Expr:
    """Return whether popularity is as high as half of the momentum more would make it where viral, lower elsewhere.

    Popularity is a logarithm over that of the highest day; what it is over is seen where no viral moment has been.
    """
    real, popularity = pl.col("momentum").cast(pl.Float64) * pl.col("season_factor"), pl.col("popularity")
    scale = (popularity / real.log1p()).filter(real > 0.01).min()
    lifted = scale * (real * (1 + VIRAL_THRESHOLD)).log1p()
    return pl.when("is_viral").then(popularity >= lifted - _ROUNDING).otherwise(popularity <= lifted + _ROUNDING)


def _noisy(column: str, most: int) -> pl.Expr:
    usual = most * pl.col("popularity")
    return pl.col(column).is_between((usual * (1 - _NOISE)).floor() - 1, (usual * (1 + _NOISE)).ceil())


_ROUNDING = 1e-4

RULES = (
    Rule(
        "velocity_of_momentum",
        f"Velocity is the change of momentum over {VELOCITY_DAYS} days, a day.",
        lambda: (
            (pl.col("velocity") * VELOCITY_DAYS - (pl.col("momentum") - _days_before("momentum", VELOCITY_DAYS))).abs()
            <= _ROUNDING * (1 + pl.col("momentum"))
        ),
    ),
    Rule(
        "season_of_date",
        "The season factor is that of the day of the year, highest at Christmas.",
        lambda: (pl.col("season_factor") - _season_of_date()).abs() <= _ROUNDING,
    ),
    Rule(
        "viral_lifts",
        "A viral moment, and nothing else, lifts popularity by what half of the momentum more would.",
        _viral_lifts,
    ),
    Rule(
        "views_of_popularity",
        f"Views and searches are those of the popularity, give or take {_NOISE:.0%}.",
        lambda: _noisy("view_count", _MOST_VIEWS) & _noisy("search_volume", _MOST_SEARCHES),
    ),
)
"""What must agree in every row of the trends, sorted by movie and day; the rest is in quality/trending.py."""

NOW_RULES = (
    Rule(
        "audience_is_whole",
        "The age brackets of a movie's raters sum to 1.",
        lambda: (
            (pl.sum_horizontal(pl.col("demographic_breakdown").struct.field(age) for age in AGE_RANGES) - 1).abs()
            <= _ROUNDING
        ),
    ),
)
"""What must agree in every row of the ranking of a moment."""
