"""The search for the two-tower's hyperparameters: what a trial trains and on what it is judged.

What does not belong here: how trials are drawn, pruned and kept (tuning.py).
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.evaluation.questions import Question
from tv5_assets.fingerprint import fingerprint
from tv5_assets.models.baselines.companions import fit_companions
from tv5_assets.models.baselines.ease import fit_leading
from tv5_assets.models.joined import RANK, Weights
from tv5_assets.models.joined_weights import WEIGHTS, choose_weights
from tv5_assets.models.presets import JOINED_LAMBDA
from tv5_assets.models.train import Epoch, TrainConfig
from tv5_assets.models.tuning import Choice, Outcome, Range, Report, Space, Study, tune
from tv5_assets.models.two_tower import TwoTowerConfig, fit_two_tower
from tv5_assets.models.two_tower_inputs import movie_inputs

_OF_TRAINING = {one.name for one in fields(TrainConfig)}
_VALIDATIONS = 4  # of a trial, at each of which it may be pruned
_WEIGHTS = "weights"  # of the joined model, which a trial settles


def search(
    question: Question,
    movies: pl.DataFrame,
    text: Vectors,
    start: TwoTowerConfig,
    *,
    trials: int,
    storage_url: str,
    study_name: str,
    device: str,
) -> Study:
    """Search the two-tower's hyperparameters by NDCG@10 on the question's first slice, on which each trial also settles
    what its two-tower and the linear models count when they are joined.

    Args:
        question: whose training rows are learnt from; its problem is not looked at.
        movies: rows of ``processed/movies``.
        text: a text vector for every movie.
        start: the configuration of the first trial, whose other fields all trials share.
        trials: how many, those of an earlier search counted.
        storage_url: PostgreSQL database of the study.
        study_name: name of the study, to which a fingerprint of the weights that are tried is added.
        device: where to train.

    Raises:
        InputError: no trial could be completed.
    """
    part = question.slices[0]
    inputs = movie_inputs(part.train.catalog, movies, text=text)
    epochs = start.train.epochs
    ease = fit_leading(part.train, JOINED_LAMBDA, RANK, question.seed, device=device)
    companions = fit_companions(part.train, question.seed, device)

    def objective(chosen: Mapping[str, Any], report: Report) -> Outcome:
        config = configured(start, chosen)
        config = replace(config, train=replace(config.train, validate_every=max(1, epochs // _VALIDATIONS)))
        reached = 0.0

        def follow(epoch: Epoch) -> None:
            nonlocal reached
            if epoch.validation is not None:
                reached = epoch.validation
                report(epoch.number, epoch.validation)

        tower = fit_two_tower(
            part.train, inputs, config, seed=question.seed, device=device, validation=part, on_epoch=follow
        )
        weights, _ = choose_weights([(tower, ease, companions, part)])
        return Outcome(reached, {_WEIGHTS: dict(weights)})

    space = two_tower_space(start)
    first = {name: getattr(start.train if name in _OF_TRAINING else start, name) for name in space}
    return tune(
        objective,
        space,
        trials=trials,
        storage_url=storage_url,
        study_name=f"{study_name}/{fingerprint(repr(WEIGHTS))}",  # trials that settled others are of no use
        seed=question.seed,
        first=[first],
    )


def two_tower_space(start: TwoTowerConfig) -> Space:
    """Return what is searched around a configuration, by the names of its fields and of its training's.

    The requirements name embedding and batch size, learning rate, weight decay, which is ``l2`` here, and dropout,
    whose part the hidden share of a history plays. Their sixth, the width of a hidden layer, this model has not.
    """
    return {
        "dimension": Choice((64, 128, 256)),
        "users_per_batch": Choice((start.users_per_batch // 2, start.users_per_batch, 2 * start.users_per_batch)),
        "learning_rate": Range(1e-3, 3e-2, log=True),
        "l2": Range(start.l2 / 40, start.l2 * 25, log=True),
        "most_hidden": Range(0.1, 0.5),
        "temperature": Range(0.05, 1.0, log=True),
    }


def configured(start: TwoTowerConfig, chosen: Mapping[str, Any]) -> TwoTowerConfig:
    """Return a configuration with some hyperparameters changed, named as its fields or as its training's are.

    What a trial settled for the joined model is left out (:func:`weights_of`).
    """
    own = {name: value for name, value in chosen.items() if name not in _OF_TRAINING | {_WEIGHTS}}
    of_training = {name: value for name, value in chosen.items() if name in _OF_TRAINING}
    return replace(start, **own, train=replace(start.train, **of_training))


def weights_of(chosen: Mapping[str, Any]) -> Weights:
    """Return what the two-tower of a trial and the linear models count when they are joined."""
    weights: Weights = chosen[_WEIGHTS]
    return weights


def best_of(trials: pl.DataFrame) -> dict[str, Any]:
    """Return the hyperparameters of the best completed trial of rows of tables.models.Trials.

    Raises:
        InputError: there is none.
    """
    complete = trials.filter(pl.col("state").cast(pl.String) == "complete").sort(
        "value", "number", descending=[True, False]
    )
    if complete.is_empty():
        raise InputError("no trial of models/tuning was completed; materialize it again")
    best = complete.sort("value", "number", descending=[True, False]).row(0, named=True)
    chosen: dict[str, Any] = json.loads(best["parameters"])
    return chosen
