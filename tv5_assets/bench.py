"""``tv5 bench``: have the benchmarks of a checkout run, on a set of the size asked for.

What does not belong here: what is measured and how (benchmarks/, beside the package).
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tv5_assets.errors import InputError, TV5Error
from tv5_assets.movielens.simulate import simulate

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


def bench(home: Path, ratings: int, raw: Path | None = None) -> list[Measurement | SpeedUp]:
    """Run every benchmark and return what was measured.

    Args:
        home: folder in which a set is simulated where none is given; it is kept for the next time.
        ratings: size of the made data.
        raw: folder of a set to parse.

    Raises:
        InputError: the package does not lie in a checkout, or there is no set in ``raw``.
        TV5Error: a benchmark failed.
    """
    if not (_CHECKOUT / "benchmarks" / "__main__.py").is_file():
        raise InputError("`tv5 bench` runs from a checkout of the project, since benchmarks/ is not installed with it")
    if raw is None:
        raw = home / "bench" / str(ratings)
        if not raw.is_dir():
            users, movies = (max(20, round(ratings / per)) for per in (_RATINGS_PER_USER, _RATINGS_PER_MOVIE))
            simulate(raw, users=users, movies=movies, ratings=ratings, seed=_SEED)
    elif not raw.is_dir():
        raise InputError(f"there is no folder {raw}; give --raw the folder of an extracted set, or leave it out")
    done = subprocess.run(  # noqa: S603  our own module, a path and a number
        [sys.executable, "-m", "benchmarks", str(raw.resolve()), str(ratings)],
        cwd=_CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise TV5Error(f"a benchmark failed on {raw}: {lines[-1]}")
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    return [SpeedUp(**line) if "speed_up" in line else Measurement(**line) for line in printed]
