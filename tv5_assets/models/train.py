"""The training loop that every network of this package goes through: steps, validations, early stopping, checkpoints.

A step's randomness depends on the seed and the step's number alone, never on what was drawn before it. So a training
that was killed goes on from its last checkpoint to the very curve it would have had, and no generator's state need be
kept. What does not belong here: what a batch is and what is lost on it (losses.py and the module of each model).
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.files import remove, replacing
from tv5_assets.progress import progress

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

_FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained.

    Attributes:
        epochs: most epochs.
        learning_rate: of AdamW, after the warm-up.
        weight_decay: of AdamW, on every parameter.
        warmup_steps: steps in which the learning rate rises from 0, in a straight line.
        schedule: the learning rate after them: ``constant``, or ``cosine``, which falls to 0 at the last epoch's end.
        clip_norm: largest norm of all gradients together; longer ones are shortened to it.
        validate_every: epochs between two validations.
        patience: validations in a row without a better one, after which training ends; 0 never ends it early.
        precision: ``auto`` computes in bfloat16 on CUDA and in float32 elsewhere; parameters are float32 in any case.
        compile: have torch compile the network, on CUDA only.
        checkpoint_seconds: least time between two checkpoints.
        seed: of everything random in a step.
    """

    epochs: int = 50
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup_steps: int = 0
    schedule: Literal["constant", "cosine"] = "constant"
    clip_norm: float = 1.0
    validate_every: int = 1
    patience: int = 5
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: bool = False
    checkpoint_seconds: float = 30.0
    seed: int = 0


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to.

    Attributes:
        number: from 1.
        loss: mean over its steps.
        validation: what ``validate`` said after it, or None where it was not asked.
        seconds: wall time from the training's start to the epoch's end, that of killed attempts up to their last
            checkpoint included.
    """

    number: int
    loss: float
    validation: float | None
    seconds: float


@dataclass(frozen=True)
class TrainingCurve:
    """What a training came to.

    Attributes:
        epochs: in order.
        best_epoch: the epoch whose parameters the network has now: that of the best validation, or the last.
        stopped_early: patience ran out before the epochs did.
        resumed_at: step at which an earlier, killed attempt was taken up; 0 where there was none.
    """

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    stopped_early: bool = False
    resumed_at: int = 0

    @property
    def losses(self) -> list[float]:
        """Mean loss by epoch."""
        return [epoch.loss for epoch in self.epochs]

    @property
    def seconds(self) -> float:
        """Wall time of the whole training."""
        return self.epochs[-1].seconds if self.epochs else 0.0

    def as_metrics(self) -> dict[str, Any]:
        """Return it as JSON values, for the metrics of a model folder."""
        return asdict(self)


def fit(
    module: "torch.nn.Module",
    loss: "Callable[[int], torch.Tensor]",
    config: TrainConfig,
    *,
    steps_per_epoch: int,
    device: str = "cpu",
    validate: Callable[[], float] | None = None,
    checkpoint: Path | None = None,
    identity: str = "",
    on_epoch: Callable[[Epoch], None] | None = None,
) -> TrainingCurve:
    """Train a network in place; afterwards it has the parameters of the best validation and is in evaluation mode.

    Args:
        module: the network, on ``device``, its parameters drawn already (:func:`seeded`).
        loss: called with the step's number, counted from 0 over all epochs; draws its batch and returns the loss, a
            scalar. What it draws from torch's own generators is seeded by ``config.seed`` and the step.
        config: how.
        steps_per_epoch: calls of ``loss`` in an epoch.
        device: where ``module`` and what ``loss`` uses are.
        validate: returns a figure of which more is better, such as NDCG@10; called without gradients, in evaluation
            mode. None trains for all epochs.
        checkpoint: folder for the file from which a killed training goes on; it is removed at the end. A checkpoint of
            another ``config``, ``identity`` or network is of another training and is overwritten.
        identity: what else makes this training the one it is: the data's fingerprint and the network's configuration.
        on_epoch: called after each epoch, for logs and for tuning; what it raises ends the training.

    Raises:
        InputError: a loss is not finite.
    """
    import torch

    optimizer = torch.optim.AdamW(
        module.parameters(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=device.startswith("cuda"),  # on a processor its sums come out in another order for no gain
    )
    training = _Training(module, optimizer, torch.zeros((), dtype=torch.float64, device=device))
    file = None if checkpoint is None else checkpoint / _FILE
    identity = _digest(asdict(config), identity, steps_per_epoch)
    if file is not None and file.exists():
        training.resume(file, identity)
    if config.compile and device.startswith("cuda"):
        module.compile()
    started = time.perf_counter() - training.seconds
    saved = time.perf_counter()
    steps = config.epochs * steps_per_epoch

    bar = progress(logger, "training", steps, "step")
    with bar, _torch_generators_apart(device):
        bar.update(training.step)
        while training.step < steps and not training.stopped_early:
            _step(training, loss, config, steps, device)
            bar.update(1)
            if training.step % steps_per_epoch == 0:
                epoch = _end_epoch(training, config, steps_per_epoch, validate, started)
                bar.set_postfix_str(_figures(epoch), refresh=False)
                if on_epoch is not None:
                    on_epoch(epoch)
            if file is not None and time.perf_counter() - saved >= config.checkpoint_seconds:
                training.seconds = time.perf_counter() - started
                training.save(file, identity)
                saved = time.perf_counter()
    if training.best:
        module.load_state_dict(training.best)
    module.eval()
    if file is not None:
        remove(file)
    best_epoch = training.best_epoch if training.best else len(training.epochs)
    return TrainingCurve(training.epochs, best_epoch, training.stopped_early, training.resumed_at)


@contextmanager
def seeded(device: str, seed: int, *names: str | int) -> Iterator[None]:
    """Seed torch's generators for what is drawn inside, such as a network's first parameters; restore them after."""
    import torch

    with _torch_generators_apart(device):
        torch.manual_seed(_torch_seed(seed, *names))
        yield


class _Training:
    """The state of a training, which is all that a checkpoint has to hold."""

    def __init__(
        self, module: "torch.nn.Module", optimizer: "torch.optim.Optimizer", loss_of_epoch: "torch.Tensor"
    ) -> None:
        self.module = module
        self.optimizer = optimizer
        self.loss_of_epoch = loss_of_epoch  # sum, on the device: to read it is to wait for the device
        self.step = 0
        self.epochs: list[Epoch] = []
        self.best: dict[str, torch.Tensor] = {}
        self.best_epoch = 0
        self.stopped_early = False
        self.resumed_at = 0
        self.seconds = 0.0

    def save(self, file: Path, identity: str) -> None:
        """Write a checkpoint in the place of the last one, in a single rename."""
        from safetensors.torch import save_file

        tensors = {"loss_of_epoch": self.loss_of_epoch}
        tensors |= {f"module/{name}": tensor for name, tensor in self.module.state_dict().items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.items()}
        for place, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{place}/{name}": tensor for name, tensor in state.items()}
        state = {
            "identity": identity,
            "step": self.step,
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "best_epoch": self.best_epoch,
            "stopped_early": self.stopped_early,
            "seconds": self.seconds,
        }
        # Cloned, because safetensors refuses tensors that share memory, as tied embeddings do.
        copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
        with replacing(file) as part:
            save_file(copies, part, metadata={"state": json.dumps(state)})

    def resume(self, file: Path, identity: str) -> None:
        """Take up the training of a checkpoint; do nothing where the file is of another training or of no use."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(file, framework="pt", device=str(self.loss_of_epoch.device)) as opened:
                state = json.loads(opened.metadata()["state"])
                if state["identity"] != identity:
                    logger.info("%s is of another training; this one starts anew", file)
                    return
                tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            logger.warning("%s is no checkpoint (%s); the training starts anew", file, error)
            return
        self.module.load_state_dict(_under("module/", tensors))
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _under("optimizer/", tensors).items():
            place, _, moment = name.partition("/")
            moments.setdefault(int(place), {})[moment] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.loss_of_epoch.copy_(tensors["loss_of_epoch"])
        self.best = _under("best/", tensors)
        self.step = self.resumed_at = state["step"]
        self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        self.best_epoch, self.stopped_early = state["best_epoch"], state["stopped_early"]
        self.seconds = state["seconds"]
        logger.info("training goes on at step %d, from %s", self.step, file)


def _step(
    training: _Training, loss: "Callable[[int], torch.Tensor]", config: TrainConfig, steps: int, device: str
) -> None:
    """Take one step; its randomness depends on nothing but the seed and its number."""
    import torch

    torch.manual_seed(_torch_seed(config.seed, "training step", training.step))
    for group in training.optimizer.param_groups:
        group["lr"] = config.learning_rate * _pace(training.step, steps, config)
    training.module.train()
    with _autocast(config, device):
        lost = loss(training.step)
    training.optimizer.zero_grad(set_to_none=True)
    lost.backward()
    torch.nn.utils.clip_grad_norm_(training.module.parameters(), config.clip_norm)
    training.optimizer.step()
    training.loss_of_epoch += lost.detach()
    training.step += 1


def _end_epoch(
    training: _Training,
    config: TrainConfig,
    steps_per_epoch: int,
    validate: Callable[[], float] | None,
    started: float,
) -> Epoch:
    """Add up an epoch, validate if it is time to, and decide whether it was the last."""
    import torch

    number = len(training.epochs) + 1
    mean = float(training.loss_of_epoch) / steps_per_epoch
    training.loss_of_epoch.zero_()
    if not math.isfinite(mean):
        raise InputError(
            f"the loss of epoch {number} is {mean}; use a smaller learning_rate than {config.learning_rate}"
        )
    validation = None
    if validate is not None and (number % config.validate_every == 0 or number == config.epochs):
        training.module.eval()
        with torch.no_grad(), _autocast(config, str(training.loss_of_epoch.device)):
            validation = float(validate())
    epoch = Epoch(number, mean, validation, time.perf_counter() - started)
    training.epochs.append(epoch)
    if validation is None:
        return epoch
    seen = [(past.number, past.validation) for past in training.epochs if past.validation is not None]
    best_number, _ = max(seen, key=lambda past: (past[1], -past[0]))
    if best_number == number:
        training.best_epoch = number
        training.best = {name: tensor.detach().clone() for name, tensor in training.module.state_dict().items()}
    since_best = sum(past > best_number for past, _ in seen)
    training.stopped_early = 0 < config.patience <= since_best
    return epoch


def _pace(step: int, steps: int, config: TrainConfig) -> float:
    """Return the share of the learning rate that a step is taken with, from 0 to 1."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    if config.schedule == "constant":
        return 1.0
    done = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * done))


def _autocast(config: TrainConfig, device: str) -> Any:
    import torch

    kind = torch.device(device).type
    short = config.precision == "bfloat16" or (config.precision == "auto" and kind == "cuda")
    return torch.autocast(kind, dtype=torch.bfloat16) if short else nullcontext()


def _torch_generators_apart(device: str) -> Any:
    """Return a context that leaves torch's own generators as it found them."""
    import torch

    place = torch.device(device)
    cuda = [place.index if place.index is not None else torch.cuda.current_device()] if place.type == "cuda" else []
    return torch.random.fork_rng(devices=cuda)


def _torch_seed(seed: int, *names: str | int) -> int:
    return int(stream(seed, *names).integers(2**63))


def _under(prefix: str, tensors: "dict[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _digest(*values: Any) -> str:
    return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=16).hexdigest()


def _figures(epoch: Epoch) -> str:
    validation = "" if epoch.validation is None else f", validation {epoch.validation:.4f}"
    return f"loss {epoch.loss:.4f}{validation}"
