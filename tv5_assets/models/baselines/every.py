"""Every baseline, each with how it is tuned and fitted: what a leaderboard goes through.

What does not belong here: what a baseline is (its own module) and how the fitted ones are compared.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.models.baselines.baseline import Baseline
from tv5_assets.models.baselines.choice import Measure, Trial, best, ndcg_at_10, tried
from tv5_assets.models.baselines.companions import Companions, fit_companions
from tv5_assets.models.baselines.content import MeanOfLiked, content_candidates, fit_content
from tv5_assets.models.baselines.ease import EASE, ease_candidates, fit_ease
from tv5_assets.models.baselines.ials import IALS, Factorization, fit_ials, ials_candidates
from tv5_assets.models.baselines.markov import Markov, fit_markov, markov_candidates
from tv5_assets.models.baselines.neighbours import ItemKNN, fit_neighbours, neighbour_candidates
from tv5_assets.models.baselines.popularity import (
    Popularity,
    RecentPopularity,
    fit_popularity,
    fit_recent,
    recent_candidates,
)

BASELINES: Mapping[str, type[Baseline]] = {
    kind.name: kind for kind in (Popularity, RecentPopularity, Markov, ItemKNN, Companions, EASE, IALS, MeanOfLiked)
}
"""The types by name."""


@dataclass(frozen=True)
class Plan:
    """How one baseline is fitted.

    Attributes:
        name: the baseline's.
        fit: fits it with the parameters of a trial; with none where there is nothing to choose.
        candidates: yields it with every choice of parameters; None where there is nothing to choose.
    """

    name: str
    fit: Callable[[Histories, Mapping[str, Any]], Baseline]
    candidates: Callable[[Histories], Iterator[Baseline]] | None = None


@dataclass(frozen=True)
class Fitted:
    """A baseline that was tuned and fitted.

    Attributes:
        model: the baseline, fitted on all training rows.
        trials: what each choice of parameters reached on the validation slices; empty where there was nothing to
            choose.
        tuning_seconds: wall time of all trials.
        fitting_seconds: wall time of the fit on all training rows.
    """

    model: Baseline
    trials: tuple[Trial, ...]
    tuning_seconds: float
    fitting_seconds: float


def plans(movies: Vectors | None = None, *, device: str = "cpu", seed: int = 0, threads: int = 1) -> tuple[Plan, ...]:
    """Return how every baseline is fitted.

    Args:
        movies: a text vector for every movie of the catalog; None leaves the mean of liked movies out.
        device: where to fit, as far as a baseline can, and to score.
        seed: of those that draw anything, companions and iALS.
        threads: of iALS.
    """
    made = [
        Plan(Popularity.name, lambda train, _: fit_popularity(train, device)),
        Plan(
            RecentPopularity.name,
            lambda train, chosen: fit_recent(train, chosen["days"], device),
            lambda train: recent_candidates(train, device=device),
        ),
        Plan(
            Markov.name,
            lambda train, chosen: fit_markov(train, chosen["reach"], device),
            lambda train: markov_candidates(train, device=device),
        ),
        Plan(
            ItemKNN.name,
            lambda train, chosen: fit_neighbours(train, chosen["neighbours"], chosen["shrinkage"], device),
            lambda train: neighbour_candidates(train, device=device),
        ),
        Plan(Companions.name, lambda train, _: fit_companions(train, seed, device)),
        Plan(
            EASE.name,
            lambda train, chosen: fit_ease(train, chosen["lambda"], device=device),
            lambda train: ease_candidates(train, device=device),
        ),
        Plan(
            IALS.name,
            lambda train, chosen: fit_ials(
                train, Factorization(*(chosen[field] for field in Factorization._fields)), seed, threads, device
            ),
            lambda train: ials_candidates(train, seed=seed, threads=threads, device=device),
        ),
    ]
    if movies is not None:
        made.append(
            Plan(
                MeanOfLiked.name,
                lambda train, chosen: fit_content(train, movies, chosen["least_rating"], device),
                lambda train: content_candidates(train, movies, device=device),
            )
        )
    return tuple(made)


def fit_every(
    train: Histories, slices: Sequence[Problem], chosen: Sequence[Plan], measure: Measure = ndcg_at_10
) -> Iterator[Fitted]:
    """Tune each baseline on validation slices and fit it on all training rows, one after the other.

    Args:
        train: what is learnt from.
        slices: problems made from ``train`` alone (evaluation.protocol.validation).
        chosen: which baselines, from :func:`plans`.
        measure: by which parameters are chosen.

    Raises:
        InputError: there are no slices, or nothing to learn from.
    """
    for plan in chosen:
        started = time.perf_counter()
        trials = tried(slices, plan.candidates, measure) if plan.candidates else []
        tuned = time.perf_counter()
        model = plan.fit(train, best(trials).parameters if trials else {})
        yield Fitted(model, tuple(trials), tuned - started, time.perf_counter() - tuned)


def read_baseline(folder: ModelFolder, device: str = "cpu") -> Baseline:
    """Return the baseline that is kept in a folder.

    Raises:
        InputError: the folder is of no baseline.
    """
    name: str = folder.config.get("model", "")
    if name not in BASELINES:
        raise InputError(f"a folder of {name or 'something else'} is of no baseline; those are {', '.join(BASELINES)}")
    return BASELINES[name].from_folder(folder, device)
