"""Corruptions for the gates of contexts and interactions."""

import polars as pl

from tv5_assets_tests.defs.corruptions.corruption import Corruption, in_first_where, table


def viewing_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of contexts and interactions."""
    contexts = "synthetic/contexts"
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
            Corruption(contexts, check, table(contexts, in_first_where(*change)))
            for check, change in in_one_row.items()
        ),
        Corruption(
            contexts,
            "time_shares",
            table(
                contexts,
                lambda frame: frame.filter(pl.col("time_of_day") != "night"),
            ),
        ),
        Corruption(contexts, "holiday_share", table(contexts, lambda frame: frame.filter(~pl.col("is_holiday")))),
    ]
