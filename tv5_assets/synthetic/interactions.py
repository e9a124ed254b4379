"""What users did around their ratings: invented events that agree with the rating, the movie, the user and the clock.

Every rating gets a view that ended before it, on an evening, weekend or night as the user is used to (diaries.py), on a
device that the user likes, in a context of the same hour, weekday and holiday where they live (situations.py); how much
was watched follows the rating. Around it there may be a skip (an earlier try, soon given up, of a movie that was then
rated badly), a search, a favourite and a share. Sittings are planned first, from all ratings of a user; then the events
of a rating depend on the seed, the rating, its row and its sitting alone, so that ratings are worked on in chunks of
any size. What does not belong here: the contexts themselves (contexts.py).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import gather
from tv5_assets.draws.chunks import chunked_over
from tv5_assets.draws.streams import uniform
from tv5_assets.errors import InputError
from tv5_assets.synthetic.clocks import Clocks
from tv5_assets.synthetic.diaries import VIEWING_TIMES, Diary, sittings
from tv5_assets.synthetic.situations import Situations
from tv5_assets.tables.contexts import DEVICES, EVENTS, Interactions
from tv5_assets.tables.table import polars_schema

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Draw = Callable[[str], Reals]

RATINGS_AT_ONCE = 131_072
EVENTS_OF_A_RATING = 8
"""Numbers of interactions that are kept for each rating; EVENTS uses the first of them."""

SKIPPED_UP_TO = 2.5
"""Stars of the best rating of a movie that was skipped before."""
MOST_OF_A_SKIP = 0.15
LEAST_OF_A_VIEW = 0.2
"""A skip is given up before this share of the running time, a view after that one."""
SKIP_CHANCE = 0.35
"""Chance of a skip before a rating of at most SKIPPED_UP_TO."""
SEARCH_CHANCE = 0.25
# By rating, from half a star to five.
_COMPLETION = np.linspace(0.42, 0.97, 10)
_COMPLETION_SPREAD = 0.22
_FAVORITE_CHANCES = np.array([0, 0, 0, 0, 0.005, 0.02, 0.05, 0.15, 0.40, 0.60])
_SHARE_CHANCES = np.array([0.03, 0.02, 0.01, 0.01, 0.01, 0.02, 0.03, 0.06, 0.12, 0.18])

_DAY, _WEEK_DAYS = 86_400, 7
_LONG_AGO = -(2**33)
"""Release of a movie whose year is not known, in seconds since 1970: nobody was too early for it."""
# By DEVICES: mean number of pauses and rewinds of a whole movie.
_PAUSES = np.array([0.8, 1.6, 1.2])
_REWINDS = np.array([0.2, 0.4, 0.4])
_WATCHING = ("completion_rate", "watch_seconds", "pauses", "rewinds")
_SKIP, _SEARCH, _VIEW, _FAVORITE, _SHARE = range(len(EVENTS))


def interactions(
    ratings: pl.LazyFrame,
    users: pl.DataFrame,
    contexts: pl.DataFrame,
    details: pl.DataFrame,
    movies: pl.DataFrame,
    seed: int,
    ratings_at_once: int = RATINGS_AT_ONCE,
) -> pl.LazyFrame:
    """Return the events around each rating, in the order of the ratings.

    Args:
        ratings: of tables.processed.Ratings; read chunk by chunk. Of each rating four bytes are kept.
        users: of tables.synthetic.Users, everyone who rated.
        contexts: of tables.contexts.Contexts, any number of them.
        details: of tables.media.MediaDetails, every movie that was rated.
        movies: of tables.processed.Movies, for the year of release.
        seed: the seed of everything random.
        ratings_at_once: ratings worked on at once; it changes no byte.

    Returns:
        A frame of the schema of tables.contexts.Interactions.

    Raises:
        InputError: a user or a movie of a rating is not known.
    """
    zones = users["timezone"].unique().sort().to_list()
    audience = users.sort("user_id").select(
        "user_id",
        pl.col("archetype").to_physical(),
        *(pl.col("viewing_time_patterns").struct.field(name) for name in VIEWING_TIMES),
        *(pl.col("device_preferences").struct.field(name) for name in DEVICES),
        zone=pl.col("timezone").replace_strict(zones, range(len(zones)), return_dtype=pl.Int64),
        user=pl.int_range(pl.len()),
    )
    lengths = (
        details.select("movie_id", seconds=pl.col("duration_minutes").cast(pl.Int64) * 60)
        .join(movies.select("movie_id", released=_released()), on="movie_id", how="left")
        .with_columns(pl.col("released").fill_null(_LONG_AGO))
    )
    _refuse_unknown(ratings, audience, "user_id", "synthetic/users")
    _refuse_unknown(ratings, lengths, "movie_id", "synthetic/media_details")
    clocks, situations = Clocks(zones), Situations(contexts)
    diary = Diary(audience, ratings, seed)
    planned = sittings(ratings, audience, lengths, clocks, diary, seed)

    def around(some: pl.DataFrame, first: int) -> pl.DataFrame:
        known = some.join(audience, on="user_id", how="left", maintain_order="left").join(
            lengths, on="movie_id", how="left", maintain_order="left"
        )
        sitting = pl.Series("sitting", planned[first : first + len(some)])
        return _events(known.with_columns(sitting), clocks, diary, situations, seed)

    needed = ratings.select("row", "user_id", "movie_id", "rating", "rated_at")
    return chunked_over(needed, around, polars_schema(Interactions), ratings_at_once)


def _released() -> pl.Expr:
    """Return the first second of the year of release, since 1970 UTC."""
    return pl.date(pl.col("year"), 1, 1).dt.epoch("s")


def _refuse_unknown(ratings: pl.LazyFrame, known: pl.DataFrame, column: str, table: str) -> None:
    """Raise an InputError where a value of a column is not known."""
    unknown = ratings.select(pl.col(column).unique()).join(known.lazy(), on=column, how="anti")
    first = unknown.select(pl.col(column).min()).collect(engine="streaming").item()
    if first is not None:
        raise InputError(f"{column} {first} was rated, but {table} does not have it; materialize that anew")


def _events(ratings: pl.DataFrame, clocks: Clocks, diary: Diary, situations: Situations, seed: int) -> pl.DataFrame:
    """Return the events around some ratings, which come with what is known of their users and movies."""
    row, length = (ratings[name].to_numpy() for name in ("row", "seconds"))
    rating = np.rint(ratings["rating"].to_numpy() * 2).astype(np.intp) - 1
    rated = ratings["rated_at"].dt.epoch("s").to_numpy()

    def draw(what: str) -> Reals:
        return uniform(seed, row, "interactions", what)

    noise = _COMPLETION_SPREAD * (draw("completion") + draw("completion too") - 1)
    completion = _rounded(np.clip(_COMPLETION[rating] + noise, LEAST_OF_A_VIEW, 1))
    watched = np.rint(completion * length).astype(np.int64)
    viewed = _view_times(ratings, rated, watched, clocks, diary, draw)
    ended = viewed + watched
    context, device = situations.of(ratings, viewed, clocks, draw)

    happens = _happening(rating, draw)

    def each(skip: npt.NDArray[Any], search: Any, view: Any, favorite: Any, share: Any) -> npt.NDArray[Any]:
        """Return the values of the events that happen, those of one rating after those of another."""
        values = np.broadcast_arrays(skip, search, view, favorite, share)
        return np.stack(values, axis=1)[happens]

    skipped, skip_context, skip_device, skip_completion = _skips(
        ratings, viewed, np.flatnonzero(happens[:, _SKIP]), clocks, situations, seed
    )
    searched = viewed - 20 - (580 * draw("time since the search")).astype(np.int64)
    pause, rewind = (
        (-np.log1p(-draw(what)) * usual[device] * completion).astype(np.int64)
        for what, usual in (("pauses", _PAUSES), ("rewinds", _REWINDS))
    )
    favored = ended + (draw("time of the favorite") * np.minimum(rated - ended, 3_600)).astype(np.int64)
    shared = favored + (draw("time of the share") * np.minimum(rated - favored, _DAY)).astype(np.int64)
    event = np.broadcast_to(np.arange(len(EVENTS)), happens.shape)[happens]
    of_rating = np.nonzero(happens)[0]
    watching = pl.lit(pl.Series(np.isin(event, (_SKIP, _VIEW))))
    return (
        ratings[of_rating]
        .select(
            "user_id",
            "movie_id",
            interaction_id=row[of_rating] * EVENTS_OF_A_RATING + event,
            rating_row=row[of_rating],
            event=gather(EVENTS, event),
            occurred_at=pl.from_epoch(
                pl.lit(pl.Series(each(skipped, searched, viewed, favored, shared) * 1_000)), time_unit="ms"
            ).dt.replace_time_zone("UTC"),
            device=gather(DEVICES, each(skip_device, device, device, device, device)),
            **{
                name: pl.when(watching & (pl.lit(pl.Series(values)) >= 0)).then(pl.lit(pl.Series(values)))
                for name, values in {
                    "context_id": each(skip_context, -1, context, -1, -1),
                    "completion_rate": each(skip_completion, -1, completion, -1, -1),
                    "watch_seconds": each(np.rint(skip_completion * length).astype(np.int64), -1, watched, -1, -1),
                    "pauses": each(np.zeros_like(pause), -1, pause, -1, -1),
                    "rewinds": each(np.zeros_like(rewind), -1, rewind, -1, -1),
                }.items()
            },
        )
        .select(polars_schema(Interactions).names())
        .cast(polars_schema(Interactions))
    )


def _happening(rating: npt.NDArray[np.intp], draw: Draw) -> npt.NDArray[np.bool_]:
    """Return which of EVENTS happen around each rating, shape (n, events), by its place among the half stars."""
    happens = np.ones((len(rating), len(EVENTS)), dtype=bool)
    happens[:, _SKIP] = (rating < 2 * SKIPPED_UP_TO) & (draw("skip") < SKIP_CHANCE)
    happens[:, _SEARCH] = draw("search") < SEARCH_CHANCE
    happens[:, _FAVORITE] = draw("favorite") < _FAVORITE_CHANCES[rating]
    happens[:, _SHARE] = draw("share") < _SHARE_CHANCES[rating]
    return happens


def _skips(
    ratings: pl.DataFrame,
    viewed: Ints,
    which: npt.NDArray[np.intp],
    clocks: Clocks,
    situations: Situations,
    seed: int,
) -> tuple[Ints, Ints, Ints, Reals]:
    """Return moment, context, device and completion of the skips of ``which`` ratings; the others' mean nothing.

    A skip is one to seven days before the view, so that hour and context are its own.
    """
    rows = ratings["row"].to_numpy()[which]

    def draw(what: str) -> Reals:
        return uniform(seed, rows, "interactions", f"{what} of the skip")

    moment, context, device = viewed.copy(), np.full(len(ratings), -1), np.zeros(len(ratings), dtype=np.int64)
    completion = np.zeros(len(ratings))
    moment[which] -= _DAY * (1 + draw("days since") * _WEEK_DAYS).astype(np.int64)
    context[which], device[which] = situations.of(ratings[which], moment[which], clocks, draw)
    completion[which] = _rounded(MOST_OF_A_SKIP * draw("completion"))
    return moment, context, device, completion


def _rounded(shares: Reals) -> Reals:
    """Return shares to four digits, as they are stored."""
    return shares.round(4).astype(np.float32).astype(np.float64)


def _view_times(ratings: pl.DataFrame, rated: Ints, watched: Ints, clocks: Clocks, diary: Diary, draw: Draw) -> Ints:
    """Return when each view began, in seconds since 1970 UTC: in its sitting, and over when it was rated."""
    user, zone, sitting = (ratings[name].to_numpy() for name in ("user", "zone", "sitting"))
    begin, end, length = diary.sitting(user, sitting)
    room = np.clip(end - begin - watched, 0, length)
    second = draw("second of the sitting")
    began = clocks.utc(zone, begin + (second * room).astype(np.int64))
    # Before the rating at all events, and not before the year of release unless the rating leaves no other time.
    latest, released = rated - watched, ratings["released"].to_numpy()
    too_early = (began < released) & (released <= latest)
    return np.where(too_early, released + (second * (latest - released)).astype(np.int64), np.minimum(began, latest))


RULES = (
    Rule(
        "numbered_by_rating",
        "An event's number follows from the row of its rating and from what it is.",
        lambda: (
            pl.col("interaction_id")
            == pl.col("rating_row") * EVENTS_OF_A_RATING + pl.col("event").to_physical().cast(int)
        ),
    ),
    Rule(
        "watched_or_not",
        "Views and skips say how much was watched; the other events do not, and have no context.",
        lambda: (
            pl.when(pl.col("event").cast(pl.String).is_in(["view", "skip"]))
            .then(pl.all_horizontal(pl.col(_WATCHING).is_not_null()))
            .otherwise(pl.all_horizontal(pl.col(*_WATCHING, "context_id").is_null()))
        ),
    ),
    Rule(
        "skip_soon_given_up",
        f"Of a skip at most {MOST_OF_A_SKIP:.0%} was watched, of a view at least {LEAST_OF_A_VIEW:.0%}.",
        lambda: (
            pl.when(pl.col("event") == "skip")
            .then(pl.col("completion_rate").cast(pl.Float64) <= MOST_OF_A_SKIP + 1e-6)
            .when(pl.col("event") == "view")
            .then(pl.col("completion_rate").cast(pl.Float64) >= LEAST_OF_A_VIEW - 1e-6)
        ),
    ),
)
"""What must agree in every interaction; what it owes to other tables is in quality/viewing.py."""
