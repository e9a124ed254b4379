"""Loading the graph beside what it is built on: a bare loop over the driver, and the import tool run by hand.

Over Bolt, ours is everything from the Parquet file to the switched pointer: constraints, sorting, batches, the count
that verifies. Bare has its batches ready, sorted, as columns, and only sends them, in the same statement. Both write
the same relationships into the same server, Neo4j where it is installed; a part of ml-25m's ratings is measured, since
each batch takes as long. By import, ours is everything from the Parquet files to a home with the graph in it; by hand,
the tool has its CSV files ready.

    python -m benchmarks.graph_load
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from neo4j import ManagedTransaction

from benchmarks.timing import measurement, seconds_of
from tv5_assets.bench import Measurement
from tv5_assets.services import neo4j_import
from tv5_assets.services.embedded import running
from tv5_assets.services.installed import installation
from tv5_assets.services.neo4j_server import configure
from tv5_assets.settings import load_settings
from tv5_assets.stores import neo4j, neo4j_csv
from tv5_assets.stores.graph_parts import Part

TARGET_RATIO = 1 / 0.8
"""At least 80 % of the bare speed."""
RATINGS, USERS, MOVIES = 25_000_095, 162_541, 62_423
_MOVIE = neo4j.NodeSpec("movies", "Movie", "movie_id")
_USER = neo4j.NodeSpec("users", "User", "user_id")
_OVER_BOLT = 400_000
_ROUNDS = 2
_BATCH = 100_000
_STATEMENT = (
    "UNWIND range(0, size($starts) - 1) AS i "
    "MATCH (a:User {user_id: $starts[i]}) MATCH (b:Movie {movie_id: $ends[i]}) "
    "CREATE (a)-[:RATED {score: $score[i], timestamp: $timestamp[i], version: $version}]->(b)"
)


def run(share: float = 1.0, seed: int = 42) -> list[Measurement]:
    """Measure both ways to load.

    Args:
        share: of ml-25m's size.
        seed: of the ratings.

    Returns:
        A row for each way: name, seconds, bare_seconds, ratio of the two, target_ratio, and peak_mb of this process.
        The import tool is left out where Neo4j is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="tv5-") as name:
        folder = Path(name)
        users, movies = max(100, int(USERS * share)), max(100, int(MOVIES * share))
        made = _ratings(int(RATINGS * share), users, movies, seed)
        made.write_parquet(folder / "ratings.parquet")
        pl.DataFrame({"user_id": range(1, users + 1)}).write_parquet(folder / "users.parquet")
        pl.DataFrame({"movie_id": range(1, movies + 1)}).write_parquet(folder / "movies.parquet")
        part = made.head(_OVER_BOLT)
        del made
        rows = [measurement("graph_load/bolt", *_over_bolt(folder, part), TARGET_RATIO)]
        if installation("neo4j"):
            rows.append(measurement("graph_load/import_tool", *_by_import(folder), TARGET_RATIO))
    return rows


def _over_bolt(folder: Path, ratings: pl.DataFrame) -> tuple[float, float]:
    """Return the seconds of both sides, in turn, the best time of each."""
    path = folder / "some.parquet"
    ratings.write_parquet(path)
    batches = [
        {
            "starts": batch["user_id"].to_list(),
            "ends": batch["movie_id"].to_list(),
            "score": batch["score"].to_list(),
            "timestamp": batch["timestamp"].to_list(),
            "version": "0123456789abcdef",
        }
        for batch in ratings.sort("user_id").iter_slices(_BATCH)
    ]
    product = "neo4j" if installation("neo4j") else "arcadedb"
    settings = load_settings(home=folder / "home", neo4j_uri="", neo4j_server=product)
    with (
        running(settings, ["neo4j"]) as at,
        closing(neo4j.connect(at.neo4j_uri, at.neo4j_user, at.neo4j_password, at.neo4j_database)) as graph,
    ):
        _publish_nodes(graph, folder)
        sides: dict[str, Callable[[int], object]] = {
            "ours": lambda n: neo4j.publish_relationships(graph, neo4j.RATINGS, pl.scan_parquet(path), f"{n:016x}"),
            "bare": lambda _: _send(graph, batches),
        }
        seconds = {side: float("inf") for side in sides}
        for number in range(_ROUNDS + 1):  # the first round warms the server up
            for side, load in sides.items():
                neo4j.publish_relationships(graph, neo4j.RATINGS, ratings.clear(), f"none{number}")
                taken = seconds_of(partial(load, number))
                if number:
                    seconds[side] = min(seconds[side], taken)
    return seconds["ours"], seconds["bare"]


def _publish_nodes(graph: neo4j.Graph, folder: Path) -> None:
    for part in _parts(folder, with_ratings=False):
        assert isinstance(part.spec, neo4j.NodeSpec)  # noqa: S101  what _parts gives
        neo4j.publish_nodes(graph, part.spec, part.frame, part.version)


def _send(graph: neo4j.Graph, batches: list[dict[str, Any]]) -> None:
    with graph.driver.session(database=graph.database) as session:
        for batch in batches:
            session.execute_write(_run, batch)


def _run(transaction: ManagedTransaction, batch: dict[str, Any]) -> None:
    transaction.run(_STATEMENT, batch).consume()


def _by_import(folder: Path) -> tuple[float, float]:
    """Return the seconds of both sides."""
    csv = folder / "csv"
    csv.mkdir()
    ready = neo4j_csv.write(_parts(folder), csv)
    configure(folder / "by-hand")
    sides: dict[str, Callable[[], object]] = {
        "bare": partial(neo4j_import.run_tool, folder / "by-hand", ready.arguments),
        "ours": lambda: neo4j_import.build(_parts(folder), folder / "ours"),
    }
    seconds = {side: seconds_of(load) for side, load in sides.items()}
    return seconds["ours"], seconds["bare"]


def _parts(folder: Path, with_ratings: bool = True) -> Iterator[Part]:
    for spec, name in ((_MOVIE, "movies"), (_USER, "users")):
        yield Part.of(spec, pl.read_parquet(folder / f"{name}.parquet"))
    if with_ratings:
        yield Part.of(neo4j.RATINGS, pl.read_parquet(folder / "ratings.parquet"))


def _ratings(count: int, users: int, movies: int, seed: int) -> pl.DataFrame:
    """Return ratings by user, some movies much more popular than others; every user has as many."""
    rng = np.random.default_rng(seed)
    movie_id = (movies * rng.random(count, dtype=np.float32) ** 4).astype(np.int32) + 1
    return pl.DataFrame(
        {
            "user_id": (np.arange(count, dtype=np.int64) * users // count + 1).astype(np.int32),
            "movie_id": np.minimum(movie_id, movies),
            "score": rng.integers(1, 11, count).astype(np.float32) / 2,
            "timestamp": rng.integers(800_000_000, 1_600_000_000, count),
        }
    )


if __name__ == "__main__":
    for line in run():
        print(line)
