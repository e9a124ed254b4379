"""Markov: what others watched after what the user watched last.

What does not belong here: similarity that knows no order (neighbours.py).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, described
from tv5_assets.models.following import following

if TYPE_CHECKING:
    import torch

REACHES = (1, 5, 20)
"""Numbers of last events that are tried."""
_SURE = 1.0  # a movie that was followed so often is half as sure of what follows as its counts say


class Markov(Baseline):
    """Scores a movie by how often it followed the last movies of the history.

    A pair of a user's events counts one over their distance, from 1 to ``reach`` events, and so does each of the last
    events of the history that is asked about. With ``reach`` 1 it is a Markov chain of first order (Rendle et al.,
    2010), beyond it one of higher order whose orders add up. What followed a movie is divided by how often anything
    did, and one more, so that a movie seen once decides nothing.

    Tensors, a sparse matrix by rows: ``starts``, int64 of shape (m + 1,), ``followers``, int32 of shape (n,), places in
    the catalog, and ``shares``, float32 of shape (n,).
    """

    name = "Markov"

    def _scores(self, history: Histories) -> "torch.Tensor":
        import torch

        movies = len(self.catalog)
        starts, followers, shares = (self.tensors[name].cpu().numpy() for name in ("starts", "followers", "shares"))
        following = csr_array((shares, followers, starts), shape=(movies, movies))
        return torch.from_numpy((_last(history, self.parameters["reach"]) @ following).toarray()).to(
            self.tensors["shares"].device
        )


def fit_markov(train: Histories, reach: int, device: str = "cpu") -> Markov:
    """Count what followed what; memory grows with the distinct pairs of movies, one of which followed the other.

    Args:
        train: what is learnt from.
        reach: most events between a movie and what followed it.
        device: where the scores will be.
    """
    import torch

    counts = following(train, reach)
    shares = counts.data / np.repeat(np.asarray(counts.sum(axis=1)) + _SURE, np.diff(counts.indptr))
    tensors = {
        "starts": counts.indptr.astype(np.int64),
        "followers": counts.indices.astype(np.int32),
        "shares": shares.astype(np.float32),
    }
    return Markov(
        train.catalog,
        {name: torch.from_numpy(values).to(device) for name, values in tensors.items()},
        {"reach": reach},
        described(train),
    )


def markov_candidates(train: Histories, reaches: Sequence[int] = REACHES, device: str = "cpu") -> Iterator[Markov]:
    """Yield the model with each reach."""
    for reach in reaches:
        yield fit_markov(train, reach, device)


def _last(history: Histories, reach: int) -> csr_array:
    """Return users x catalog with one over the place from the end for the last events of each user."""
    from_end: npt.NDArray[np.int64] = np.repeat(history.offsets[1:], history.lengths) - np.arange(len(history.items))
    weights = np.where(from_end <= reach, 1 / from_end, 0).astype(np.float32)
    return history.matrix(weights)
