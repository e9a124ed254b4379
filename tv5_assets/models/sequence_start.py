"""First embeddings of items: those that are watched near one another are near one another.

A network that starts from them knows at once what a nearest-neighbour model knows, and has to learn only what order
adds; on sets as small as ml-latest-small it would otherwise spend most of its training on that. What does not belong
here: the network (sequence_network.py).
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from tv5_assets.draws.streams import stream
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.following import following
from tv5_assets.models.leading import leading_eigenvectors

_ROUNDS = 3  # of power iteration
_DISCOUNT = 1.0  # an item seen near another once is half as sure to be near it as the counts say


def neighbour_embeddings(history: Histories, dimension: int, reach: int, seed: int) -> npt.NDArray[np.float32]:
    """Factorize how much more often items are near one another than by chance.

    Pairs of a user's events at most ``reach`` apart count one over their distance. Their positive pointwise mutual
    information, discounted where it rests on few pairs (Pantel and Lin, 2002), is approximated by products of
    embeddings (Levy and Goldberg, 2014), of its leading positive eigenvalues.

    Memory grows with the pairs of items that are ever near one another.

    Args:
        history: events of users.
        dimension: length of an embedding.
        reach: most events between the two of a pair.
        seed: of the subspace that the iteration starts from.

    Returns:
        An embedding for each item of the catalog, shape (m, dimension), of mean squared length 1; zero for items that
        have no neighbour.
    """
    counts = following(history, reach)
    information = _information(csr_array(counts + counts.T))
    values, vectors = leading_eigenvectors(information, dimension, _ROUNDS, stream(seed, "subspace of neighbours"))
    embeddings = np.zeros((len(history.catalog), dimension), dtype=np.float32)
    embeddings[:, : len(values)] = vectors * np.sqrt(np.maximum(values, 0))
    return embeddings / max(np.sqrt(np.square(embeddings).sum(axis=1).mean()), 1e-12)


def _information(counts: csr_array) -> csr_array:
    """Return the discounted positive pointwise mutual information of counts."""
    pairs = counts.tocoo()
    sums = np.asarray(counts.sum(axis=1), dtype=np.float32)
    information = np.log(pairs.data * sums.sum() / (sums[pairs.row] * sums[pairs.col]))
    sure = pairs.data / (pairs.data + _DISCOUNT)
    values = (np.maximum(information, 0) * sure).astype(np.float32)
    return csr_array((values, (pairs.row, pairs.col)), shape=counts.shape)
