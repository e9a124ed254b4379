"""A page made of an executed notebook: a section for each of its chapters, with its code folded away.

A chapter begins with a heading of the second level. What a cell puts out is shown in the richest form it has; the web
UI shows the same without the code. What does not belong here: running a notebook (notebook.py).
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tv5_assets.errors import InputError
from tv5_assets.reports.blocks import FIGURES, slug
from tv5_assets.reports.page import Page

if TYPE_CHECKING:
    from nbformat import NotebookNode

_HEADING = re.compile(r"^(#{1,2}) +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """What one cell put out, or said in words, in both languages."""

    html: str
    markdown: str


@dataclass(frozen=True)
class Chapter:
    """A chapter of a notebook.

    Attributes:
        title: its heading.
        shown: what it says and puts out, in order.
        code: its cells of code, in order.
    """

    title: str
    shown: list[Shown] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its heading as an identifier."""
        return slug(self.title)

    @property
    def pictures(self) -> int:
        """How many pictures it has."""
        return sum(shown.html.count("<img ") for shown in self.shown)

    def as_html(self) -> str:
        """Return the chapter as an HTML section; plots that follow one another share a grid, and so do tables."""
        parts = []
        for beside, group in groupby(self.shown, lambda shown: _side_by_side(shown.html)):
            text = "".join(shown.html for shown in group)
            parts.append(f'<div class="{beside}">\n{text}</div>\n' if beside else text)
        code = _as_code("\n\n".join(self.code))
        heading = f"<h2>{html.escape(self.title)}</h2>\n"
        return f'<section id="{self.key}" class="chapter">\n{heading}{"".join(parts)}{code}</section>\n'

    def as_markdown(self) -> str:
        """Return the chapter for the web UI, without its heading and its code."""
        return "\n\n".join(shown.markdown for shown in self.shown if shown.markdown)


def _side_by_side(shown: str) -> str:
    """Return the class of what holds such things beside one another, empty for what stands alone."""
    if shown.startswith("<figure"):
        return "plots"
    return "tables" if shown.startswith('<div class="rows"') else ""


def page_of(notebook: "NotebookNode") -> Page:
    """Return an executed notebook as a page.

    Its first heading is the page's title, the words under it are what the page is about. What comes before the first
    chapter, such as imports and parameters, is not shown.

    Raises:
        InputError: the notebook has no title, or two chapters of one name.
    """
    title, about = "", ""
    chapters: list[Chapter] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for level, heading, words in _headed(cell.source):
                if level == 1:
                    title, about = heading, " ".join(words.split())
                    continue
                if level == 2:
                    chapters.append(Chapter(heading))
                if chapters and words:
                    chapters[-1].shown.append(_words(words))
        elif cell.cell_type == "code" and chapters:
            chapters[-1].code.append(cell.source)
            chapters[-1].shown.extend(_put_out(cell.outputs))
    if not title:
        raise InputError("a notebook begins with a cell of Markdown with its title: # Title")
    if len({chapter.key for chapter in chapters}) < len(chapters):
        raise InputError(f"two chapters of the notebook {title!r} have one name")
    return Page(title, about, chapters, _figures(notebook))


def _headed(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the parts of a text by its headings of the first two levels: level, heading, words; 0 for no heading."""
    places = list(_HEADING.finditer(text))
    if before := text[: places[0].start() if places else None].strip():
        yield 0, "", before
    for place, after in zip(places, [*places[1:], None], strict=True):
        yield len(place[1]), place[2].strip(), text[place.end() : after.start() if after else None].strip()


def _put_out(outputs: Iterable[Mapping[str, Any]]) -> Iterator[Shown]:
    for output in outputs:
        if output["output_type"] == "stream":
            yield _plain(output["text"])
        elif "data" in output:
            yield _richest(output["data"])


def _richest(data: Mapping[str, Any]) -> Shown:
    plain = _plain(data.get("text/plain", ""))
    if "image/png" in data:  # a figure of matplotlib itself
        address = f"data:image/png;base64,{''.join(data['image/png'].split())}"
        return Shown(f'<figure><img alt="plot" src="{address}"></figure>\n', f"![plot]({address})")
    if "text/html" in data:
        return Shown(data["text/html"], data.get("text/markdown", plain.markdown))
    if "text/markdown" in data:
        return _words(data["text/markdown"])
    return plain


def _plain(text: str) -> Shown:
    text = text.rstrip()
    return Shown(f'<pre class="text">{html.escape(text)}</pre>\n', f"```\n{text}\n```")


def _words(text: str) -> Shown:
    return Shown(_markdown().render(text), text)


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _as_code(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    if not text:
        return ""
    coloured = highlight(text, PythonLexer(), HtmlFormatter(noclasses=True, nobackground=True, style="friendly"))
    return f'<details class="code"><summary>The code of this section</summary>\n{coloured}</details>\n'


def _figures(notebook: "NotebookNode") -> dict[str, float | int | str]:
    """Return the figures that the notebook's cells show as such, by name."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return {name: value for output in outputs for name, value in output.get("data", {}).get(FIGURES, {}).items()}
