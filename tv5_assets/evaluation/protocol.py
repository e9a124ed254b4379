"""From a split to a problem: who is asked about, what is known of them, what should be found.

What does not belong here: how ratings are split (features/splits.py).
"""

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import histories
from tv5_assets.evaluation.problem import Problem
from tv5_assets.features.splits import split


def problem(
    ratings: pl.LazyFrame,
    parts: pl.LazyFrame,
    protocol: str,
    catalog: npt.NDArray[np.int32],
    *,
    most_users: int | None = None,
    seed: int = 0,
) -> Problem:
    """Make the problem of a split.

    Who is asked about: users with a row in ``test`` and a row in ``train`` or ``history``, which is what is known of
    them; of users of whom nothing is known, all that a model could say is what everyone likes. A row in ``history`` is
    for asking only, no model learns from it.

    Args:
        ratings: ``user_id``, ``movie_id``, ``rating``, ``rated_at`` and ``row``.
        parts: ``row`` and ``part``, one of tables.features.PARTS; ratings without a part take none.
        protocol: name of the protocol that made ``parts``.
        catalog: ids of all movies that can be recommended, ascending.
        most_users: users who are asked about; of more, so many are drawn. None asks about all.
        seed: of who is drawn.

    Raises:
        InputError: nothing is to be learnt or nobody to be asked about, a movie is not in the catalog, or the split
            gives an answer away.
    """
    rows = ratings.join(parts.select("row", pl.col("part").cast(pl.String)), on="row")
    train, test = rows.filter(pl.col("part") == "train"), rows.filter(pl.col("part") == "test")
    known = rows.filter(pl.col("part").is_in(["train", "history"]))
    truth = histories(test.join(known, on="user_id", how="semi"), catalog)
    if most_users is not None and len(truth) > most_users:
        drawn = stream(seed, "users asked about", protocol).choice(len(truth), most_users, replace=False)
        truth = truth.take(np.sort(drawn))
    asked = pl.LazyFrame({"user_id": truth.user_ids})
    history = histories(known.join(asked, on="user_id", how="semi"), catalog, truth.user_ids)
    learnt = histories(train, catalog)
    if not len(truth) or not len(learnt):
        raise InputError(
            f"{protocol}: the split leaves {len(learnt)} users to learn from and {len(truth)} to ask about; "
            "the set is too small for it"
        )
    return Problem(protocol, learnt, history, truth)


def validation(
    ratings: pl.LazyFrame,
    parts: pl.LazyFrame,
    protocol: str,
    catalog: npt.NDArray[np.int32],
    seed: int,
    *,
    most_users: int | None = None,
) -> Problem:
    """Make a problem by the same protocol out of the training rows alone, for choosing hyperparameters.

    Args:
        ratings: as for :func:`problem`.
        parts: the split whose training rows are split again.
        protocol: name of the protocol that made ``parts``.
        catalog: ids of all movies that can be recommended, ascending.
        seed: of the second split; several seeds give several slices where the protocol draws at all.
        most_users: as for :func:`problem`.

    Raises:
        InputError: as for :func:`problem`.
    """
    learnable = ratings.join(parts.filter(pl.col("part").cast(pl.String) == "train"), on="row", how="semi")
    slices: pl.DataFrame = split(nw.from_native(learnable), protocol, seed).to_native().collect()
    return problem(learnable, slices.lazy(), protocol, catalog, most_users=most_users, seed=seed)
