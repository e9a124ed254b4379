"""An executed notebook as a page: chapters with all that their cells put out, the code folded away, one file."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tv5_assets.errors import InputError
from tv5_assets.reports.blocks import Figures, Plot, Rows
from tv5_assets.reports.chapters import page_of
from tv5_assets.reports.draw import bars
from tv5_assets_tests.reports.test_page import SAMPLE, Read

PNG = bars({"a": 1}, "rows")


def shown(*blocks) -> list:
    return [new_output("display_data", data=block._repr_mimebundle_()) for block in blocks]


NOTEBOOK = new_notebook(
    cells=[
        new_markdown_cell("# A <title>\nWhat it is\nabout.\n## One & only\nSome **words**, and <b>no markup</b>."),
        new_code_cell("import os", outputs=shown(Plot("A", "See.", PNG), Plot("B", "See & wonder.", PNG, wide=True))),
        new_code_cell('"<code>"', outputs=shown(Rows("Some", SAMPLE), Figures({"of rows": 1_234, "mean": 0.25}))),
        new_markdown_cell("## The second"),
        new_code_cell(
            "", outputs=[new_output("stream", text="a < b\n"), new_output("execute_result", data={"text/plain": "'x'"})]
        ),
        new_code_cell("", outputs=shown(Figures({"of rows": 5, "name": "n", "of two": 2}))),
        new_code_cell(
            "plot()", outputs=[new_output("display_data", data={"image/png": "aGk=\n", "text/plain": "<Figure>"})]
        ),
    ]
)
PAGE = page_of(NOTEBOOK)


def test_a_notebook_is_a_page_of_its_chapters():
    assert (PAGE.title, PAGE.about) == ("A <title>", "What it is about.")
    assert [(chapter.key, chapter.pictures) for chapter in PAGE.sections] == [("one_only", 2), ("the_second", 1)]
    assert PAGE.figures == {"of_rows": 5, "mean": 0.25, "name": "n", "of_two": 2}


def test_it_is_one_well_formed_file_that_needs_no_other():
    read = Read(PAGE.as_html())
    assert not read.open
    assert not {tag for tag, _ in read.tags} & {"script", "link", "iframe", "b", "code", "title>"}
    assert all(
        (attrs.get("src") or "data:").startswith("data:") and (attrs.get("href") or "#").startswith("#")
        for _, attrs in read.tags
    )
    assert "http" not in PAGE.as_html()


def test_everything_is_on_it():
    read = Read(PAGE.as_html())
    for words in (
        "One & only",
        "Some words, and <b>no markup</b>.",
        "See & wonder.",
        "1,234",
        "a < b",
        "'x'",
        '"<code>"',
    ):
        assert words in read.text
    assert [attrs["class"] for tag, attrs in read.tags if attrs.get("class") in ("plots", "tables", "wide")] == [
        "plots", "wide", "tables", "plots",
    ]  # fmt: skip
    assert [attrs["value"] for tag, attrs in read.tags if tag == "data"] == ["1234", "0.25", "5", "n", "2"]


def test_markdown_has_the_same_without_the_code():
    first, second = (chapter.as_markdown() for chapter in PAGE.sections)
    assert first.startswith("Some **words**, and <b>no markup</b>.\n\n**A**\n\n![A](data:image/png;base64,")
    assert "| text | share | day | list |\n| --- | --: | --- | --- |\n| <b>& | 0.3333 | 2020-01-02 |" in first
    assert first.endswith("**1,234** of rows · **0.25** mean")
    assert second.startswith("```\na < b\n```\n\n```\n'x'\n```")
    assert "import os" not in first
    assert "![plot](data:image/png;base64,aGk=)" in second


def test_what_is_no_page_is_an_error():
    with pytest.raises(InputError, match="begins with a cell of Markdown with its title"):
        page_of(new_notebook(cells=[new_markdown_cell("## A chapter")]))
    with pytest.raises(InputError, match="two chapters"):
        page_of(new_notebook(cells=[new_markdown_cell("# A\n## Same\n## same")]))
