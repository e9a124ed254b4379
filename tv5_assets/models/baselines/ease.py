"""EASE: the linear model that predicts each movie from all others, in closed form.

Steck, Embarrassingly shallow autoencoders for sparse data, 2019: with X the users x movies matrix of ones and
``P = (X'X + lambda I)^-1``, the weights are ``B = I - P / diag(P)``, column by column, and a history h scores ``h B``.

With the singular values s and right singular vectors V of X, and the rows a of ``V sqrt(s^2 / (s^2 + lambda))``,
``P = (I - a a') / lambda``. The weight of movie i for another movie j is therefore ``a_i . a_j / (1 - |a_j|^2)``: EASE
is a two-tower model whose towers are tied, exactly so, and every lambda follows from one decomposition. It is kept and
served like this. What does not belong here: learnt towers and how theirs are joined with these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, Sides, described, pooled
from tv5_assets.models.baselines.together import shared_columns
from tv5_assets.models.leading import leading_eigenvectors

if TYPE_CHECKING:
    import torch
    from scipy.sparse import csr_array

LAMBDAS = (50.0, 100.0, 150.0, 250.0, 500.0, 1000.0)
"""Regularizations that are tried."""
MOST_MOVIES = 10_000
"""Movies that are modelled, the most popular ones. Memory grows with the square of this, or of the number of users if
that is smaller: the counts and their eigenvectors, in both precisions, take 24 bytes times it."""
_ROUNDS = 10  # of subspace iteration; of 25 million simulated ratings the 500th eigenvector is then right to .2 %
_NOISE = 1e-9  # squared singular values below this share of the largest are rounding errors


class EASE(Baseline):
    """Scores by the weights of EASE, computed from the decomposition of the training matrix.

    A movie that is not modelled scores 0, as one without any training event does. So that scores are inner products,
    the weight of a movie for itself is not set to zero: a seen movie's score has no meaning.

    Tensors, with n movies modelled and r singular values: ``places``, int32 of shape (n,), ascending places in the
    catalog; ``basis``, float32 of shape (n, r), the columns of V, largest singular value first; ``weights``, float32 of
    shape (r,), ``s^2 / (s^2 + lambda)``; ``factors``, float32 of shape (n,), ``1 / (1 - |a|^2)``.
    """

    name = "EASE"

    def _scores(self, history: Histories) -> "torch.Tensor":
        import torch

        places, basis = self.tensors["places"], self.tensors["basis"]
        known = torch.from_numpy(history.items).to(basis.device)
        rows = torch.searchsorted(places, known).clamp_(max=len(places) - 1)
        users = pooled(history, basis, (places[rows] == known).float(), rows.int())
        scores = (users * self.tensors["weights"]) @ basis.T
        scores *= self.tensors["factors"]
        if len(places) == len(self.catalog):
            return scores
        return torch.zeros(len(history), len(self.catalog), device=basis.device).index_copy_(1, places.long(), scores)

    @property
    def rank(self) -> int:
        """Length of the vectors with which both sides reproduce the scores exactly."""
        return int(self.tensors["basis"].shape[1])

    def sides(self, rank: int | None = None) -> Sides:
        """Return both towers' vectors of every movie of the catalog, or their first ``rank`` columns.

        The first columns carry the largest singular values, and the factors stay those of all of them. The sides differ
        by a factor for each movie alone; a movie that is not modelled has zeros.
        """
        import torch

        basis, places = self.tensors["basis"][:, :rank], self.tensors["places"].long()
        history = torch.zeros(len(self.catalog), basis.shape[1], device=basis.device)
        history[places] = basis * self.tensors["weights"][:rank].sqrt()
        factors = torch.zeros(len(self.catalog), 1, device=basis.device)
        factors[places] = self.tensors["factors"][:, None]
        return Sides(history, history * factors)


@dataclass(frozen=True)
class Decomposition:
    """A training matrix taken apart, from which EASE with any lambda follows at the cost of a few sums.

    Attributes:
        catalog: int32, shape (m,): the movie ids.
        places: int32, shape (n,); places in the catalog of the movies that are modelled, ascending.
        squares: float64, shape (r,); squared singular values, descending.
        basis: float32, shape (n, r); the right singular vectors.
        trained_on: what was taken apart.
    """

    catalog: npt.NDArray[np.int32]
    places: "torch.Tensor"
    squares: "torch.Tensor"
    basis: "torch.Tensor"
    trained_on: dict[str, Any]

    def ease(self, regularization: float) -> EASE:
        """Return EASE with this lambda, which must be above 0.

        Raises:
            InputError: it is not.
        """
        if regularization <= 0:
            raise InputError(f"the lambda of EASE is above 0, not {regularization}")
        weights = self.squares / (self.squares + regularization)
        rest = 1 - self.basis.square() @ weights.float()
        return EASE(
            self.catalog,
            {"places": self.places, "basis": self.basis, "weights": weights.float(), "factors": 1 / rest},
            {"lambda": regularization},
            self.trained_on,
        )


def decompose(train: Histories, most_movies: int = MOST_MOVIES, device: str = "cpu") -> Decomposition:
    """Take the training matrix apart through whichever is smaller, movies x movies or users x users.

    Args:
        train: what is learnt from; an event counts the same whatever its rating.
        most_movies: model so many of the most popular movies only; of equally popular ones the lower ids.
        device: where to compute.

    Raises:
        InputError: there are no events.
    """
    import torch

    places, matrix = _modelled(train, most_movies)
    by_users = matrix.shape[0] < matrix.shape[1]
    shared = _shared(matrix if by_users else matrix.T.tocsr())
    squares, vectors = torch.linalg.eigh(torch.from_numpy(shared).to(device, torch.float64))
    real = squares > squares[-1] * _NOISE
    squares, vectors = squares[real].flip(0), vectors[:, real].flip(1)
    if by_users:
        scaled = (vectors / squares.sqrt()).cpu().numpy()
        basis = torch.from_numpy(matrix.T @ scaled).to(device)
    else:
        basis = vectors
    return Decomposition(
        train.catalog,
        torch.from_numpy(places).to(device),
        squares,
        basis.float().contiguous(),
        described(train),
    )


def fit_ease(train: Histories, regularization: float, most_movies: int = MOST_MOVIES, device: str = "cpu") -> EASE:
    """Fit EASE with one lambda; see :func:`decompose`."""
    return decompose(train, most_movies, device).ease(regularization)


def fit_leading(
    train: Histories,
    regularization: float,
    rank: int,
    seed: int,
    most_movies: int = MOST_MOVIES,
    device: str = "cpu",
) -> EASE:
    """Fit EASE with one lambda and keep the leading columns, without finding the others first.

    The lengths ``|a_j|^2 = 1 - lambda P_jj`` stay those of all columns, by a Cholesky factorization; the columns are
    found by subspace iteration. Of 10,000 movies on two threads, both took 34 s and 2.6 GB, all columns several minutes
    and 4.5 GB.

    Args:
        train: what is learnt from; see :func:`decompose`.
        regularization: lambda, above 0.
        rank: columns that are kept, at most; where there are no more, they are found as :func:`decompose` does.
        seed: of the subspace that the iteration starts from.
        most_movies: as for :func:`decompose`.
        device: where to compute, but for the iteration.

    Raises:
        InputError: there are no events, or lambda is not above 0.
    """
    import torch

    places, matrix = _modelled(train, most_movies)
    if rank >= min(matrix.shape) or regularization <= 0:
        return fit_ease(train, regularization, most_movies, device)
    shared = _shared(matrix.T.tocsr())
    squares, vectors = leading_eigenvectors(shared, rank, _ROUNDS, stream(seed, "subspace of EASE"))
    regularized = torch.from_numpy(shared).to(device, torch.float64)
    regularized.diagonal().add_(regularization)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(regularized, out=regularized))
    basis = torch.from_numpy(np.ascontiguousarray(vectors))
    weights = torch.from_numpy(squares / (squares + np.float32(regularization)))
    return EASE(
        train.catalog,
        {
            "places": torch.from_numpy(places).to(device),
            "basis": basis.to(device),
            "weights": weights.to(device),
            "factors": (1 / (regularization * inverse.diagonal())).float(),
        },
        {"lambda": regularization, "rank": rank},
        described(train),
    )


def ease_candidates(
    train: Histories,
    lambdas: Sequence[float] = LAMBDAS,
    most_movies: int = MOST_MOVIES,
    device: str = "cpu",
) -> Iterator[EASE]:
    """Yield EASE with each lambda, all from one decomposition."""
    decomposition = decompose(train, most_movies, device)
    for regularization in lambdas:
        yield decomposition.ease(regularization)


def _modelled(train: Histories, most_movies: int) -> "tuple[npt.NDArray[np.int32], csr_array]":
    """Return the places of the movies that are modelled, shape (n,), and ones for who has seen them, shape (u, n)."""
    counts = np.bincount(train.items, minlength=len(train.catalog))
    if not counts.any():
        raise InputError("there are no events to fit EASE on")
    places = np.sort(np.argsort(-counts, kind="stable")[: min(most_movies, int((counts > 0).sum()))])
    matrix = train.matrix()[:, places]
    return places.astype(np.int32), matrix[np.diff(matrix.indptr) > 0]


def _shared(matrix: "csr_array") -> npt.NDArray[np.float32]:
    """Return ``matrix @ matrix.T``."""
    shared = np.empty((matrix.shape[0], matrix.shape[0]), dtype=np.float32)
    for rows, counts in shared_columns(matrix):
        shared[rows] = counts
    return shared
