"""Raw MovieLens to the processed tables, as a ratio to Polars's bare CSV-to-Parquet of the same files.

Each side runs in a fresh process, which reports its seconds and its peak memory; both include nothing but the work:
the interpreter's start and the imports are not timed. The peak at ml-25m's size should stay under 1,500 MB.

    python -m benchmarks.raw_to_processed <folder of the set>
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import StepsRun, compared, timed, timed_elsewhere
from tv5_assets.bench import Measurement

TARGET_RATIO = 1.5


def run(raw: Path, repeats: int = 3) -> list[Measurement]:
    """Return one measurement per table and one of all together, the best of some repeats of each side.

    Args:
        raw: folder of a set, as obtained or simulated.
        repeats: runs of each side, taken in turns so that a busy machine slows both.
    """
    ours: list[StepsRun] = []
    bare: list[StepsRun] = []
    for _ in range(repeats):
        for side, runs in (("bare", bare), ("processed", ours)):
            with tempfile.TemporaryDirectory() as out:
                runs.append(timed_elsewhere("benchmarks.raw_to_processed", side, str(raw), out))
    return compared("raw_to_processed", ours, bare, TARGET_RATIO)


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


if __name__ == "__main__":
    if len(sys.argv) == 2:
        for line in run(Path(sys.argv[1])):
            print(line)
    else:
        sides = {"bare": _bare, "processed": _processed}
        print(json.dumps(timed(sides[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3])))))
