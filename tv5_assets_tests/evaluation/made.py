"""Histories and recommenders made by hand, for the tests of what is built on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Problem

Event = tuple[int, float, int]


def histories_of(events: dict[int, Sequence[int | Event]], movies: int) -> Histories:
    """Return histories by user id; an event is a place in the catalog or (place, rating, time).

    Movie ids are ten times the place, plus ten.
    """
    whole = [[event if isinstance(event, tuple) else (event, 4.0, 0) for event in row] for row in events.values()]
    flat = [event for row in whole for event in row]
    return Histories(
        np.array(list(events), dtype=np.int32),
        np.concatenate([[0], np.cumsum([len(row) for row in whole])]).astype(np.int64),
        np.array([item for item, _, _ in flat], dtype=np.int32),
        np.array([rating for _, rating, _ in flat], dtype=np.float32),
        np.array([time for _, _, time in flat], dtype=np.int64),
        np.arange(10, 10 * movies + 1, 10, dtype=np.int32),
    )


def problem_of(
    history: dict[int, Sequence[int | Event]],
    truth: dict[int, Sequence[int | Event]],
    movies: int,
    protocol: str = "user-80-20",
    train: dict[int, Sequence[int | Event]] | None = None,
) -> Problem:
    """Return a problem whose training events are the histories, unless others are given."""
    return Problem(
        protocol,
        histories_of(history if train is None else train, movies),
        histories_of(history, movies),
        histories_of(truth, movies),
    )


@dataclass
class Fixed:
    """Gives each user the row of ``matrix`` at the user's id."""

    matrix: torch.Tensor
    name: str = "fixed"
    most_users: int = 0

    def scores(self, history: Histories) -> torch.Tensor:
        self.most_users = max(self.most_users, len(history))
        return self.matrix[torch.from_numpy(history.user_ids).long()]
