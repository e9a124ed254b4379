"""Rules on interactions: what an invented event owes to its rating, its movie, its viewer and the clock.

What does not belong here: what each row must fulfil by itself (synthetic/interactions.py).
"""

from typing import Any

import polars as pl

from tv5_assets.movielens.moments import TIME_OF_HOUR
from tv5_assets.quality.frames import rises, sums_by
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.calendar import HOLIDAY_BITS, event_bits, events_of_days, season_of
from tv5_assets.synthetic.clocks import local_time
from tv5_assets.synthetic.interactions import SKIPPED_UP_TO

_RATINGS_AT_ONCE = 5_000_000  # about 0.5 GB of hash table
_LEAST_CORRELATION = 0.3
"""Of ratings and completion; it is .7 as they are made."""
_WATCH_TOLERANCE = 1.0
"""Seconds that rounding may make of a completion rate times a running time."""
_HOURS_OF_A_DAY = 24
_MOST_LONG_DAYS = 0.001
"""Share of a user's days that may be longer: some rate more new movies in the first days of a year than fit in them."""
_MOST_AT_ONCE = 0.005
"""Share of views that may begin before the viewer's last one is over; it is .0002 around ml-latest-small."""


def beside_ratings(interactions: pl.LazyFrame, ratings: pl.LazyFrame, movies: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold events to their ratings, in as many passes as keep the hash table of one at ``_RATINGS_AT_ONCE`` rows.

    Returns:
        ``of_its_rating``: an event's user and movie are those of its rating. ``view_before_rating``: each rating has a
        view that was over when it was given. ``view_after_release``: no view is before its movie's year of release,
        but where the rating leaves no time after it. ``skip_before_bad_rating``: what was skipped was not rated well.
        ``completion_follows_rating``: the better the rating, the more was watched.
    """
    newest = ratings.select(pl.col("row").max()).collect(engine="streaming").item()
    passes = [
        _events_by_rating(interactions, ratings, movies, start, start + _RATINGS_AT_ONCE)
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
        "view_after_release": Verdict(
            total["early"] == 0,
            {"early": total["early"], "rated_early": total["forced"]},
            f"{total['early']} views are before the year of release, beside {total['forced']} whose rating is",
        ),
        "skip_before_bad_rating": Verdict(
            total["skipped_well"] == 0,
            {"skipped_well": total["skipped_well"], "at_most": SKIPPED_UP_TO},
            f"{total['skipped_well']} skips of movies that were rated with more than {SKIPPED_UP_TO} stars",
        ),
        "completion_follows_rating": rises(watched, _LEAST_CORRELATION, "completion by rating"),
    }


def _events_by_rating(
    interactions: pl.LazyFrame, ratings: pl.LazyFrame, movies: pl.LazyFrame, first: int, end: int
) -> pl.DataFrame:
    """Return what there is to know of the events of some rows of ratings, by rating; null is that of unknown rows."""
    view, skip = pl.col("event") == "view", pl.col("event") == "skip"
    over = pl.col("occurred_at") + pl.duration(seconds=pl.col("watch_seconds"))
    early = view & (pl.col("occurred_at").dt.year() < pl.col("year"))
    # The last moment at which the view could begin is early, too.
    forced = (pl.col("rated_at") - pl.duration(seconds=pl.col("watch_seconds"))).dt.year() < pl.col("year")
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
        .join(movies.select("movie_id", "year"), on="movie_id", how="left")
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
            early=(early & ~forced).sum(),
            forced=(early & forced).sum(),
            skipped_well=(skip & (pl.col("rating") > SKIPPED_UP_TO)).sum(),
            views=completion.count(),
            total=completion.sum(),
            squares=(completion**2).sum(),
        )
        .cast(
            dict.fromkeys(("events", "strange", "seen", "late", "early", "forced", "skipped_well", "views"), pl.Int64)
        )
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
        ``context_of_the_date``: it has no event but those of the date there, and is on a holiday as the view is.
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
        .with_columns(local=local_time(zones))
    )
    placed = watched.join(
        contexts.select(
            *("context_id", "season", "month", "day_of_week", "time_of_day", "location_type", "is_holiday"),
            context_events=event_bits(pl.col("cultural_events")),
        ),
        on="context_id",
    ).join(events_of_days().lazy(), left_on=pl.col("local").dt.date(), right_on="date", how="left")
    elsewhere = (
        (pl.col("season").to_physical() != season_of(pl.col("local").dt.month()))
        | (pl.col("day_of_week").to_physical() != pl.col("local").dt.weekday() - 1)
        | (pl.col("time_of_day").to_physical() != _place_of_hour(pl.col("local").dt.hour()))
    )
    events = pl.col("events").fill_null(0)
    other_day = (pl.col("context_events") & ~events != 0) | (pl.col("is_holiday") != (events & HOLIDAY_BITS > 0))
    tv = pl.col("device") == "tv"
    on_commute = tv & (pl.col("location_type") == "commute")
    counts = placed.select(
        rows=pl.len(),
        elsewhere=elsewhere.sum(),
        other_day=other_day.sum(),
        same_month=(pl.col("month") == pl.col("local").dt.month()).mean(),
        on_commute=on_commute.sum(),
    )
    counted, devices, nights = pl.collect_all(
        [
            counts,
            sums_by(watched, pl.col("tv").round(1), tv),
            # User by user: the views of one are at the same sittings week after week, so that they tell less than many.
            sums_by(
                watched.filter(pl.col("event") == "view")
                .group_by("user_id", "late_night")
                .agg(late=(pl.col("local").dt.hour() < 6).mean()),
                pl.col("late_night").round(1),
                pl.col("late"),
            ),
        ],
        engine="streaming",
    )
    rows, wrong, other_days, same_month, commuting = counted.row(0)
    return {
        "context_of_the_hour": Verdict(
            wrong == 0,
            {"placed": rows, "elsewhere": wrong},
            f"{wrong} of {rows} events are in a context of another season, weekday or time of day than theirs",
        ),
        "context_of_the_date": Verdict(
            other_days == 0,
            {"placed": rows, "other_days": other_days, "same_month": same_month or 0.0},
            f"{other_days} of {rows} events are in a context with an event or a holiday that their date has not",
        ),
        "no_tv_on_commute": Verdict(
            commuting == 0, {"on_commute": commuting}, f"{commuting} events on a television on a commute"
        ),
        "devices_as_preferred": rises(devices, 0, "television by liking for it"),
        "late_nights_as_usual": rises(nights, 0, "late nights by liking for them"),
    }


def _place_of_hour(hour: pl.Expr) -> pl.Expr:
    return hour.replace_strict(dict(enumerate(TIME_OF_HOUR)), return_dtype=pl.UInt8)


def beside_themselves(interactions: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold the views and skips of each user to one another, in passes over about ``_RATINGS_AT_ONCE`` events.

    Returns:
        ``hours_of_a_day``: next to nobody watches more than 24 hours of what begins on one day, UTC.
        ``one_view_at_a_time``: next to no view begins before the last one of the same user is over.
    """
    events = interactions.select(pl.len()).collect(engine="streaming").item()
    passes = events // _RATINGS_AT_ONCE + 1
    parts = [_of_users(interactions.filter(pl.col("user_id") % passes == part)) for part in range(passes)]
    most = max(part["most_hours"] or 0.0 for part in parts)
    days, long_days, views, at_once = (
        sum(part[name] for part in parts) for name in ("days", "long_days", "views", "at_once")
    )
    return {
        "hours_of_a_day": Verdict(
            long_days <= _MOST_LONG_DAYS * days,
            {"days": days, "most_hours": most, "long_days": long_days, "at_most": _MOST_LONG_DAYS},
            f"On {long_days} of {days} days someone watched more than {_HOURS_OF_A_DAY} hours; the most is {most:.1f}",
        ),
        "one_view_at_a_time": Verdict(
            at_once <= _MOST_AT_ONCE * views,
            {"views": views, "at_once": at_once, "share": at_once / max(views, 1), "at_most": _MOST_AT_ONCE},
            f"{at_once} of {views} views begin while the same user watches another movie",
        ),
    }


def _of_users(interactions: pl.LazyFrame) -> dict[str, Any]:
    """Return how long the days of some users are, and how many of their views begin while another one lasts."""
    hours = pl.col("watch_seconds").sum() / 3_600
    by_day = interactions.group_by("user_id", pl.col("occurred_at").dt.date()).agg(hours=hours)
    days = by_day.select(
        days=pl.len(), most_hours=pl.col("hours").max(), long_days=(pl.col("hours") > _HOURS_OF_A_DAY).sum()
    )
    over = pl.col("occurred_at") + pl.duration(seconds=pl.col("watch_seconds"))
    views = (
        interactions.filter(pl.col("event") == "view")
        .select("user_id", "occurred_at", over=over)
        .sort("user_id", "occurred_at")
        .select(at_once=pl.col("occurred_at") < pl.col("over").cum_max().shift(1).over("user_id"))
        .select(views=pl.len(), at_once=pl.col("at_once").sum())
    )
    found = pl.collect_all([days, views], engine="streaming")
    return found[0].row(0, named=True) | found[1].row(0, named=True)
