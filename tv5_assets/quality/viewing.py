"""Rules on interactions: what an invented event owes to its rating, its movie, its viewer and the clock.

What does not belong here: what each row must fulfil by itself (synthetic/interactions.py).
"""

from collections.abc import Iterable

import polars as pl

from tv5_assets.quality.frames import rises, sums_by
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.interactions import SKIPPED_UP_TO

_RATINGS_AT_ONCE = 5_000_000  # about 0.5 GB of hash table
_LEAST_CORRELATION = 0.3
"""Of ratings and completion; it is .7 as they are made."""
_WATCH_TOLERANCE = 1.0
"""Seconds that rounding may make of a completion rate times a running time."""


def beside_ratings(interactions: pl.LazyFrame, ratings: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold events to their ratings, in as many passes as keep the hash table of one at ``_RATINGS_AT_ONCE`` rows.

    Returns:
        ``of_its_rating``: an event's user and movie are those of its rating. ``view_before_rating``: each rating has a
        view that was over when it was given. ``skip_before_bad_rating``: what was skipped was not rated well.
        ``completion_follows_rating``: the better the rating, the more was watched.
    """
    newest = ratings.select(pl.col("row").max()).collect(engine="streaming").item()
    passes = [
        _events_by_rating(interactions, ratings, start, start + _RATINGS_AT_ONCE)
        for start in range(0, (newest or 0) + 1, _RATINGS_AT_ONCE)
    ]
    by_rating = pl.concat(passes).group_by("rating").sum().sort("rating")
    total = by_rating.drop("rating").sum().row(0, named=True)
    rated = ratings.select(pl.len()).collect().item()
    unseen, late = max(rated - total["seen"], 0), total["late"]
    watched = by_rating.drop_nulls("rating").select(by="rating", rows="views", total="total", squares="squares")
    return {
        "of_its_rating": Verdict(
            total["strange"] == 0,
            {"events": total["events"], "strange": total["strange"]},
            f"{total['strange']} of {total['events']} events have another user or movie than the rating of their row",
        ),
        "view_before_rating": Verdict(
            unseen == 0 and late == 0,
            {"ratings": rated, "unseen": unseen, "late": late},
            f"{unseen} of {rated} ratings have no view, {late} views ended after their rating",
        ),
        "skip_before_bad_rating": Verdict(
            total["skipped_well"] == 0,
            {"skipped_well": total["skipped_well"], "at_most": SKIPPED_UP_TO},
            f"{total['skipped_well']} skips of movies that were rated with more than {SKIPPED_UP_TO} stars",
        ),
        "completion_follows_rating": rises(watched, _LEAST_CORRELATION, "completion by rating"),
    }


def _events_by_rating(interactions: pl.LazyFrame, ratings: pl.LazyFrame, first: int, end: int) -> pl.DataFrame:
    """Return what there is to know of the events of some rows of ratings, by rating; null is that of unknown rows."""
    view, skip = pl.col("event") == "view", pl.col("event") == "skip"
    over = pl.col("occurred_at") + pl.duration(seconds=pl.col("watch_seconds"))
    completion = pl.col("completion_rate").filter(view).cast(pl.Float64)
    return (
        interactions.filter(pl.col("rating_row").is_between(first, end, closed="left"))
        .join(
            ratings.filter(pl.col("row").is_between(first, end, closed="left")).select(
                "row", "rating", "rated_at", rater="user_id", rated="movie_id"
            ),
            left_on="rating_row",
            right_on="row",
            how="left",
        )
        .group_by("rating")
        .agg(
            events=pl.len(),
            strange=((pl.col("user_id") == pl.col("rater")) & (pl.col("movie_id") == pl.col("rated")))
            .fill_null(value=False)
            .not_()
            .sum(),
            # The numbers of events are unique and follow from rating and event: there are no two views of one rating.
            seen=(view & pl.col("rated_at").is_not_null()).sum(),
            late=(view & (over > pl.col("rated_at"))).sum(),
            skipped_well=(skip & (pl.col("rating") > SKIPPED_UP_TO)).sum(),
            views=completion.count(),
            total=completion.sum(),
            squares=(completion**2).sum(),
        )
        .cast(dict.fromkeys(("events", "strange", "seen", "late", "skipped_well", "views"), pl.Int64))
        .collect(engine="streaming")
    )


def watch_time(interactions: pl.LazyFrame, details: pl.LazyFrame) -> Verdict:
    """Ask that the seconds watched are the completion rate times the running time of the movie."""
    off = pl.col("watch_seconds") - pl.col("completion_rate").cast(pl.Float64) * pl.col("duration_minutes") * 60
    rows, wrong, furthest = (
        interactions.filter(pl.col("watch_seconds").is_not_null())
        .join(details.select("movie_id", "duration_minutes"), on="movie_id")
        .select(pl.len(), wrong=(off.abs() > _WATCH_TOLERANCE).sum(), furthest=off.abs().max())
        .collect(engine="streaming")
        .row(0)
    )
    return Verdict(
        passed=wrong == 0,
        facts={"watched": rows, "wrong": wrong, "furthest_seconds": furthest or 0.0},
        description=f"{wrong} of {rows} watching times differ from completion times running time",
    )


def beside_viewers(interactions: pl.LazyFrame, contexts: pl.LazyFrame, users: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold views and skips to their contexts and to the habits of who watches.

    Returns:
        ``context_of_the_hour``: a context has the season, weekday and time of day that it was where the viewer lives.
        ``no_tv_on_commute``: nobody watches television on a commute. ``devices_as_preferred`` and
        ``late_nights_as_usual``: who likes the television, or late nights, more than others watches more there.
    """
    zones = users.select(pl.col("timezone").unique()).collect()["timezone"].sort()
    likes = {
        name: pl.col(column).struct.field(name) / pl.sum_horizontal(pl.col(column).struct.unnest())
        for column, name in (("device_preferences", "tv"), ("viewing_time_patterns", "late_night"))
    }
    watched = (
        interactions.filter(pl.col("completion_rate").is_not_null())
        .join(users.select("user_id", "timezone", **likes), on="user_id")
        .with_columns(local=_local(zones))
    )
    placed = watched.join(
        contexts.select("context_id", "season", "day_of_week", "time_of_day", "location_type"), on="context_id"
    )
    elsewhere = (
        (pl.col("season").to_physical() != pl.col("local").dt.month() % 12 // 3)
        | (pl.col("day_of_week").to_physical() != pl.col("local").dt.weekday() - 1)
        | (pl.col("time_of_day").cast(pl.String) != _time_of_day(pl.col("local").dt.hour()))
    )
    tv = pl.col("device") == "tv"
    on_commute = tv & (pl.col("location_type") == "commute")
    counts = placed.select(rows=pl.len(), elsewhere=elsewhere.sum(), on_commute=on_commute.sum())
    counted, devices, nights = pl.collect_all(
        [
            counts,
            sums_by(watched, pl.col("tv").round(1), tv),
            sums_by(
                watched.filter(pl.col("event") == "view"), pl.col("late_night").round(1), pl.col("local").dt.hour() < 6
            ),
        ],
        engine="streaming",
    )
    rows, wrong, commuting = counted.row(0)
    return {
        "context_of_the_hour": Verdict(
            wrong == 0,
            {"placed": rows, "elsewhere": wrong},
            f"{wrong} of {rows} events are in a context of another season, weekday or time of day than theirs",
        ),
        "no_tv_on_commute": Verdict(
            commuting == 0, {"on_commute": commuting}, f"{commuting} events on a television on a commute"
        ),
        "devices_as_preferred": rises(devices, 0, "television by liking for it"),
        "late_nights_as_usual": rises(nights, 0, "late nights by liking for them"),
    }


def _local(zones: Iterable[str]) -> pl.Expr:
    """Return what the viewer's clock showed."""
    return pl.coalesce(
        pl.when(pl.col("timezone") == zone).then(
            pl.col("occurred_at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        )
        for zone in zones
    )


def _time_of_day(hour: pl.Expr) -> pl.Expr:
    return (
        pl.when(hour < 6).then(pl.lit("late_night"))
        .when(hour < 12).then(pl.lit("morning"))
        .when(hour < 17).then(pl.lit("afternoon"))
        .when(hour < 21).then(pl.lit("evening"))
        .otherwise(pl.lit("night"))
    )  # fmt: skip
