"""What is missing from a page, or shows nothing, is found and named."""

import pytest

from tv5_assets.quality.pages import everything_is_shown
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
