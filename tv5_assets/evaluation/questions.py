"""What the recommenders of a dataset are all asked: every protocol, and of those that draw, several splits.

What does not belong here: how ratings are split (features/splits.py) and what a problem is (problem.py).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.errors import InputError
from tv5_assets.evaluation.problem import LEAVE_LAST_OUT, TEMPORAL, Problem
from tv5_assets.evaluation.protocol import problem, validation
from tv5_assets.features.splits import split
from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.features import part_column

logger = logging.getLogger(__name__)

_DRAWN_ONCE = (TEMPORAL, LEAVE_LAST_OUT)  # another seed gives the same split
_SEEDS_APART = 1_000


@dataclass(frozen=True)
class Question:
    """A problem with what its hyperparameters may be chosen on.

    Attributes:
        split: number of the split by the problem's protocol; 0 is that of ``features/split``.
        seed: of what is drawn to answer it.
        problem: what is asked.
        slices: problems cut from its training rows alone.
    """

    split: int
    seed: int
    problem: Problem
    slices: tuple[Problem, ...]


def questions(
    ratings: pl.LazyFrame,
    parts: pl.LazyFrame,
    catalog: npt.NDArray[np.int32],
    *,
    splits: int,
    slices: int,
    seed: int,
    most_users: int | None = None,
    protocols: Sequence[str] = PROTOCOLS,
) -> Iterator[Question]:
    """Yield the questions of a dataset, one after the other.

    A protocol for which the set is too small, such as ``temporal`` where nobody rated before and after its date, is
    left out, and the log says so.

    Args:
        ratings: ``user_id``, ``movie_id``, ``rating``, ``rated_at`` and ``row``.
        parts: rows of ``features/split``.
        catalog: ids of all movies that can be recommended, ascending.
        splits: how many splits by each protocol that draws.
        slices: how many validation slices by each protocol that draws.
        seed: of the splits after the first, of the slices, and of who is drawn.
        most_users: users who are asked about by each problem; of more, so many are drawn. None asks about all.
        protocols: which ones.

    Raises:
        InputError: the set is too small for every protocol.
    """
    asked = 0
    for protocol in protocols:
        column = pl.col(part_column(protocol))
        used = parts.filter(column.cast(pl.String) != "unused")
        for number in range(1 if protocol in _DRAWN_ONCE else splits):
            own = seed + number * _SEEDS_APART
            if number == 0:
                rows = used.select("row", part=column)
            else:
                again = ratings.join(used.select("row"), on="row", how="semi")
                rows = split(nw.from_native(again), protocol, own).to_native()
            try:
                found = problem(ratings, rows, protocol, catalog, most_users=most_users, seed=own)
                cut = tuple(
                    validation(ratings, rows, protocol, catalog, own + 1 + slice_, most_users=most_users)
                    for slice_ in range(1 if protocol in _DRAWN_ONCE else slices)
                )
            except InputError as error:
                logger.warning("left out: %s", error)
                continue
            asked += 1
            yield Question(number, own, found, cut)
    if not asked:
        raise InputError(f"the set is too small for each of {', '.join(protocols)}; nothing can be compared on it")
