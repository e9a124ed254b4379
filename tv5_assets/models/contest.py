"""Training and asking one family of recommenders: baselines, two-towers, models of sequences.

Every family answers the same questions and hands on rows of the same kind, so that one leaderboard holds them all. What
does not belong here: how any recommender is fitted, and the leaderboard (evaluation/leaderboard.py).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.evaluation.evaluate import Evaluation, evaluate
from tv5_assets.evaluation.problem import Recommender
from tv5_assets.evaluation.questions import Question
from tv5_assets.evaluation.results import results
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.models.baselines.companions import fit_companions
from tv5_assets.models.baselines.ease import fit_leading
from tv5_assets.models.baselines.every import fit_every, plans
from tv5_assets.models.joined import RANK, Weights, join
from tv5_assets.models.presets import JOINED_LAMBDA
from tv5_assets.models.sequence import SequenceConfig, fit_sequence
from tv5_assets.models.two_tower import TwoTowerConfig, fit_two_tower
from tv5_assets.models.two_tower_inputs import movie_inputs

_CATALOG = "catalog"  # the tensor of ids in a folder, which nobody fitted


class KeptRecommender(Recommender, Protocol):
    """A recommender that can be kept as a folder."""

    def to_folder(self) -> ModelFolder:
        """Return it as tensors and JSON."""
        ...


@dataclass(frozen=True)
class Trained:
    """A recommender that was fitted for a question.

    Attributes:
        model: the recommender.
        kind: one of tables.models.RECOMMENDER_KINDS.
        seconds: time to fit it.
        asked: the hyperparameters; JSON values.
        curve: figures after each epoch; empty where there are no epochs.
    """

    model: KeptRecommender
    kind: str
    seconds: float
    asked: Mapping[str, Any]
    curve: Sequence[Mapping[str, float]] = field(default=())


Train = Callable[[Question], Iterator[Trained]]
OnTrained = Callable[[Question, Trained, Evaluation], None]


def compete(questions: Iterable[Question], train: Train, on_trained: OnTrained) -> pl.DataFrame:
    """Train for every question, ask what was trained, and return rows of tables.models.Results.

    Args:
        questions: what is asked.
        train: yields the recommenders of a family, fitted for one question.
        on_trained: told each of them and how it did, such as to track it.
    """
    frames = []
    for question in questions:
        for trained in train(question):
            evaluation = evaluate(trained.model, question.problem)
            on_trained(question, trained, evaluation)
            tensors = {name: one for name, one in trained.model.to_folder().tensors.items() if name != _CATALOG}
            frames.append(
                results(
                    evaluation,
                    kind=trained.kind,
                    split=question.split,
                    train_seconds=trained.seconds,
                    parameters=sum(tensor.size for tensor in tensors.values()),
                    size_bytes=sum(tensor.nbytes for tensor in tensors.values()),
                )
            )
    return pl.concat(frames).sort("protocol", "split", "model", "user_id", "k")


def baselines(text: Vectors, device: str) -> Train:
    """Return how the baselines are trained, each tuned on the question's slices.

    Args:
        text: a text vector for every movie.
        device: where to fit and to score.
    """

    def train(question: Question) -> Iterator[Trained]:
        chosen = plans(text, device=device, seed=question.seed)
        for fitted in fit_every(question.problem.train, question.slices, chosen):
            yield Trained(fitted.model, "baseline", fitted.fitting_seconds, fitted.model.parameters)

    return train


def two_towers(
    movies: pl.DataFrame,
    text: Vectors,
    config: TwoTowerConfig,
    weights: Weights,
    *,
    device: str,
    checkpoints: Path,
    regularization: float = JOINED_LAMBDA,
) -> Train:
    """Return how the two-tower is trained, and joined with EASE and companions.

    Args:
        movies: rows of ``processed/movies``.
        text: a text vector for every movie.
        config: of the two-tower.
        weights: what each counts in the joined model.
        device: where to train and to score.
        checkpoints: folder from which a killed training goes on.
        regularization: lambda of the EASE that it is joined with.
    """

    def train(question: Question) -> Iterator[Trained]:
        learnt = question.problem.train
        tower = fit_two_tower(
            learnt,
            movie_inputs(learnt.catalog, movies, text=text),
            config,
            seed=question.seed,
            device=device,
            checkpoint=_folder(checkpoints, question, "two-tower"),
            trained_on=_described(question),
        )
        seconds = float(tower.metrics["seconds"])
        yield Trained(tower, "model", seconds, asdict(config), _curve(tower.metrics["training"]))
        started = time.perf_counter()
        ease = fit_leading(learnt, regularization, RANK, question.seed, device=device)
        joined = join(tower, ease, fit_companions(learnt, question.seed, device), weights)
        yield Trained(
            joined,
            "model",
            seconds + time.perf_counter() - started,
            {"weights": dict(weights), "lambda": regularization},
        )

    return train


def sequences(configs: Iterable[SequenceConfig], device: str, checkpoints: Path) -> Train:
    """Return how the models of sequences are trained.

    Args:
        configs: one of each model.
        device: where to train and to score.
        checkpoints: folder from which a killed training goes on.
    """
    chosen = tuple(configs)

    def train(question: Question) -> Iterator[Trained]:
        for config in chosen:
            checkpoint = _folder(checkpoints, question, config.kind)
            model = fit_sequence(question.problem.train, config, question.seed, device, checkpoint)
            model = replace(model, trained_on={**model.trained_on, **_described(question)})
            yield Trained(model, "model", float(model.metrics["fit_seconds"]), asdict(config), _curve(model.metrics))

    return train


def _folder(checkpoints: Path, question: Question, name: str) -> Path:
    return checkpoints / f"{name}-{question.problem.protocol}-{question.split}"


def _described(question: Question) -> dict[str, Any]:
    return {"protocol": question.problem.protocol, "split": question.split, "seed": question.seed}


def _curve(training: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return the figures of each epoch that a training has, without its number."""
    return [
        {name: float(value) for name, value in epoch.items() if name != "number" and value is not None}
        for epoch in training["epochs"]
    ]
