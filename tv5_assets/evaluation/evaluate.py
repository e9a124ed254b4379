"""How well a recommender does on a problem: every metric for every user who is asked about.

What does not belong here: what the metrics are (metrics.py), how sure their means are (intervals.py).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tv5_assets.errors import InputError
from tv5_assets.evaluation import metrics
from tv5_assets.evaluation.problem import STRONG_GENERALIZATION, Problem, Recommender
from tv5_assets.evaluation.ranking import rank

NOVELTY = "novelty"
COVERAGE = "coverage"
_CUTOFFS = (5, 10, 20)
_PUBLISHED_CUTOFFS = (50, 100)  # strong generalization is published as recall at 20 and 50 and NDCG at 100


@dataclass(frozen=True)
class Evaluation:
    """What came out for one recommender on one problem.

    Attributes:
        model: name of the recommender.
        protocol: name of the problem's protocol.
        user_ids: int32, shape (u,), ascending; users for whom something is relevant.
        per_user: a value for each of these users by metric and cut-off, float64 of shape (u,).
        coverage: share of the catalog that was recommended to any of them, by cut-off.
        seconds: time to score and rank everyone.
    """

    model: str
    protocol: str
    user_ids: npt.NDArray[np.int32]
    per_user: Mapping[tuple[str, int], npt.NDArray[np.float64]]
    coverage: Mapping[int, float]
    seconds: float

    def mean(self, metric: str, k: int) -> float:
        """Return a metric's mean over users (the share itself for coverage).

        Raises:
            InputError: the metric was not computed at ``k``.
        """
        if metric == COVERAGE and k in self.coverage:
            return self.coverage[k]
        if (metric, k) not in self.per_user:
            raise InputError(f"{self.model} on {self.protocol} has no {metric}@{k}")
        return float(self.per_user[metric, k].mean())


def cutoffs(protocol: str) -> tuple[int, ...]:
    """Return how deep rankings are looked at under a protocol: 5, 10, 20, and where it is published so 50 and 100."""
    return _CUTOFFS + _PUBLISHED_CUTOFFS if protocol == STRONG_GENERALIZATION else _CUTOFFS


def evaluate(
    recommender: Recommender,
    problem: Problem,
    *,
    ks: Sequence[int] | None = None,
    least_rating: float = 0.0,
    memory_bytes: int | None = None,
    device: str | None = None,
) -> Evaluation:
    """Rank the whole catalog for every user who is asked about, seen movies removed, and compute every metric.

    Args:
        recommender: a model that was fitted on ``problem.train`` alone.
        problem: what it is asked.
        ks: cut-offs; None means those of the protocol.
        least_rating: a movie is relevant where its rating in the truth is at least this; 0 means every one.
        memory_bytes: bound of what a block of users takes; None means the default of ``ranking.rank``.
        device: where to rank; None means where the model's scores are.

    Raises:
        InputError: nothing is relevant to anyone, or the model's scores are wrong.
    """
    depths = tuple(cutoffs(problem.protocol) if ks is None else ks)
    started = time.perf_counter()
    ranked = rank(recommender, problem.history, max(depths), memory_bytes=memory_bytes, device=device)
    seconds = time.perf_counter() - started
    judged = metrics.judge(ranked, problem.truth, least_rating)
    asked = judged.relevant > 0
    if not asked.any():
        raise InputError(f"{problem.protocol}: no user has a rating of at least {least_rating} that should be found")
    judged = metrics.Judged(judged.hits[asked], judged.relevant[asked])
    ranked = ranked[asked]
    bits = metrics.surprise(problem.train, ranked.device)
    return Evaluation(
        model=recommender.name,
        protocol=problem.protocol,
        user_ids=problem.truth.user_ids[asked.cpu().numpy()],
        per_user={
            **{
                (name, k): metrics.in_numpy(metric(judged, k))
                for name, metric in metrics.METRICS.items()
                for k in depths
            },
            **{(NOVELTY, k): metrics.in_numpy(metrics.novelty(ranked, bits, k)) for k in depths},
        },
        coverage={k: metrics.coverage(ranked, len(problem.truth.catalog), k) for k in depths},
        seconds=seconds,
    )
