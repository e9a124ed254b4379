"""Similar movies, exactly, at ml-25m's 62,423 movies, beside the bare matrix product that it needs.

Bare is the product of every block with all movies and the count of what exceeds the threshold, nothing else: no movie
is ranked and no row is made. Each side runs in a fresh process, which reports its seconds and its peak memory.

    python -m benchmarks.similarity
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from benchmarks.timing import measurement, peak_mb
from tv5_assets.bench import Measurement
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.graph.similarity import similar_movies

TARGET_RATIO = 1.5
_THRESHOLD, _K = 0.8, 20
_BLOCK = 256


def run(share: float = 1.0, movies: int = 62_423, dimension: int = 384, seed: int = 42) -> list[Measurement]:
    """Measure both sides.

    Args:
        share: of the movies that are compared.
        movies: of the whole set.
        dimension: of the vectors.
        seed: of the vectors.

    Returns:
        One row: name, seconds, bare_seconds, ratio of the two, target_ratio, and peak_mb of our side's process.
    """
    size = (max(1_000, int(movies * share)), dimension, seed)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        ours, peak = pool.submit(_timed, _similar, *size).result()
        bare, _ = pool.submit(_timed, _product, *size).result()
    return [measurement("similar_movies", ours, bare, TARGET_RATIO, peak)]


def _timed(side: Callable[[Vectors], int], count: int, dimension: int, seed: int) -> tuple[float, float]:
    """Return a side's seconds and the peak memory of this process, in MB."""
    vectors = families(count, dimension, seed)
    vectors.matrix[:64] @ vectors.matrix[:64].T  # threads are up before the clock runs
    started = time.perf_counter()
    if not side(vectors):
        raise RuntimeError("no movie is similar to another")
    return time.perf_counter() - started, peak_mb()


def _similar(vectors: Vectors) -> int:
    return len(similar_movies(vectors, _THRESHOLD, _K))


def _product(vectors: Vectors) -> int:
    matrix, near = vectors.matrix, 0
    for start in range(0, len(matrix), _BLOCK):
        near += int(np.count_nonzero(matrix[start : start + _BLOCK] @ matrix.T > _THRESHOLD))
    return near - len(matrix)


def families(count: int, dimension: int, seed: int) -> Vectors:
    """Return unit vectors in families of thirty, whose cosines among one another lie about the threshold."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((count // 30 + 1, dimension), dtype=np.float32)
    matrix = centres[rng.integers(0, len(centres), count)]
    matrix += 0.5 * rng.standard_normal(matrix.shape, dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return Vectors(np.arange(1, count + 1, dtype=np.int32), matrix, "random")


if __name__ == "__main__":
    for line in run():
        print(line)
