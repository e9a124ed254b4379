"""Warnings on how fast the stores answer."""

from functools import partial

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.quality import latency
from tv5_assets.quality.verdict import Verdict


def latency_gates() -> list[Gate]:
    """Return the warnings on how fast the stores answer, one per kind of query."""
    return [
        *(
            rule_gate(
                "benchmarks/recommendation",
                f"p99_{answers}",
                f"One client's {answers} recommendations stay under {target:g} ms in 99 of 100 cases.",
                partial(_recommended_fast_enough, answers=answers),
                reads={"measured": "benchmarks/recommendation"},
                warning=True,
            )
            for answers, target in latency.RECOMMENDATION_TARGETS_MS.items()
        ),
        *_latency_gates(),
    ]


def _latency_gates() -> list[Gate]:
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


def _recommended_fast_enough(measured: pl.DataFrame, answers: str) -> Verdict:
    one_client = (pl.col("answers") == answers) & (pl.col("clients") == 1) & pl.col("asked_per_second").is_null()
    row = measured.row(by_predicate=one_client, named=True)
    times = latency.Percentiles(row["p50_ms"], row["p95_ms"], row["p99_ms"], row["runs"])
    return latency.under_target(f"{answers} recommendation", times, latency.RECOMMENDATION_TARGETS_MS[answers])
