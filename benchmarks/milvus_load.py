"""Publishing vectors into Milvus beside a bare loop of inserts, at ml-25m's number of movies.

Ours is everything that a publication is: rows out of a frame and a matrix, a collection of its own, inserts, flush,
index, count, warm-up, the switch of the alias, the old collection's end. Bare has its rows ready and does what cannot
be left out: inserts, flush, index, load. Both write the same rows into the same server, the real one where it is
installed.

    python -m benchmarks.milvus_load
"""

import itertools
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.timing import best_in_turn, measurement
from tv5_assets.bench import Measurement
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.services.embedded import running
from tv5_assets.services.installed import installation
from tv5_assets.settings import load_settings
from tv5_assets.stores import milvus
from tv5_assets.stores.milvus_rows import Rows, holds_nulls

if TYPE_CHECKING:
    from pymilvus import MilvusClient

TARGET_RATIO = 1 / 0.9
"""At least 90 % of the bare speed."""
_ROUNDS = 2
_BARE = "bare_movies"


def run(share: float = 1.0, movies: int = 62_423, dimension: int = 384, seed: int = 42) -> list[Measurement]:
    """Measure both sides in turn, since other work on the machine comes and goes; the best time of each counts.

    Args:
        share: of the movies that are measured.
        movies: of the whole set.
        dimension: of the vectors.
        seed: of the vectors.

    Returns:
        One row: name, seconds, bare_seconds, ratio of the two, target_ratio, and peak_mb of this process.
    """
    count = max(1_000, int(movies * share))
    matrix = np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    vectors = Vectors(np.arange(1, count + 1, dtype=np.int32), matrix, "random")
    fields = pl.DataFrame({"movie_id": vectors.ids}).with_columns(
        title=pl.format("Movie {}", "movie_id"), year=pl.lit(1999, pl.Int16), genres=pl.lit(["Drama", "Comedy"])
    )
    product = "milvus" if installation("milvus") else "milvus-lite"
    with tempfile.TemporaryDirectory(prefix="tv5-") as home:
        settings = load_settings(home=Path(home), milvus_uri="", milvus_server=product)
        with running(settings, ["milvus"]) as at, closing(milvus.connect(at.milvus_uri, at.milvus_token)) as client:
            ready = list(Rows.of(milvus.MOVIES, vectors, fields, "0123456789abcdef").messages(holds_nulls(client)))
            numbers = itertools.count()

            def publish() -> None:
                # Every row differs from the round before, or only those that do would be written.
                number = next(numbers)
                made = fields.with_columns(pl.col("year") + number)
                milvus.publish(client, milvus.MOVIES, vectors, made, f"{number:016x}")

            sides: dict[str, Callable[[], object]] = {
                "ours": publish,
                "bare": lambda: _insert(client, ready, dimension),
            }
            seconds = best_in_turn(sides, _ROUNDS)
    return [measurement(f"milvus_load/{product}", seconds["ours"], seconds["bare"], TARGET_RATIO)]


def _insert(client: "MilvusClient", messages: list[list[dict[str, Any]]], dimension: int) -> None:
    client.drop_collection(_BARE)
    client.create_collection(_BARE, schema=milvus.schema(client, milvus.MOVIES, dimension))
    for message in messages:
        client.insert(_BARE, message)
    client.flush(_BARE)
    milvus.index(client, _BARE)
    client.load_collection(_BARE)


if __name__ == "__main__":
    for line in run():
        print(line)
