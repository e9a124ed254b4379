"""The two-tower joined with linear models: their vectors one after the other, searched as one by inner product.

All are two towers whose scores are inner products, so that a weighted sum of their scores is the inner product of their
vectors put together, and one index of movies serves it. Each knows what the others do not: the two-tower what movies
are about, EASE which of them the same people watch, companions which are watched side by side. What does not belong
here: any of these models, how their weights are chosen (joined_weights.py), and how a vector is searched for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.models.baselines.baseline import Sides, pooled
from tv5_assets.models.baselines.companions import Companions
from tv5_assets.models.baselines.ease import EASE
from tv5_assets.models.two_tower import NAME as TOWER
from tv5_assets.models.two_tower import TwoTower

if TYPE_CHECKING:
    import torch

NAME = f"{TOWER} + {EASE.name} + {Companions.name}"
RANK = 1_024
"""Most columns of EASE's vectors that are joined. That is all of them for as many users or fewer: with 256 of
ml-latest-small's 610 the best joined model lost up to .035 of EASE's NDCG@10 on validation slices."""

Weights = Mapping[str, float]
"""What each model counts, by its name; they sum to 1."""


@dataclass(frozen=True)
class Joined:
    """A two-tower and linear models as one model; a Recommender.

    A user's scores by each are brought to a spread of 1 over the catalog before they are weighted, since cosines and
    sums of weights are of different sizes, and the latter grow with a history. That spread follows from the user's
    vector and the covariance of the movies' alone, so that no score need be known for it.

    Attributes:
        tower: the two-tower.
        linear: the vectors of each linear model by its name, on the tower's device.
        weights: what each counts, the two-tower among them.
        metrics: what was measured in choosing the weights.
        name: what leaderboards call it.
    """

    tower: TwoTower
    linear: Mapping[str, Sides]
    weights: Weights
    metrics: Mapping[str, Any] = field(default_factory=dict)
    name: str = NAME

    def __post_init__(self) -> None:
        joined, weighted = {self.tower.name, *self.linear}, set(self.weights)
        if joined != weighted:
            told = ", ".join(sorted(joined)), ", ".join(sorted(weighted))
            raise InputError(f"{told[0]} are joined, and weights given to {told[1]}")
        if min(self.weights.values()) < 0 or not np.isclose(sum(self.weights.values()), 1):
            raise InputError(f"weights are 0 or more and sum to 1, not {dict(self.weights)}")

    @property
    def catalog(self) -> npt.NDArray[np.int32]:
        """Ids of the movies that it scores, int32 of shape (m,), ascending."""
        return self.tower.catalog

    @cached_property
    def movies(self) -> "torch.Tensor":
        """The vectors that an index holds, float32 of shape (m, d), on the device; they are not normalized.

        d is the length of the two-tower's vectors and of all linear models' together.
        """
        import torch

        return torch.cat(list(self._movies_of_each.values()), dim=1)

    def users(self, history: Histories) -> "torch.Tensor":
        """Return the normalized vector of each history, float32 of shape (u, d), on the device.

        Its inner products with ``movies`` order them. A user without history has the two-tower's part alone.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        import torch
        from torch.nn.functional import normalize

        parts = [self.weights[name] * users for name, users in self._users_of_each(history).items()]
        return normalize(torch.cat(parts, dim=1), dim=1)

    def scores_of_each(self, history: Histories) -> "dict[str, torch.Tensor]":
        """Return what each model scores by its name, float32 of shape (u, m), of which the weighted sum ranks.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        users = self._users_of_each(history)
        return {name: users[name] @ movies.T for name, movies in self._movies_of_each.items()}

    def _users_of_each(self, history: Histories) -> "dict[str, torch.Tensor]":
        """Return the vectors of each model, scaled so that the scores of a history have a standard deviation of 1 over
        all movies; zeros where all are equal.
        """
        users = {self.tower.name: self.tower.users(history)}
        users |= {name: pooled(history, sides.history) for name, sides in self.linear.items()}
        return {name: _of_unit_spread(vectors, self._covariances[name]) for name, vectors in users.items()}

    @cached_property
    def _movies_of_each(self) -> "dict[str, torch.Tensor]":
        return {self.tower.name: self.tower.movies} | {name: sides.movies for name, sides in self.linear.items()}

    @cached_property
    def _covariances(self) -> "dict[str, torch.Tensor]":
        return {name: _covariance(movies) for name, movies in self._movies_of_each.items()}

    def scores(self, history: Histories) -> "torch.Tensor":
        """Return a score for each user and movie, float32 of shape (u, m), on the device.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        return self.users(history) @ self.movies.T

    def movie_vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors that an index by inner product holds, shape (m, d)."""
        vectors: npt.NDArray[np.float32] = self.movies.cpu().numpy()
        return vectors

    def user_vectors(self, history: Histories) -> npt.NDArray[np.float32]:
        """Return the vectors to search that index with, shape (u, d); see :meth:`users`."""
        vectors: npt.NDArray[np.float32] = self.users(history).cpu().numpy()
        return vectors

    @property
    def size(self) -> int:
        """Bytes of the tensors."""
        return self.tower.size + sum(tensor.numel() * tensor.element_size() for tensor in self._tensors().values())

    def to_folder(self) -> ModelFolder:
        """Return it as tensors and JSON."""
        tower = self.tower.to_folder()
        return ModelFolder(
            tensors={
                **{f"{TOWER}/{name}": tensor for name, tensor in tower.tensors.items()},
                **{name: tensor.cpu().numpy() for name, tensor in self._tensors().items()},
            },
            config={
                "model": NAME,
                "weights": dict(self.weights),
                "linear": list(self.linear),
                "tower": tower.config,
                "trained_on": dict(self.tower.trained_on),
            },
            metrics={**self.metrics, "tower": tower.metrics},
        )

    def _tensors(self) -> "dict[str, torch.Tensor]":
        """Return the tensors of the linear models; where both sides are one, there is one."""
        tensors = {f"{name}/movies": sides.movies for name, sides in self.linear.items()}
        untied = {name: sides for name, sides in self.linear.items() if sides.history is not sides.movies}
        return tensors | {f"{name}/history": sides.history for name, sides in untied.items()}

    @classmethod
    def from_folder(cls, folder: ModelFolder, device: str = "cpu") -> "Joined":
        """Return the model of a folder.

        Raises:
            InputError: the folder is of another kind of model.
        """
        import torch

        config, metrics = folder.config, dict(folder.metrics)
        if (found := config.get("model")) != NAME:
            raise InputError(f"a folder of {found or 'something else'} cannot be read as {NAME}")
        of_tower = {
            name.removeprefix(f"{TOWER}/"): tensor
            for name, tensor in folder.tensors.items()
            if name.startswith(f"{TOWER}/")
        }
        tower = TwoTower.from_folder(ModelFolder(of_tower, config["tower"], metrics.pop("tower")), device)
        linear = {}
        for name in config["linear"]:
            movies = torch.from_numpy(folder.tensors[f"{name}/movies"]).to(device)
            untied = folder.tensors.get(f"{name}/history")
            linear[name] = Sides(movies if untied is None else torch.from_numpy(untied).to(device), movies)
        return cls(tower, linear, config["weights"], metrics)


def join(
    tower: TwoTower,
    ease: EASE,
    companions: Companions,
    weights: Weights,
    rank: int | None = RANK,
    metrics: Mapping[str, Any] | None = None,
) -> Joined:
    """Join a two-tower with EASE and companions.

    Args:
        tower: the two-tower.
        ease: fitted on the same events.
        companions: fitted on the same events.
        weights: what each counts.
        rank: columns of EASE's vectors; None takes all, with which EASE is itself exactly.
        metrics: what the model should say of how the weights were chosen; JSON.

    Raises:
        InputError: they were trained on different events, or the weights are none.
    """
    for other in (ease, companions):
        if tower.trained_on.get("fingerprint") != other.trained_on.get("fingerprint"):
            raise InputError(f"{tower.name} and {other.name} were trained on different events; fit both on the same")
    device = tower.movies.device
    linear = {EASE.name: ease.sides(rank), Companions.name: companions.sides()}
    return Joined(tower, {name: sides.to(device) for name, sides in linear.items()}, weights, metrics or {})


def _covariance(movies: "torch.Tensor") -> "torch.Tensor":
    centred = movies - movies.mean(dim=0)
    return centred.T @ centred / len(movies)


def _of_unit_spread(users: "torch.Tensor", covariance: "torch.Tensor") -> "torch.Tensor":
    spread = ((users @ covariance) * users).sum(dim=1, keepdim=True).clamp(min=0).sqrt()
    return (users / spread).masked_fill(spread == 0, 0)
