"""Episodes as arrays, as everything that learns from them or is judged by them needs them.

What does not belong here: learning (qlearning.py) and judging (offline.py).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.agentdb.states import STATES
from tv5_assets.errors import InputError
from tv5_assets.tables.synthetic import ARCHETYPES

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Steps:
    """Episodes as arrays, sorted by user and step; all of shape (steps,).

    25 million steps take 0.7 GB so, with the row of each: no string is kept.
    """

    user_id: Integers
    user: Integers  # place of the user among all users of the episodes
    step: Integers
    state: Integers
    action: Integers
    reward: Floats
    terminal: npt.NDArray[np.bool_]
    occurred_at: pl.Series
    user_archetype: Integers  # shape (users,)

    @property
    def archetype(self) -> Integers:
        """Archetype of each step's user."""
        return self.user_archetype[self.user]

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Steps":
        """Return some of the steps, shape (steps,); the last that is left of each user ends its chain of rewards."""
        user = self.user[chosen]
        return replace(
            self,
            user_id=self.user_id[chosen],
            user=user,
            step=self.step[chosen],
            state=self.state[chosen],
            action=self.action[chosen],
            reward=self.reward[chosen],
            terminal=self.terminal[chosen] | np.append(user[1:] != user[:-1], True)[: len(user)],
            occurred_at=self.occurred_at.filter(pl.Series(chosen)),
        )


def collect_steps(episodes: pl.LazyFrame, users: pl.DataFrame) -> Steps:
    """Return episodes as arrays, by user and step.

    Args:
        episodes: rows of ``features/episodes``.
        users: ``user_id`` and ``archetype`` of every user with episodes.

    Raises:
        InputError: a user with episodes is not among ``users``, or a step is missing.
    """
    frame = (
        episodes.select(
            "user_id",
            "step",
            pl.col("state").cast(pl.Enum(STATES)).to_physical().cast(pl.UInt8),
            pl.col("action").to_physical().cast(pl.UInt8),
            "reward",
            "terminal",
            "occurred_at",
        )
        .sort("user_id", "step")
        .collect()
    )
    user_id = frame["user_id"].to_numpy()
    first = np.ones(len(frame), dtype=np.bool_)
    first[1:] = user_id[1:] != user_id[:-1]
    user = np.cumsum(first, dtype=np.int32) - 1
    step = frame["step"].to_numpy()
    if not np.array_equal(step, np.arange(len(frame)) - np.flatnonzero(first)[user]):
        raise InputError("the steps of a user do not count 0, 1, 2, ...; materialize features/episodes again")

    archetypes = pl.DataFrame({"user_id": user_id[first]}).join(
        users.select("user_id", pl.col("archetype").cast(pl.Enum(ARCHETYPES)).to_physical()),
        on="user_id",
        how="left",
        maintain_order="left",
    )
    if archetypes["archetype"].has_nulls():
        missing = archetypes.filter(pl.col("archetype").is_null())["user_id"]
        raise InputError(
            f"{len(missing)} users with episodes are not in synthetic/users, the first is {missing[0]}; "
            "materialize both from the same ratings"
        )
    return Steps(
        user_id=user_id,
        user=user,
        step=step,
        state=frame["state"].to_numpy(),
        action=frame["action"].to_numpy(),
        reward=frame["reward"].to_numpy(),
        # A user's last step ends the chain whatever it says, or it would be followed by the next user's first.
        terminal=frame["terminal"].to_numpy() | np.append(first, True)[1:],
        occurred_at=frame["occurred_at"],
        user_archetype=archetypes["archetype"].to_numpy(),
    )
