"""Where the vectors of the movies' ids start from: the singular vectors of what is learnt from.

EASE is a two-tower model whose vectors these are, but for a factor (baselines/ease.py). A training that starts from
them needs fewer steps and a smaller learning rate: on three validation slices of ml-latest-small 40 epochs at .003
reached 1.013 of EASE's NDCG@10, and 40 at .01 from nothing .994. But it also stays closer to EASE, and gains less by
being joined with it (1.034 and 1.050). What does not belong here: the training.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import svds

from tv5_assets.draws.streams import stream
from tv5_assets.evaluation.histories import Histories

_LAMBDA = 150.0
_LENGTH = 6.0  # times the vectors of EASE, whose inner products are shares, not logits


def spectral_start(train: Histories, dimension: int, seed: int) -> npt.NDArray[np.float32]:
    """Return vectors for movies from the largest singular values s of users x movies and their right vectors V.

    They are ``6 V sqrt(s^2 / (s^2 + 150))``, the largest first. They are found by Lanczos iterations over the sparse
    matrix, whose cost grows with the events.

    Args:
        train: what is learnt from, u users and m movies; ratings do not matter.
        dimension: most columns.
        seed: of the vector that the iterations start from.

    Returns:
        Shape (m, the least of ``dimension``, u - 1 and m - 1); zeros for a movie without events.
    """
    matrix = train.matrix().astype(np.float64)
    rank = min(dimension, min(matrix.shape) - 1)
    if rank < 1:
        return np.zeros((matrix.shape[1], 0), dtype=np.float32)
    first = stream(seed, "spectral start").standard_normal(min(matrix.shape))
    _, values, right = svds(matrix, k=rank, v0=first, return_singular_vectors="vh")
    order = np.argsort(-values, kind="stable")
    weights = _LENGTH * np.sqrt(values**2 / (values**2 + _LAMBDA))
    start: npt.NDArray[np.float32] = np.ascontiguousarray((right.T * weights)[:, order], dtype=np.float32)
    return start
