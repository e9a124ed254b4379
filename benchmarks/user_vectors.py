"""Pooling users' vectors against the bare ``embedding_bag`` that it is built on, at ml-25m's size."""

import multiprocessing
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.timing import best_in_turn, measurement, peak_mb
from tv5_assets.bench import Measurement
from tv5_assets.embeddings.pooling import rating_weight, user_vectors
from tv5_assets.embeddings.vectors import Vectors

TARGET_RATIO = 1.5
_ROUNDS = 5


def run(
    ratings: int = 25_000_095, users: int = 162_541, movies: int = 62_423, dimension: int = 384, seed: int = 42
) -> list[Measurement]:
    """Measure ``user_vectors`` against the same work done bare, and against ``embedding_bag`` alone.

    The same work done bare is: read the Parquet file into memory at once, look up rows, ``embedding_bag``, normalize;
    no blocks, no checks. ``embedding_bag`` alone has its tensors ready. Each runs five times, in turn, since other
    work on the machine comes and goes; the best time of each counts.

    Returns:
        A row for each comparison: name, seconds, bare_seconds, ratio of the two, target_ratio (the second has none),
        and peak_mb, the peak memory of this process after the first ``user_vectors``.
    """
    vectors = _unit_vectors(movies, dimension, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.parquet"
        # In a process of its own, so that making the ratings does not count as memory of pooling them.
        writer = multiprocessing.get_context("spawn").Process(
            target=_write_ratings, args=(path, ratings, users, movies, seed)
        )
        writer.start()
        writer.join()
        user_vectors(pl.scan_parquet(path).head(users), vectors)  # imports and threads are up before the clock runs
        pooled = user_vectors(pl.scan_parquet(path), vectors)
        peak = peak_mb()
        calls: dict[str, Callable[[], object]] = {
            "ours": lambda: user_vectors(pl.scan_parquet(path), vectors),
            "bare": lambda: _same_work(path, vectors),
            "bag": partial(_bag, _tensors(path, vectors)),
        }
        seconds = best_in_turn(calls, _ROUNDS)
    if len(pooled) != users:
        raise RuntimeError(f"{len(pooled)} users were pooled, not {users}")
    return [
        measurement(name, seconds["ours"], seconds[bare], target, peak)
        for name, bare, target in (
            ("user_vectors", "bare", TARGET_RATIO),
            ("user_vectors/embedding_bag_alone", "bag", None),
        )
    ]


def _tensors(path: Path, vectors: Vectors) -> dict[str, Any]:
    """Return the arguments of ``embedding_bag``."""
    import torch

    frame = pl.read_parquet(path, columns=["user_id", "movie_id", "rating"])
    weights = frame.select(rating_weight(pl.col("rating")).cast(pl.Float32)).to_series().to_numpy()
    sizes = frame["user_id"].rle().struct.field("len").to_numpy()
    return {
        "input": torch.from_numpy(vectors.rows_of(frame["movie_id"].to_numpy()).astype(np.int64)),
        "weight": torch.from_numpy(vectors.matrix),
        "offsets": torch.from_numpy(np.cumsum(sizes, dtype=np.int64) - sizes),
        "per_sample_weights": torch.from_numpy(np.require(weights, requirements="W")),
    }


def _bag(tensors: dict[str, Any]) -> Any:
    from torch.nn.functional import embedding_bag

    return embedding_bag(**tensors, mode="sum")


def _same_work(path: Path, vectors: Vectors) -> Any:
    from torch.nn.functional import normalize

    return normalize(_bag(_tensors(path, vectors)))


def _unit_vectors(count: int, dimension: int, seed: int) -> Vectors:
    matrix = np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return Vectors(np.arange(1, count + 1, dtype=np.int32), matrix, "random")


def _write_ratings(path: Path, ratings: int, users: int, movies: int, seed: int) -> None:
    """Write random ratings sorted by user, every user with at least one."""
    rng = np.random.default_rng(seed)
    user_id = np.concatenate([np.arange(1, users + 1), rng.integers(1, users + 1, ratings - users)]).astype(np.int32)
    user_id.sort()
    pl.DataFrame(
        {
            "user_id": user_id,
            "movie_id": rng.integers(1, movies + 1, ratings, dtype=np.int32),
            "rating": rng.integers(1, 11, ratings).astype(np.float32) / 2,
        }
    ).write_parquet(path)


if __name__ == "__main__":
    for line in run():
        print(line)
