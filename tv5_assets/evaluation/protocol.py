"""From a split to a problem: who is asked about, what is known of them, what should be found.

What does not belong here: how ratings are split (features/splits.py).
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import histories
from tv5_assets.evaluation.problem import Problem

TRAIN, HISTORY, TEST = "train", "history", "test"


def problem(ratings: pl.LazyFrame, parts: pl.LazyFrame, protocol: str, catalog: npt.NDArray[np.int32]) -> Problem:
    """Make the problem of a split.

    Users with a row in ``test`` are asked about. What is known of them are their rows in ``train`` and ``history``;
    a row in ``history`` is for asking only, no model learns from it.

    Args:
        ratings: ``user_id``, ``movie_id``, ``rating``, ``rated_at`` and ``row``.
        parts: ``row`` and ``part``: train, history, test, or anything else for rows that take no part.
        protocol: name of the protocol that made ``parts``.
        catalog: ids of all movies that can be recommended, ascending.

    Raises:
        InputError: no row is to be learnt from or none to be found, or the split gives an answer away.
    """
    rows = ratings.join(parts.select("row", pl.col("part").cast(pl.String)), on="row")
    train, test = rows.filter(pl.col("part") == TRAIN), rows.filter(pl.col("part") == TEST)
    asked = test.select("user_id").unique()
    known = rows.filter(pl.col("part").is_in([TRAIN, HISTORY])).join(asked, on="user_id", how="semi")
    truth = histories(test, catalog)
    learnt = histories(train, catalog)
    if not len(truth) or not len(learnt):
        raise InputError(
            f"{protocol}: the split leaves {len(learnt)} users to learn from and {len(truth)} to ask about"
        )
    return Problem(protocol, learnt, histories(known, catalog, truth.user_ids), truth)


def validation(
    ratings: pl.LazyFrame, parts: pl.LazyFrame, protocol: str, catalog: npt.NDArray[np.int32], seed: int
) -> Problem:
    """Make a problem by the same protocol out of the training rows alone, for choosing hyperparameters.

    Args:
        ratings: as for :func:`problem`.
        parts: the split whose training rows are split again.
        protocol: name of the protocol that made ``parts``.
        catalog: ids of all movies that can be recommended, ascending.
        seed: of the second split; several seeds give several slices.

    Raises:
        InputError: as for :func:`problem`.
    """
    from tv5_assets.features.splits import split

    learnable = ratings.join(parts.filter(pl.col("part").cast(pl.String) == TRAIN), on="row", how="semi")
    return problem(learnable, split(learnable, protocol, seed), protocol, catalog)
