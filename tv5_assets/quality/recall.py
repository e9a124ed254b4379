"""How much of an exact search an approximate one finds.

What does not belong here: the approximate search itself (stores/).
"""

import numpy as np
import numpy.typing as npt

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.verdict import Verdict

LEAST_RECALL = 0.95
_TIE = 1e-5  # two stores add up the same cosine in different orders


def sample_queries(vectors: Vectors, count: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return at most ``count`` of the vectors, drawn without replacement, to search with."""
    rows = rng.choice(len(vectors), size=min(count, len(vectors)), replace=False)
    return vectors.matrix[np.sort(rows)]


def exact_top_k(vectors: Vectors, queries: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int32]:
    """Return the ids of the ``k`` vectors nearest to each query by cosine, nearest first, equal ones by id.

    Args:
        vectors: normalized vectors, at least ``k``.
        queries: shape (q, d).
        k: neighbours per query.

    Returns:
        Ids, shape (q, k).
    """
    cosines = queries @ vectors.matrix.T
    return vectors.ids[np.argsort(-cosines, axis=1, kind="stable")[:, :k]]


def recall_at_k(vectors: Vectors, queries: npt.NDArray[np.float32], hits: npt.NDArray[np.integer], k: int) -> float:
    """Return the share of the ``k`` nearest neighbours that a search found.

    A hit counts where its cosine reaches that of the k-th neighbour, as ann-benchmarks counts (Aumueller et al.,
    2020): movies with equal texts have equal vectors, and which of them is found makes no difference.

    Args:
        vectors: the normalized vectors that were searched.
        queries: shape (q, d).
        hits: the ids found for each query, shape (q, k); -1 where a search found fewer. A repeated id counts once.
        k: neighbours per query.

    Raises:
        InputError: a hit is not among the vectors.
    """
    k = min(k, len(vectors))
    cosines = queries @ vectors.matrix.T
    kth = np.partition(cosines, -k, axis=1)[:, -k]
    found = np.sort(hits[:, :k], axis=1)
    counts = found >= 0
    counts[:, 1:] &= found[:, 1:] != found[:, :-1]
    query, place = np.nonzero(counts)
    rows = vectors.rows_of(found[query, place].astype(np.int32))
    return float((cosines[query, rows] >= kth[query] - _TIE).sum() / (len(queries) * k))


def recall_at_least(recall: float, queries: int, k: int, least_recall: float = LEAST_RECALL) -> Verdict:
    """Ask for a recall over a number of queries."""
    return Verdict(
        passed=recall >= least_recall,
        facts={"recall": recall, "least_recall": least_recall, "k": k, "queries": queries},
        description=f"recall@{k} is {recall:.3f} over {queries} queries, at least {least_recall} expected",
    )
