"""Choosing what the two-tower and the linear models count when they are joined, on validation slices.

What does not belong here: what the joined model is (joined.py).
"""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from tv5_assets.errors import InputError
from tv5_assets.evaluation.metrics import judge, ndcg
from tv5_assets.evaluation.problem import Problem
from tv5_assets.evaluation.ranking import MEMORY_BYTES, top_unseen, users_at_once
from tv5_assets.models.baselines.companions import Companions
from tv5_assets.models.baselines.ease import EASE
from tv5_assets.models.joined import RANK, Joined, Weights, join
from tv5_assets.models.two_tower import NAME as TOWER
from tv5_assets.models.two_tower import TwoTower

WEIGHTS: Sequence[Weights] = tuple(
    {TOWER: (10 - ease - companions) / 10, EASE.name: ease / 10, Companions.name: companions / 10}
    for companions, ease in itertools.product((0, 2, 3), range(2, 9))
    if 10 - ease - companions >= 2
)
"""Weights that are tried: tenths, of which the two-tower and EASE have two at least. Companions may have none, since on
some sets, such as simulated ones, the order of events tells nothing."""
_K = 10


def choose_weights(
    fitted: Iterable[tuple[TwoTower, EASE, Companions, Problem]],
    tried: Sequence[Weights] = WEIGHTS,
    rank: int | None = RANK,
) -> tuple[Weights, list[float]]:
    """Choose what each model counts by the mean NDCG@10 over validation slices.

    Args:
        fitted: for each slice the models, fitted on its training part, and the slice.
        tried: the weights that are tried.
        rank: columns of EASE's vectors.

    Returns:
        The best weights, of equally good ones the first, and the mean NDCG@10 of all.

    Raises:
        InputError: there is no slice.
    """
    found = [
        _ndcg_of_each(join(tower, ease, companions, tried[0], rank), problem, tried)
        for tower, ease, companions, problem in fitted
    ]
    if not found:
        raise InputError("weights are chosen on validation slices, and there is none")
    means = np.mean(found, axis=0)
    return tried[int(means.argmax())], means.tolist()


def _ndcg_of_each(model: Joined, problem: Problem, tried: Sequence[Weights]) -> list[float]:
    """Return NDCG@10 of the joined model with each weights; what its parts score is computed once for all."""
    import torch

    ranked: list[list[torch.Tensor]] = [[] for _ in tried]
    users = users_at_once(len(model.catalog), MEMORY_BYTES)
    with torch.inference_mode():
        for start in range(0, len(problem.history), users):
            block = problem.history.of(start, start + users)
            parts = model.scores_of_each(block)
            scores = torch.empty_like(parts[TOWER])  # once: memory that is new for each sum would take longer than it
            for weights, blocks in zip(tried, ranked, strict=True):
                scores.zero_()
                for name, part in parts.items():
                    scores.add_(part, alpha=weights[name])
                blocks.append(top_unseen(scores, block, _K))
    return [float(ndcg(judge(torch.cat(blocks), problem.truth), _K).nanmean()) for blocks in ranked]
