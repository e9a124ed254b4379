import polars as pl
import pytest

from tv5_assets.quality.subtitles import (
    LEAST_DISTINCT,
    arcs_follow_genres,
    harder_in_documentaries,
    lines_of_subtitles,
    lines_within,
    mostly_distinct,
)
from tv5_assets.tables.subtitles import ARC_POINTS

MOVIES = pl.LazyFrame({"movie_id": [1, 2, 3], "genres": [["Documentary"], ["Action"], ["Documentary", "Action"]]})


def complexity(**of: float) -> pl.LazyFrame:
    ids = {"documentary": 1, "action": 2, "both": 3}
    return pl.LazyFrame({"movie_id": [ids[name] for name in of], "vocabulary_complexity": list(of.values())})


@pytest.mark.parametrize(
    ("of", "passed"),
    [
        ({"documentary": 0.8, "action": 0.4}, True),
        ({"documentary": 0.4, "action": 0.8}, False),
        ({"documentary": 0.5, "action": 0.5}, False),
        ({"documentary": 0.4, "both": 0.9}, True),  # a movie that is both counts for neither
        ({"action": 0.9}, True),
    ],
)
def test_documentaries_are_harder_where_there_is_anything_to_compare(of: dict[str, float], passed: bool) -> None:
    verdict = harder_in_documentaries(complexity(**of), MOVIES)
    assert verdict.passed is passed
    assert verdict.facts


@pytest.mark.parametrize(("genre", "rises"), [("Comedy", True), ("Drama", False)])
def test_arcs_rise_in_comedies_and_fall_in_dramas(genre: str, rises: bool) -> None:
    up = [point / 10 for point in range(ARC_POINTS)]
    movies = pl.LazyFrame({"movie_id": [1], "genres": [[genre]]})
    for arc, rising in ((up, True), (up[::-1], False)):
        subtitles = pl.LazyFrame(
            {"movie_id": [1], "sentiment_arc": [arc]}, schema_overrides={"sentiment_arc": pl.Array(pl.Float64, 10)}
        )
        assert arcs_follow_genres(subtitles, movies).passed is (rising is rises)


def test_lines_belong_to_the_movie_its_languages_and_its_topics() -> None:
    subtitles = pl.LazyFrame({"movie_id": [1, 1], "language": ["en", "fr"], "key_topics": [["love"], ["love"]]})
    details = pl.LazyFrame({"movie_id": [1], "duration_minutes": [2]})
    lines = pl.LazyFrame(
        {
            "movie_id": [1, 1, 1],
            "language": ["en", "de", "fr"],
            "topics": [["love"], ["love"], ["war"]],
            "end_ms": [120_000, 120_001, 5],
        }
    )
    verdicts = lines_of_subtitles(lines, subtitles)
    assert verdicts["language_offered"].facts == {"rows": 3, "elsewhere": 1}
    assert verdicts["topics_of_movie"].facts == {"rows": 3, "off_topic": 1}
    assert lines_within(lines, details).facts == {"rows": 3, "late": 1}
    assert lines_within(lines.filter(pl.col("end_ms") <= 120_000), details).passed


def test_lines_that_repeat_too_much_are_found() -> None:
    few = round(100 * LEAST_DISTINCT)
    assert mostly_distinct(pl.LazyFrame({"text": [str(number % few) for number in range(100)]})).passed
    assert not mostly_distinct(pl.LazyFrame({"text": [str(number % (few - 1)) for number in range(100)]})).passed
    assert not mostly_distinct(pl.LazyFrame({"text": []}, schema={"text": pl.String})).passed
