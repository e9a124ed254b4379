"""How long a call takes, as percentiles over many runs by one client.

What does not belong here: the calls (retrieval/, stores/).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tv5_assets.quality.verdict import Verdict

TARGETS_MS = {
    "vector_search": 10.0,
    "two_hop_graph": 50.0,
    "two_hop_similar": 50.0,
    "policy_lookup": 5.0,
    "recommendation": 100.0,
}
"""What the 99th percentile of each kind of query should stay under (requirements, performance targets)."""

RECOMMENDATION_TARGETS_MS = {"computed": 100.0, "kept": 5.0}
"""What the 99th percentile of one client's recommendations should stay under, by where they come from."""


@dataclass(frozen=True)
class Percentiles:
    """Times of a call, in milliseconds.

    Attributes:
        p50_ms: median.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
        runs: measured runs, those of the warm-up not included.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float
    runs: int


def measure(call: Callable[[], object], runs: int = 200, warm_up: int = 20) -> Percentiles:
    """Call ``warm_up`` times unmeasured (connections, caches, indexes), then time ``runs`` calls one by one.

    An error of the call is the caller's: a call that fails has no latency.
    """
    for _ in range(warm_up):
        call()
    times_ms = np.empty(runs)
    for run in range(runs):
        started = time.perf_counter_ns()
        call()
        times_ms[run] = (time.perf_counter_ns() - started) / 1e6
    p50, p95, p99 = np.percentile(times_ms, [50, 95, 99]).tolist()
    return Percentiles(p50, p95, p99, runs)


def under_target(query: str, times: Percentiles, target_ms: float) -> Verdict:
    """Hold the 99th percentile under a target."""
    return Verdict(
        passed=times.p99_ms < target_ms,
        facts={
            "p50_ms": times.p50_ms,
            "p95_ms": times.p95_ms,
            "p99_ms": times.p99_ms,
            "target_ms": target_ms,
            "runs": times.runs,
        },
        description=f"{query}: p99 is {times.p99_ms:.2f} ms over {times.runs} runs, target under {target_ms:g} ms",
    )
