"""Item-kNN: movies that the same users watched as those of the history.

What does not belong here: similarity of what movies are about (content.py).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array

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

        neighbours, similarities = self.tensors["neighbours"], self.tensors["similarities"]
        movies, k = neighbours.shape
        # Both sides are sparse, so that each event costs about k sums; a product with a dense side would cost k for
        # every movie of the catalog.
        towards = csc_array(
            (similarities.cpu().numpy().ravel(), neighbours.cpu().numpy().ravel(), np.arange(0, movies * k + 1, k)),
            shape=(movies, movies),
        )
        return torch.from_numpy((history.matrix() @ towards).toarray()).to(neighbours.device)


def fit_neighbours(train: Histories, neighbours: int, shrinkage: float, device: str = "cpu") -> ItemKNN:
    """Find the nearest neighbours of every movie; memory grows with movies times neighbours."""
    return _nearest(train, neighbours, (shrinkage,), device)[0]


def neighbour_candidates(
    train: Histories,
    neighbours: Sequence[int] = NEIGHBOURS,
    shrinkages: Sequence[float] = SHRINKAGES,
    device: str = "cpu",
) -> Iterator[ItemKNN]:
    """Yield the model with each shrinkage and number of neighbours, all from the same counts."""
    for most in _nearest(train, max(neighbours), shrinkages, device):
        for k in neighbours:
            yield ItemKNN(
                most.catalog,
                {name: tensor[:, :k].contiguous() for name, tensor in most.tensors.items()},
                {**most.parameters, "neighbours": k},
                most.trained_on,
            )


def _nearest(train: Histories, neighbours: int, shrinkages: Sequence[float], device: str) -> list[ItemKNN]:
    """Return the model with each shrinkage; the counts, which take most of the time, are shared."""
    import torch

    watched = train.matrix().T.tocsr()
    norms = torch.from_numpy(np.sqrt(np.diff(watched.indptr)).astype(np.float32)).to(device)
    places = torch.arange(len(norms), device=device)
    ties = _TIE * places
    shape = (len(norms), min(neighbours, len(norms) - 1))
    trained_on = described(train)
    models = [
        ItemKNN(
            train.catalog,
            {
                "neighbours": torch.empty(shape, dtype=torch.int32, device=device),
                "similarities": torch.empty(shape, dtype=torch.float32, device=device),
            },
            {"neighbours": neighbours, "shrinkage": shrinkage},
            trained_on,
        )
        for shrinkage in shrinkages
    ]
    for rows, counts in shared_columns(watched):
        shared = torch.from_numpy(counts).to(device)
        shared[places[: len(shared)], places[rows]] = 0  # a movie is no neighbour of its own
        products = torch.outer(norms[rows], norms)
        for model, shrinkage in zip(models, shrinkages, strict=True):
            similarities = shared / (products + shrinkage).clamp_(min=1)  # where it is 0, nothing is shared either
            nearest = similarities.double().sub_(ties).topk(shape[1]).indices
            model.tensors["neighbours"][rows] = nearest.int()
            model.tensors["similarities"][rows] = similarities.gather(1, nearest)
    return models
