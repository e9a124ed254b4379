from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import evaluate
from tv5_assets.models.artifacts import read_model, write_model
from tv5_assets.models.baselines.ease import EASE, fit_ease
from tv5_assets.models.joined import WEIGHTS, Joined, choose_weight, join
from tv5_assets.models.train import TrainConfig
from tv5_assets.models.two_tower import TwoTower, TwoTowerConfig, fit_two_tower
from tv5_assets_tests.models.towers import MOVIES, histories_of, inputs, world

CONFIG = TwoTowerConfig(
    dimension=16, users_per_batch=32, train=TrainConfig(epochs=8, learning_rate=0.03, patience=0)
)  # fmt: skip


@cache
def fitted() -> tuple[TwoTower, EASE]:
    train = world().train
    return fit_two_tower(train, inputs(), CONFIG), fit_ease(train, 10.0)


def of_unit_spread(scores: torch.Tensor) -> torch.Tensor:
    return (scores - scores.mean(dim=1, keepdim=True)) / scores.std(dim=1, correction=0, keepdim=True)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_its_scores_are_the_weighted_scores_of_both_brought_to_one_spread(weight: float) -> None:
    tower, ease = fitted()
    history = world().history
    both = weight * of_unit_spread(tower.scores(history)) + (1 - weight) * of_unit_spread(ease.scores(history))
    joined = join(tower, ease, weight, rank=None).scores(history)
    torch.testing.assert_close(of_unit_spread(joined), of_unit_spread(both), atol=1e-3, rtol=0)


def test_one_search_by_inner_product_serves_it() -> None:
    model = join(*fitted(), 0.5, rank=8)
    history = world().history
    movies, users = model.movie_vectors(), model.user_vectors(history)
    assert movies.shape == (MOVIES, 16 + 8)
    assert movies.dtype == users.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(users, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(model.scores(history).numpy(), users @ movies.T, atol=1e-5)


def test_a_user_without_history_has_the_towers_part_alone() -> None:
    tower, ease = fitted()
    vector = join(tower, ease, 0.5, rank=8).user_vectors(histories_of([[]]))
    np.testing.assert_allclose(vector[0, :16], tower.user_vectors(histories_of([[]]))[0], atol=1e-5)
    assert not vector[0, 16:].any()


def test_a_weight_is_chosen_by_what_it_finds_on_the_slices() -> None:
    tower, ease = fitted()
    problem = world()
    weight, means = choose_weight([(tower, ease, problem), (tower, ease, problem)], rank=None)
    assert list(means) == list(WEIGHTS)
    assert means[weight] == max(means.values())
    found = evaluate(join(tower, ease, weight, rank=None), problem, ks=(10,)).mean("ndcg", 10)
    assert means[weight] == pytest.approx(found)
    # A tower that knows nothing is given the least.
    torch.manual_seed(0)
    noise = replace(tower, movies=torch.nn.functional.normalize(torch.randn(MOVIES, 16), dim=1))
    assert choose_weight([(noise, ease, problem)], rank=None)[0] == min(WEIGHTS)
    with pytest.raises(InputError, match="there is none"):
        choose_weight([])


def test_a_model_survives_its_folder(tmp_path: Path) -> None:
    model = join(*fitted(), 0.4, metrics={"chosen_on": 3})
    write_model(model.to_folder(), tmp_path / "model")
    folder = read_model(tmp_path / "model")
    again = Joined.from_folder(folder)
    history = world().history
    assert torch.equal(again.scores(history), model.scores(history))
    assert again.weight == 0.4
    assert again.metrics == {"chosen_on": 3}
    assert again.tower.metrics == model.tower.metrics
    assert folder.config["trained_on"]["fingerprint"] == model.tower.trained_on["fingerprint"]
    with pytest.raises(InputError, match="two-tower cannot be read as two-tower \\+ EASE"):
        Joined.from_folder(model.tower.to_folder())


def test_models_of_different_events_and_weights_out_of_bounds_are_refused() -> None:
    tower, ease = fitted()
    with pytest.raises(InputError, match="different events"):
        join(tower, fit_ease(world(seed=1).train, 10.0), 0.5)
    with pytest.raises(InputError, match=r"from 0 to 1, not 1\.5"):
        join(tower, ease, 1.5)
