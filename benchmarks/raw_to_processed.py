"""Raw MovieLens to the processed tables, as a ratio to Polars's bare CSV-to-Parquet of the same files.

Each side runs in a fresh process, which reports its seconds and its peak memory; both include nothing but the work:
the interpreter's start and the imports are not timed. The peak at ml-25m's size should stay under 1,500 MB.

    python benchmarks/raw_to_processed.py <folder of the set>
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypedDict

TARGET_RATIO = 1.5


class Measurement(TypedDict):
    """One line of the table that ``tv5 bench`` prints; only the line of all tables together has a target."""

    name: str
    seconds: float
    bare_seconds: float
    ratio: float
    target_ratio: float | None
    peak_mb: float


def run(raw: Path, repeats: int = 3) -> list[Measurement]:
    """Return one measurement per table and one of all together, the best of some repeats of each side.

    Args:
        raw: folder of a set, as obtained or simulated.
        repeats: runs of each side, taken in turns so that a busy machine slows both.
    """
    ours, bare = [], []
    for _ in range(repeats):
        bare.append(_in_fresh_process("bare", raw))
        ours.append(_in_fresh_process("processed", raw))
    best_ours, best_bare = (min((run.seconds for run in runs), key=_total) for runs in (ours, bare))
    pairs = {name: (seconds, best_bare[name]) for name, seconds in best_ours.items() if name in best_bare}
    pairs["all"] = (_total(best_ours), _total(best_bare))
    peak = max(run.peak_mb for run in ours)
    return [
        Measurement(
            name=f"raw_to_processed/{name}",
            seconds=seconds,
            bare_seconds=bare_seconds,
            ratio=seconds / bare_seconds,
            target_ratio=TARGET_RATIO if name == "all" else None,
            peak_mb=peak,
        )
        for name, (seconds, bare_seconds) in pairs.items()
    ]


class _Run(NamedTuple):
    seconds: dict[str, float]
    peak_mb: float


def _total(seconds: dict[str, float]) -> float:
    return sum(seconds.values())


def _in_fresh_process(side: str, raw: Path) -> _Run:
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(  # noqa: S603  # this very file
            [sys.executable, __file__, side, str(raw), out], check=True, stdout=subprocess.PIPE, text=True
        )
    return _Run(*json.loads(done.stdout.splitlines()[-1]))


def _bare(raw: Path, out: Path) -> dict[str, Callable[[], object]]:
    import polars as pl

    from tv5_assets.movielens.formats import detect

    def copy(name: str) -> Callable[[], object]:
        return lambda: pl.scan_csv(raw / name).sink_parquet(out / f"{name}.parquet")

    return {file.table: copy(file.name) for file in detect(raw).files}


def _processed(raw: Path, out: Path) -> dict[str, Callable[[], object]]:
    import polars as pl

    from tv5_assets.engine import PARQUET
    from tv5_assets.movielens import parse

    def path(table: str) -> Path:
        return out / f"{table}.parquet"

    def sink(table: str, frame: pl.LazyFrame) -> None:
        frame.sink_parquet(path(table), engine="streaming", **PARQUET)

    def movies() -> None:
        catalogue = parse.movies(
            raw,
            tags=pl.scan_parquet(path("tags")),
            genome_tags=pl.read_parquet(path("genome_tags")),
            genome_scores=pl.scan_parquet(path("genome_scores")),
        )
        sink("movies", catalogue.lazy())

    def rejects() -> None:
        tables = ("movies", "ratings", "tags", "genome_tags", "genome_scores", "demographics")
        written = {table: pl.scan_parquet(path(table)).select(pl.len()).collect().item() for table in tables}
        sink("rejects", parse.rejects(raw, written).lazy())

    return {
        "ratings": lambda: sink("ratings", parse.ratings(raw)),
        "tags": lambda: sink("tags", parse.tags(raw)),
        "genome_tags": lambda: sink("genome_tags", parse.genome_tags(raw).lazy()),
        "genome_scores": lambda: sink("genome_scores", parse.genome_scores(raw)),
        "demographics": lambda: sink("demographics", parse.demographics(raw).lazy()),
        "movies": movies,
        "rejects": rejects,
    }


def _measure(steps: dict[str, Callable[[], object]]) -> _Run:
    seconds = {}
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        seconds[name] = time.perf_counter() - start
    return _Run(seconds, _peak_mb())


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) == 2:
        for line in run(Path(sys.argv[1])):
            print(json.dumps(line))
    else:
        sides = {"bare": _bare, "processed": _processed}
        print(json.dumps(_measure(sides[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3])))))
