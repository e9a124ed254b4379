"""Which movies resemble which: each movie's nearest neighbours by the cosine of their vectors.

What does not belong here: how the vectors are made (embeddings/) and the edges of the graph (edges.py).
"""

import logging

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.progress import progress
from tv5_assets.tables.embeddings import SimilarMovies
from tv5_assets.tables.table import polars_schema

logger = logging.getLogger(__name__)

_COSINES_AT_ONCE = 16_000_000  # 64 MB of float32; the whole matrix of ml-25m would take 15.6 GB


def similar_movies(vectors: Vectors, threshold: float, k: int) -> pl.DataFrame:
    """Find each movie's at most ``k`` nearest neighbours whose cosine is over ``threshold``, exactly.

    Cosines are computed for a block of movies at a time and never held for all pairs.

    Args:
        vectors: normalized vectors of movies.
        threshold: cosine that a neighbour has to exceed.
        k: most neighbours of one movie.

    Returns:
        Rows of ``embeddings/similar_movies`` by movie and rank; equal cosines rank by id, a movie is not its own
        neighbour, and a movie without neighbours has no row.
    """
    count = len(vectors)
    block = max(1, _COSINES_AT_ONCE // max(1, count))
    parts = [pl.DataFrame(schema=polars_schema(SimilarMovies))]
    with progress(logger, "comparing movies", count, "movie") as bar:
        for start in range(0, count, block):
            cosines = vectors.matrix[start : start + block] @ vectors.matrix.T
            rows = np.arange(len(cosines))
            cosines[rows, start + rows] = -np.inf  # itself
            parts.append(_neighbours(cosines, vectors.ids[start : start + block], vectors.ids, threshold, k))
            bar.update(len(cosines))
    return pl.concat(parts)


def _neighbours(
    cosines: npt.NDArray[np.float32],
    ids: npt.NDArray[np.int32],
    other_ids: npt.NDArray[np.int32],
    threshold: float,
    k: int,
) -> pl.DataFrame:
    """Return the neighbours of the movies ``ids`` from their cosines to all movies, shape (len(ids), n)."""
    # Rows and columns of the few that are near, without a pass over all of them for each row.
    row, column = np.divmod(np.flatnonzero(cosines > threshold), cosines.shape[1])
    score = cosines[row, column]
    crowded = np.flatnonzero(np.bincount(row, minlength=len(ids)) > k)
    if len(crowded):
        # Below the k-th cosine nothing can be kept; what equals it can, and is told apart by id further down.
        least = np.full(len(ids), threshold, dtype=cosines.dtype)
        least[crowded] = np.partition(cosines[crowded], -k, axis=1)[:, -k]
        kept = score >= least[row]
        row, column, score = row[kept], column[kept], score[kept]
    return (
        pl.DataFrame({"movie_id": ids[row], "similar_id": other_ids[column], "score": score})
        .sort("movie_id", "score", "similar_id", descending=[False, True, False])
        .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int16).over("movie_id").alias("rank"))
        .filter(pl.col("rank") <= k)
    )
