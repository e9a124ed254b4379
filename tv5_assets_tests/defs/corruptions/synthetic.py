"""Corruptions for the gates of the synthetic layer."""

from datetime import UTC, date, datetime
from functools import partial

import polars as pl

from tv5_assets.ids import media_id_expr
from tv5_assets.tables.synthetic import AGE_RANGES
from tv5_assets_tests.defs.corruptions.corruption import (
    NOBODY,
    Corruption,
    in_first_row,
    in_first_where,
    table,
    without_first_row,
)
from tv5_assets_tests.defs.platform import Platform

PLATFORMS = "synthetic/platforms"


def synthetic_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the synthetic layer."""
    users, platforms, trends, now = (f"synthetic/{name}" for name in ("users", "platforms", "trends", "trends_now"))
    return [
        Corruption(
            users,
            "user_id_known",
            table(users, lambda frame: frame.vstack(in_first_row("user_id", NOBODY)(frame[:1]))),
        ),
        Corruption(users, "every_rater", table(users, without_first_row)),
        Corruption(
            users,
            "archetype_shares",
            table(users, lambda frame: frame.with_columns(archetype=pl.lit("senior", frame.schema["archetype"]))),
            also=("age_shares", "genre_shares", "culture_of_archetype", "moods_of_archetype", "habits_of_archetype"),
        ),
        Corruption(
            users,
            "country_shares",
            table(users, lambda frame: frame.with_columns(country=pl.lit("UK", frame.schema["country"]))),
            also=("place_together",),
        ),
        Corruption(
            users,
            "genre_shares",
            table(
                users,
                lambda frame: frame.with_columns(
                    genre_preferences=pl.lit(["IMAX", "War"], frame.schema["genre_preferences"])
                ),
            ),
        ),
        *(
            Corruption(users, check, table(users, in_first_where(*change)))
            for check, change in {
                "place_together": (pl.col("city") != "London", "timezone", "Europe/London"),
                "names_usual": (pl.lit(value=True), "name", "Nobody Atall"),
                "age_shares": (pl.col("archetype") == "senior", "age_range", "18-24"),
                "languages_different": (pl.col("languages").list.first() == "en", "languages", ["en", "en"]),
                "culture_of_archetype": (pl.col("archetype") != "senior", "cultural_context", ["historical"]),
                "moods_of_archetype": (pl.col("archetype") != "senior", "mood_preferences", ["nostalgic"]),
                "habits_of_archetype": (pl.lit(value=True), "device_preferences", {"tv": 0, "mobile": 0, "laptop": 0}),
                "genres_different": (pl.lit(value=True), "genre_preferences", ["Drama", "Drama"]),
            }.items()
        ),
        Corruption(platforms, "movie_id_known", table(platforms, in_first_row("movie_id", NOBODY)), ("link_of_movie",)),
        Corruption(platforms, "available_share", table(platforms, lambda frame: frame[: len(frame) // 2])),
        *(
            Corruption(platforms, check, table(platforms, in_first_where(*change)))
            for check, change in {
                "price_of_type": (pl.col("availability_type") == "free", "price", 1.99),
                "type_of_platform": (pl.col("platform_id") == "mubi", "availability_type", "free"),
                "currency_of_region": (pl.col("region") == "FR", "currency", "USD"),
                "understood_in_region": ((pl.col("region") == "FR") & ~_HEARD_IN_FRENCH, "subtitles", ["it"]),
                "link_of_movie": (pl.lit(value=True), "deep_link", "https://mubi.example/watch/ml_0"),
                "seen_on_one_day": (pl.lit(value=True), "updated_at", datetime(1990, 1, 1, tzinfo=UTC)),
            }.items()
        ),
        Corruption(platforms, "original_sound", table(platforms, _dubbed_in_the_us)),
        Corruption(platforms, "dubbed_in_france", table(platforms, _subtitled_in_france)),
        Corruption(platforms, "french_on_tv5monde", _everything_on_tv5monde),
        Corruption(
            trends,
            "movie_id_known",
            table(trends, lambda frame: frame.with_columns(pl.col("movie_id").replace(frame["movie_id"][0], NOBODY))),
            also=("momentum_is_of_ratings",),
        ),
        Corruption(trends, "every_day", table(trends, without_first_row)),
        *(
            Corruption(trends, check, table(trends, partial(_with_column, column=column)), also)
            for check, column, also in (
                ("velocity_of_momentum", pl.col("velocity") + 1, ()),
                ("views_of_popularity", pl.lit(2_000_000).alias("view_count"), ()),
                (
                    "popularity_follows_momentum",
                    (1 - pl.col("popularity")).alias("popularity"),
                    ("viral_lifts", "views_of_popularity"),
                ),
                ("viral_as_declared", (pl.col("date").dt.day() % 2 == 0).alias("is_viral"), ("viral_lifts",)),
            )
        ),
        Corruption(
            trends,
            "viral_lifts",
            table(trends, in_first_where(_HIGHEST_AND_CALM, "is_viral", True)),
        ),
        Corruption(
            trends,
            "season_of_date",
            table(trends, lambda frame: in_first_row("season_factor", frame["season_factor"][0] * 1.002)(frame)),
        ),
        Corruption(
            trends,
            "momentum_is_of_ratings",
            table("processed/ratings", lambda frame: frame.filter(pl.col("row") % 2 == 0)),
        ),
        Corruption(
            now,
            "audience_is_whole",
            table(now, in_first_row("demographic_breakdown", dict.fromkeys(AGE_RANGES, 0.5))),
        ),
        Corruption(
            now, "ranked_by_score", table(now, partial(_with_column, column=(1 - pl.col("score")).alias("score")))
        ),
        Corruption(now, "peak_of_history", table(now, in_first_row("peak_at", date(1999, 1, 1)))),
        Corruption(now, "movie_id_known", table(now, in_first_row("movie_id", NOBODY)), ("peak_of_history",)),
        Corruption(
            now, "fresh", table(now, lambda frame: frame.with_columns(pl.col("as_of") - pl.duration(minutes=46)))
        ),
    ]


_HEARD_IN_FRENCH = pl.col("audio_tracks").cast(pl.List(pl.String)).list.contains("fr")


_HIGHEST_AND_CALM = ~pl.col("is_viral") & (pl.col("momentum") >= pl.col("momentum").filter(~pl.col("is_viral")).max())


def _with_column(frame: pl.DataFrame, column: pl.Expr) -> pl.DataFrame:
    return frame.with_columns(column).cast(frame.schema)


def _dubbed_in_the_us(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.when(pl.col("region") == "US").then(pl.lit(["pt"], frame.schema[tracks])).otherwise(tracks).alias(tracks)
        if tracks == "audio_tracks"
        else pl.lit(["en", "fr"], frame.schema[tracks]).alias(tracks)
        for tracks in ("audio_tracks", "subtitles")
    )


def _subtitled_in_france(frame: pl.DataFrame) -> pl.DataFrame:
    dubbed = (pl.col("region") == "FR") & (pl.col("audio_tracks").list.len() > 1)
    original = pl.col("audio_tracks").list.set_difference(pl.lit(["fr"], frame.schema["audio_tracks"]))
    return frame.with_columns(
        audio_tracks=pl.when(dubbed).then(original).otherwise("audio_tracks"),
        subtitles=pl.when(dubbed).then(pl.lit(["fr"], frame.schema["subtitles"])).otherwise("subtitles"),
    )


def _everything_on_tv5monde(platform: Platform) -> None:
    """Move an offer of every foreign movie to TV5MONDE, with all that follows, and take its French ones away."""
    frame = platform.table(PLATFORMS)
    french = platform.table("synthetic/media_details").filter(pl.col("language") == "fr")["movie_id"]
    frame = frame.filter((pl.col("platform_id") != "tv5monde") | ~pl.col("movie_id").is_in(french.implode()))
    there = frame.filter(pl.col("platform_id") == "tv5monde")["movie_id"]
    moves = pl.col("movie_id").is_first_distinct() & ~pl.col("movie_id").is_in([*french, *there])
    moved = {
        "platform_id": pl.lit("tv5monde"),
        "name": pl.lit("TV5MONDE"),
        "availability_type": pl.lit("free"),
        "price": pl.lit(None),
        "subtitles": pl.lit(["en", "fr"]),
        "deep_link": pl.format("https://tv5monde.example/watch/{}", media_id_expr()),
    }
    platform.put_table(
        PLATFORMS,
        frame.with_columns(
            pl.when(moves).then(value.cast(frame.schema[name])).otherwise(name).alias(name)
            for name, value in moved.items()
        ),
    )
