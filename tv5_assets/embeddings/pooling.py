"""Vectors of users, pooled from the vectors of the movies they rated.

What does not belong here: learnt users (models/) and anything that encodes text.
"""

import logging
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.progress import progress

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

_RATINGS_AT_ONCE = 4_000_000  # about 100 MB of indices and weights; a block is never less than one user
_USERS_AT_ONCE = 2_048  # their sums, 3 MB, are normalized while the processor's cache still holds them


def rating_weight(rating: pl.Expr) -> pl.Expr:
    """Return the weight of a movie in its user's vector: ``(rating - 0.5) / 4.5``, from 0 to 1.

    The scale starts at 0.5: ``(rating - 1) / 4`` would be negative there, and pull a user away from a direction
    because they watched something in it.
    """
    return (rating - 0.5) / 4.5


def user_vectors(ratings: pl.LazyFrame, movies: Vectors) -> Vectors:
    """Pool the vectors of each user's movies into one: their mean weighted by rating, normalized.

    A user whose weights are all zero (every rating is 0.5) gets the plain mean, because having chosen those movies is
    all that is known of them.

    Ratings that are sorted by user, as MovieLens is, are read in blocks of whole users, and memory is bounded by a
    block and the result, whatever the number of ratings. Others are sorted in memory first, at 12 bytes each. The
    result does not depend on the blocks.

    Args:
        ratings: ``user_id``, ``movie_id``, ``rating``.
        movies: a vector for every rated movie.

    Returns:
        One normalized vector per user, ids ascending.

    Raises:
        InputError: a rated movie has no vector, or a user's vectors cancel out.
    """
    weighted = ratings.select("user_id", "movie_id", rating_weight(pl.col("rating")).cast(pl.Float32).alias("weight"))
    users = _runs(weighted)
    if not (users["user_id"].diff() > 0).all():
        weighted = weighted.sort("user_id", maintain_order=True).collect().lazy()
        users = _runs(weighted)
    ids = users["user_id"].to_numpy()
    sizes = users["len"].to_numpy()
    first_rows = np.cumsum(sizes, dtype=np.int64) - sizes

    movies = replace(movies, matrix=np.require(movies.matrix, requirements="W"))  # torch takes no read-only memory
    matrix = np.empty((len(ids), movies.dimension), dtype=np.float32)
    with progress(logger, "pooling users", int(sizes.sum()), "rating") as bar:
        for start, stop in _blocks(sizes):
            block = weighted.slice(int(first_rows[start]), int(sizes[start:stop].sum())).select("movie_id", "weight")
            _pool(block.collect(), ids[start:stop], sizes[start:stop], movies, out=matrix[start:stop])
            bar.update(int(sizes[start:stop].sum()))
    return Vectors(ids, matrix, model=f"{movies.model}, rating-weighted mean")


def _runs(ratings: pl.LazyFrame) -> pl.DataFrame:
    """Return ``user_id`` and ``len`` of each run of ratings by one user; where sorted, a run is all of a user."""
    return ratings.select(pl.col("user_id").rle().struct.unnest()).rename({"value": "user_id"}).collect()


def _blocks(sizes: npt.NDArray[np.uint32]) -> list[tuple[int, int]]:
    """Return ranges of users with about ``_RATINGS_AT_ONCE`` ratings each."""
    ends = np.cumsum(sizes, dtype=np.int64)
    block_of = (ends - 1) // _RATINGS_AT_ONCE
    starts = np.flatnonzero(np.diff(block_of, prepend=-1))
    return list(pairwise([*starts.tolist(), len(sizes)]))


def _pool(
    ratings: pl.DataFrame,
    ids: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.uint32],
    movies: Vectors,
    out: npt.NDArray[np.float32],
) -> None:
    """Write the normalized vectors of a block of users to ``out``; ``ratings`` has ``sizes`` rows for each in turn."""
    import torch

    ends = np.cumsum(sizes, dtype=np.int32)  # of a block, so that they fit
    rows, weights = movies.rows_of(ratings["movie_id"].to_numpy()), ratings["weight"].to_numpy()
    for first in range(0, len(ids), _USERS_AT_ONCE):
        some = slice(first, first + _USERS_AT_ONCE)
        starts = ends[some] - sizes[some]
        of_some = slice(int(starts[0]), int(ends[some][-1]))
        bags = rows[of_some], starts - starts[0]
        sums, norms = _weighted_sums(movies, *bags, weights[of_some])
        if not (norms > 0).all():
            weightless = np.add.reduceat(weights[of_some], bags[1]) == 0
            plain = np.where(np.repeat(weightless, sizes[some]), np.float32(1), weights[of_some])
            sums, norms = _weighted_sums(movies, *bags, plain)
        if not (norms > 0).all():
            user = ids[some][~(norms[:, 0] > 0).numpy()][0]
            raise InputError(f"the movie vectors of user {user} sum to zero or are not finite; embed the movies again")
        torch.div(sums, norms, out=torch.from_numpy(out[some]))


def _weighted_sums(
    movies: Vectors, rows: npt.NDArray[np.int32], starts: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the weighted sum of each bag of rows, shape (bags, d), and its norm, shape (bags, 1)."""
    import torch
    from torch.nn.functional import embedding_bag

    sums = embedding_bag(
        torch.from_numpy(rows),
        torch.from_numpy(movies.matrix),
        torch.from_numpy(starts),
        mode="sum",
        per_sample_weights=torch.from_numpy(np.require(weights, requirements="W")),
    )
    return sums, torch.linalg.vector_norm(sums, dim=1, keepdim=True)
