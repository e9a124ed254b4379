"""What is missing from a page, or shows nothing, is found and named."""

import polars as pl
import pytest

from tv5_assets.quality.pages import every_chapter_is_shown, everything_is_shown, ratings_are_quoted
from tv5_assets.reports.draw import bars
from tv5_assets.reports.page import Plot

PICTURE = Plot("A", "B.", bars({"a": 1}, "rows")).uri
BLANK = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="
)


def page(*sections: tuple[str, int, list[str]]) -> str:
    return "".join(
        f'<section id="{key}" data-rows="{rows}">' + "".join(f'<img src="{uri}">' for uri in uris) + "</section>"
        for key, rows, uris in sections
    )


def test_a_whole_page_passes():
    verdict = everything_is_shown(page(("a", 5, [PICTURE, PICTURE]), ("b", 0, [])), ["a", "b"])
    assert verdict.passed
    assert verdict.facts["plots"] == 2


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([("a", 5, [PICTURE])], "b is missing"),
        ([("a", 5, [PICTURE]), ("b", 1, [])], "b has rows and no plot"),
        ([("a", 5, [PICTURE]), ("b", 1, [PICTURE, BLANK])], "b has a plot in which there is nothing"),
        ([("a", 5, [PICTURE]), ("b", 1, ["data:image/png;base64,"])], "b has a plot in which there is nothing"),
        ([("a", 5, [PICTURE]), ("b", 1, ["plot.png"])], "b has a plot in which there is nothing"),
        ([("a", 5, [PICTURE]), ("b", 1, [PICTURE[:600]])], "b has a plot in which there is nothing"),
    ],
)
def test_a_page_that_lacks_something_fails(sections, words):
    verdict = everything_is_shown(page(*sections), ["a", "b"])
    assert not verdict.passed
    assert verdict.description == words


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([("a", 0, [PICTURE]), ("c", 0, []), ("b", 0, [PICTURE])], "every chapter is shown"),
        ([("a", 0, [PICTURE])], "b is missing"),
        ([("a", 0, []), ("b", 0, [PICTURE])], "a has no plot"),
        ([("a", 0, [PICTURE, BLANK]), ("b", 0, [PICTURE])], "a has a plot in which there is nothing"),
    ],
)
def test_every_chapter_that_is_asked_for_has_a_plot(sections, words):
    verdict = every_chapter_is_shown(page(*sections), ["a", "b"])
    assert verdict.passed == (words == "every chapter is shown")
    assert verdict.description == words


@pytest.mark.parametrize(
    ("quoted", "words"),
    [
        ({}, "the page quotes what is there"),
        ({"ratings": 4}, "ratings is 3, the page says 4.0"),
        ({"mean_rating": 3.01}, "mean_rating is 3, the page says 3.01"),
        ({"users": "two"}, "users is 2, the page says None"),
    ],
)
def test_what_a_page_quotes_is_compared_with_the_tables(quoted, words):
    ratings = pl.LazyFrame({"user_id": [1, 1, 2], "movie_id": [1, 2, 2], "rating": [2.0, 4.0, 3.0]})
    right = {"ratings": 3, "users": 2, "rated_movies": 2, "mean_rating": 3.0, "movies": 5}
    text = "".join(f'<data id="figure-{name}" value="{value}">' for name, value in (right | quoted).items())
    verdict = ratings_are_quoted(text, ratings, pl.LazyFrame({"movie_id": range(5)}))
    assert verdict.passed == (not quoted)
    assert verdict.description == words
