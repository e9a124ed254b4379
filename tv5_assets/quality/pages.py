"""Rules on pages: that everything is shown which should be, that pictures show something, that figures are right.

What does not belong here: how a page is made (reports/).
"""

import base64
import binascii
import io
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from html.parser import HTMLParser

import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.verdict import Verdict

_PICTURE = "data:image/png;base64,"


def everything_is_shown(page: str, keys: Iterable[str]) -> Verdict:
    """Ask that a page has a section for each table, with plots where it has rows, and something to see in each plot.

    Args:
        page: HTML, in which the section of a table has its key as ``id`` and its number of rows as ``data-rows``.
        keys: the tables.
    """
    wanted = list(keys)
    sections = _Sections()
    sections.feed(page)
    missing = [key for key in wanted if key not in sections.pictures]
    bare = [key for key, pictures in sections.pictures.items() if sections.rows[key] and not pictures]
    blank = [key for key, pictures in sections.pictures.items() if not all(map(_shows_something, pictures))]
    faults = [
        *(f"{key} is missing" for key in missing),
        *(f"{key} has rows and no plot" for key in bare),
        *(f"{key} has a plot in which there is nothing" for key in blank),
    ]
    return Verdict(
        passed=not faults,
        facts={
            "tables": len(wanted),
            "missing": len(missing),
            "without_plots": len(bare),
            "with_blank_plots": len(blank),
            "plots": sum(map(len, sections.pictures.values())),
        },
        description="; ".join(faults) or "every table is shown",
    )


def every_chapter_is_shown(page: str, chapters: Iterable[str]) -> Verdict:
    """Ask that a page has a section for each chapter, with something to see in each of its plots, of which it has some.

    Args:
        page: HTML, in which a chapter's section has its key as ``id``.
        chapters: the keys.
    """
    wanted = list(chapters)
    sections = _Sections()
    sections.feed(page)
    missing = [key for key in wanted if key not in sections.pictures]
    bare = [key for key in wanted if key in sections.pictures and not sections.pictures[key]]
    blank = [key for key, pictures in sections.pictures.items() if not all(map(_shows_something, pictures))]
    faults = [
        *(f"{key} is missing" for key in missing),
        *(f"{key} has no plot" for key in bare),
        *(f"{key} has a plot in which there is nothing" for key in blank),
    ]
    return Verdict(
        passed=not faults,
        facts={
            "chapters": len(wanted),
            "missing": len(missing),
            "without_plots": len(bare),
            "with_blank_plots": len(blank),
            "plots": sum(map(len, sections.pictures.values())),
        },
        description="; ".join(faults) or "every chapter is shown",
    )


def ratings_are_quoted(page: str, ratings: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    """Ask that the figures a page quotes are those of the ratings and movies as they are now."""
    of_ratings = ratings.select(
        ratings=pl.len(),
        users=pl.col("user_id").n_unique(),
        rated_movies=pl.col("movie_id").n_unique(),
        mean_rating=pl.col("rating").cast(pl.Float64).mean(),
    ).collect(engine="streaming")
    catalogue = movies.select(movies=pl.len()).collect(engine="streaming")
    return _quotes(page, {**of_ratings.row(0, named=True), **catalogue.row(0, named=True)})


def vectors_are_quoted(page: str, movies: Vectors, users: Vectors) -> Verdict:
    """Ask that the figures a page quotes are those of the vectors as they are now."""
    return _quotes(page, {"movie_vectors": len(movies), "user_vectors": len(users), "dimensions": movies.dimension})


def _quotes(page: str, expected: Mapping[str, float]) -> Verdict:
    """Ask that a page has each figure, as ``<data id="figure-NAME" value=...>``, with its value to four digits."""
    sections = _Sections()
    sections.feed(page)
    wrong = {
        name: sections.figures.get(name)
        for name, value in expected.items()
        if not math.isclose(sections.figures.get(name, math.nan), value, rel_tol=1e-4)
    }
    return Verdict(
        passed=not wrong,
        facts={"figures": len(expected), "wrong": len(wrong), **expected},
        description="; ".join(f"{name} is {expected[name]:g}, the page says {quoted}" for name, quoted in wrong.items())
        or "the page quotes what is there",
    )


class _Sections(HTMLParser):
    """Collects the addresses of the pictures in each section, its number of rows, and the figures that are numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}
        self.figures: dict[str, float] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "section" and (key := given.get("id")):
            self.pictures[key] = []
            self.rows[key] = int(given.get("data-rows") or 0)
        if tag == "img" and self.pictures:
            next(reversed(self.pictures.values())).append(given.get("src") or "")
        if tag == "data" and (name := given.get("id")):
            with suppress(ValueError):  # a name or a date
                self.figures[name.removeprefix("figure-")] = float(given.get("value") or "")


def _shows_something(address: str) -> bool:
    """Tell whether an address holds a PNG image of more than one colour."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(_PICTURE), validate=True))).convert("L")
    except (binascii.Error, UnidentifiedImageError):
        return False
    darkest, lightest = image.getextrema()
    return darkest != lightest
