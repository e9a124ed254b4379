"""Choosing hyperparameters on validation slices, never on the problem that is reported.

What does not belong here: searches that are too large to go through one by one (models/tuning.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import evaluate
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem, Recommender
from tv5_assets.models.baselines.baseline import Baseline

Measure = Callable[[Recommender, Problem], float]
"""How good a recommender is on a problem; more is better."""


@dataclass(frozen=True)
class Trial:
    """What one choice of hyperparameters reached.

    Attributes:
        parameters: the choice.
        values: the measure on each slice.
    """

    parameters: dict[str, Any]
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the slices."""
        return float(np.mean(self.values))


def ndcg_at_10(recommender: Recommender, problem: Problem) -> float:
    """Return the mean NDCG@10, every rating relevant."""
    return evaluate(recommender, problem, ks=(10,)).mean("ndcg", 10)


def tried(
    slices: Sequence[Problem],
    candidates: Callable[[Histories], Iterable[Baseline]],
    measure: Measure = ndcg_at_10,
) -> list[Trial]:
    """Fit every candidate on every slice and measure it there.

    Args:
        slices: problems made from training rows alone (evaluation.protocol.validation), which one slice would flatter
            smooth models; several seeds give several.
        candidates: yields a model for each choice of hyperparameters, fitted on the histories it is given; one
            after the other, so that they can share work and only one need be in memory.
        measure: what is compared.

    Returns:
        A trial for each candidate, in their order.

    Raises:
        InputError: there are no slices.
    """
    if not slices:
        raise InputError("hyperparameters are chosen on validation slices, and there are none")
    reached: list[list[tuple[dict[str, Any], float]]] = [
        [(dict(model.parameters), measure(model, part)) for model in candidates(part.train)] for part in slices
    ]
    return [Trial(of_one[0][0], tuple(value for _, value in of_one)) for of_one in zip(*reached, strict=True)]


def best(trials: Sequence[Trial]) -> Trial:
    """Return the trial with the highest mean; of equal ones the first."""
    return max(trials, key=lambda trial: trial.mean)
