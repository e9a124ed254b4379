"""A page of a report: sections with plots and a sentence for each, as one HTML file or as Markdown for the web UI.

What does not belong here: what a section shows (blocks.py), sections made by a notebook (chapters.py), and what is
plotted (world.py).
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from tv5_assets.reports.blocks import Plot, table_as_html

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
figure.wide { grid-column: 1 / -1; }
figure.wide img { max-width: 58rem; margin: 0 auto; }
figure img { width: 100%; height: auto; display: block; }
figcaption { margin-top: .6rem; color: var(--soft); font-size: .9rem; }
.rows { margin-top: 1.2rem; overflow-x: auto; }
summary { cursor: pointer; color: var(--accent); }
table { margin-top: .6rem; border-collapse: collapse; font-size: .82rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.chapter .plots { grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; }
.rows .title { margin: 0; font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; }
.figures div { padding: .7rem 1.1rem; border: 1px solid var(--line); border-radius: .6rem; min-width: 8rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.code { margin-top: 1.2rem; }
.code pre, pre.text { margin: .6rem 0 0; padding: .8rem 1rem; overflow-x: auto; border-radius: .6rem;
  background: #f7f9fa; font: .8rem/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
code { font: .88em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
""".strip()


class Part(Protocol):
    """A part of a page under a heading of its own."""

    @property
    def key(self) -> str:
        """What it is called, in the page's addresses and in the UI."""

    @property
    def pictures(self) -> int:
        """How many plots it has."""

    def as_html(self) -> str:
        """Return it as an HTML section whose id is its key."""

    def as_markdown(self) -> str:
        """Return it for the web UI."""


@dataclass(frozen=True)
class Section:
    """What a page says of one table: how many rows it has, its plots, and its first rows."""

    key: str
    about: str
    rows: int
    plots: Sequence[Plot]
    sample: pl.DataFrame

    @property
    def pictures(self) -> int:
        """How many plots it has."""
        return len(self.plots)

    def as_html(self) -> str:
        """Return the section with its plots, and its first rows folded away."""
        plots = "".join(plot.as_html() for plot in self.plots)
        return (
            f'<section id="{self.key}" data-rows="{self.rows}">\n<h2>{html.escape(_name(self.key))}</h2>\n'
            f"<p>{html.escape(self.about)} <b>{self.rows:,} rows.</b></p>\n"
            f'<div class="plots">\n{plots}</div>\n{_first_rows(self.sample)}</section>\n'
        )

    def as_markdown(self) -> str:
        """Return the section for the web UI: plots, each under its title and over its sentence."""
        return "\n\n".join([f"{self.about} **{self.rows:,} rows.**", *(plot.as_markdown() for plot in self.plots)])


@dataclass(frozen=True)
class Rendered:
    """A page as it is stored and shown.

    Attributes:
        html: all of it as one file that needs no other.
        markdown: each section for the web UI, by the section's key.
        figures: what the UI shows over time, by name; how many plots it has is the first.
    """

    html: str
    markdown: Mapping[str, str]
    figures: Mapping[str, float | int | str]


@dataclass(frozen=True)
class Page:
    """A page: its title, what it is about, its sections, and figures that the UI shows over time."""

    title: str
    about: str
    sections: Sequence[Part]
    figures: Mapping[str, float | int | str] = field(default_factory=dict)

    def rendered(self) -> Rendered:
        """Return the page as it is stored and shown."""
        plots = sum(section.pictures for section in self.sections)
        markdown = {section.key: section.as_markdown() for section in self.sections}
        return Rendered(self.as_html(), markdown, {"plots": plots, **self.figures})

    def as_html(self) -> str:
        """Return the page as one file that needs no other."""
        links = "".join(f'<a href="#{one.key}">{html.escape(_name(one.key))}</a>' for one in self.sections)
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
            f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
            f'<h1>{title}</h1>\n<p class="soft">{html.escape(self.about)}</p>\n<nav>{links}</nav>\n'
            + "".join(section.as_html() for section in self.sections)
            + "</body>\n</html>\n"
        )


def _name(key: str) -> str:
    return key.rpartition("/")[2].replace("_", " ")


def _first_rows(sample: pl.DataFrame) -> str:
    if sample.is_empty():
        return ""
    return f'<details class="rows"><summary>The first {len(sample)} rows</summary>\n{table_as_html(sample)}</details>\n'
