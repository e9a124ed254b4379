"""Evaluating a recommender against the bare matrix product and top-k, at ml-25m's size, on the GPU where there is one.

Ours is ``evaluate`` of a model whose scores are one matrix product: a block of users at a time, seen movies removed,
ties broken, every metric at 5, 10 and 20. Bare is the same product and ``topk(20)`` over the same blocks, nothing else:
seen movies stay and there are no metrics. A sample of users is measured, since each of them takes as long.

    python -m benchmarks.evaluation
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.interactions import apart, interactions
from benchmarks.timing import best_in_turn, measurement
from tv5_assets.bench import Measurement
from tv5_assets.evaluation.evaluate import evaluate
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem
from tv5_assets.evaluation.ranking import MEMORY_BYTES, users_at_once

TARGET_RATIO = 1.5
_K = 20
_SAMPLE = 4_000
_ROUNDS = 3
_TEST_SHARE = 0.2


@dataclass(frozen=True)
class _Product:
    """Scores are inner products of the user's vector, at the user's id, with those of the movies."""

    users: torch.Tensor
    movies: torch.Tensor
    name: str = "product"

    def scores(self, history: Histories) -> torch.Tensor:
        first = int(history.user_ids[0])
        return self.users[first : first + len(history)] @ self.movies.T


def run(
    share: float = 1.0, users: int = 162_541, movies: int = 62_423, dimension: int = 128, seed: int = 42
) -> list[Measurement]:
    """Measure both sides in turn, since other work on the machine comes and goes; the best time of each counts.

    Args:
        share: of the users and movies that are measured, down to a size at which there is something to measure.
        users: of the whole set; the processor is measured on 4,000 of them at most.
        movies: of the whole set.
        dimension: of the vectors.
        seed: of everything random.

    Returns:
        One row: name, seconds, bare_seconds, ratio of the two, target_ratio, and peak_mb of this process.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    users = min(max(500, int(users * share)), users if device == "cuda" else _SAMPLE)
    movies = max(1_000, int(movies * share))
    rng = np.random.default_rng(seed)
    problem = _problem(users, movies, rng)
    model = _Product(_normal(users, dimension, rng).to(device), _normal(movies, dimension, rng).to(device))
    block = users_at_once(movies, MEMORY_BYTES if device == "cpu" else torch.cuda.mem_get_info()[0] // 4)
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: evaluate(model, problem),
        "bare": lambda: _bare(model, block),
    }
    seconds = best_in_turn(sides, _ROUNDS)
    return [measurement(f"evaluation/{device}", seconds["ours"], seconds["bare"], TARGET_RATIO)]


def _bare(model: _Product, block: int) -> torch.Tensor:
    with torch.inference_mode():
        found = [(part @ model.movies.T).topk(_K).indices for part in model.users.split(block)]
        return torch.cat(found).cpu()  # on a GPU, the time is over when the places are here


def _problem(users: int, movies: int, rng: np.random.Generator) -> Problem:
    history, truth = apart(interactions(users, movies, rng), _TEST_SHARE, rng)
    return Problem("user-80-20", history, history, truth)


def _normal(count: int, dimension: int, rng: np.random.Generator) -> torch.Tensor:
    return torch.from_numpy(rng.standard_normal((count, dimension), dtype=np.float32))


if __name__ == "__main__":
    for line in run():
        print(line)
