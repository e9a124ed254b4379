"""The two-tower model: how it is configured, trained, asked and kept.

A history is asked at query time: no parameter belongs to a user, so nobody has to be trained on first. What does not
belong here: the towers (two_tower_network.py), batches (two_tower_batches.py), what is joined with them (joined.py).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem
from tv5_assets.models import losses
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.models.baselines.baseline import described
from tv5_assets.models.losses import LossName
from tv5_assets.models.train import Epoch, TrainConfig, fit, seeded
from tv5_assets.models.two_tower_batches import Batch, Batches
from tv5_assets.models.two_tower_inputs import MovieInputs
from tv5_assets.models.two_tower_start import spectral_start

if TYPE_CHECKING:
    import torch

    from tv5_assets.models.two_tower_network import TowerNetwork

NAME = "two-tower"
# In the order of the model's fields.
_TENSORS = ("movies", "longest", "anyone", "of_habits", "newcomer")


@dataclass(frozen=True)
class TwoTowerConfig:
    """What a two-tower model is and how it is trained.

    Attributes:
        dimension: length of a vector as it is served; one of its numbers is not learnt (two_tower_network.py).
        loss: ``softmax`` over the whole catalog; ``sampled_softmax`` over ``negatives`` drawn movies, for a catalog
            whose scores do not fit into memory; ``bpr``; ``mse`` of the ratings; or ``combined``, .7 of ``mse`` and .3
            of ``bpr``.
        temperature: what inner products are divided by to become logits.
        least_hidden: least share of a history that is hidden from the user tower, which then is asked for it.
        most_hidden: most of it.
        l2: half of this times the squared length of all vectors of ids is added to the loss, so that a movie with few
            events is made of what is known of it rather than of them.
        l2_inputs: the same for the vectors of inputs.
        negatives: movies drawn for a batch, where the loss wants any.
        users_per_batch: users in a step.
        start: ``spectral`` starts the vectors of ids from the singular vectors of what is learnt from
            (two_tower_start.py), ``random`` from small draws.
        half_life_days: age at which an event counts half of a new one as a target, None where age is of no matter.
        train: the training's own settings; its seed is given with each training.
    """

    dimension: int = 128
    loss: LossName = "softmax"
    temperature: float = 1.0
    least_hidden: float = 0.05
    most_hidden: float = 0.2
    l2: float = 4e-4
    l2_inputs: float = 0.0
    negatives: int = 1024
    users_per_batch: int = 128
    start: Literal["spectral", "random"] = "spectral"
    half_life_days: float | None = None
    train: TrainConfig = field(
        default_factory=lambda: TrainConfig(epochs=40, learning_rate=3e-3, schedule="cosine", patience=0)
    )

    def __post_init__(self) -> None:
        if not 0 < self.least_hidden <= self.most_hidden < 1:
            shares = f"{self.least_hidden} to {self.most_hidden}"
            raise InputError(f"the share of a history that is hidden is between 0 and 1, not {shares}")
        if self.dimension < 2:
            raise InputError(f"dimension is 2 or more, not {self.dimension}")
        if self.temperature <= 0:
            raise InputError(f"temperature is above 0, not {self.temperature}")


@dataclass(frozen=True)
class TwoTower:
    """A trained two-tower model; a Recommender.

    Attributes:
        config: what it is.
        catalog: int32, shape (m,), ascending: ids of the movies that it scores.
        movies: float32, shape (m, d), on its device; the movie tower's vectors as they are served, of length 1.
        longest: float32, a scalar; length of the longest vector before.
        anyone: float32, shape (d - 1,); what the user tower adds to the movies of any history.
        of_habits: float32, shape (habits, d - 1); what the habits of a history add.
        newcomer: float32, shape (d - 1,); the vector of a user without history: the mean of those who were trained on,
            whose scores are the means of theirs.
        trained_on: users, events and fingerprint of what it was trained on, and what the caller knows of it.
        metrics: the training's curve.
        name: what leaderboards call it.
    """

    config: TwoTowerConfig
    catalog: npt.NDArray[np.int32]
    movies: "torch.Tensor"
    longest: "torch.Tensor"
    anyone: "torch.Tensor"
    of_habits: "torch.Tensor"
    newcomer: "torch.Tensor"
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    name: str = NAME

    def scores(self, history: Histories) -> "torch.Tensor":
        """Return the cosine of each user and movie, float32 of shape (u, m), on the model's device.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        return self.users(history) @ self.movies.T

    def users(self, history: Histories) -> "torch.Tensor":
        """Return the user tower's vector of each history, of length 1, float32 of shape (u, d), on the model's device.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        import torch

        from tv5_assets.models.two_tower_network import habits, pool, served_users

        if not np.array_equal(history.catalog, self.catalog):
            raise InputError(
                f"{self.name} was trained on a catalog of {len(self.catalog)} movies, and is asked with another one of "
                f"{len(history.catalog)}; train it again"
            )
        with torch.no_grad():
            items, offsets, owners, ratings = _events(history, self.movies.device)
            pooled = self.longest * pool(self.movies, items, offsets)[:, :-1]
            vectors = self.anyone + pooled + habits(offsets, owners, ratings) @ self.of_habits
            return served_users(torch.where(offsets.diff()[:, None] > 0, vectors, self.newcomer))

    def movie_vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors of the catalog's movies, of length 1, shape (m, d)."""
        vectors: npt.NDArray[np.float32] = self.movies.cpu().numpy()
        return vectors

    def user_vectors(self, history: Histories) -> npt.NDArray[np.float32]:
        """Return the vectors of histories, of length 1, shape (u, d); see :meth:`users`."""
        vectors: npt.NDArray[np.float32] = self.users(history).cpu().numpy()
        return vectors

    @property
    def size(self) -> int:
        """Bytes of the tensors."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self._tensors().values())

    def to_folder(self) -> ModelFolder:
        """Return it as tensors and JSON."""
        return ModelFolder(
            tensors={
                "catalog": self.catalog,
                **{name: tensor.cpu().numpy() for name, tensor in self._tensors().items()},
            },
            config={"model": NAME, **asdict(self.config), "trained_on": dict(self.trained_on)},
            metrics=dict(self.metrics),
        )

    def _tensors(self) -> "dict[str, torch.Tensor]":
        return {name: getattr(self, name) for name in _TENSORS}

    @classmethod
    def from_folder(cls, folder: ModelFolder, device: str = "cpu") -> "TwoTower":
        """Return the model of a folder.

        Raises:
            InputError: the folder is of another kind of model.
        """
        import torch

        values = dict(folder.config)
        if (found := values.pop("model", None)) != NAME:
            raise InputError(f"a folder of {found or 'something else'} cannot be read as {NAME}")
        trained_on = values.pop("trained_on")
        config = TwoTowerConfig(**{**values, "train": TrainConfig(**values["train"])})
        fields: dict[str, Any] = {name: torch.from_numpy(folder.tensors[name]).to(device) for name in _TENSORS}
        return cls(config, folder.tensors["catalog"], **fields, trained_on=trained_on, metrics=folder.metrics)


def fit_two_tower(
    train: Histories,
    inputs: MovieInputs,
    config: TwoTowerConfig | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    validation: Problem | None = None,
    checkpoint: Path | None = None,
    trained_on: Mapping[str, Any] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> TwoTower:
    """Train both towers to find the hidden part of each history from the rest.

    Args:
        train: what is learnt from.
        inputs: what is known of the movies of its catalog.
        config: None means the defaults.
        seed: of everything random.
        device: where to train; the model stays there.
        validation: asked after epochs, for early stopping by NDCG@10; ``train`` must be its training part. None trains
            for all epochs.
        checkpoint: folder from which a killed training goes on (train.fit).
        trained_on: what else the model should say of its data, such as dataset, protocol and the split's seed; JSON.
        on_epoch: called after each epoch.

    Raises:
        InputError: there is nothing to learn from, ``inputs`` are of another catalog, or training diverges.
    """
    import torch

    from tv5_assets.models.two_tower_network import TowerNetwork, longest, served_movies

    config = config or TwoTowerConfig()
    if not np.array_equal(inputs.catalog, train.catalog):
        raise InputError(
            f"inputs of {len(inputs.catalog)} movies do not fit a catalog of {len(train.catalog)}; gather them again"
        )
    if not len(train.items):
        raise InputError("there are no events to train the two-tower on")
    learnt = config.dimension - 1
    start = torch.from_numpy(spectral_start(train, learnt, seed)) if config.start == "spectral" else None
    with seeded("cpu", seed, "two-tower"):
        network = TowerNetwork(torch.from_numpy(inputs.matrix), learnt, start).to(device)
    batches = Batches(
        train,
        users_at_once=config.users_per_batch,
        hidden=(config.least_hidden, config.most_hidden),
        half_life_days=config.half_life_days,
        seed=seed,
        device=device,
    )
    known = train.take(np.flatnonzero(train.lengths))
    objective = _Objective(network, config, train, device)
    trained_on = {**described(train), "inputs": inputs.fingerprint, **(trained_on or {})}

    def model(metrics: Mapping[str, Any]) -> TwoTower:
        with torch.no_grad():
            movies, users = network(*_events(known, network.ids.device))
        return TwoTower(
            config,
            train.catalog,
            movies=served_movies(movies.float()),
            longest=longest(movies.float()),
            anyone=network.anyone.detach().clone(),
            of_habits=network.of_habits.detach().clone(),
            newcomer=users.float().mean(dim=0),
            trained_on=trained_on,
            metrics=metrics,
        )

    curve = fit(
        network,
        lambda step: objective(batches(step)),
        replace(config.train, seed=seed),
        steps_per_epoch=batches.per_epoch,
        device=device,
        validate=None if validation is None else lambda: _ndcg(model({}), validation),
        checkpoint=checkpoint,
        identity=json.dumps([asdict(config), trained_on, validation is not None], sort_keys=True),
        on_epoch=on_epoch,
    )
    return model({"training": curve.as_metrics(), "seconds": curve.seconds})


class _Objective:
    """What is lost on a batch, by the loss that the configuration names."""

    def __init__(self, network: "TowerNetwork", config: TwoTowerConfig, train: Histories, device: str) -> None:
        import torch

        self._network = network
        self._config = config
        counts = np.bincount(train.items, minlength=len(train.catalog))
        self._probabilities = torch.from_numpy(losses.negative_probabilities(counts)).float().to(device)

    def __call__(self, batch: Batch) -> "torch.Tensor":
        """Return the loss, a scalar: that of the scores, and the lengths of parameters."""
        network, config = self._network, self._config
        movies, users = network(batch.items, batch.offsets, batch.owners, batch.ratings)
        decay = config.l2 * network.ids.square().sum() + config.l2_inputs * network.of_inputs.square().sum()
        return self._of_scores(users, movies, batch) + decay / 2

    def _of_scores(self, users: "torch.Tensor", movies: "torch.Tensor", batch: Batch) -> "torch.Tensor":
        config, targets = self._config, batch.targets
        if config.loss == "softmax":
            logits = users @ movies.T / config.temperature
            return losses.softmax(logits, targets, (batch.owners, batch.items))
        found = (users[targets.users] * movies[targets.movies]).sum(dim=1)
        squared_error = losses.mse(_cosines(found, users, movies, targets.users), targets.ratings, targets.weights)
        if config.loss == "mse":
            return squared_error
        drawn, impossible = self._draw(batch, len(users))
        found, negative = found / config.temperature, users @ movies[drawn].T / config.temperature
        if config.loss == "sampled_softmax":
            expected = self._probabilities[drawn] * len(drawn)
            return losses.sampled_softmax(found, negative, expected, impossible, targets)
        ranking = losses.bpr(found, negative, impossible, targets)
        return ranking if config.loss == "bpr" else losses.combined(squared_error, ranking)

    def _draw(self, batch: Batch, users: int) -> "tuple[torch.Tensor, torch.Tensor]":
        """Return drawn movies, shape (k,), and which of them are in each user's history, bool of shape (b, k)."""
        import torch

        drawn = torch.multinomial(self._probabilities, self._config.negatives, replacement=True)
        movies = len(self._probabilities)
        owners = torch.cat([batch.owners, batch.targets.users])
        known = (owners * movies + torch.cat([batch.items, batch.targets.movies])).sort().values
        asked = torch.arange(users, device=drawn.device)[:, None] * movies + drawn
        places = torch.searchsorted(known, asked).clamp_(max=len(known) - 1)
        return drawn, known[places] == asked


def _events(history: Histories, device: "torch.device") -> "tuple[torch.Tensor, ...]":
    """Return items, offsets, owners and ratings of histories as TowerNetwork.forward takes them."""
    import torch

    items, offsets, owners, ratings = (
        torch.from_numpy(np.ascontiguousarray(values)).to(device)
        for values in (history.items, history.offsets, history.users_of_events(), history.ratings)
    )
    return items.long(), offsets, owners.long(), ratings


def _cosines(
    products: "torch.Tensor", users: "torch.Tensor", movies: "torch.Tensor", owners: "torch.Tensor"
) -> "torch.Tensor":
    """Return the cosines of the vectors as they are served, from the inner products as they are learnt, shape (p,)."""
    import torch

    from tv5_assets.models.two_tower_network import longest

    return products / (torch.linalg.vector_norm(users, dim=1)[owners] * longest(movies)).clamp(min=1e-12)


def _ndcg(model: TwoTower, problem: Problem) -> float:
    from tv5_assets.evaluation.evaluate import evaluate

    return evaluate(model, problem, ks=(10,)).mean("ndcg", 10)
