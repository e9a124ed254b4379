"""Split and feature tables, as a ratio to the same sums by bare Polars queries.

The bare side reads the same files and gathers the same from the interactions, with plain Polars expressions and none of
the finish: it draws by Polars's own hash, and writes what it gathered as it is, without lists, arrays, types or order.
Each side runs in a fresh process, which reports its seconds and its peak memory; imports are not timed. The peak at
ml-25m's size should stay under 3,000 MB.

    python -m benchmarks.features <folder of the set>
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import StepsRun, compared, timed, timed_elsewhere
from tv5_assets.bench import Measurement

TARGET_RATIO = 1.5
PROTOCOL = "user-80-20"
SEED = 42


def run(raw: Path, repeats: int = 2) -> list[Measurement]:
    """Return one measurement per table and one of all tables together, the best of some repeats of each side.

    Args:
        raw: folder of a set, as obtained or simulated.
        repeats: runs of each side, taken in turns so that a busy machine slows both.
    """
    with tempfile.TemporaryDirectory() as folder:
        sources = str(Path(folder) / "sources")
        _in_fresh_process("sources", str(raw), sources)
        ours: list[StepsRun] = []
        bare: list[StepsRun] = []
        for _ in range(repeats):
            for side, runs in (("bare", bare), ("tables", ours)):
                runs.append(_in_fresh_process(side, sources, str(Path(folder) / side)))
    return compared("features", ours, bare, TARGET_RATIO)


def _in_fresh_process(side: str, source: str, out: str) -> StepsRun:
    Path(out).mkdir(exist_ok=True)
    return timed_elsewhere("benchmarks.features", side, source, out)


def _sources(raw: Path, out: Path) -> dict[str, Callable[[], object]]:
    from tv5_assets.engine import PARQUET
    from tv5_assets.movielens import parse

    def write() -> None:
        parse.ratings(raw).sink_parquet(out / "ratings.parquet", engine="streaming", **PARQUET)
        tags = parse.tags(raw).collect()
        tags.write_parquet(out / "tags.parquet", **PARQUET)
        movies = parse.movies(
            raw, tags=tags.lazy(), genome_tags=parse.genome_tags(raw), genome_scores=parse.genome_scores(raw)
        )
        movies.write_parquet(out / "movies.parquet", **PARQUET)

    return {"sources": write}


def _tables(source: Path, out: Path) -> dict[str, Callable[[], object]]:
    import polars as pl

    from tv5_assets.engine import PolarsEngine
    from tv5_assets.features.interactions import interactions
    from tv5_assets.features.movies import movie_features
    from tv5_assets.features.splits import splits
    from tv5_assets.features.statistics import statistics
    from tv5_assets.features.users import user_features

    engine = PolarsEngine()
    ratings, tags = (engine.scan(source / f"{name}.parquet") for name in ("ratings", "tags"))
    movies = pl.read_parquet(source / "movies.parquet")
    path = {name: out / f"{name}.parquet" for name in ("split", "interactions", "users", "movies", "statistics")}
    return {
        "split": lambda: engine.sink(splits(ratings, engine, SEED, 20, 1), path["split"]),
        "interactions": lambda: engine.sink(
            interactions(ratings, engine.scan(path["split"]), PROTOCOL), path["interactions"]
        ),
        "users": lambda: user_features(engine.scan(path["interactions"]), tags, movies, engine).write_parquet(
            path["users"]
        ),
        "movies": lambda: movie_features(engine.scan(path["interactions"]), movies).write_parquet(path["movies"]),
        "statistics": lambda: statistics(ratings, engine.scan(path["split"])).write_parquet(path["statistics"]),
    }


def _bare(source: Path, out: Path) -> dict[str, Callable[[], object]]:
    import polars as pl

    from tv5_assets.engine import PARQUET

    ratings, tags, movies = (pl.scan_parquet(source / f"{name}.parquet") for name in ("ratings", "tags", "movies"))
    stars, time = pl.col("rating"), pl.col("rated_at")

    def sink(name: str, frame: pl.LazyFrame) -> None:
        frame.sink_parquet(out / f"{name}.parquet", engine="streaming", **PARQUET)

    def written(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(out / f"{name}.parquet")

    def split() -> None:
        rows = pl.len().over("user_id")
        fifth = pl.col("row").hash(SEED).rank("ordinal").over("user_id") * 5 <= rows
        last = pl.struct("rated_at", "row").rank("ordinal").over("user_id") == rows
        before = time < ratings.select(time.quantile(0.8)).collect(engine="streaming").item()
        held = pl.col("user_id").hash(SEED) < 2**64 // 10
        few = ratings.group_by("user_id").len().filter(pl.col("len") < 20)
        kept = ratings.join(few, on="user_id", how="anti")
        sink(
            "split", kept.select("row", "user_id", "movie_id", fifth=fifth, last=last, before=before, held=held & fifth)
        )

    def interactions() -> None:
        used = ratings.join(written("split").select("row", is_test="fifth"), on="row")
        of_users = used.filter(~pl.col("is_test")).group_by("user_id").agg(mean=stars.mean(), deviation=stars.std())
        score = (stars - pl.col("mean")) / pl.col("deviation")
        columns = ("row", "user_id", "movie_id", "is_test", "rating", "rated_at", "day_of_week")
        scored = used.join(of_users, on="user_id", how="left")
        sink("interactions", scored.select(*columns, score=score, hour=time.dt.hour()))

    def users() -> None:
        known = written("interactions").filter(~pl.col("is_test"))
        genres = movies.select("movie_id", genre="genres").explode("genre").drop_nulls()
        sink(
            "users",
            known.group_by("user_id").agg(
                pl.len(), mean=stars.mean(), deviation=stars.std(), low=stars.min(), high=stars.max(),
                first=time.min(), last=time.max(),
            ),
        )  # fmt: skip
        sink("genres", known.join(genres, on="movie_id").group_by("user_id", "genre").agg(stars.sum()))
        sink("hours", known.group_by("user_id", "hour").len())
        of_known = tags.join(known, on=["user_id", "movie_id"], how="semi")
        sink("tags", of_known.group_by("user_id", "tag_normalized").len())

    def movie_sums() -> None:
        known = written("interactions").filter(~pl.col("is_test"))
        recent = time > known.select(time.max()).collect(engine="streaming").item() - pl.duration(days=365)
        sink(
            "movies",
            known.group_by("movie_id").agg(
                pl.len(), mean=stars.mean(), deviation=stars.std(),
                recent=stars.filter(recent).mean(), before=stars.filter(~recent).mean(),
            ),
        )  # fmt: skip

    def statistics() -> None:
        rows = ratings.select("row", "rating", "rated_at").join(written("split"), on="row")
        counts = [
            pl.len(), pl.col("user_id").n_unique(), pl.col("movie_id").n_unique(), time.min().alias("first"),
            time.max().alias("last"), stars.mean().alias("mean"), stars.std().alias("deviation"),
        ]  # fmt: skip
        rows.select(counts).collect(engine="streaming")
        for part in ("fifth", "before", "last", "held"):
            rows.rename({part: "part"}).group_by("part").agg(counts).collect(engine="streaming")

    return {
        "split": split, "interactions": interactions, "users": users, "movies": movie_sums, "statistics": statistics
    }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 2:
        for line in run(Path(sys.argv[1])):
            print(line)
    else:
        steps = {"sources": _sources, "bare": _bare, "tables": _tables}[sys.argv[1]]
        print(json.dumps(timed(steps(Path(sys.argv[2]), Path(sys.argv[3])))))
