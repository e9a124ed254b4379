"""What benchmarks share: how sides are timed and compared. What does not belong here: what is measured."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tv5_assets.bench import Measurement


def measurement(
    name: str, seconds: float, bare_seconds: float, target_ratio: float | None, peak: float | None = None
) -> Measurement:
    """Return a measurement with its ratio.

    Args:
        name: of what was measured.
        seconds: of our side.
        bare_seconds: of the bare one.
        target_ratio: the bar for the ratio of the two; None where there is none.
        peak: memory in MB; None for the most that this process has had.
    """
    return Measurement(
        name=name,
        seconds=seconds,
        bare_seconds=bare_seconds,
        ratio=seconds / bare_seconds,
        target_ratio=target_ratio,
        peak_mb=peak_mb() if peak is None else peak,
    )


def best_in_turn(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the best seconds of each side, measured in turn, since other work on the machine comes and goes."""
    seconds = {side: float("inf") for side in sides}
    for _ in range(rounds):
        for side, call in sides.items():
            seconds[side] = min(seconds[side], seconds_of(call))
    return seconds


def seconds_of(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def peak_mb() -> float:
    """Return the most memory that this process has had, in MB.

    Linux counts it from the start of the program; getrusage's figure begins with what the parent process had.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


class StepsRun(NamedTuple):
    """The steps of one side, run one after the other in a process of their own."""

    seconds: dict[str, float]
    peak_mb: float

    @property
    def total(self) -> float:
        """The seconds of all steps together."""
        return sum(self.seconds.values())


def timed(steps: Mapping[str, Callable[[], object]]) -> StepsRun:
    """Run steps in this process."""
    return StepsRun({name: seconds_of(step) for name, step in steps.items()}, peak_mb())


def timed_elsewhere(module: str, *arguments: str) -> StepsRun:
    """Return what a benchmark's module prints when it is run, in a process of its own, as JSON of a StepsRun."""
    done = subprocess.run(  # noqa: S603  one of our own modules
        [sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return StepsRun(*json.loads(done.stdout.splitlines()[-1]))


def compared(prefix: str, ours: Sequence[StepsRun], bare: Sequence[StepsRun], target_ratio: float) -> list[Measurement]:
    """Return a line for each step that both sides have and one of all together, which alone has the target; the best
    run of each side counts.
    """
    best, best_bare = (min(runs, key=lambda run: run.total) for runs in (ours, bare))
    pairs = {
        name: (seconds, best_bare.seconds[name]) for name, seconds in best.seconds.items() if name in best_bare.seconds
    }
    peak = max(run.peak_mb for run in ours)
    return [
        *(measurement(f"{prefix}/{name}", *pair, target_ratio=None, peak=peak) for name, pair in pairs.items()),
        measurement(f"{prefix}/all", best.total, best_bare.total, target_ratio, peak),
    ]
