"""The page on a small world: every table is on it in plots, and stays small enough for the web UI."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dataframely as dy
import polars as pl
import pytest

from tv5_assets.quality.pages import everything_is_shown
from tv5_assets.reports import world
from tv5_assets.reports.page import Page
from tv5_assets.reports.world import MOVIES, RATINGS, synthetic_tables, world_page
from tv5_assets.synthetic.catalog.items import items
from tv5_assets.tables.catalog import DECLARATION
from tv5_assets.tables.media import Influences
from tv5_assets.tables.processed import Movies, Ratings
from tv5_assets.tables.table import all_tables, polars_schema

ROWS = 40
IDS = range(1, ROWS + 1)
DAYS = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days) for days in IDS]
SAME = {
    "user_id": IDS,
    "timezone": ["Europe/Paris"] * ROWS,
    "movie_id": IDS,
    "rating_row": IDS,
    "scope": ["global"] * ROWS,
    "rank": IDS,
}
"""Columns by which tables belong together, and places that are shown."""
RATED = {
    "user_id": IDS,
    "movie_id": IDS,
    "rating": [0.5 + row % 10 / 2 for row in range(ROWS)],
    "rated_at": None,
    "time_of_day": "evening",
    "day_of_week": "Sat",
    "row": range(ROWS),
}
INFLUENCED = {
    "newer_id": IDS,
    "older_id": IDS[::-1],
    "person_id": 1,
    "genres": [["Drama"]] * ROWS,
    "themes": [[]] * ROWS,
    "strength": [0.5 + row / 100 for row in range(ROWS)],
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.LazyFrame]:
    """Made rows of every table, of the same movies."""
    made = {
        RATINGS: pl.DataFrame(RATED, schema=polars_schema(Ratings), strict=False),
        "synthetic/influences": pl.DataFrame(INFLUENCED, schema=polars_schema(Influences), strict=False),
        "synthetic/catalog": items(DECLARATION, ROWS, seed=1).collect(),
    }
    for key, table in {MOVIES: Movies, **synthetic_tables()}.items():
        if key not in made:
            types = polars_schema(table)
            same: dict[str, Any] = {column: values for column, values in SAME.items() if column in types}
            same |= {column: DAYS for column, dtype in types.items() if dtype.is_temporal()}
            made[key] = table.sample(ROWS, overrides=same or None, generator=dy.random.Generator(seed=0))
    return {key: frame.lazy() for key, frame in made.items()}


@pytest.fixture(scope="module")
def page(tables: dict[str, pl.LazyFrame]) -> Page:
    return world_page(tables, "a made set")


def test_every_synthetic_table_is_shown(tables: dict[str, pl.LazyFrame], page: Page):
    assert [section.key for section in page.sections] == list(synthetic_tables())
    for section in page.sections:
        assert section.rows == ROWS
        assert section.plots, section.key
        assert len({plot.title for plot in section.plots}) == len(section.plots)
        assert all(plot.words.endswith(".") for plot in section.plots)
    assert everything_is_shown(page.as_html(), synthetic_tables()).passed


def test_it_is_small_enough_for_the_web_ui(page: Page):
    assert max(len(plot.uri) for section in page.sections for plot in section.plots) < 60_000
    assert sum(len(section.as_markdown()) for section in page.sections) < 600_000


def test_a_world_of_nothing_is_a_page_without_plots():
    tables = {key: table.create_empty().lazy() for key, table in all_tables().items()}
    page = world_page(tables, "nothing")
    assert all(not section.rows and not section.plots for section in page.sections)
    assert everything_is_shown(page.as_html(), synthetic_tables()).passed


def test_a_table_without_plots_of_its_own_gets_a_profile(
    monkeypatch: pytest.MonkeyPatch, tables: dict[str, pl.LazyFrame]
):
    keys = ("synthetic/contexts", "synthetic/platforms")
    monkeypatch.setattr(world, "_PLOTS", {})
    monkeypatch.setattr(world, "synthetic_tables", lambda: {key: all_tables()[key] for key in keys})
    contexts_, platforms_ = world_page(tables, "a made set").sections
    assert [plot.title for plot in contexts_.plots] == ["Season", "Day of week", "Time of day", "Is holiday"]
    assert [plot.title for plot in platforms_.plots] == ["Availability type", "Region", "Currency", "Price"]
