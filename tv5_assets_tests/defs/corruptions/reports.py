"""Corruptions for the gates of reports and benchmarks."""

import polars as pl

from tv5_assets.quality.latency import TARGETS_MS
from tv5_assets_tests.defs.corruptions.corruption import Corruption, in_first_row, table


def report_corruptions() -> list[Corruption]:
    """Return corruptions for the gate over all stores."""
    report = "reports/reconciliation"
    return [
        Corruption(report, "reconciled", table(report, in_first_row(column, 1)), name=column)
        for column in ("store_rows", "missing_ids", "surplus_ids", "differing")
    ]


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
    ]
