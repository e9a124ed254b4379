"""Corruptions for the gates of reports and benchmarks."""

import re
from collections.abc import Callable

import polars as pl

from tv5_assets.quality.latency import RECOMMENDATION_TARGETS_MS, TARGETS_MS
from tv5_assets_tests.defs.corruptions.corruption import Corrupt, Corruption, in_first_row, table
from tv5_assets_tests.defs.platform import Platform


def report_corruptions() -> list[Corruption]:
    """Return corruptions for the gate over all stores, and for those of pages."""
    report, world = "reports/reconciliation", "reports/world"
    return [
        *(
            Corruption(report, "reconciled", table(report, in_first_row(column, 1)), name=column)
            for column in ("store_rows", "missing_ids", "surplus_ids", "differing")
        ),
        Corruption(
            world,
            "every_table_shown",
            _page(world, lambda text: text.replace('<section id="synthetic/users"', "<section")),
            name="a table is missing",
        ),
        Corruption(
            world,
            "every_table_shown",
            _page(world, lambda text: re.sub(r"base64,[^\"]+", "base64,", text, count=1)),
            name="a plot is empty",
        ),
        *_notebook("reports/eda", "sparsity", "ratings"),
        *_notebook("reports/embeddings", "cold_start", "movie_vectors"),
    ]


def _notebook(asset: str, chapter: str, figure: str) -> list[Corruption]:
    """Return corruptions for the gates of a page made of a notebook."""
    shown = "every_chapter_shown"
    return [
        Corruption(
            asset,
            shown,
            _page(asset, lambda text: text.replace(f'<section id="{chapter}"', "<section")),
            name="a chapter is missing",
        ),
        Corruption(
            asset,
            shown,
            _page(asset, lambda text: re.sub(r"base64,[^\"]+", "base64,", text, count=1)),
            name="a plot is empty",
        ),
        Corruption(
            asset,
            "figures_agree",
            _page(asset, lambda text: re.sub(rf'(id="figure-{figure}" value=)"\d+"', r'\1"17"', text)),
            name="a figure is wrong",
        ),
    ]


def _page(asset: str, change: Callable[[str], str]) -> Corrupt:
    """Return what rewrites a page."""

    def corrupt(platform: Platform) -> None:
        platform.put_page(asset, change(platform.page(asset)))

    return corrupt


def slow_queries() -> list[Corruption]:
    """Return corruptions for the gates that only warn."""
    return [
        Corruption(
            "benchmarks/latency",
            f"p99_{query}",
            table(
                "benchmarks/latency",
                lambda frame, query=query: frame.with_columns(
                    p99_ms=pl.when(pl.col("query") == query).then(60_000.0).otherwise("p99_ms")
                ),
            ),
        )
        for query in TARGETS_MS
    ] + [
        Corruption(
            "benchmarks/recommendation",
            f"p99_{answers}",
            table(
                "benchmarks/recommendation",
                lambda frame, answers=answers: frame.with_columns(
                    p99_ms=pl.when(pl.col("answers") == answers).then(60_000.0).otherwise("p99_ms")
                ),
            ),
        )
        for answers in RECOMMENDATION_TARGETS_MS
    ]
