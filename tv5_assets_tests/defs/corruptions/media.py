"""Corruptions for the gates of what is made up about movies."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from tv5_assets.tables.processed import GENRES
from tv5_assets_tests.defs.corruptions.corruption import (
    NOBODY,
    Change,
    Corruption,
    in_first_row,
    table,
    without_first_row,
)

MOVIES, DETAILS, PEOPLE, CREDITS, INFLUENCES = (
    "processed/movies", *(f"synthetic/{name}" for name in ("media_details", "people", "credits", "influences"))
)  # fmt: skip


def media_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of what is made up about movies."""
    return [*_details(), *_people(), *_credits(), *_influences()]


def _everywhere(column: str, value: Any) -> Change:
    """Return what puts a value into every row."""
    return lambda frame: frame.with_columns(pl.Series(column, [value] * len(frame), dtype=frame.schema[column]))


def _with_stranger(column: str, **others: Any) -> Change:
    """Return what adds a copy of the first row with an id that nobody has, and other values where given."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        values = {column: NOBODY, **others}
        copy = frame[:1].with_columns(pl.Series(name, [value], frame.schema[name]) for name, value in values.items())
        return frame.vstack(copy)

    return change


def _details() -> Iterable[Corruption]:
    yield Corruption(DETAILS, "movie_id_known", table(DETAILS, _with_stranger("movie_id", audience_score=None)))
    yield Corruption(DETAILS, "every_movie", table(DETAILS, without_first_row))
    for check, column, value in (
        ("language_is_spoken", "language", "hu"),
        ("rating_suits_genres", "content_rating", "G"),
        ("moods_follow", "moods", ["magical"]),
        ("silent_films_are_silent", "dialogue_density", 0.5),
        ("musicals_have_music", "music_prominence", 0.25),
        ("audience_is_mean", "audience_score", 4.875),
    ):
        yield Corruption(DETAILS, check, table(DETAILS, _everywhere(column, value)))


def _people() -> Iterable[Corruption]:
    yield Corruption(PEOPLE, "names_agree", table(PEOPLE, _everywhere("country", "JP")))


def _credits() -> Iterable[Corruption]:
    yield Corruption(CREDITS, "movie_id_known", table(CREDITS, _with_stranger("movie_id", billing=1)))
    lost = ("everybody_credited",)  # whose only credit it was
    yield Corruption(CREDITS, "person_id_known", table(CREDITS, in_first_row("person_id", NOBODY)), also=lost)
    yield Corruption(CREDITS, "every_movie_directed", table(CREDITS, _without_first_directors), also=lost)
    yield Corruption(CREDITS, "everybody_credited", table(PEOPLE, _with_stranger("person_id")))
    yield Corruption(
        CREDITS, "billing_contiguous", table(CREDITS, lambda frame: frame.with_columns(pl.col("billing") + 1))
    )
    yield Corruption(CREDITS, "plausible_age", table(PEOPLE, _everywhere("born", 2005)))
    yield Corruption(CREDITS, "careers_coherent", table(MOVIES, _genres_at_random))
    yield Corruption(CREDITS, "directed_from_home", table(PEOPLE, _everywhere("country", "JP")))


def _without_first_directors(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter((pl.col("movie_id") != frame["movie_id"][0]) | (pl.col("role") != "director"))


def _genres_at_random(frame: pl.DataFrame) -> pl.DataFrame:
    genres = [[GENRES[row % len(GENRES)]] for row in range(len(frame))]
    return frame.with_columns(pl.Series("genres", genres, frame.schema["genres"]))


def _influences() -> Iterable[Corruption]:
    for end in ("newer_id", "older_id", "person_id"):
        yield Corruption(
            INFLUENCES, f"{end}_known", table(INFLUENCES, in_first_row(end, NOBODY)), also=("director_shared",)
        )
    yield Corruption(INFLUENCES, "older_before_newer", table(MOVIES, _everywhere("year", 1999)))
    yield Corruption(INFLUENCES, "genres_shared", table(INFLUENCES, _everywhere("genres", ["IMAX"])))
    yield Corruption(INFLUENCES, "themes_shared", table(INFLUENCES, _everywhere("themes", ["no such theme"])))
    yield Corruption(INFLUENCES, "themes_named", table(INFLUENCES, _everywhere("themes", [])))
    yield Corruption(
        INFLUENCES,
        "director_shared",
        table(INFLUENCES, lambda frame: _everywhere("person_id", frame["person_id"][0])(frame)),
    )
    six = table(INFLUENCES, lambda frame: pl.concat([frame, *[frame[:1]] * 5]))
    yield Corruption(INFLUENCES, "bounded", six, also=("unique_key",))
