"""A page of a report: sections with plots and a sentence for each, as one HTML file or as Markdown for the web UI.

What does not belong here: how a plot is drawn (draw.py) and what is plotted (world.py).
"""

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

_LONGEST_CELL = 90
_STYLE = """
:root { --ink: #1f2933; --soft: #616e7c; --line: #e4e7eb; --accent: #1d5b79; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.5rem 5rem; color: var(--ink); background: #fff;
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { margin: 0 0 .3rem; font-size: 2rem; letter-spacing: -.01em; }
h2 { margin: 0 0 .3rem; font-size: 1.35rem; }
p { margin: .3rem 0 1rem; max-width: 60rem; }
.soft { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .4rem; margin: 1.4rem 0 0; }
nav a { padding: .25rem .75rem; border: 1px solid var(--line); border-radius: 999px; color: var(--accent);
  text-decoration: none; font-size: .9rem; }
nav a:hover { background: #f1f5f8; }
section { margin-top: 2.6rem; padding-top: 1.8rem; border-top: 1px solid var(--line); }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(23rem, 1fr)); gap: 1.4rem; }
figure { margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: .6rem; }
figure h3 { margin: 0 0 .5rem; font-size: 1rem; }
figure img { width: 100%; height: auto; display: block; }
figcaption { margin-top: .6rem; color: var(--soft); font-size: .9rem; }
.rows { margin-top: 1.2rem; overflow-x: auto; }
summary { cursor: pointer; color: var(--accent); }
table { margin-top: .6rem; border-collapse: collapse; font-size: .82rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
""".strip()


@dataclass(frozen=True)
class Plot:
    """A picture with its title and the sentence that says what to see in it.

    Attributes:
        title: a few words.
        words: one sentence.
        png: the picture.
    """

    title: str
    words: str
    png: bytes

    @property
    def uri(self) -> str:
        """The picture as an address that holds it."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Section:
    """What a page says of one table: how many rows it has, its plots, and its first rows."""

    key: str
    about: str
    rows: int
    plots: Sequence[Plot]
    sample: pl.DataFrame

    def as_markdown(self) -> str:
        """Return the section for the web UI: plots, each under its title and over its sentence."""
        plots = (f"**{plot.title}**\n\n![{plot.title}]({plot.uri})\n\n{plot.words}" for plot in self.plots)
        return "\n\n".join([f"{self.about} **{self.rows:,} rows.**", *plots])


@dataclass(frozen=True)
class Page:
    """A page: its title, what it is about, and its sections."""

    title: str
    about: str
    sections: Sequence[Section]

    def as_html(self) -> str:
        """Return the page as one file that needs no other."""
        links = "".join(f'<a href="#{one.key}">{html.escape(_name(one.key))}</a>' for one in self.sections)
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
            f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
            f'<h1>{title}</h1>\n<p class="soft">{html.escape(self.about)}</p>\n<nav>{links}</nav>\n'
            + "".join(map(_section, self.sections))
            + "</body>\n</html>\n"
        )


def _name(key: str) -> str:
    return key.rpartition("/")[2].replace("_", " ")


def _section(section: Section) -> str:
    plots = "".join(
        f'<figure><h3>{html.escape(plot.title)}</h3><img alt="{html.escape(plot.title)}" src="{plot.uri}">'
        f"<figcaption>{html.escape(plot.words)}</figcaption></figure>\n"
        for plot in section.plots
    )
    return (
        f'<section id="{section.key}" data-rows="{section.rows}">\n<h2>{html.escape(_name(section.key))}</h2>\n'
        f"<p>{html.escape(section.about)} <b>{section.rows:,} rows.</b></p>\n"
        f'<div class="plots">\n{plots}</div>\n{_rows(section.sample)}</section>\n'
    )


def _rows(sample: pl.DataFrame) -> str:
    if sample.is_empty():
        return ""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in sample.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>\n" for row in sample.rows()
    )
    return (
        f'<details class="rows"><summary>The first {len(sample)} rows</summary>\n'
        f"<table><tr>{head}</tr>\n{body}</table></details>\n"
    )


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
