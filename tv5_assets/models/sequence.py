"""Models of sequences: what a user watches next, from their last events in order.

BERT4Rec and SASRec share network, windows, losses and training. They differ in two things: what a place of the network
may see (everything or only what is earlier), and what is to be told (masked events or the next one).
What does not belong here: those tasks (sasrec.py, bert4rec.py) and the training loop (train.py).
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models import bert4rec, sasrec
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.models.baselines.baseline import described
from tv5_assets.models.sequence_batches import Task, Windows, events_of
from tv5_assets.models.sequence_losses import full_softmax, gbce, sampled_softmax
from tv5_assets.models.sequence_start import neighbour_embeddings
from tv5_assets.models.train import Epoch, TrainConfig, fit, seeded

if TYPE_CHECKING:
    import torch

    from tv5_assets.models.sequence_network import SequenceNetwork

Kind = Literal["sasrec", "bert4rec"]

_USERS_AT_ONCE = 256  # a block of attention weights in 4 layers, and their scores of 62,423 movies: 64 MB


@dataclass(frozen=True)
class SequenceConfig:
    """What a model of sequences is and how it is trained.

    Attributes:
        kind: ``sasrec`` or ``bert4rec``.
        length: most events that the network sees, the last ones.
        hidden: length of an embedding.
        layers: blocks of the transformer.
        heads: of attention, in each block.
        dropout: share of values that training hides, from 0 to 1.
        loss: ``softmax`` or ``gbce``.
        negatives: items drawn for each batch that the right one is held against; 0 means the whole catalog.
        calibration: of ``gbce``, from 0 to 1.
        mask_share: share of a window's events that ``bert4rec`` masks.
        newest_share: share of the windows of which ``bert4rec`` masks the newest event alone.
        stride: events between the ends of a user's windows; below ``length`` they overlap. None means half of it.
        batch: windows in a step.
        neighbours: the embeddings begin with what is watched at most so many events apart; 0 begins them at random.
        validation_users: how many users' last events are kept from training to tell the best epoch; 0 keeps none.
        train: the training's own settings; its seed is given with each training.
    """

    kind: Kind
    length: int = 50
    hidden: int = 128
    layers: int = 2
    heads: int = 2
    dropout: float = 0.2
    loss: Literal["softmax", "gbce"] = "softmax"
    negatives: int = 0
    calibration: float = 0.75
    mask_share: float = 0.2
    newest_share: float = 0.1
    stride: int | None = None
    batch: int = 128
    neighbours: int = 0
    validation_users: int = 10_000
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        if self.hidden % self.heads:
            raise InputError(f"{self.heads} heads cannot share a hidden size of {self.hidden}; choose a divisor of it")
        if self.loss == "gbce" and not self.negatives:
            raise InputError("gbce is a loss over drawn items; say how many with negatives")

    @property
    def places(self) -> int:
        """Places of the network: one for each event, and for ``bert4rec`` one more, that of the masked next one."""
        return self.length + (self.kind == "bert4rec")


@dataclass(frozen=True)
class SequenceModel:
    """A trained model of sequences; a Recommender.

    Attributes:
        name: ``sasrec`` or ``bert4rec``.
        config: what it is.
        network: its network, in evaluation mode, on its device.
        catalog: int32, shape (m,), ascending: ids of the movies that it scores.
        trained_on: what it was trained on: users, events, first and last time, a fingerprint, the seed.
        metrics: what was measured in training.
    """

    name: str
    config: SequenceConfig
    network: "SequenceNetwork"
    catalog: npt.NDArray[np.int32]
    trained_on: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)

    def scores(self, history: Histories) -> "torch.Tensor":
        """Return a score for each user's next movie, float32 of shape (u, m), on the network's device.

        Raises:
            InputError: the histories are of another catalog than the model's.
        """
        import torch

        if not np.array_equal(history.catalog, self.catalog):
            raise InputError(
                f"{self.name} was trained on a catalog of {len(self.catalog)} movies, and is asked with another one of "
                f"{len(history.catalog)}; train it again"
            )
        weights = self.network.embedding.weight
        scores = torch.empty((len(history), len(self.catalog)), device=weights.device)
        with torch.no_grad():
            for users, states in _next_states(self.network, self.config, history):
                scores[users] = self.network.scores(states)
        return scores

    def to_folder(self) -> ModelFolder:
        """Return it as tensors and JSON."""
        tensors = {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}
        return ModelFolder(
            tensors={**tensors, "catalog": self.catalog},
            config={"model": self.name, **asdict(self.config), "trained_on": self.trained_on},
            metrics=self.metrics,
        )

    @classmethod
    def from_folder(cls, folder: ModelFolder, device: str = "cpu") -> "SequenceModel":
        """Return the model of a folder.

        Raises:
            InputError: the folder is of another kind of model.
        """
        import torch

        values = dict(folder.config)
        try:
            name, trained_on = values.pop("model"), values.pop("trained_on")
            config = SequenceConfig(**{**values, "train": TrainConfig(**values["train"])})
            tensors = dict(folder.tensors)
            catalog = tensors.pop("catalog")
            network = _network(config, len(catalog), device)
            network.load_state_dict({key: torch.from_numpy(tensor) for key, tensor in tensors.items()})
        except (KeyError, TypeError, RuntimeError) as error:
            raise InputError(f"this folder holds no model of sequences ({error}); train it again") from error
        return cls(name, config, network.eval(), catalog, trained_on, folder.metrics)


def fit_sequence(
    train: Histories,
    config: SequenceConfig,
    seed: int,
    device: str = "cpu",
    checkpoint: Path | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> SequenceModel:
    """Train a model of sequences.

    The last event of some users is kept from training, and after each epoch the network is asked for it: the epoch in
    which it ranks them best (NDCG@10 over the whole catalog, seen movies removed) is the model.

    Args:
        train: what it may learn from.
        config: what it is and how it is trained.
        seed: of everything random.
        device: such as ``cpu`` or ``cuda``.
        checkpoint: folder of the file from which a killed training goes on; None keeps none.
        on_epoch: see train.fit.

    Raises:
        InputError: there is nothing to learn an order from, or the loss is not finite.
    """
    started, processor = time.perf_counter(), time.process_time()
    trained_on = described(train)
    learnt, asked, answers = _kept_back(train, config.validation_users, seed)
    windows = Windows(
        learnt, length=config.length + 1, stride=config.stride or -(-config.length // 2), seed=seed, device=device
    )
    with seeded(device, seed, "parameters of a sequence network"):
        network = _network(config, len(train.catalog), device)
    _begin(network, config, learnt, seed)
    steps = -(-len(windows) // config.batch)

    def loss(step: int) -> "torch.Tensor":
        epoch, number = divmod(step, steps)
        return _loss(network, _task(network, config, windows.batch(epoch, number, config.batch)), config)

    curve = fit(
        network,
        loss,
        replace(config.train, seed=seed),
        steps_per_epoch=steps,
        device=device,
        validate=(lambda: _ndcg(network, config, asked, answers)) if len(asked) else None,
        checkpoint=checkpoint,
        identity=json.dumps([asdict(config), trained_on], sort_keys=True),
        on_epoch=on_epoch,
    )
    return SequenceModel(
        config.kind,
        config,
        network,
        train.catalog,
        trained_on={
            **trained_on,
            "first_second": int(train.times.min()),
            "last_second": int(train.times.max()),
            "seed": seed,
        },
        metrics={
            **curve.as_metrics(),
            "fit_seconds": time.perf_counter() - started,
            "processor_seconds": time.process_time() - processor,
            "windows": len(windows),
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "device": device,
        },
    )


def _network(config: SequenceConfig, items: int, device: str) -> "SequenceNetwork":
    from tv5_assets.models.sequence_network import SequenceNetwork

    return SequenceNetwork(
        items,
        config.places,
        hidden=config.hidden,
        layers=config.layers,
        heads=config.heads,
        dropout=config.dropout,
        causal=config.kind == "sasrec",
    ).to(device)


def _begin(network: "SequenceNetwork", config: SequenceConfig, history: Histories, seed: int) -> None:
    """Let a network begin with what takes no training: how popular items are, and what is watched near what."""
    import torch

    counts = np.bincount(history.items, minlength=network.items) + 1.0
    with torch.no_grad():
        network.bias.copy_(torch.from_numpy(np.log(counts / counts.sum())))
        if config.neighbours:
            near = neighbour_embeddings(history, config.hidden, config.neighbours, seed)
            network.embedding.weight[: network.items] += torch.from_numpy(near).to(network.bias.device)


def _task(network: "SequenceNetwork", config: SequenceConfig, windows: "torch.Tensor") -> Task:
    if config.kind == "sasrec":
        return sasrec.task(windows, network.padding)
    return bert4rec.task(
        windows, network.padding, network.mask, mask_share=config.mask_share, newest_share=config.newest_share
    )


def _loss(network: "SequenceNetwork", task: Task, config: SequenceConfig) -> "torch.Tensor":
    """Return the mean loss over what is to be told."""
    import torch

    states = network(task.shown)
    if task.places is not None:
        states = states.gather(1, task.places[:, :, None].expand(-1, -1, config.hidden))
    # What only fills up the shape is given an item, and its loss is not counted.
    targets = task.targets.where(task.counts, 0).flatten()
    told = states.flatten(0, 1), targets, network.embedding.weight[: network.items], network.bias
    if not config.negatives:
        losses = full_softmax(*told)
    else:
        negatives = torch.randint(network.items, (config.negatives,), device=targets.device)
        if config.loss == "softmax":
            losses = sampled_softmax(*told, negatives)
        else:
            losses = gbce(*told, negatives, config.calibration)
    counts = task.counts.flatten()
    return (losses * counts).sum() / counts.sum()


def _next_states(
    network: "SequenceNetwork", config: SequenceConfig, history: Histories
) -> "Iterator[tuple[slice, torch.Tensor]]":
    """Yield the state that stands for the next event of each user, block by block: float of shape (b, hidden)."""
    import torch

    device = str(network.embedding.weight.device)
    for first in range(0, len(history), _USERS_AT_ONCE):
        users = slice(first, min(first + _USERS_AT_ONCE, len(history)))
        events, offsets = events_of(history.of(users.start, users.stop), device)
        shown = events.before(offsets[:-1], offsets[1:], config.length)
        if config.kind == "bert4rec":
            shown = torch.nn.functional.pad(shown, (0, 1), value=network.mask)
        yield users, network(shown)[:, -1]


def _kept_back(train: Histories, most: int, seed: int) -> tuple[Histories, Histories, npt.NDArray[np.int32]]:
    """Keep back the last event of some users who have three or more.

    Returns:
        What is left to train on, the histories of those users without their last event, and these events' items.
    """
    able = np.flatnonzero(train.lengths >= 3)
    chosen = np.sort(stream(seed, "users of validation").permutation(able)[:most])
    last = train.offsets[chosen + 1] - 1
    kept = np.ones(len(train.items), dtype=np.bool_)
    kept[last] = False
    lost = np.zeros(len(train), dtype=np.int64)
    lost[chosen] = 1
    learnt = Histories(
        train.user_ids,
        train.offsets - np.concatenate([[0], np.cumsum(lost)]),
        train.items[kept],
        train.ratings[kept],
        train.times[kept],
        train.catalog,
    )
    return learnt, learnt.take(chosen), train.items[last]


def _ndcg(
    network: "SequenceNetwork", config: SequenceConfig, asked: Histories, answers: npt.NDArray[np.int32]
) -> float:
    """Return the mean NDCG@10 of one right movie for each user, over the whole catalog without what they have seen."""
    import torch

    total = 0.0
    for users, states in _next_states(network, config, asked):
        scores = network.scores(states).float()
        some = asked.of(users.start, users.stop)
        scores[torch.from_numpy(some.users_of_events()).long(), torch.from_numpy(some.items).long()] = -torch.inf
        right = torch.from_numpy(answers[users]).long().to(scores.device)
        ranks = (scores > scores.gather(1, right[:, None])).sum(dim=1)
        total += float((1 / torch.log2(ranks + 2.0)).sum())
    return total / len(asked)
