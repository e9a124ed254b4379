"""Every baseline is tuned, fitted, kept and read in the same way."""

from pathlib import Path

import numpy as np
import pytest

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.evaluation.problem import Problem
from tv5_assets.models.artifacts import ModelFolder, read_model, write_model
from tv5_assets.models.baselines.every import BASELINES, Fitted, fit_every, plans, read_baseline
from tv5_assets_tests.evaluation.made import histories_of
from tv5_assets_tests.models.baselines.made import drawn

TRAIN = drawn(users=50, movies=40)
VECTORS = Vectors(TRAIN.catalog, np.random.default_rng(1).standard_normal((40, 8)).astype(np.float32), "drawn")
UNTUNED = {"popularity", "companions"}
ASKED = histories_of({1: [0, 5], 900: [3], 901: []}, movies=40)  # users 900 and 901 have never been seen


def slices() -> list[Problem]:
    """Return two slices that hide every fifth event of the training rows, each others."""
    users, found = TRAIN.users_of_events(), []
    for first in range(2):
        hidden = np.arange(len(TRAIN.items)) % 5 == first
        parts = [
            histories_of(
                {
                    int(user): TRAIN.items[which & (users == place)].tolist()
                    for place, user in enumerate(TRAIN.user_ids)
                },
                40,
            )
            for which in (~hidden, hidden)
        ]
        found.append(Problem("user-80-20", parts[0], parts[0], parts[1]))
    return found


def every() -> dict[str, Fitted]:
    return {fitted.model.name: fitted for fitted in fit_every(TRAIN, slices(), plans(VECTORS))}


@pytest.fixture(scope="module")
def fitted() -> dict[str, Fitted]:
    return every()


def test_all_baselines_are_fitted_on_all_training_rows(fitted: dict[str, Fitted]):
    assert list(fitted) == list(BASELINES)
    for one in fitted.values():
        assert one.model.trained_on["events"] == len(TRAIN.items) and one.model.trained_on["users"] == 50
        assert one.fitting_seconds > 0 and one.model.size == sum(
            tensor.numpy().nbytes for tensor in one.model.tensors.values()
        )


def test_the_parameters_are_those_of_the_best_trial(fitted: dict[str, Fitted]):
    for name in UNTUNED:
        assert not fitted[name].trials
    for name in BASELINES.keys() - UNTUNED:
        trials = fitted[name].trials
        assert len(trials) > 1 and all(len(trial.values) == 2 for trial in trials)
        chosen = max(trials, key=lambda trial: trial.mean)
        assert fitted[name].model.parameters == chosen.parameters


def test_without_vectors_the_mean_of_liked_is_left_out():
    assert [plan.name for plan in plans()] == [name for name in BASELINES if name != "mean of liked"]


@pytest.mark.parametrize("name", BASELINES)
def test_it_scores_users_whom_it_has_never_seen(fitted: dict[str, Fitted], name: str):
    scores = fitted[name].model.scores(ASKED)
    assert scores.shape == (3, 40) and scores.dtype.is_floating_point and scores.isfinite().all()
    alone = fitted[name].model.scores(ASKED.of(1, 2))
    np.testing.assert_allclose(alone[0], scores[1], atol=1e-5)  # whoever is asked about with them
    if "popularity" not in name:
        assert scores[1].std() > 0 and (scores[2] == 0).all()


@pytest.mark.parametrize("name", BASELINES)
def test_a_folder_gives_back_the_same_scores(fitted: dict[str, Fitted], tmp_path: Path, name: str):
    model = fitted[name].model
    write_model(model.to_folder(), tmp_path / "m")
    again = read_baseline(read_model(tmp_path / "m"))
    assert type(again) is type(model) and again.name == name and again.size == model.size
    assert again.parameters == model.parameters and again.trained_on == model.trained_on
    assert again.scores(ASKED).equal(model.scores(ASKED))


def test_fitting_again_gives_the_same_models(fitted: dict[str, Fitted]):
    for name, again in every().items():
        assert again.model.parameters == fitted[name].model.parameters
        assert again.trials == fitted[name].trials
        assert again.model.scores(ASKED).equal(fitted[name].model.scores(ASKED))


def test_another_catalog_is_refused(fitted: dict[str, Fitted]):
    for one in fitted.values():
        with pytest.raises(InputError, match=r"catalog of 40 movies.* of 41"):
            one.model.scores(histories_of({1: [0]}, movies=41))


def test_a_folder_of_something_else_is_refused(fitted: dict[str, Fitted]):
    folder = fitted["EASE"].model.to_folder()
    with pytest.raises(InputError, match="a folder of EASE cannot be read as iALS"):
        BASELINES["iALS"].from_folder(folder)
    with pytest.raises(InputError, match="something else is of no baseline"):
        read_baseline(ModelFolder({}))
