"""Who goes with whom: how many users two movies share, or how many movies two users do.

What does not belong here: what is made of these counts (neighbours.py, ease.py).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

_ROWS_AT_ONCE = 512


def shared_columns(matrix: csr_array) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """Yield ``matrix @ matrix.T`` a few rows at a time, so that the whole need never be in memory.

    Args:
        matrix: zeros and ones, shape (n, d).

    Yields:
        Rows and their counts, float32 of shape (rows, n), exact to 2^24; diagonal included.
    """
    for rows, counts in shared_pairs(matrix):
        yield rows, counts.toarray()


def shared_pairs(matrix: csr_array) -> Iterator[tuple[slice, csr_array]]:
    """Yield the same, sparse: only of pairs that share any."""
    columns = matrix.T.tocsr()
    for start in range(0, matrix.shape[0], _ROWS_AT_ONCE):
        rows = slice(start, min(start + _ROWS_AT_ONCE, matrix.shape[0]))
        yield rows, matrix[rows] @ columns
