"""Splits of ratings into what a model learns from and what it is asked, each by a protocol with a name.

A split is a function over Narwhals lazy frames, so that it runs on Polars and on Spark alike, and it depends on the
ratings and the seed alone, not on the order of the rows. The same function cuts validation slices from training rows.
What does not belong here: what a recommender is asked by a split (evaluation/problem.py) and how it is scored.
"""

from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import narwhals as nw
import polars as pl

from tv5_assets.draws.columns import drawn
from tv5_assets.engine import Engine
from tv5_assets.errors import InputError
from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.features import PARTS, part_column

TEST_SHARE = 0.2
"""Share of the ratings that are test rows: of each user's by user-80-20 and, of those held out, by
strong-generalization; of all by temporal."""
HELD_OUT_SHARE = 0.1
HELD_OUT_MOST = 10_000
"""Users whom strong-generalization holds out: a tenth of them, at most as many as Liang (2018) did."""

_USER, _MOVIE = "user_id", "movie_id"
_TIME = ("rated_at", "row")  # equal times are common; then the order of the file decides
_DRAW = "__draw"
_RATINGS = nw.col("row").count().over(_USER)
"""Number of the ratings of each rating's user."""


def split(ratings: "nw.LazyFrame[Any]", protocol: str, seed: int) -> "nw.LazyFrame[Any]":
    """Split ratings by a protocol.

    Args:
        ratings: ``user_id``, ``rated_at`` and ``row``; any ratings, such as the training rows of another split.
        protocol: one of PROTOCOLS:

            - ``user-80-20``: a fifth of each user's ratings, rounded down, are drawn as test rows.
            - ``temporal``: the test rows are those from one moment on, the same for all: the time of the rating after
              four fifths of them. What was rated in that very second is tested too, so that nothing which a model
              learns from was rated at the same time as what it is asked, or later.
            - ``leave-last-out``: the test row is each user's last, of those who have two or more; of equal times the
              row that stands last in the file.
            - ``strong-generalization`` (Liang et al., 2018): a tenth of the users, at most 10,000, are drawn and held
              out. A fifth of the ratings of each, rounded down, are drawn as test rows; the others are ``history``,
              which is known when the user is asked about and which no model learns from.
        seed: the seed of what is drawn. ``temporal`` and ``leave-last-out`` draw nothing.

    Returns:
        ``row`` and ``part``, in no particular order: one of PARTS but ``unused``, an Enum on Polars and text on Spark.
        ``history`` is a part under ``strong-generalization`` alone; elsewhere the history of a user is their train
        rows.

    Raises:
        InputError: there is no protocol of this name.
    """
    return with_part(ratings, protocol, seed, "part").select("row", "part")


def with_part(ratings: "nw.LazyFrame[Any]", protocol: str, seed: int, name: str) -> "nw.LazyFrame[Any]":
    """Return the ratings with the column ``name`` of their parts; see :func:`split`."""
    ratings = ratings.with_columns(drawn(nw.col("row"), seed, "split", protocol).alias(_DRAW))
    fifth = _place((_DRAW, "row")) <= _RATINGS * TEST_SHARE
    match protocol:
        case "user-80-20":
            parts = _either(fifth, "test", "train")
        case "temporal":
            parts = _either(nw.col("rated_at") < boundary(ratings), "train", "test")
        case "leave-last-out":
            parts = _either((_place(_TIME) == _RATINGS) & (_RATINGS > 1), "test", "train")
        case "strong-generalization":
            parts = nw.when(_held_out(ratings, seed)).then(_either(fifth, "test", "history")).otherwise(nw.lit("train"))
        case _:
            raise InputError(f"there is no protocol {protocol!r}; choose one of {', '.join(PROTOCOLS)}")
    if ratings.implementation.is_polars():
        parts = parts.cast(nw.Enum(PARTS))
    return ratings.with_columns(parts.alias(name)).drop(_DRAW)


def splits(
    ratings: "nw.LazyFrame[Any]", engine: Engine, seed: int, min_user_ratings: int, min_movie_ratings: int
) -> "nw.LazyFrame[Any]":
    """Split ratings by every protocol, after those were put aside that are outside of the core.

    Args:
        ratings: rows of ``processed/ratings``.
        engine: the engine that ``ratings`` belong to.
        seed: the seed of everything random.
        min_user_ratings: fewest ratings in the core of a user in it.
        min_movie_ratings: fewest ratings in the core of a movie in it.

    Returns:
        Rows of ``features/split``, by row.
    """
    columns = {protocol: part_column(protocol) for protocol in PROTOCOLS}
    kept, others = core(ratings, engine, min_user_ratings, min_movie_ratings)
    for protocol, column in columns.items():
        kept = with_part(kept, protocol, seed, column)
    unused: nw.Expr = nw.lit("unused")
    if ratings.implementation.is_polars():
        unused = unused.cast(nw.Enum(PARTS))
    named = ("row", _USER, _MOVIE, *columns.values())
    parts = [
        frame.select(*named)
        for frame in (kept, *(other.with_columns(**dict.fromkeys(columns.values(), unused)) for other in others))
    ]
    return nw.concat(parts).sort("row")


def core(
    ratings: "nw.LazyFrame[Any]", engine: Engine, min_user_ratings: int, min_movie_ratings: int
) -> tuple["nw.LazyFrame[Any]", list["nw.LazyFrame[Any]"]]:
    """Part ratings into the core, in which every user and every movie has enough ratings of the core, and the others.

    Users and movies with too few are put aside in turn until nobody has too few, since a movie that goes takes ratings
    of users with it, and the other way round.

    Args:
        ratings: ``user_id`` and ``movie_id``.
        engine: the engine that ``ratings`` belong to.
        min_user_ratings: fewest ratings of a user.
        min_movie_ratings: fewest ratings of a movie.

    Returns:
        The core, and the frames of the ratings that were put aside; none where there are none.
    """
    kept, others = ratings, []
    least = {name: least for name, least in ((_USER, min_user_ratings), (_MOVIE, min_movie_ratings)) if least > 1}
    settled = 0  # columns of which nobody has too few, one after the other
    for name in cycle(least):
        if settled == len(least):
            break
        counts = kept.group_by(name).agg(rows=nw.len()).filter(nw.col("rows") < least[name]).select(name)
        few: pl.DataFrame = counts.collect("polars").to_native()
        settled = settled + 1 if few.is_empty() else 1
        if len(few):
            others.append(kept.join(engine.frame(few), on=name, how="semi"))
            kept = kept.join(engine.frame(few), on=name, how="anti")
    return kept, others


def boundary(ratings: "nw.LazyFrame[Any]") -> datetime:
    """Return the moment at which the test rows of ``temporal`` begin; of no ratings, the end of all time."""
    # By day first, then within one day by second: both counts are short, and exact on every engine.
    days = _counts(ratings, nw.col("rated_at").dt.truncate("1d"))
    place = int(int(days["rows"].sum()) * (1 - TEST_SHARE))
    if days.is_empty():
        return datetime.max.replace(tzinfo=UTC)
    day, before = _at(days, place)
    of_day = ratings.filter(nw.col("rated_at").dt.truncate("1d") == day)
    return _at(_counts(of_day, nw.col("rated_at")), place - before)[0]


def _counts(ratings: "nw.LazyFrame[Any]", moment: nw.Expr) -> pl.DataFrame:
    """Return ``moment, rows``: how many ratings were given at each moment, in the order of time."""
    counts: pl.DataFrame = (
        ratings.select(moment=moment).group_by("moment").agg(rows=nw.len()).collect("polars").to_native()
    )
    return counts.select("moment", pl.col("rows").cast(pl.Int64)).sort("moment")


def _at(counts: pl.DataFrame, place: int) -> tuple[datetime, int]:
    """Return the moment of the rating at a place, counted from 0, and how many were given before that moment."""
    moment, until, rows = (
        counts.with_columns(until=pl.col("rows").cum_sum())
        .select("moment", "until", "rows")
        .row(by_predicate=pl.col("until").gt(place) & pl.col("until").sub(pl.col("rows")).le(place))
    )
    return moment, until - rows


def _place(order: tuple[str, str]) -> nw.Expr:
    """Return each rating's place among its user's, counted from 1."""
    return nw.col("row").cum_count().over(_USER, order_by=order)


def _held_out(ratings: "nw.LazyFrame[Any]", seed: int) -> nw.Expr:
    """Tell of each rating whether its user is among those who are drawn to be held out."""
    number = drawn(nw.col(_USER), seed, "split", "users")
    numbers: pl.DataFrame = ratings.select(_USER).unique().select(number=number).collect("polars").to_native()
    wanted = min(max(1, int(len(numbers) * HELD_OUT_SHARE)), HELD_OUT_MOST)
    # Of one user alone nobody is held out: there would be nothing to learn from.
    above = numbers["number"].sort()[wanted] if len(numbers) > wanted else 0
    return number < above


def _either(holds: nw.Expr, yes: str, no: str) -> nw.Expr:
    return nw.when(holds).then(nw.lit(yes)).otherwise(nw.lit(no))
