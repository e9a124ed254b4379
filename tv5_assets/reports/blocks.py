"""What pages are made of: plots, rows and figures, each as HTML, as Markdown, and as Jupyter shows it.

What does not belong here: how a plot is drawn (draw.py) and how blocks make a page (page.py, chapters.py).
"""

import base64
import html
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

_LONGEST_CELL = 90

FIGURES = "application/vnd.tv5.figures+json"
"""Media type of figures as values, beside their text."""


class Block(ABC):
    """Something that a page shows."""

    @abstractmethod
    def as_html(self) -> str:
        """Return the block as HTML that needs no other file."""

    @abstractmethod
    def as_markdown(self) -> str:
        """Return the block as Markdown for the web UI."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show the block in a notebook."""
        return {"text/html": self.as_html(), "text/markdown": self.as_markdown()}


@dataclass(frozen=True)
class Plot(Block):
    """A picture with its title and the sentence that says what to see in it.

    Attributes:
        title: a few words.
        words: one sentence.
        png: the picture; empty where there is nothing to draw, and then the sentence stands alone.
        wide: it has a row of its own.
    """

    title: str
    words: str
    png: bytes
    wide: bool = False

    @property
    def uri(self) -> str:
        """The picture as an address that holds it."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"

    def as_html(self) -> str:
        """Return a figure with its caption."""
        title = html.escape(self.title)
        picture = f'<img alt="{title}" src="{self.uri}">' if self.png else "<p>There is nothing to draw.</p>"
        return (
            f"<figure{' class=wide' if self.wide else ''}><h3>{title}</h3>{picture}"
            f"<figcaption>{html.escape(self.words)}</figcaption></figure>\n"
        )

    def as_markdown(self) -> str:
        """Return the picture under its title and over its sentence."""
        picture = f"![{self.title}]({self.uri})\n\n" if self.png else ""
        return f"**{self.title}**\n\n{picture}{self.words}"


@dataclass(frozen=True)
class Rows(Block):
    """A small table with its title."""

    title: str
    frame: pl.DataFrame

    def as_html(self) -> str:
        """Return a table with its caption; numbers stand to the right."""
        return f'<div class="rows"><p class="title">{html.escape(self.title)}</p>\n{table_as_html(self.frame)}</div>\n'

    def as_markdown(self) -> str:
        """Return a table under its title."""
        lines = [self.frame.columns, ["--:" if dtype.is_numeric() else "---" for dtype in self.frame.dtypes]]
        lines += [[_cell(value).replace("|", "\\|") for value in row] for row in self.frame.rows()]
        return f"**{self.title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class Figures(Block):
    """Numbers and names that sum something up, by what they are."""

    values: Mapping[str, float | int | str]

    def as_html(self) -> str:
        """Return a list in which each value stands, exact, beside its text."""
        items = (
            f"<div><dt>{html.escape(name)}</dt>"
            f'<dd><data class="figure" id="figure-{slug(name)}" value="{html.escape(str(value))}">'
            f"{html.escape(_figure(value))}</data></dd></div>"
            for name, value in self.values.items()
        )
        return f'<dl class="figures">{"".join(items)}</dl>\n'

    def as_markdown(self) -> str:
        """Return a line of values, each with its name."""
        return " · ".join(f"**{_figure(value)}** {name}" for name, value in self.values.items())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {**super()._repr_mimebundle_(), FIGURES: {slug(name): value for name, value in self.values.items()}}


def slug(words: str) -> str:
    """Return words as an identifier: lower case, joined by ``_``."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in words.lower()).split())


def table_as_html(frame: pl.DataFrame) -> str:
    """Return rows as a table of HTML; long cells are cut."""
    right = [' class="number"' if dtype.is_numeric() else "" for dtype in frame.dtypes]
    head = "".join(f"<th{side}>{html.escape(name)}</th>" for name, side in zip(frame.columns, right, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{side}>{html.escape(_cell(value))}</td>" for value, side in zip(row, right, strict=True))
        + "</tr>\n"
        for row in frame.rows()
    )
    return f"<table><tr>{head}</tr>\n{body}</table>"


def _figure(value: float | int | str) -> str:
    match value:
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return value


def _cell(value: Any) -> str:
    match value:
        case None:
            text = ""
        case float():
            text = f"{value:.4g}"
        case date():
            text = value.isoformat()
        case list() | dict():
            text = json.dumps(value, ensure_ascii=False, default=str)
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"
