"""Warnings on how fast the stores answer."""

from functools import partial

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.quality import latency
from tv5_assets.quality.verdict import Verdict


def latency_gates() -> list[Gate]:
    """Return the warnings on how fast the stores answer, one per kind of query."""
    return [
        rule_gate(
            "benchmarks/latency",
            f"p99_{query}",
            f"The 99th percentile of {query.replace('_', ' ')} stays under {target:g} ms.",
            partial(_fast_enough, query=query),
            reads={"measured": "benchmarks/latency"},
            warning=True,
        )
        for query, target in latency.TARGETS_MS.items()
    ]


def _fast_enough(measured: pl.DataFrame, query: str) -> Verdict:
    row = measured.row(by_predicate=pl.col("query") == query, named=True)
    times = latency.Percentiles(row["p50_ms"], row["p95_ms"], row["p99_ms"], row["runs"])
    return latency.under_target(query, times, row["target_ms"])
