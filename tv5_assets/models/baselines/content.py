"""Movies that are about what the user liked: the mean of their vectors, held against all.

What does not belong here: how text becomes a vector (embeddings/), and anything that other users did.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, described, pooled

if TYPE_CHECKING:
    import torch

LEAST_RATINGS = (0.5, 3.5, 4.5)
"""Ratings from which a movie counts as liked that are tried."""


class MeanOfLiked(Baseline):
    """Scores a movie by the cosine of its vector with the mean vector of the movies that the user liked.

    A user who liked nothing gets the mean of everything they saw. Tensor: ``vectors``, float32 of shape (m, d),
    normalized.
    """

    name = "mean of liked"

    def _scores(self, history: Histories) -> "torch.Tensor":
        import torch
        from torch.nn.functional import normalize

        vectors = self.tensors["vectors"]
        liked = history.ratings >= self.parameters["least_rating"]
        users = history.users_of_events()
        none_liked = np.bincount(users[liked], minlength=len(history)) == 0
        weights = torch.from_numpy((liked | none_liked[users]).astype(np.float32)).to(vectors.device)
        return normalize(pooled(history, vectors, weights), dim=1) @ vectors.T


def fit_content(train: Histories, movies: Vectors, least_rating: float, device: str = "cpu") -> MeanOfLiked:
    """Take the vectors of the catalog's movies; nothing is learnt from the events.

    Raises:
        InputError: a movie of the catalog has no vector.
    """
    import torch
    from torch.nn.functional import normalize

    vectors = torch.from_numpy(movies.matrix[movies.rows_of(train.catalog)]).to(device)
    return MeanOfLiked(
        train.catalog,
        {"vectors": normalize(vectors, dim=1)},
        {"least_rating": least_rating, "vectors": movies.model},
        described(train),
    )


def content_candidates(
    train: Histories, movies: Vectors, least_ratings: Sequence[float] = LEAST_RATINGS, device: str = "cpu"
) -> Iterator[MeanOfLiked]:
    """Yield the model with each bound of what is liked."""
    for least_rating in least_ratings:
        yield fit_content(train, movies, least_rating, device)
