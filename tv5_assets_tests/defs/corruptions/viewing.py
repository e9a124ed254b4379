"""Corruptions for the gates of contexts and interactions."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl

from tv5_assets_tests.defs.corruptions.corruption import NOBODY, Corruption, in_first_row, in_first_where, table
from tv5_assets_tests.defs.platform import Platform

CONTEXTS, INTERACTIONS, RATINGS = "synthetic/contexts", "synthetic/interactions", "processed/ratings"
MOVIES = "processed/movies"


def viewing_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of contexts and interactions."""
    return [*context_corruptions(), *interaction_corruptions()]


def context_corruptions() -> list[Corruption]:
    date = pl.col("viewing_mode") == "date"
    single = (pl.col("viewing_mode") == "alone") & (pl.col("time_of_day") == "evening")
    with_child = pl.col("group_demographics").cast(pl.List(pl.String)).list.contains("child")
    in_one_row = {
        "season_of_month": (pl.col("month") == 1, "season", "summer"),
        "month_and_weekday_of_date": (pl.col("day_of_week") == "Mon", "day_of_week", "Tue"),
        "events_of_date": (pl.col("month") == 10, "cultural_events", ["cannes_festival"]),
        "holiday_has_its_event": (pl.col("is_holiday") & (pl.col("time_of_day") == "evening"), "is_holiday", False),
        "weather_of_season": (pl.col("month") == 7, "weather", "snow"),
        "group_size_of_mode": (date, "viewing_mode", "friends"),
        "demographics_of_each": (single, "group_demographics", ["adult", "adult"]),
        "demographics_of_mode": (single, "group_demographics", ["child"]),
        "children_in_bed": (with_child, "time_of_day", "late_night"),
        "commute": (date, "location_type", "commute"),
        "time_to_spare": (date, "time_budget", "short"),
        "occasion_of_party": (pl.col("viewing_mode") == "party", "occasion", "education"),
    }
    return [
        *(
            Corruption(CONTEXTS, check, table(CONTEXTS, in_first_where(*change)))
            for check, change in in_one_row.items()
        ),
        Corruption(
            CONTEXTS,
            "time_shares",
            table(
                CONTEXTS,
                lambda frame: frame.filter(pl.col("time_of_day") != "night"),
            ),
        ),
        Corruption(CONTEXTS, "holiday_share", table(CONTEXTS, lambda frame: frame.filter(~pl.col("is_holiday")))),
    ]


def interaction_corruptions() -> list[Corruption]:
    view, skip, search = (pl.col("event") == event for event in ("view", "skip", "search"))
    in_one_row = {
        "numbered_by_rating": (view, "interaction_id", 7),
        "watched_or_not": (view, "pauses", None),
        "watch_time": (view, "watch_seconds", 0),
        "context_id_known": (view, "context_id", 2_000_000),
        "of_its_rating": (search & (pl.col("user_id") != 1), "user_id", 1),
        "times": (search, "occurred_at", datetime(1970, 1, 1, tzinfo=UTC)),
    }
    every_row = {
        "completion_follows_rating": pl.when(view).then(0.5).otherwise("completion_rate").alias("completion_rate"),
        "devices_as_preferred": pl.lit("mobile").alias("device"),
    }
    return [
        *(
            Corruption(INTERACTIONS, check, table(INTERACTIONS, in_first_where(*change)))
            for check, change in in_one_row.items()
        ),
        *(
            Corruption(
                INTERACTIONS,
                check,
                table(INTERACTIONS, partial(_with_column, column=column)),
                also=("watch_time",) if check == "completion_follows_rating" else (),
            )
            for check, column in every_row.items()
        ),
        Corruption(
            INTERACTIONS,
            "skip_soon_given_up",
            table(INTERACTIONS, in_first_where(skip, "completion_rate", 0.5)),
            also=("watch_time",),
        ),
        *(
            Corruption(
                INTERACTIONS,
                f"{column}_known",
                table(INTERACTIONS, in_first_row(column, NOBODY)),
                also=("of_its_rating",),
            )
            for column in ("user_id", "movie_id")
        ),
        Corruption(INTERACTIONS, "view_before_rating", table(INTERACTIONS, _without_first_view)),
        Corruption(INTERACTIONS, "view_before_rating", _rated_before_viewed, name="late"),
        Corruption(INTERACTIONS, "skip_before_bad_rating", _rated_well_after_skip),
        # What they are held to is changed here, not the interactions.
        Corruption(
            INTERACTIONS,
            "context_of_the_hour",
            table(CONTEXTS, partial(_with_column, column=pl.lit("morning").alias("time_of_day"))),
        ),
        Corruption(
            INTERACTIONS,
            "context_of_the_date",
            table(CONTEXTS, partial(_with_column, column=pl.lit(["christmas"]).alias("cultural_events"))),
        ),
        Corruption(
            INTERACTIONS,
            "context_of_the_date",
            table(CONTEXTS, partial(_with_column, column=pl.col("is_holiday").not_())),
            name="holiday",
        ),
        Corruption(INTERACTIONS, "view_after_release", _released_after_viewed),
        Corruption(
            INTERACTIONS,
            "hours_of_a_day",
            table(INTERACTIONS, partial(_with_column, column=_all_last(hours=25))),
            also=("view_before_rating", "watch_time", "one_view_at_a_time"),
        ),
        Corruption(
            INTERACTIONS,
            "one_view_at_a_time",
            table(INTERACTIONS, partial(_with_column, column=_all_last(hours=5))),
            also=("view_before_rating", "watch_time"),
        ),
        Corruption(
            INTERACTIONS,
            "no_tv_on_commute",
            table(CONTEXTS, partial(_with_column, column=pl.lit("commute").alias("location_type"))),
        ),
        Corruption(
            INTERACTIONS,
            "late_nights_as_usual",
            table("synthetic/users", partial(_with_column, column=_OTHER_NIGHTS)),
        ),
    ]


_OTHER_NIGHTS = pl.col("viewing_time_patterns").struct.with_fields(late_night=(1 - pl.field("late_night")))


def _with_column(frame: pl.DataFrame, column: pl.Expr) -> pl.DataFrame:
    return frame.with_columns(column).cast(frame.schema)


def _without_first_view(frame: pl.DataFrame) -> pl.DataFrame:
    first = frame.filter(pl.col("event") == "view")["interaction_id"][0]
    return frame.filter(pl.col("interaction_id") != first)


def _rated_before_viewed(platform: Platform) -> None:
    viewed = platform.table(INTERACTIONS).filter(pl.col("event") == "view").row(0, named=True)
    _change_rating(platform, viewed["rating_row"], "rated_at", viewed["occurred_at"])


def _released_after_viewed(platform: Platform) -> None:
    rated = platform.table(RATINGS).select("row", year=pl.col("rated_at").dt.year())
    views = platform.table(INTERACTIONS).filter(pl.col("event") == "view")
    both = views.join(rated, left_on="rating_row", right_on="row")
    viewed = both.filter(
        (pl.col("occurred_at").dt.year() < pl.col("year"))
        & ((pl.col("occurred_at") + pl.duration(days=60)).dt.year() < pl.col("year"))
    ).row(0, named=True)
    premise = pl.col("movie_id") == viewed["movie_id"]
    platform.put_table(MOVIES, in_first_where(premise, "year", viewed["year"])(platform.table(MOVIES)))


def _all_last(hours: int) -> pl.Expr:
    return pl.when(pl.col("event") == "view").then(hours * 3_600).otherwise("watch_seconds").alias("watch_seconds")


def _rated_well_after_skip(platform: Platform) -> None:
    skipped = platform.table(INTERACTIONS).filter(pl.col("event") == "skip")["rating_row"][0]
    _change_rating(platform, skipped, "rating", 5.0)


def _change_rating(platform: Platform, row: int, column: str, value: Any) -> None:
    platform.put_table(RATINGS, in_first_where(pl.col("row") == row, column, value)(platform.table(RATINGS)))
