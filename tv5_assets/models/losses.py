"""What is lost when users and movies are scored wrongly: functions of scores, each a mean over what was asked.

Targets are pairs of a user of the batch and a movie; nothing is looped over. What does not belong here: how scores come
about and which part of a history is a target (two_tower.py).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

LossName = Literal["softmax", "sampled_softmax", "bpr", "mse", "combined"]

MSE_SHARE = 0.7
"""What the squared error of ratings counts in the combined loss; the ranking loss counts for the rest."""
_LEAST_RATING, _HIGHEST_RATING = 0.5, 5.0
_MASKED = -1e4  # a score whose share of a softmax is 0 in every number type, and which is finite in all


@dataclass(frozen=True)
class Targets:
    """Which movie is asked of which user of a batch.

    Attributes:
        users: int64, shape (p,); places in the batch.
        movies: int64, shape (p,); places in the catalog.
        ratings: float32, shape (p,); stars.
        weights: float32, shape (p,); what each counts in the mean; their sum is 1.
    """

    users: "torch.Tensor"
    movies: "torch.Tensor"
    ratings: "torch.Tensor"
    weights: "torch.Tensor"


def softmax(
    scores: "torch.Tensor", targets: Targets, seen: "tuple[torch.Tensor, torch.Tensor] | None" = None
) -> "torch.Tensor":
    """Return the mean of -log of the targets' shares in a softmax over the whole catalog, a scalar.

    Args:
        scores: shape (b, m), logits of every movie for every user; those of ``seen`` are overwritten, since a copy of
            them all would cost as much as the softmax.
        targets: what was to be found.
        seen: users and movies, int64 of shape (n,) each, that count as impossible: what the user tower was told.
    """
    import torch

    scores = scores.float()
    if seen is not None:
        scores.index_put_(seen, scores.new_tensor(_MASKED))
    total = torch.logsumexp(scores, dim=1)
    return (targets.weights * (total[targets.users] - scores[targets.users, targets.movies])).sum()


def sampled_softmax(
    positive: "torch.Tensor",
    negative: "torch.Tensor",
    expected: "torch.Tensor",
    impossible: "torch.Tensor",
    targets: Targets,
) -> "torch.Tensor":
    """Return the softmax loss with the catalog's sum estimated from drawn negatives, a scalar.

    The sum of exp(score) over the movies that the user did not choose is estimated without bias: a drawn movie stands
    for as many as 1 / (times it is expected to be drawn). This is the logQ correction (Bengio and Senecal, 2008), of
    the negatives alone: a target is there because it was chosen, not because it was drawn.

    Args:
        positive: shape (p,); logits of the targets.
        negative: shape (b, k); logits of the drawn movies for each user of the batch.
        expected: shape (k,); how often each drawn movie is expected among the k, draws times probability.
        impossible: bool, shape (b, k); drawn movies that the user chose, told or asked, which are left out.
        targets: what was to be found.
    """
    import torch

    corrected = negative.float() - torch.log(expected)
    corrected = corrected.masked_fill(impossible, _MASKED)
    others = torch.logsumexp(corrected, dim=1)[targets.users]
    positive = positive.float()
    return (targets.weights * (torch.logaddexp(positive, others) - positive)).sum()


def bpr(
    positive: "torch.Tensor", negative: "torch.Tensor", impossible: "torch.Tensor", targets: Targets
) -> "torch.Tensor":
    """Return the mean of -log sigmoid(positive - negative), a scalar (Rendle et al., BPR, 2009).

    Args:
        positive: shape (p,); scores of the targets.
        negative: shape (b, k); scores of the drawn movies for each user of the batch.
        impossible: bool, shape (b, k); drawn movies that the user chose, too, which make no pair.
        targets: what was to be found; one whose user has no possible negative counts as found.
    """
    from torch.nn.functional import softplus

    lost = softplus(negative.float()[targets.users] - positive.float()[:, None])
    pairs = (~impossible)[targets.users]
    return (targets.weights * (lost * pairs).sum(dim=1) / pairs.sum(dim=1).clamp(min=1)).sum()


def mse(cosines: "torch.Tensor", ratings: "torch.Tensor", weights: "torch.Tensor") -> "torch.Tensor":
    """Return the mean squared error of ratings read off cosines, in squared stars, a scalar.

    A cosine of -1 stands for half a star, of 1 for five, and what is between them in a straight line.

    Args:
        cosines: shape (p,); of each target's user and movie, from -1 to 1.
        ratings: shape (p,); stars.
        weights: shape (p,); what each target counts, the sum is 1.
    """
    middle, half = (_HIGHEST_RATING + _LEAST_RATING) / 2, (_HIGHEST_RATING - _LEAST_RATING) / 2
    return (weights * (middle + half * cosines.float() - ratings).square()).sum()


def combined(squared_error: "torch.Tensor", ranking: "torch.Tensor") -> "torch.Tensor":
    """Return .7 of the squared error of ratings and .3 of the ranking loss."""
    return MSE_SHARE * squared_error + (1 - MSE_SHARE) * ranking


def negative_probabilities(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return how probable each movie is as a negative, shape (m,), the sum is 1.

    Half of the draws are uniform, half go by the number of events: popular movies are the rivals that a ranking has to
    beat, but draws by popularity alone would leave rare movies where they are.

    Args:
        counts: shape (m,); events of each movie that are learnt from.
    """
    uniform = np.full(len(counts), 1 / len(counts))
    total = counts.sum()
    return uniform if total == 0 else (uniform + counts / total) / 2
