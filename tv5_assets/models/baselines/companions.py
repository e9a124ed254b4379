"""Companions: movies that are watched within a few of one another.

EASE and item-kNN know that two movies were seen by the same people, not whether in the same week or ten years apart.
What was watched side by side has more in common, and most of it is another thing than what EASE finds: joined.py makes
use of both. What does not belong here: what follows what (markov.py), and a network's first embeddings, which are
factors of other counts (sequence_start.py).
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, diags_array

from tv5_assets.draws.streams import stream
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, Sides, described, pooled
from tv5_assets.models.following import following
from tv5_assets.models.leading import leading_eigenvectors

if TYPE_CHECKING:
    import torch

REACH = 10
"""Most events between two that count as side by side; 5 and 20 find about as much."""
SHRINKAGE = 10.0
"""Added to the number of events of each movie. Of 5, 10 and 20, joined with the two-tower and EASE, 10 found most on
validation slices of ml-latest-small; with none, 128 columns lost most of what all of them find."""
DIMENSION = 128
"""Columns; on those slices 64 find somewhat less, and so do all of them, as if the smallest eigenvalues were noise."""
_ROUNDS = 10  # of power iteration; NDCG@10 of companions alone is .90 of EASE's after 3, .96 after 8 and if exact


class Companions(Baseline):
    """Scores a movie by the sum of what ties it to each movie of the history.

    A pair of a user's events at most ``reach`` apart counts one over their distance, either way, and a movie is a
    companion of its own in each of its events. With c such counts and n events of each movie, the ties are
    ``c / sqrt((n + shrinkage) (n' + shrinkage))``, and of them the leading eigenvectors are kept: word2vec over
    histories (Barkan and Koenigstein, Item2vec, 2016) as the factorization that it is (Levy and Goldberg, 2014).

    Tensor: ``vectors``, float32 of shape (m, dimension), whose inner products are the ties.
    """

    name = "companions"

    def _scores(self, history: Histories) -> "torch.Tensor":
        vectors = self.tensors["vectors"]
        return pooled(history, vectors) @ vectors.T

    def sides(self) -> Sides:
        """Return both towers' vectors of every movie, which are the same."""
        return Sides(self.tensors["vectors"], self.tensors["vectors"])


def fit_companions(
    train: Histories,
    seed: int,
    device: str = "cpu",
    *,
    reach: int = REACH,
    shrinkage: float = SHRINKAGE,
    dimension: int = DIMENSION,
) -> Companions:
    """Count who is watched beside whom and keep the leading eigenvectors; memory grows with the distinct pairs.

    Args:
        train: what is learnt from.
        seed: of the iteration that finds the eigenvectors.
        device: where the scores will be.
        reach: most events between the two of a pair.
        shrinkage: events that are added to those of each movie, above 0.
        dimension: most columns.
    """
    import torch

    ties, generator = _ties(train, reach, shrinkage), stream(seed, "subspace of companions")
    values, vectors = leading_eigenvectors(ties, dimension, _ROUNDS, generator)
    factors = (vectors * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    return Companions(
        train.catalog,
        {"vectors": torch.from_numpy(factors).to(device)},
        {"reach": reach, "shrinkage": shrinkage, "dimension": dimension},
        described(train),
    )


def _ties(train: Histories, reach: int, shrinkage: float) -> csr_array:
    """Return the ties of movies, float32 of shape (m, m); none of a movie without events."""
    followed = following(train, reach)
    events = np.bincount(train.items, minlength=len(train.catalog)).astype(np.float32)
    scale = diags_array(1 / np.sqrt(events + np.float32(shrinkage)))
    return csr_array(scale @ (followed + followed.T + diags_array(events)) @ scale)
