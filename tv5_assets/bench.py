"""``tv5 bench``: have the benchmarks of a checkout run, on a set of the size asked for.

What does not belong here: what is measured and how (benchmarks/, beside the package).
"""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tv5_assets.errors import InputError
from tv5_assets.movielens.simulate import simulate

logger = logging.getLogger(__name__)

BENCHMARKS = (
    *("raw_to_processed", "features", "generators", "postgres_loads", "redis_load", "encoding", "evaluation"),
    *("training", "user_vectors", "similarity", "milvus_load", "graph_load"),
)
"""Modules of benchmarks/, in the order in which they run."""
ML_25M_RATINGS = 25_000_095
QUICK_RATINGS = 1_000_000

_CHECKOUT = Path(__file__).resolve().parent.parent
_RATINGS_PER_USER = ML_25M_RATINGS / 162_541
_RATINGS_PER_MOVIE = ML_25M_RATINGS / 62_423
_SEED = 42


@dataclass(frozen=True)
class Measurement:
    """One measurement as a ratio to the bare library call; ``target_ratio`` is the bar, None where there is none."""

    name: str
    seconds: float
    bare_seconds: float
    ratio: float
    target_ratio: float | None
    peak_mb: float

    @property
    def missed(self) -> bool:
        """Whether the ratio is above its bar."""
        return self.target_ratio is not None and self.ratio > self.target_ratio


@dataclass(frozen=True)
class SpeedUp:
    """How much faster a generator is than a plain loop over rows, which is measured on a sample in the same run.

    ``speed_up`` is the ratio of the two rates; ``target_speed_up`` is the bar, None where there is none.
    """

    name: str
    rows: int
    rows_per_second: float
    loop_rows: int
    loop_rows_per_second: float
    speed_up: float
    target_speed_up: float | None
    peak_mb: float

    @property
    def missed(self) -> bool:
        """Whether the speed-up is below its bar."""
        return self.target_speed_up is not None and self.speed_up < self.target_speed_up


@dataclass(frozen=True)
class Benched:
    """What benchmarks came to.

    Attributes:
        measured: in the order in which they ran.
        failures: a sentence for each benchmark that could not be run to its end.
    """

    measured: list[Measurement | SpeedUp]
    failures: list[str]


def bench(home: Path, ratings: int, raw: Path | None = None, only: Sequence[str] = ()) -> Benched:
    """Run benchmarks, each in a process of its own, and return what was measured; one that fails stops no other.

    Args:
        home: folder in which a set is simulated where none is given; it is kept for the next time.
        ratings: size of the made data.
        raw: folder of a set to parse.
        only: which of BENCHMARKS; none means all.

    Raises:
        InputError: the package does not lie in a checkout, there is no set in ``raw``, or no such benchmark.
    """
    if not (_CHECKOUT / "benchmarks" / "__main__.py").is_file():
        raise InputError("`tv5 bench` runs from a checkout of the project, since benchmarks/ is not installed with it")
    if unknown := [name for name in only if name not in BENCHMARKS]:
        raise InputError(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    if raw is None:
        raw = home / "bench" / str(ratings)
        if not raw.is_dir():
            users, movies = (max(20, round(ratings / per)) for per in (_RATINGS_PER_USER, _RATINGS_PER_MOVIE))
            simulate(raw, users=users, movies=movies, ratings=ratings, seed=_SEED)
    elif not raw.is_dir():
        raise InputError(f"there is no folder {raw}; give --raw the folder of an extracted set, or leave it out")
    measured: list[Measurement | SpeedUp] = []
    failures: list[str] = []
    chosen = [name for name in BENCHMARKS if name in only or not only]
    for number, name in enumerate(chosen, start=1):
        logger.info("benchmark %d of %d: %s", number, len(chosen), name)
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603  our own module, a name, a path and a number
            [sys.executable, "-m", "benchmarks", name, str(raw.resolve()), str(ratings)],
            cwd=_CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            failures.append(f"{name} failed on {raw}: {lines[-1]}")
            # A benchmark has processes of its own; what one of those died of stands further up.
            logger.error("%s; all it said:\n%s", failures[-1], "\n".join(lines))
        printed = [json.loads(line) for line in done.stdout.splitlines()]
        measured += [SpeedUp(**line) if "speed_up" in line else Measurement(**line) for line in printed]
        logger.info("%s took %.0f s", name, time.perf_counter() - started)
    return Benched(measured, failures)
