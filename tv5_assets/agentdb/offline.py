"""Offline evaluation of policies: what they would have been worth on steps that they were not learnt from.

The newest fifth of each user's steps is held out, and everything is learnt again from the rest. What a policy would
have chosen there was mostly not chosen, so that its worth has to be estimated from choices that users made themselves:
by the doubly robust estimator (Dudík, Langford and Li, Doubly Robust Policy Evaluation and Learning, ICML 2011), which
is right where either the model of rewards or that of the users' own choices is. What does not belong here: how policies
are learnt (qlearning.py) and whether one may be published (quality/policies.py).
"""

import logging

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.agentdb.qlearning import Fitted, Parameters, fit
from tv5_assets.agentdb.states import STATES
from tv5_assets.agentdb.steps import Floats, Integers, Steps, collect_steps
from tv5_assets.evaluation.intervals import bootstrap
from tv5_assets.progress import progress
from tv5_assets.tables.features import ACTIONS
from tv5_assets.tables.models import OFFLINE_POLICIES, PolicyValues
from tv5_assets.tables.table import polars_schema

logger = logging.getLogger(__name__)

HELD_OUT = 0.2
"""Share of each user's steps that policies are judged on, the newest ones."""
TEMPERATURE = 0.1
"""Of the softmax by which values become shares of choice, about their spread within a state: a policy that always took
the best would agree with hardly any choice that was made, and its estimate would rest on those few."""
MOST_WEIGHT = 20.0
"""What a single choice may count at most. It draws the estimate towards the model of rewards and keeps it steady."""

_OWN_CHOICES = 20.0  # steps with which the archetype's shares of choice count beside a user's own
_STEPS_AT_ONCE = 250_000  # 20 MB for each matrix of actions


def policy_values(
    episodes: pl.LazyFrame, users: pl.DataFrame, seed: int, parameters: Parameters | None = None
) -> pl.DataFrame:
    """Judge the learnt policies, the archetypes' prior and popularity on the same held-out steps.

    Users count alike, whatever the number of their steps, and so the intervals are over users: with their steps drawn
    one by one, what a user's steps have in common would be taken for certainty. Memory grows as learning's does.

    Args:
        episodes: rows of ``features/episodes``.
        users: ``user_id`` and ``archetype`` of every user with episodes.
        seed: of the bootstrap.
        parameters: how to learn.

    Returns:
        Rows of ``models/policy_values``, one for each of OFFLINE_POLICIES.

    Raises:
        InputError: a user with episodes is not among ``users``, a step is missing, or there is no step to be held out.
    """
    steps = collect_steps(episodes, users)
    held_out = steps.step >= _first_held_out(steps)[steps.user]
    known, asked = steps.where(~held_out), steps.where(held_out)
    sums, weights = _sums_by_user(known, asked, fit(known, parameters or Parameters()))
    counts = np.bincount(asked.user, minlength=len(sums))
    there = np.flatnonzero(counts)
    means = sums[there] / counts[there, None]
    # The users' own choices need no estimate: they are in the last column as they were.
    draws = bootstrap([(there, means)], seed)
    worth, less = draws.intervals(), draws.differences(to=0)
    return pl.DataFrame(
        {
            "policy": OFFLINE_POLICIES,
            "value": worth.value,
            "low": worth.low,
            "high": worth.high,
            # How much better the learnt policy is than each, which is what has to be above zero.
            "learnt_better_by": -less.value,
            "learnt_better_low": -less.high,
            "learnt_better_high": -less.low,
            "agreement": weights,
            "users": len(there),
            "steps": len(asked.user),
        },
        schema=polars_schema(PolicyValues),
    )


def _first_held_out(steps: Steps) -> Integers:
    """Return the first step of each user that is held out; a user with fewer than five has none."""
    lengths = np.bincount(steps.user, minlength=len(steps.user_archetype))
    first: Integers = lengths - (HELD_OUT * lengths).astype(np.int64)
    return first


def _sums_by_user(known: Steps, asked: Steps, fitted: Fitted) -> tuple[npt.NDArray[np.float64], list[float]]:
    """Return the sum over each user's held-out steps of what each policy is worth there, shape (users, policies), and
    each policy's share of the steps that its estimate rests on, as far as weights tell (Kish's effective size).
    """
    users = len(known.user_archetype)
    row_of = np.full(users * len(STATES), -1, dtype=np.int32)
    row_of[fitted.user * len(STATES) + fitted.state] = np.arange(len(fitted.user), dtype=np.int32)
    chosen = np.bincount(known.user * len(ACTIONS) + known.action, minlength=users * len(ACTIONS))
    chosen = chosen.reshape(users, len(ACTIONS))
    popular = chosen.sum(axis=0) / max(1, chosen.sum())
    share_of_choice = _shares_of_choice(fitted, popular)

    sums = np.zeros((users, len(OFFLINE_POLICIES)))
    weight_sum, weight_squares = np.zeros(len(OFFLINE_POLICIES)), np.zeros(len(OFFLINE_POLICIES))
    with progress(logger, "judging policies", len(asked.user), "step") as bar:
        for start in range(0, len(asked.user), _STEPS_AT_ONCE):
            at = slice(start, start + _STEPS_AT_ONCE)
            user, state, action, reward = asked.user[at], asked.state[at], asked.action[at], asked.reward[at]
            archetype, each = asked.user_archetype[user], np.arange(len(user))
            expected = fitted.prior.tensors["reward"][archetype, state]
            prior = fitted.prior.tensors["value"][archetype, state]
            row = row_of[user.astype(np.int64) * len(STATES) + state]
            learnt = np.where((row >= 0)[:, None], fitted.values[row], prior)
            own = chosen[user, action] + _OWN_CHOICES * share_of_choice[archetype, state, action]
            by_user = own / (chosen[user].sum(axis=1) + _OWN_CHOICES)
            choices = (_softmax(learnt), _softmax(prior), np.broadcast_to(popular, prior.shape))
            for place, choice in enumerate(choices):
                weight = np.minimum(choice[each, action] / by_user, MOST_WEIGHT)
                value = (choice * expected).sum(axis=1) + weight * (reward - expected[each, action])
                sums[:, place] += np.bincount(user, weights=value, minlength=users)
                weight_sum[place] += weight.sum()
                weight_squares[place] += (weight**2).sum()
            sums[:, -1] += np.bincount(user, weights=reward, minlength=users)
            weight_sum[-1] += len(user)
            weight_squares[-1] += len(user)
            bar.update(len(user))
    effective = weight_sum**2 / np.maximum(weight_squares, 1e-12)
    return sums, (effective / max(1, len(asked.user))).tolist()


def _shares_of_choice(fitted: Fitted, popular: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how often each archetype chooses each action in each state, drawn towards everybody's choices."""
    visits = fitted.prior.tensors["visits"]
    shares: npt.NDArray[np.float64] = (visits + _OWN_CHOICES * np.maximum(popular, 1e-4)) / (
        visits.sum(axis=-1, keepdims=True) + _OWN_CHOICES
    )
    return shares


def _softmax(values: Floats) -> Floats:
    """Return shares of choice, shape (steps, actions), given values of that shape."""
    weights = np.exp((values - values.max(axis=1, keepdims=True)) / np.float32(TEMPERATURE))
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares
