"""Item-kNN: movies that the same users watched as those of the history.

What does not belong here: similarity of what movies are about (content.py).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, described
from tv5_assets.models.baselines.together import shared_pairs

if TYPE_CHECKING:
    import torch

NEIGHBOURS = (20, 50, 100, 200)
SHRINKAGES = (0.0, 10.0)
"""Numbers of neighbours and shrinkages that are tried."""
_BITS = 31  # of a place in the catalog
_LAST_PLACE = (1 << _BITS) - 1


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
    norms = np.sqrt(np.diff(watched.indptr)).astype(np.float32)
    shape = (len(norms), min(neighbours, len(norms)))
    found = [(np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)) for _ in shrinkages]
    for rows, counts in shared_pairs(watched):
        places = np.repeat(np.arange(rows.start, rows.stop), np.diff(counts.indptr))
        counts.data[counts.indices == places] = 0  # a movie is no neighbour of its own
        products = norms[places] * norms[counts.indices]
        for (nearest, similarities), shrinkage in zip(found, shrinkages, strict=True):
            near = counts.data / (products + np.float32(shrinkage))
            _largest(near, counts.indices, counts.indptr, nearest[rows], similarities[rows])
    trained_on = described(train)
    return [
        ItemKNN(
            train.catalog,
            {
                "neighbours": torch.from_numpy(nearest).to(device),
                "similarities": torch.from_numpy(similarities).to(device),
            },
            {"neighbours": neighbours, "shrinkage": shrinkage},
            trained_on,
        )
        for (nearest, similarities), shrinkage in zip(found, shrinkages, strict=True)
    ]


def _largest(
    values: npt.NDArray[np.float32],
    places: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int32],
    largest_places: npt.NDArray[np.int32],
    largest_values: npt.NDArray[np.float32],
) -> None:
    """Write the largest values of each row of a sparse matrix, largest first, into the first columns of the last two.

    Of equal values, that of the lower place comes first. The bits of floats that are not negative are in the order of
    the floats, so value and place make one integer to sort by, which NumPy partitions by the processor's vectors.
    """
    by_value = (values.view(np.int32).astype(np.int64) << _BITS) | (_LAST_PLACE - places)
    k = largest_places.shape[1]
    for row, (start, stop) in enumerate(pairwise(offsets)):
        of_row = by_value[start:stop]
        if len(of_row) > k:
            of_row = np.partition(of_row, len(of_row) - k)[-k:]
        of_row = np.sort(of_row)[::-1]
        largest_places[row, : len(of_row)] = _LAST_PLACE - (of_row & _LAST_PLACE)
        largest_values[row, : len(of_row)] = (of_row >> _BITS).astype(np.int32).view(np.float32)
