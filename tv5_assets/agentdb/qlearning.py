"""Q-learning: from episodes to what each user would like next, in each state they have been in.

Two stages. An archetype's prior is learnt from the steps of all its users. A user's policy then starts from the prior
of their archetype and is updated by tabular Q-learning (Watkins, 1989) over their own steps, in order.
What does not belong here: what states, actions and rewards are (states.py, rewards.py), and stores.
"""

import logging
import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.agentdb.states import SLOTS, STATE_HASHES, STATES
from tv5_assets.agentdb.steps import Floats, Integers, Steps, collect_steps
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.progress import progress
from tv5_assets.tables.features import ACTIONS
from tv5_assets.tables.models import Policies
from tv5_assets.tables.synthetic import ARCHETYPES
from tv5_assets.tables.table import polars_schema

logger = logging.getLogger(__name__)

_PRIOR_SHAPE = (len(ARCHETYPES), SLOTS, len(ACTIONS), len(ACTIONS))  # archetype, slot, last genre, action
_ROWS_AT_ONCE = 250_000  # of policies while they become a frame; 5 million values


@dataclass(frozen=True)
class Parameters:
    """How to learn.

    Attributes:
        discount: gamma, the worth of the next step's value. One half: what a user watches two or three movies later
            owes little to this choice.
        epochs: passes over every user's history.
        prior_visits: visits that a user's prior counts for, against one for each real visit.
        shrinkage: visits with which a genre's mean over everybody counts in an archetype's value of it.
    """

    discount: float = 0.5
    epochs: int = 4
    prior_visits: float = 3.0
    shrinkage: float = 20.0


@dataclass(frozen=True)
class Learnt:
    """The outcome of learning.

    Attributes:
        policies: rows of ``models/policies``, by user and state.
        prior: the archetypes' prior. Tensors of shape (archetypes, states, actions): ``reward``, the mean reward;
            ``value``, with the discounted value of what follows; ``visits``. Its config names the axes and the
            parameters, its metrics are figures of both stages: ``mean_change_by_epoch`` is the mean of |delta Q| over
            all updates of an epoch, ``prior_change_by_sweep`` the largest change of the prior by each sweep, and
            ``noise_variance`` the variance of rewards around their prior mean.
    """

    policies: pl.DataFrame
    prior: ModelFolder


@dataclass(frozen=True)
class Fitted:
    """Values as learnt, before they become policies.

    Attributes:
        prior: as in Learnt, without the figures of the second stage.
        user: place of the user of each visited pair of user and state, by user and state; shape (rows,).
        state: code of its state, shape (rows,).
        row: the pair of each step, shape (steps,).
        values: value of each action there, shape (rows, actions).
        visits: visits of each action there, shape (rows, actions).
        changes: the mean of |delta Q| by epoch.
    """

    prior: ModelFolder
    user: Integers
    state: Integers
    row: Integers
    values: Floats
    visits: npt.NDArray[np.int32]
    changes: list[float]


def learn(episodes: pl.LazyFrame, users: pl.DataFrame, parameters: Parameters | None = None) -> Learnt:
    """Learn the archetypes' prior and every user's policy. Deterministic: nothing in it is random.

    A user's value of an action is the mean of what each visit was worth (reward plus discounted best value of the
    next state) and of the prior, which counts as ``prior_visits`` visits. Updates reach it with a learning rate of
    ``1 / (epochs * prior_visits + visits so far)``: after the last epoch, each real visit has been counted ``epochs``
    times, and the prior as often. The variance is that of the mean's posterior, ``noise / (prior_visits + visits)``.
    The share of exploration falls as ``1 / sqrt(1 + visits of the state)``.

    Memory grows with steps and visited states, not with users times states: 25 million steps in 5 million visited
    states take 0.7 GB of steps, 0.8 GB of values and visits, and 1.6 GB of policies.

    Args:
        episodes: rows of ``features/episodes``.
        users: ``user_id`` and ``archetype`` of every user with episodes.
        parameters: how to learn.

    Raises:
        InputError: a user with episodes is not among ``users``, or a step is missing.
    """
    parameters = parameters or Parameters()
    steps = collect_steps(episodes, users)
    fitted = fit(steps, parameters)
    prior, user, state, values, visits = fitted.prior, fitted.user, fitted.state, fitted.values, fitted.visits

    noise = float(prior.metrics["noise_variance"])
    parts = [
        _policies(steps, user[rows], state[rows], values[rows], visits[rows], noise, parameters)
        for rows in (slice(start, start + _ROWS_AT_ONCE) for start in range(0, len(user), _ROWS_AT_ONCE))
    ]
    policies = pl.concat([pl.DataFrame(schema=_POLICY_VALUES), *parts]).hstack(_history(steps, fitted.row, len(user)))
    prior.metrics.update(
        steps=len(steps.user),
        users=len(steps.user_archetype),
        policies=len(user),
        mean_change_by_epoch=fitted.changes,
    )
    return Learnt(policies.match_to_schema(polars_schema(Policies)), prior)


def convergence(prior: ModelFolder) -> dict[str, float]:
    """Return how learning came to rest: change by epoch, and that of the last as a share of the first's."""
    changes = prior.metrics["mean_change_by_epoch"]
    by_epoch = {f"mean_change_epoch_{epoch}": change for epoch, change in enumerate(changes, 1)}
    sweeps = prior.metrics["prior_change_by_sweep"]
    last = {"last_to_first_change": changes[-1] / changes[0]} if changes and changes[0] else {}
    return {**by_epoch, **last, "prior_sweeps": len(sweeps), "prior_last_change": sweeps[-1] if sweeps else 0.0}


def fit(steps: Steps, parameters: Parameters) -> Fitted:
    """Learn the prior and, from it, the values of every visited pair of user and state."""
    prior = _learn_prior(steps, parameters)
    user, state, row = _visited(steps)
    values = prior.tensors["value"][steps.user_archetype[user], state]
    visits, changes = _replay(steps, row, values, parameters)
    return Fitted(prior, user, state, row, values, visits, changes)


def _learn_prior(steps: Steps, parameters: Parameters) -> ModelFolder:
    """Learn each archetype's values by value iteration on the counts of what its users did and what followed.

    A step's next state has the step's own action as its last genre, so that only the next slot (time of day and day
    type) needs counting.
    """
    slot, last_genre = np.divmod(steps.state, len(ACTIONS))
    cell = np.ravel_multi_index((steps.archetype, slot, last_genre, steps.action), _PRIOR_SHAPE)
    cells = math.prod(_PRIOR_SHAPE)
    visits = np.bincount(cell, minlength=cells).reshape(_PRIOR_SHAPE)
    reward_sum = np.bincount(cell, weights=steps.reward, minlength=cells).reshape(_PRIOR_SHAPE)
    # followed[..., s]: steps of the cell that are followed, in the same session, by a step in slot s.
    goes_on = np.flatnonzero(~steps.terminal)
    followed = np.bincount(cell[goes_on] * SLOTS + slot[goes_on + 1], minlength=cells * SLOTS)
    followed = followed.reshape(*_PRIOR_SHAPE, SLOTS)

    reward = _shrunk_mean(reward_sum, visits, parameters.shrinkage)
    value, changes = reward, []
    for _ in range(100):
        best = value.max(axis=-1)  # archetype, slot, last genre
        future = np.einsum("zlgas,zsa->zlga", followed, best)
        swept = _shrunk_mean(reward_sum + parameters.discount * future, visits, parameters.shrinkage)
        changes.append(float(np.abs(swept - value).max()))
        value = swept
        if changes[-1] < 1e-6:
            break

    residual = steps.reward - reward.ravel()[cell]
    shape = (len(ARCHETYPES), len(STATES), len(ACTIONS))
    return ModelFolder(
        tensors={
            "reward": reward.reshape(shape).astype(np.float32),
            "value": value.reshape(shape).astype(np.float32),
            "visits": visits.reshape(shape),
        },
        config={
            "axes": ["archetype", "state", "action"],
            "archetypes": list(ARCHETYPES),
            "states": list(STATES),
            "actions": list(ACTIONS),
            "parameters": asdict(parameters),
        },
        metrics={
            "noise_variance": float(np.mean(residual**2)) if len(residual) else 0.0,
            "prior_change_by_sweep": changes,
        },
    )


def _shrunk_mean(total: npt.NDArray[Any], visits: Integers, shrinkage: float) -> npt.NDArray[np.float64]:
    """Return ``total / visits`` per cell, drawn towards the action's mean over everybody, and that towards the mean of
    all actions, as if the cell (or the action) had been visited ``shrinkage`` times more at that value.
    """
    everything = total.sum() / max(1, visits.sum())
    by_action = (total.sum(axis=(0, 1, 2)) + shrinkage * everything) / (visits.sum(axis=(0, 1, 2)) + shrinkage)
    mean: npt.NDArray[np.float64] = (total + shrinkage * by_action) / (visits + shrinkage)
    return mean


def _visited(steps: Steps) -> tuple[Integers, Integers, Integers]:
    """Return the user and the state of each visited pair of both, by user and state, and each step's pair."""
    key = steps.user.astype(np.int64) * len(STATES) + steps.state
    seen = np.zeros(len(steps.user_archetype) * len(STATES), dtype=np.bool_)
    seen[key] = True
    row = (np.cumsum(seen, dtype=np.int32) - 1)[key]
    user, state = np.divmod(np.flatnonzero(seen), len(STATES))
    return user, state, row


def _replay(
    steps: Steps, row: Integers, values: Floats, parameters: Parameters
) -> tuple[npt.NDArray[np.int32], list[float]]:
    """Replay every user's history, all users abreast, and update ``values``, shape (rows, actions), in place.

    At one step index each user has at most one step, so that no two updates of it meet in the same row.

    Returns:
        Visits of each action in one epoch, shape (rows, actions), and the mean of |delta Q| by epoch.
    """
    order = np.argsort(steps.step, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(steps.step))]).tolist()
    cell = (row.astype(np.int64) * len(ACTIONS) + steps.action)[order]
    next_row = np.append(row[1:], row[:1])[order]  # of no consequence at a terminal step
    reward = steps.reward[order]
    discount = np.where(steps.terminal, 0, parameters.discount).astype(np.float32)[order]

    flat = values.reshape(-1)
    visits = np.zeros(flat.shape, dtype=np.int32)
    prior_visits = np.float32(parameters.epochs * parameters.prior_visits)
    changes = []
    with progress(logger, "learning policies", parameters.epochs * len(order), "step") as bar:
        for _ in range(parameters.epochs):
            change = 0.0
            for start, stop in pairwise(bounds):
                here = cell[start:stop]
                target = reward[start:stop] + discount[start:stop] * values[next_row[start:stop]].max(axis=1)
                seen = visits[here] + 1
                visits[here] = seen
                delta = (target - flat[here]) / (prior_visits + seen.astype(np.float32))
                flat[here] += delta
                change += float(np.abs(delta).sum())
                bar.update(stop - start)
            changes.append(change / max(1, len(order)))
    return (visits // parameters.epochs).reshape(values.shape), changes


_POLICY_VALUES = {name: polars_schema(Policies)[name] for name in ("user_id", "state", "state_hash", "archetype")} | {
    name: polars_schema(Policies)[name] for name in ("q_values", "exploration_rate")
}


def _policies(
    steps: Steps,
    user: Integers,
    state: Integers,
    values: Floats,
    visits: npt.NDArray[np.int32],
    noise: float,
    parameters: Parameters,
) -> pl.DataFrame:
    """Return what was learnt for some visited pairs of user and state; ``values`` and ``visits`` have a row each."""
    best_first = np.argsort(-values, axis=1, kind="stable")
    seen = np.take_along_axis(visits, best_first, axis=1).ravel()
    q_values = (
        pl.DataFrame(
            {
                "action": pl.Series(best_first.ravel().astype(np.uint8)).cat.to(pl.Enum(ACTIONS)),
                "mean": np.take_along_axis(values, best_first, axis=1).ravel(),
                "variance": (noise / (parameters.prior_visits + seen)).astype(np.float32),
                "visits": seen,
            }
        )
        .to_struct("q_values")
        .reshape((len(user), len(ACTIONS)))
        .arr.to_list()
    )
    first_step = np.searchsorted(steps.user, user)
    return pl.DataFrame(
        {
            "user_id": steps.user_id[first_step],
            "state": pl.Series(state.astype(np.uint8)).cat.to(pl.Enum(STATES)).cast(pl.String),
            "state_hash": pl.Series(STATE_HASHES).gather(state),
            "archetype": pl.Series(steps.user_archetype[user]).cat.to(pl.Enum(ARCHETYPES)),
            "q_values": q_values,
            "exploration_rate": (1 / np.sqrt(1 + visits.sum(axis=1))).astype(np.float32),
        },
        schema=_POLICY_VALUES,
    )


def _history(steps: Steps, row: Integers, rows: int) -> pl.DataFrame:
    """Return visits, mean reward and time of the last step of each visited pair of user and state."""
    visits = np.bincount(row, minlength=rows)
    last = np.zeros(rows, dtype=np.int64)
    last[row] = np.arange(len(row))  # steps are in the order of time: the last one stays
    return pl.DataFrame(
        {
            "total_visits": visits.astype(np.int32),
            "average_reward": (np.bincount(row, weights=steps.reward, minlength=rows) / np.maximum(visits, 1)).astype(
                np.float32
            ),
            "updated_at": steps.occurred_at.gather(last),
        }
    )
