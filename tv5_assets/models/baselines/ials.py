"""iALS: matrix factorization for implicit feedback, its movies fitted by the ``implicit`` package.

Hu, Koren and Volinsky, Collaborative filtering for implicit feedback datasets, 2008. What does not belong here:
factors of users; a user is computed from their history when they are asked about, known or not.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from tv5_assets.draws.streams import stream
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, described, pooled

if TYPE_CHECKING:
    import torch

_MOST_STEPS = 100
_CLOSE_ENOUGH = 1e-6  # residual of a user's equations against their right side
_TINY = 1e-30  # what a user who is done, or has no history, is divided by instead of 0


class Factorization(NamedTuple):
    """How to factorize.

    Attributes:
        factors: length of a vector.
        regularization: weight of the vectors' squared lengths.
        alpha: confidence of an event, against 1 of a movie that was not watched.
        iterations: passes over users and movies.
    """

    factors: int
    regularization: float
    alpha: float
    iterations: int = 12


FACTORIZATIONS = (Factorization(128, 10.0, 1.0), Factorization(128, 30.0, 4.0))
"""Factorizations that are tried."""


class IALS(Baseline):
    """Scores by inner products of movies' vectors with the vector that fits the user's history best.

    With the movies' vectors Y, a user's vector x minimizes ``alpha * sum over seen (1 - x.y)^2 + sum over others
    (x.y)^2 + regularization * |x|^2``, which is the step that the fit itself takes for its users.

    Tensor: ``movies``, float32 of shape (m, factors).
    """

    name = "iALS"

    def _scores(self, history: Histories) -> "torch.Tensor":
        return self.users(history) @ self.tensors["movies"].T

    def users(self, history: Histories) -> "torch.Tensor":
        """Return the vector of each user, float32 of shape (u, factors); zeros without history.

        All users at once, by conjugate gradients preconditioned with what their equations share. Where alpha is 1,
        that is all of them, and the first step is the solution.
        """
        import torch

        movies, alpha = self.tensors["movies"], float(self.parameters["alpha"])
        shared = movies.T.double() @ movies.double()
        shared += float(self.parameters["regularization"]) * torch.eye(len(shared), device=shared.device)
        inverse, shared = torch.linalg.inv(shared).float(), shared.float()
        items = torch.from_numpy(history.items).to(movies.device)
        event_users = torch.from_numpy(history.users_of_events()).to(movies.device)

        def left_side(users: "torch.Tensor") -> "torch.Tensor":
            if alpha == 1:
                return users @ shared
            predicted = torch.linalg.vecdot(users[event_users], movies[items])
            return users @ shared + pooled(history, movies, (alpha - 1) * predicted)

        residual = alpha * pooled(history, movies)
        close = _CLOSE_ENOUGH * torch.linalg.vector_norm(residual, dim=1)
        users = torch.zeros_like(residual)
        nearer = residual @ inverse
        direction, product = nearer, torch.linalg.vecdot(residual, nearer)
        for _ in range(_MOST_STEPS):
            if (torch.linalg.vector_norm(residual, dim=1) <= close).all():
                break
            image = left_side(direction)
            step = (product / torch.linalg.vecdot(direction, image).clamp(min=_TINY))[:, None]
            users = users + step * direction
            residual = residual - step * image
            nearer = residual @ inverse
            previous, product = product, torch.linalg.vecdot(residual, nearer)
            direction = nearer + (product / previous.clamp(min=_TINY))[:, None] * direction
        return users


def fit_ials(
    train: Histories, factorization: Factorization, seed: int = 0, threads: int = 1, device: str = "cpu"
) -> IALS:
    """Factorize the training matrix on the CPU; an event counts the same whatever its rating.

    Args:
        train: what is learnt from.
        factorization: how.
        seed: of the vectors' first values.
        threads: how many threads ``implicit`` runs.
        device: where the model will score.
    """
    import torch
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # the package brings its own threads, and warns of others inside them
        model = AlternatingLeastSquares(
            factors=factorization.factors,
            regularization=factorization.regularization,
            alpha=factorization.alpha,
            iterations=factorization.iterations,
            num_threads=threads,
            random_state=stream(seed, "ials"),
        )
        model.fit(csr_matrix(train.matrix()), show_progress=False)
    return IALS(
        train.catalog,
        {"movies": torch.from_numpy(np.array(model.item_factors)).to(device)},
        {**factorization._asdict(), "seed": seed},
        described(train),
    )


def ials_candidates(
    train: Histories,
    factorizations: Sequence[Factorization] = FACTORIZATIONS,
    seed: int = 0,
    threads: int = 1,
    device: str = "cpu",
) -> Iterator[IALS]:
    """Yield the model with each factorization."""
    for factorization in factorizations:
        yield fit_ials(train, factorization, seed, threads, device)
