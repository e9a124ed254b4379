"""The leading eigenvectors of large symmetric matrices.

What does not belong here: the matrices (sequence_start.py, baselines/companions.py, baselines/ease.py).
"""

import numpy as np
import numpy.typing as npt
from scipy.linalg import lu
from scipy.sparse import csr_array

_SPARE = 16  # dimensions more than asked for, which make the last ones exact


def leading_eigenvectors(
    matrix: csr_array | npt.NDArray[np.float32], number: int, rounds: int, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Approximate the largest eigenvalues of a symmetric matrix and their vectors by randomized subspace iteration.

    Halko, Martinsson and Tropp, Finding structure with randomness, 2011. It finds the eigenvalues that are largest
    without their signs, and returns the largest with them.

    Args:
        matrix: float32, symmetric, sparse or dense, shape (n, n).
        number: most eigenvalues.
        rounds: of power iteration; the closer eigenvalues are to one another, the more are needed.
        generator: of the subspace that the iteration starts from.

    Returns:
        The eigenvalues, descending, shape (k,), and a column for each, shape (n, k); k is the less of ``number`` and n.
    """
    columns = min(number + _SPARE, matrix.shape[0])
    basis = generator.standard_normal((matrix.shape[0], columns), dtype=np.float32)
    for _ in range(rounds):
        # As good as an orthonormal basis for going on, and several times as fast: only the last one has to be that.
        basis, _ = lu(matrix @ basis, permute_l=True, overwrite_a=True)
    basis, _ = np.linalg.qr(basis)
    values, vectors = np.linalg.eigh(basis.T @ (matrix @ basis))
    leading = np.argsort(values)[::-1][:number]
    return values[leading], basis @ vectors[:, leading]
