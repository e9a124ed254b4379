"""The two-tower joined with EASE: their vectors one after the other, searched as one by inner product.

Both are two towers whose scores are inner products, so that a weighted sum of their scores is the inner product of
their vectors put together, and one index of movies serves it. What does not belong here: either model, and how a
vector is searched for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.models.baselines.baseline import pooled
from tv5_assets.models.baselines.ease import EASE
from tv5_assets.models.two_tower import TwoTower

if TYPE_CHECKING:
    import torch

NAME = "two-tower + EASE"
RANK = 1_024
"""Most columns of EASE's vectors that are joined. That is all of them for as many users or fewer: with 256 of
ml-latest-small's 610 the best joined model lost up to .035 of EASE's NDCG@10 on validation slices."""
WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Weights of the two-tower that are tried."""
_TOWER = "tower/"  # before the names of the two-tower's tensors in the folder


@dataclass(frozen=True)
class Joined:
    """A two-tower and EASE as one model; a Recommender.

    A user's scores by either are brought to a spread of 1 over the catalog before they are weighted, since cosines and
    sums of weights are of different sizes, and the latter grow with a history. That spread follows from the user's
    vector and the covariance of the movies' alone, so that no score need be known for it.

    Attributes:
        tower: the two-tower.
        ease_history: float32, shape (m, r), on the tower's device; what a movie adds to a history in EASE.
        ease_movies: float32, shape (m, r); what a history is held against in EASE.
        weight: what the two-tower counts, from 0 to 1; EASE counts for the rest.
        metrics: what was measured in choosing the weight.
        name: what leaderboards call it.
    """

    tower: TwoTower
    ease_history: "torch.Tensor"
    ease_movies: "torch.Tensor"
    weight: float
    metrics: Mapping[str, Any] = field(default_factory=dict)
    name: str = NAME

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise InputError(f"the weight of the two-tower is from 0 to 1, not {self.weight}")

    @property
    def catalog(self) -> npt.NDArray[np.int32]:
        """Ids of the movies that it scores, int32 of shape (m,), ascending."""
        return self.tower.catalog

    @property
    def movies(self) -> "torch.Tensor":
        """The vectors that an index holds, float32 of shape (m, d + r), on the device; they are not normalized."""
        import torch

        return torch.cat([self.tower.movies, self.ease_movies], dim=1)

    def users(self, history: Histories) -> "torch.Tensor":
        """Return the normalized vector of each history, float32 of shape (u, d + r), on the device.

        Its inner products with ``movies`` order them. A user without history has no part of EASE's.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        import torch
        from torch.nn.functional import normalize

        by_tower = _of_unit_spread(self.tower.users(history), self.tower.movies)
        by_ease = _of_unit_spread(pooled(history, self.ease_history), self.ease_movies)
        return normalize(torch.cat([self.weight * by_tower, (1 - self.weight) * by_ease], dim=1), dim=1)

    def scores(self, history: Histories) -> "torch.Tensor":
        """Return a score for each user and movie, float32 of shape (u, m), on the device.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        return self.users(history) @ self.movies.T

    def movie_vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors that an index by inner product holds, shape (m, d + r)."""
        vectors: npt.NDArray[np.float32] = self.movies.cpu().numpy()
        return vectors

    def user_vectors(self, history: Histories) -> npt.NDArray[np.float32]:
        """Return the vectors to search that index with, shape (u, d + r); see :meth:`users`."""
        vectors: npt.NDArray[np.float32] = self.users(history).cpu().numpy()
        return vectors

    @property
    def size(self) -> int:
        """Bytes of the tensors."""
        sides = (self.ease_history, self.ease_movies)
        return self.tower.size + sum(tensor.numel() * tensor.element_size() for tensor in sides)

    def to_folder(self) -> ModelFolder:
        """Return it as tensors and JSON."""
        tower = self.tower.to_folder()
        return ModelFolder(
            tensors={
                **{_TOWER + name: tensor for name, tensor in tower.tensors.items()},
                "ease_history": self.ease_history.cpu().numpy(),
                "ease_movies": self.ease_movies.cpu().numpy(),
            },
            config={
                "model": NAME,
                "weight": self.weight,
                "tower": tower.config,
                "trained_on": dict(self.tower.trained_on),
            },
            metrics={**self.metrics, "tower": tower.metrics},
        )

    @classmethod
    def from_folder(cls, folder: ModelFolder, device: str = "cpu") -> "Joined":
        """Return the model of a folder.

        Raises:
            InputError: the folder is of another kind of model.
        """
        import torch

        if (found := folder.config.get("model")) != NAME:
            raise InputError(f"a folder of {found or 'something else'} cannot be read as {NAME}")
        tower = {
            name.removeprefix(_TOWER): tensor for name, tensor in folder.tensors.items() if name.startswith(_TOWER)
        }
        metrics = dict(folder.metrics)
        of_tower = ModelFolder(tower, folder.config["tower"], metrics.pop("tower"))
        history, movies = (
            torch.from_numpy(folder.tensors[name]).to(device) for name in ("ease_history", "ease_movies")
        )
        return cls(TwoTower.from_folder(of_tower, device), history, movies, folder.config["weight"], metrics)


def join(
    tower: TwoTower, ease: EASE, weight: float, rank: int | None = RANK, metrics: Mapping[str, Any] | None = None
) -> Joined:
    """Join a two-tower with EASE.

    Args:
        tower: the two-tower.
        ease: fitted on the same events.
        weight: what the two-tower counts, from 0 to 1.
        rank: columns of EASE's vectors; None takes all, with which EASE is itself exactly.
        metrics: what the model should say of how the weight was chosen; JSON.

    Raises:
        InputError: they were trained on different events, or the weight is out of bounds.
    """
    import torch

    if tower.trained_on.get("fingerprint") != ease.trained_on.get("fingerprint"):
        raise InputError(f"{tower.name} and {ease.name} were trained on different events; fit both on the same")
    sides = ease.sides(rank)
    device = tower.movies.device
    return Joined(
        tower,
        torch.from_numpy(sides.history).to(device),
        torch.from_numpy(sides.movie).to(device),
        weight,
        metrics or {},
    )


def choose_weight(
    fitted: Iterable[tuple[TwoTower, EASE, Problem]], weights: Sequence[float] = WEIGHTS, rank: int | None = RANK
) -> tuple[float, dict[float, float]]:
    """Choose what the two-tower counts by the mean NDCG@10 over validation slices.

    Args:
        fitted: for each slice both models, fitted on its training part, and the slice.
        weights: what is tried.
        rank: columns of EASE's vectors.

    Returns:
        The best weight, of equally good ones the lowest, and the mean NDCG@10 of each.

    Raises:
        InputError: there is no slice.
    """
    from tv5_assets.evaluation.evaluate import evaluate

    found = [
        [evaluate(join(tower, ease, weight, rank), problem, ks=(10,)).mean("ndcg", 10) for weight in weights]
        for tower, ease, problem in fitted
    ]
    if not found:
        raise InputError("a weight is chosen on validation slices, and there is none")
    means = dict(zip(weights, np.mean(found, axis=0).tolist(), strict=True))
    return max(means, key=lambda weight: (means[weight], -weight)), means


def _of_unit_spread(users: "torch.Tensor", movies: "torch.Tensor") -> "torch.Tensor":
    """Return users' vectors scaled so that their scores have a standard deviation of 1 over all movies, shape (u, d).

    One whose scores are all equal gets zeros.
    """
    centred = movies - movies.mean(dim=0)
    covariance = centred.T @ centred / len(movies)
    spread = ((users @ covariance) * users).sum(dim=1, keepdim=True).clamp(min=0).sqrt()
    return (users / spread).masked_fill(spread == 0, 0)
