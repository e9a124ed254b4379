from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import evaluate
from tv5_assets.models.artifacts import read_model, write_model
from tv5_assets.models.baselines.companions import Companions, fit_companions
from tv5_assets.models.baselines.ease import EASE, fit_ease
from tv5_assets.models.joined import Joined, Weights, join
from tv5_assets.models.joined_weights import WEIGHTS, choose_weights
from tv5_assets.models.train import TrainConfig
from tv5_assets.models.two_tower import TwoTower, TwoTowerConfig, fit_two_tower
from tv5_assets_tests.models.towers import MOVIES, histories_of, inputs, world

CONFIG = TwoTowerConfig(
    dimension=16, users_per_batch=32, train=TrainConfig(epochs=8, learning_rate=0.03, patience=0)
)  # fmt: skip


@cache
def fitted() -> tuple[TwoTower, EASE, Companions]:
    train = world().train
    return fit_two_tower(train, inputs(), CONFIG), fit_ease(train, 10.0), fit_companions(train, 0, dimension=8)


def weights_of(tower: float, ease: float, companions: float) -> Weights:
    return {"two-tower": tower, "EASE": ease, "companions": companions}


def of_unit_spread(scores: torch.Tensor) -> torch.Tensor:
    return (scores - scores.mean(dim=1, keepdim=True)) / scores.std(dim=1, correction=0, keepdim=True)


@pytest.mark.parametrize("counts", [(0.0, 1.0, 0.0), (0.3, 0.5, 0.2), (1.0, 0.0, 0.0)])
def test_its_scores_are_the_weighted_scores_of_all_brought_to_one_spread(counts: tuple[float, float, float]) -> None:
    history, models = world().history, fitted()
    expected = sum(count * of_unit_spread(model.scores(history)) for count, model in zip(counts, models, strict=True))
    joined = join(*models, weights_of(*counts), rank=None).scores(history)
    torch.testing.assert_close(of_unit_spread(joined), of_unit_spread(expected), atol=1e-3, rtol=0)


def test_one_search_by_inner_product_serves_it() -> None:
    model = join(*fitted(), weights_of(0.5, 0.3, 0.2), rank=8)
    history = world().history
    movies, users = model.movie_vectors(), model.user_vectors(history)
    assert movies.shape == (MOVIES, 16 + 8 + 8)
    assert movies.dtype == users.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(users, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(model.scores(history).numpy(), users @ movies.T, atol=1e-5)


def test_a_user_without_history_has_the_towers_part_alone() -> None:
    tower, ease, companions = fitted()
    vector = join(tower, ease, companions, weights_of(0.5, 0.3, 0.2), rank=8).user_vectors(histories_of([[]]))
    np.testing.assert_allclose(vector[0, :16], tower.user_vectors(histories_of([[]]))[0], atol=1e-5)
    assert not vector[0, 16:].any()


def test_weights_are_chosen_by_what_they_find_on_the_slices() -> None:
    tower, ease, companions = fitted()
    problem = world()
    weights, means = choose_weights([(tower, ease, companions, problem)] * 2, rank=None)
    assert len(means) == len(WEIGHTS)
    assert means[WEIGHTS.index(weights)] == max(means)
    found = evaluate(join(tower, ease, companions, weights, rank=None), problem, ks=(10,)).mean("ndcg", 10)
    assert max(means) == pytest.approx(found)
    # A tower that knows nothing is given the least.
    torch.manual_seed(0)
    noise = replace(tower, movies=torch.nn.functional.normalize(torch.randn(MOVIES, 16), dim=1))
    chosen, _ = choose_weights([(noise, ease, companions, problem)], rank=None)
    assert chosen["two-tower"] == min(tried["two-tower"] for tried in WEIGHTS)
    with pytest.raises(InputError, match="there is none"):
        choose_weights([])


def test_the_weights_that_are_tried_sum_to_one_and_may_leave_companions_out() -> None:
    assert len(WEIGHTS) == len({tuple(tried.values()) for tried in WEIGHTS}) == 16
    for tried in WEIGHTS:
        assert sum(tried.values()) == pytest.approx(1)
        assert min(tried["two-tower"], tried["EASE"]) >= 0.2
    assert min(tried["companions"] for tried in WEIGHTS) == 0


def test_a_model_survives_its_folder(tmp_path: Path) -> None:
    model = join(*fitted(), weights_of(0.4, 0.4, 0.2), metrics={"chosen_on": 3})
    write_model(model.to_folder(), tmp_path / "model")
    folder = read_model(tmp_path / "model")
    again = Joined.from_folder(folder)
    history = world().history
    assert torch.equal(again.scores(history), model.scores(history))
    assert again.weights == weights_of(0.4, 0.4, 0.2)
    assert again.size == model.size
    assert again.metrics == {"chosen_on": 3}
    assert again.tower.metrics == model.tower.metrics
    assert folder.config["trained_on"]["fingerprint"] == model.tower.trained_on["fingerprint"]
    with pytest.raises(InputError, match="two-tower cannot be read as two-tower \\+ EASE \\+ companions"):
        Joined.from_folder(model.tower.to_folder())


def test_models_of_different_events_are_refused() -> None:
    tower, ease, companions = fitted()
    train, weights = world(seed=1).train, weights_of(0.5, 0.3, 0.2)
    with pytest.raises(InputError, match="two-tower and EASE were trained on different events"):
        join(tower, fit_ease(train, 10.0), companions, weights)
    with pytest.raises(InputError, match="two-tower and companions were trained on different events"):
        join(tower, ease, fit_companions(train, 0), weights)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (weights_of(1.5, -0.5, 0.0), "0 or more and sum to 1"),
        (weights_of(0.5, 0.5, 0.5), "0 or more and sum to 1"),
        ({"two-tower": 0.5, "EASE": 0.5}, "weights given to EASE, two-tower"),
    ],
)
def test_weights_that_are_none_are_refused(weights: Weights, told: str) -> None:
    with pytest.raises(InputError, match=told):
        join(*fitted(), weights)
