"""A page as HTML and as Markdown: all that is said is on it, and nothing on it is taken for markup."""

from datetime import date
from html.parser import HTMLParser

import polars as pl

from tv5_assets.reports.draw import bars
from tv5_assets.reports.page import Page, Plot, Section

PNG = bars({"a": 1}, "rows")
SAMPLE = pl.DataFrame(
    {"text": ["<b>&", "x" * 200], "share": [1 / 3, None], "day": [date(2020, 1, 2)] * 2, "list": [["é"], []]}
)
PAGE = Page(
    "A <title>",
    "What it is about & more.",
    [
        Section("synthetic/users", "Who.", 1_234, [Plot("How <many>", "See & wonder.", PNG)], SAMPLE),
        Section("synthetic/nothing", "What is not.", 0, [], SAMPLE.clear()),
    ],
)


class Read(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_page_is_one_well_formed_file_that_needs_no_other():
    read = Read(PAGE.as_html())
    assert not read.open
    assert not {tag for tag, _ in read.tags} & {"script", "link", "iframe", "b<", "title>"}
    assert all(
        (attrs.get("src") or "data:").startswith("data:") and (attrs.get("href") or "#").startswith("#")
        for _, attrs in read.tags
    )


def test_everything_is_on_it():
    read = Read(PAGE.as_html())
    sections = {attrs["id"]: attrs["data-rows"] for tag, attrs in read.tags if tag == "section"}
    assert sections == {"synthetic/users": "1234", "synthetic/nothing": "0"}
    assert [attrs["src"] for tag, attrs in read.tags if tag == "img"] == [PAGE.sections[0].plots[0].uri]
    for words in ("A <title>", "What it is about & more.", "Who.", "1,234 rows.", "How <many>", "See & wonder."):
        assert words in read.text
    for cell in ("<b>&", "x" * 89 + "…", "0.3333", "2020-01-02", '["é"]'):
        assert cell in read.text


def test_markdown_shows_the_plots():
    text = PAGE.sections[0].as_markdown()
    assert text.startswith("Who. **1,234 rows.**")
    assert f"![How <many>]({PAGE.sections[0].plots[0].uri})" in text
    assert "See & wonder." in text
