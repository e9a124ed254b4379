"""How long calls take under load: by clients that wait for their answer, and by arrivals that wait for nobody.

Clients that only ask again when they were answered ask less of a system the slower it is, and never see a queue. With
arrivals at a fixed rate, a call's time runs from when it was due, not from when somebody came to make it: a system that
falls behind is charged with the waiting (coordinated omission; Tene, How NOT to Measure Latency, 2015). What does not
belong here: the calls.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np

from tv5_assets.quality.latency import Percentiles

Call = Callable[[], object]


@dataclass(frozen=True)
class Loaded:
    """What was measured under load.

    Attributes:
        times: percentiles of all calls of all clients.
        per_second: calls that were answered in a second.
    """

    times: Percentiles
    per_second: float


def by_clients(calls: Sequence[Call], runs: int, warm_up: int) -> Loaded:
    """Have each client make its call again and again, as soon as it is answered.

    Args:
        calls: one for each client, with a connection of its own.
        runs: measured calls of each client.
        warm_up: calls of each client before, which are not measured.

    Raises:
        Exception: whatever a call raised; a call that fails has no latency.
    """
    begin = threading.Barrier(len(calls))

    def client(call: Call) -> tuple[float, float, list[float]]:
        for _ in range(warm_up):
            call()
        begin.wait()
        times, started = [], time.perf_counter()
        for _ in range(runs):
            asked = time.perf_counter()
            call()
            times.append(time.perf_counter() - asked)
        return started, time.perf_counter(), times

    return _gathered(_each(client, calls))


def at_rate(calls: Sequence[Call], per_second: float, seconds: float) -> Loaded:
    """Have calls arrive at a fixed rate, each made by the first client that is free, and time them from when they were
    due.

    Args:
        calls: one for each client, with a connection of its own; they are warm already.
        per_second: arrivals in a second.
        seconds: for how long calls arrive; those that wait then are still made.

    Raises:
        Exception: whatever a call raised.
    """
    arrivals = max(1, round(per_second * seconds))
    numbers, begun = count(), time.perf_counter()  # next() of a count is atomic

    def client(call: Call) -> tuple[float, float, list[float]]:
        times: list[float] = []
        while (number := next(numbers)) < arrivals:
            due = begun + number / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            call()
            times.append(time.perf_counter() - due)
        return begun, time.perf_counter(), times

    return _gathered(_each(client, calls))


_Told = tuple[float, float, list[float]]


def _each(client: Callable[[Call], _Told], calls: Sequence[Call]) -> list[_Told]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(client, calls))


def _gathered(told: Sequence[_Told]) -> Loaded:
    times_ms = 1000 * np.concatenate([np.asarray(times) for _, _, times in told])
    elapsed = max(ended for _, ended, _ in told) - min(started for started, _, _ in told)
    p50, p95, p99 = np.percentile(times_ms, [50, 95, 99]).tolist()
    return Loaded(Percentiles(p50, p95, p99, len(times_ms)), len(times_ms) / max(elapsed, 1e-9))
