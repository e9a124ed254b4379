"""Item-kNN: movies that the same users watched as those of the history.

What does not belong here: similarity of what movies are about (content.py).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, described
from tv5_assets.models.baselines.together import shared_columns

if TYPE_CHECKING:
    import torch

NEIGHBOURS = (20, 50, 100, 200)
SHRINKAGES = (0.0, 10.0)
"""Numbers of neighbours and shrinkages that are tried."""
_TIE = 1e-12  # taken off for each place in the catalog: of equal similarities, the lower movie id is nearer


class ItemKNN(Baseline):
    """Scores a movie by the summed similarity of those of its nearest neighbours that the user has seen.

    The similarity of two movies is ``shared / (sqrt(a * b) + shrinkage)``, with ``shared`` users of both, ``a`` and
    ``b`` of each: their cosine, less sure of itself the fewer users it rests on (Deshpande and Karypis, Item-based
    top-N recommendation algorithms, 2004). The neighbours are the candidate's own: a movie that many watched is near to
    most of any history, and would be put forward by all of it.

    Tensors: ``neighbours``, int32 of shape (m, k), places in the catalog, nearest first, and ``similarities``, float32
    of the same shape; 0 where a movie shares users with fewer than k.
    """

    name = "item-kNN"

    def _scores(self, history: Histories) -> "torch.Tensor":
        import torch
        from torch.nn.functional import embedding_bag

        neighbours, similarities = self.tensors["neighbours"], self.tensors["similarities"]
        seen = torch.from_numpy(history.matrix().toarray().T.copy()).to(neighbours.device)
        return embedding_bag(neighbours, seen, mode="sum", per_sample_weights=similarities).T


def fit_neighbours(train: Histories, neighbours: int, shrinkage: float, device: str = "cpu") -> ItemKNN:
    """Find the nearest neighbours of every movie; memory grows with movies times neighbours."""
    import torch

    watched = train.matrix().T.tocsr()
    norms = torch.from_numpy(np.sqrt(np.diff(watched.indptr))).to(device)  # float64, as are the similarities
    places = torch.arange(len(norms), device=device)
    k = min(neighbours, len(norms) - 1)
    nearest = torch.empty((len(norms), k), dtype=torch.int32, device=device)
    similarities = torch.empty((len(norms), k), dtype=torch.float32, device=device)
    for rows, shared in shared_columns(watched):
        block = torch.from_numpy(shared).to(device).double()
        block /= (norms[rows, None] * norms + shrinkage).clamp_(min=1)  # where it is 0, nothing is shared either
        block -= _TIE * places
        block[places[: len(block)], places[rows]] = -torch.inf  # a movie is no neighbour of its own
        values, closest = block.topk(k)
        nearest[rows] = closest.int()
        similarities[rows] = (values + _TIE * closest).float().clamp_(min=0)
    return ItemKNN(
        train.catalog,
        {"neighbours": nearest, "similarities": similarities},
        {"neighbours": neighbours, "shrinkage": shrinkage},
        described(train),
    )


def neighbour_candidates(
    train: Histories,
    neighbours: Sequence[int] = NEIGHBOURS,
    shrinkages: Sequence[float] = SHRINKAGES,
    device: str = "cpu",
) -> Iterator[ItemKNN]:
    """Yield the model with each shrinkage and number of neighbours; the similarities are computed once a shrinkage."""
    for shrinkage in shrinkages:
        most = fit_neighbours(train, max(neighbours), shrinkage, device)
        for k in neighbours:
            yield ItemKNN(
                train.catalog,
                {name: tensor[:, :k].contiguous() for name, tensor in most.tensors.items()},
                {"neighbours": k, "shrinkage": shrinkage},
                most.trained_on,
            )
