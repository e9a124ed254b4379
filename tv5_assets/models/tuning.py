"""Search for hyperparameters: a study of trials in PostgreSQL that is taken up where it was left.

Trial k of a study is drawn from the seed, k and the trials before it, and from nothing else. A search that was killed
therefore goes on as if it had not been: its finished trials stand, and the one it was in is drawn again, the same.
What does not belong here: what is trained and how it is judged, which the caller's objective does.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.models import locks
from tv5_assets.tables.models import Trials
from tv5_assets.tables.table import polars_schema

if TYPE_CHECKING:
    from optuna import Study as OptunaStudy
    from optuna import Trial
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

SCHEMA = "optuna"
"""Schema of the studies' tables, in the database that the caller names."""

_STARTUP_TRIALS = 8
"""Trials drawn at random before the sampler and the pruner have enough to judge by."""
_WARMUP_EPOCHS = 3
"""Epochs in which no trial is ended: until then, how fast it starts says little."""
_PATIENCE_S = 10.0
_ERROR, _SETTLED = "tv5.error", "tv5.settled"
"""Why a trial failed, which one that was interrupted could not say; what a completed one settled."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """A hyperparameter that has one of a few values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """A hyperparameter that is a number between two others, both included; ``log`` draws its logarithm evenly."""

    low: float
    high: float
    log: bool = False


Space = Mapping[str, Choice | Range]

Report = Callable[[int, float], None]
"""Told an epoch and its validation figure; it raises :class:`Pruned` where the trial is not worth going on with."""


@dataclass(frozen=True)
class Outcome:
    """What a trial came to.

    Attributes:
        value: the validation figure, of which more is better.
        settled: hyperparameters that the trial itself decided on what it had trained, by name; JSON values.
    """

    value: float
    settled: Mapping[str, Any] = field(default_factory=dict)


Objective = Callable[[Mapping[str, Any], Report], Outcome]
"""Trains with some hyperparameters and says what came of it."""


class Pruned(Exception):  # noqa: N818  it is no error
    """Ends a trial's training early; an objective lets it pass."""


@dataclass(frozen=True)
class Study:
    """What a search came to.

    Attributes:
        name: of the study, with a digest of its space and seed.
        best: the hyperparameters of the best trial, those that it settled among them.
        best_value: its figure.
        trials: every trial, as :class:`~tv5_assets.tables.models.Trials`.
    """

    name: str
    best: dict[str, Any]
    best_value: float
    trials: pl.DataFrame


def tune(
    objective: Objective,
    space: Space,
    *,
    trials: int,
    storage_url: str,
    study_name: str,
    seed: int,
    first: Sequence[Mapping[str, Any]] = (),
) -> Study:
    """Search until a study has so many trials, those of earlier, killed or shorter searches counted.

    Hyperparameters are drawn by tree-structured Parzen estimators (Bergstra et al., 2011), the first ones at random. A
    trial whose figure after an epoch is worse than the median of the earlier trials' at that epoch is pruned.

    Args:
        objective: trains and judges. An InputError of it, such as a loss that is not finite, fails that trial alone;
            anything else ends the search, which can be taken up again.
        space: what is searched.
        trials: how many trials the study shall have that were completed, pruned or failed.
        storage_url: of the PostgreSQL database that keeps the study, in the schema ``optuna``.
        study_name: what is tuned on which data. Another space or seed makes it another study.
        seed: of what is drawn.
        first: hyperparameters tried before any are drawn, such as the defaults; each names the whole space.

    Raises:
        InputError: the study is being searched by another process, or none of its trials could be completed.
        StoreUnavailableError: the database does not answer.
    """
    import optuna
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # a line for each trial is logged here
    name = f"{study_name}/{_digest(space, seed, first)}"
    with locks.held_if_free(storage_url, SCHEMA, name, patience=_PATIENCE_S) as free:
        if not free:
            raise InputError(f"the study {name} is being searched by another process; try again when that has ended")
        study = optuna.create_study(
            storage=_storage(storage_url),
            study_name=name,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=_WARMUP_EPOCHS + 1),
        )
        _end_dead(study)
        distributions = {key: _distribution(hyperparameter) for key, hyperparameter in space.items()}
        while (done := sum(_counts(trial) for trial in study.get_trials(deepcopy=False))) < trials:
            study.sampler = _sampler(seed, done)
            if done < len(first) and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
                study.enqueue_trial(dict(first[done]))
            _run(objective, study, study.ask(dict(distributions)), f"trial {done + 1} of {trials}")
    return _summary(study)


def _run(objective: Objective, study: "OptunaStudy", trial: "Trial", which: str) -> None:
    from optuna.trial import TrialState

    def report(epoch: int, value: float) -> None:
        trial.report(value, epoch)
        if trial.should_prune():
            raise Pruned(f"{which} is worse than the median after epoch {epoch}")

    try:
        outcome = objective(trial.params, report)
    except Pruned:
        study.tell(trial, state=TrialState.PRUNED)
        logger.info("%s pruned: %s", which, trial.params)
    except InputError as error:
        trial.set_user_attr(_ERROR, str(error))
        study.tell(trial, state=TrialState.FAIL)
        logger.warning("%s failed: %s: %s", which, trial.params, error)
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)
        raise
    else:
        trial.set_user_attr(_SETTLED, dict(outcome.settled))
        study.tell(trial, outcome.value)
        logger.info("%s: %.4f with %s", which, outcome.value, trial.params | dict(outcome.settled))


def _storage(url: str) -> "RDBStorage":
    from optuna.storages import RDBStorage
    from sqlalchemy import make_url

    with locks.held(url, SCHEMA), locks.connected(url) as connection:  # two that made the tables at once would fail
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        return RDBStorage(
            make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False),
            engine_kwargs={"connect_args": {"options": f"-csearch_path={SCHEMA}"}},
        )


def _end_dead(study: "OptunaStudy") -> None:
    """Close the trials of a killed search: since this one holds the study's lock, nobody works at them."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        logger.info("trial %d of %s was killed; it is made again", trial.number, study.study_name)


def _counts(trial: "FrozenTrial") -> bool:
    """Tell whether a trial is one of those asked for: not if it was interrupted, since it is then made again."""
    return trial.state.is_finished() and (trial.state.name != "FAIL" or _ERROR in trial.user_attrs)


def _sampler(seed: int, index: int) -> "BaseSampler":
    """Return what draws the trial of an index: a sampler has no memory but the study's trials."""
    from optuna.samplers import TPESampler

    return TPESampler(seed=int(stream(seed, "tuning", index).integers(2**32)), n_startup_trials=_STARTUP_TRIALS)


def _distribution(hyperparameter: Choice | Range) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if isinstance(hyperparameter, Choice):
        return CategoricalDistribution(hyperparameter.values)
    return FloatDistribution(hyperparameter.low, hyperparameter.high, log=hyperparameter.log)


def _digest(space: Space, seed: int, first: Sequence[Mapping[str, Any]]) -> str:
    described = [{key: asdict(value) for key, value in space.items()}, seed, [dict(each) for each in first]]
    return hashlib.blake2b(json.dumps(described, sort_keys=True).encode(), digest_size=4).hexdigest()


def _summary(study: "OptunaStudy") -> Study:
    frame = pl.DataFrame(
        [
            {
                "number": trial.number,
                "state": "interrupted" if not _counts(trial) else _STATES[trial.state.name],
                "value": trial.value,
                "parameters": json.dumps(_parameters(trial), sort_keys=True),
                "seconds": trial.duration.total_seconds() if trial.duration else 0.0,
            }
            for trial in study.get_trials(deepcopy=False)
        ],
        schema=polars_schema(Trials),
    )
    if frame.filter(pl.col("state") == "complete").is_empty():
        reasons = {trial.user_attrs.get(_ERROR, "") for trial in study.get_trials(deepcopy=False)} - {""}
        raise InputError(f"no trial of {study.study_name} could be completed: {'; '.join(sorted(reasons))}")
    return Study(study.study_name, _parameters(study.best_trial), study.best_value, frame)


def _parameters(trial: "FrozenTrial") -> dict[str, Any]:
    return {**trial.params, **trial.user_attrs.get(_SETTLED, {})}


_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
