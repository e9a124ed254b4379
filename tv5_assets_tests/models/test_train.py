import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from tv5_assets.errors import InputError
from tv5_assets.models.train import Epoch, TrainConfig, TrainingCurve, fit, seeded

STEPS = 5  # of an epoch
CONFIG = TrainConfig(epochs=6, learning_rate=0.05, warmup_steps=3, schedule="cosine", patience=0, checkpoint_seconds=0)
TRUTH = torch.tensor([[2.0], [-1.0], [0.5]])


class KilledError(Exception):
    """Stands for a process that is gone."""


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)
        self.dropout = nn.Dropout(0.2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layer(self.dropout(inputs))


def line(seed: int = 0) -> Line:
    with seeded("cpu", seed, "line"):
        return Line()


def train(
    config: TrainConfig = CONFIG,
    checkpoint: Path | None = None,
    kill_at: int | None = None,
    validations: list[float] | None = None,
    identity: str = "",
) -> tuple[Line, TrainingCurve]:
    """Fit a line to random inputs; ``kill_at`` ends the attempt in that step, after its batch was drawn."""
    module = line()

    def loss(step: int) -> torch.Tensor:
        inputs = torch.randn(16, 3)
        if step == kill_at:
            raise KilledError
        return (module(inputs) - inputs @ TRUTH).square().mean()

    def validate() -> float:
        if validations is not None:
            return validations.pop(0)
        return -float((module.layer.weight.T - TRUTH).square().sum())

    return module, fit(
        module, loss, config, steps_per_epoch=STEPS, validate=validate, checkpoint=checkpoint, identity=identity
    )


def without_seconds(curve: TrainingCurve) -> list[Epoch]:
    return [replace(epoch, seconds=0) for epoch in curve.epochs]


def test_it_learns() -> None:
    module, curve = train(replace(CONFIG, epochs=40))
    assert curve.losses[-1] < curve.losses[0] / 2  # what the dropout leaves is about a third
    assert curve.best_epoch == max(curve.epochs, key=lambda epoch: epoch.validation or 0).number
    assert not module.training
    torch.testing.assert_close(module.layer.weight.T, TRUTH, atol=0.5, rtol=0)


@pytest.mark.parametrize("kill_at", [1, 7, 10, 29])
def test_a_killed_training_goes_on_to_the_same_curve(tmp_path: Path, kill_at: int) -> None:
    whole, expected = train()
    with pytest.raises(KilledError):
        train(checkpoint=tmp_path, kill_at=kill_at)
    resumed, curve = train(checkpoint=tmp_path)
    assert curve.resumed_at == kill_at
    assert without_seconds(curve) == without_seconds(expected)
    for one, other in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(one, other)
    assert list(tmp_path.iterdir()) == []  # no checkpoint outlives its training


def test_a_kill_after_the_best_epoch_keeps_its_parameters(tmp_path: Path) -> None:
    figures = [0.1, 0.9, 0.2, 0.3, 0.4, 0.5]
    whole, expected = train(validations=figures.copy())
    with pytest.raises(KilledError):
        train(checkpoint=tmp_path, kill_at=4 * STEPS + 2, validations=figures.copy())
    resumed, curve = train(checkpoint=tmp_path, validations=figures[4:])
    assert curve.best_epoch == expected.best_epoch == 2
    assert torch.equal(resumed.layer.weight, whole.layer.weight)


def test_a_checkpoint_of_another_training_is_not_taken_up(tmp_path: Path) -> None:
    for changed in ({"identity": "other data"}, {"config": replace(CONFIG, seed=1)}):
        with pytest.raises(KilledError):
            train(checkpoint=tmp_path, kill_at=12)
        _, curve = train(checkpoint=tmp_path, **changed)
        assert curve.resumed_at == 0
        assert len(curve.epochs) == CONFIG.epochs


def test_a_broken_checkpoint_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half a file")
    _, curve = train(checkpoint=tmp_path)
    assert without_seconds(curve) == without_seconds(train()[1])


def test_same_seed_same_training_and_another_seed_another(tmp_path: Path) -> None:
    _, first = train()
    torch.manual_seed(99)  # the surroundings' generators are of no consequence, and are left as they are
    expected = torch.rand(1)
    torch.manual_seed(99)
    _, again = train(checkpoint=tmp_path)
    assert torch.equal(torch.rand(1), expected)
    assert without_seconds(again) == without_seconds(first)
    assert train(replace(CONFIG, seed=1))[1].losses != first.losses


def test_patience_ends_it_and_the_best_parameters_come_back() -> None:
    figures = [0.1, 0.5, 0.4, 0.5, 0.3, 0.9]
    module, curve = train(replace(CONFIG, patience=3), validations=figures)
    assert curve.stopped_early
    assert [epoch.validation for epoch in curve.epochs] == [0.1, 0.5, 0.4, 0.5, 0.3]
    assert curve.best_epoch == 2  # the first of equals
    # With a constant rate, two epochs are the first two of any number.
    constant = replace(CONFIG, schedule="constant")
    best, _ = train(replace(constant, patience=3), validations=[0.1, 0.5, 0.4, 0.5, 0.3])
    two, _ = train(replace(constant, epochs=2))
    assert torch.equal(best.layer.weight, two.layer.weight)
    assert not torch.equal(best.layer.weight, module.layer.weight)


def test_validations_are_as_far_apart_as_asked_and_the_last_epoch_has_one() -> None:
    _, curve = train(replace(CONFIG, epochs=5, validate_every=2))
    assert [epoch.validation is not None for epoch in curve.epochs] == [False, True, False, True, True]


def test_the_learning_rate_warms_up_and_falls() -> None:
    rates = []
    module = line()

    class Recorded(torch.optim.AdamW):
        def step(self, closure: None = None) -> None:  # type: ignore[override]
            rates.append(self.param_groups[0]["lr"])

    original = torch.optim.AdamW
    torch.optim.AdamW = Recorded  # type: ignore[misc]
    try:
        fit(module, lambda _: module(torch.ones(1, 3)).sum(), replace(CONFIG, epochs=2), steps_per_epoch=STEPS)
    finally:
        torch.optim.AdamW = original  # type: ignore[misc]
    peak = CONFIG.learning_rate
    assert rates[:4] == pytest.approx([peak / 3, peak * 2 / 3, peak, peak])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert 0 < rates[-1] < peak / 10


def test_gradients_are_clipped() -> None:
    module = line()
    norms = []

    def loss(step: int) -> torch.Tensor:
        if step:
            norms.append(torch.linalg.vector_norm(torch.stack([p.grad.norm() for p in module.parameters()])))
        return 1e6 * module(torch.ones(4, 3)).square().mean()

    config = replace(CONFIG, epochs=1, clip_norm=0.5)
    # zero_grad comes after the loss, so that a step sees what the step before it left.
    fit(module, loss, config, steps_per_epoch=STEPS)
    assert [float(norm) for norm in norms] == pytest.approx([0.5] * (STEPS - 1), rel=1e-4)


def test_a_short_number_type_still_learns_in_float32_parameters() -> None:
    module, curve = train(replace(CONFIG, epochs=20, precision="bfloat16"))
    assert module.layer.weight.dtype == torch.float32
    assert curve.losses[-1] < curve.losses[0]
    expected = train(replace(CONFIG, epochs=20))[1].losses
    assert curve.losses != expected
    assert curve.losses == pytest.approx(expected, rel=0.05)


def test_a_loss_that_is_not_finite_is_an_error_that_names_the_setting() -> None:
    module = line()
    with pytest.raises(InputError, match=r"epoch 1 is nan.*learning_rate than 0.05"):
        fit(module, lambda _: module(torch.ones(1, 3)).sum() * float("nan"), CONFIG, steps_per_epoch=STEPS)


def test_on_epoch_sees_each_epoch_once_and_may_end_it() -> None:
    module = line()
    seen: list[int] = []

    def on_epoch(epoch: Epoch) -> None:
        seen.append(epoch.number)
        if epoch.number == 3:
            raise KilledError

    with pytest.raises(KilledError):
        fit(
            module, lambda _: module(torch.ones(1, 3)).square().sum(), CONFIG, steps_per_epoch=2, on_epoch=on_epoch
        )  # fmt: skip
    assert seen == [1, 2, 3]


def test_the_curve_is_json() -> None:
    _, curve = train(replace(CONFIG, epochs=2))
    read = json.loads(json.dumps(curve.as_metrics()))
    assert [epoch["loss"] for epoch in read["epochs"]] == curve.losses
    assert read["best_epoch"] == curve.best_epoch
