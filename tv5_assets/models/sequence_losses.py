"""What is lost when a network scores other items above the right one: over the whole catalog, or over a sample of it.

The scores of an item are the product of a state and the item's embedding, plus the item's bias. What does not belong
here: which items are right (sasrec.py, bert4rec.py).
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def full_softmax(
    states: "torch.Tensor", targets: "torch.Tensor", embeddings: "torch.Tensor", bias: "torch.Tensor"
) -> "torch.Tensor":
    """Return the cross-entropy of each target over the whole catalog, shape (n,).

    Args:
        states: shape (n, d).
        targets: item of each state, int64 of shape (n,).
        embeddings: of all items, shape (m, d).
        bias: of all items, shape (m,).
    """
    from torch.nn.functional import cross_entropy, linear

    return cross_entropy(linear(states, embeddings, bias).float(), targets, reduction="none")


def sampled_softmax(
    states: "torch.Tensor",
    targets: "torch.Tensor",
    embeddings: "torch.Tensor",
    bias: "torch.Tensor",
    negatives: "torch.Tensor",
) -> "torch.Tensor":
    """Return the cross-entropy of each target over itself and items drawn uniformly, shape (n,).

    The score of a drawn item is corrected by logQ (Bengio and Senecal, 2008): each stands for (m - 1) / k items, so
    that the softmax's denominator is on average that of the whole catalog. Where a target itself was drawn, it does not
    count against itself.

    Args:
        states: shape (n, d).
        targets: item of each state, int64 of shape (n,).
        embeddings: of all items, shape (m, d).
        bias: of all items, shape (m,).
        negatives: items drawn with equal chances, shared by all states, int64 of shape (k,).
    """
    import torch

    right, others = _scores(states, targets, embeddings, bias, negatives)
    correction = math.log(max(len(embeddings) - 1, 1) / len(negatives))
    return torch.logaddexp(right, torch.logsumexp(others, dim=1) + correction) - right


def gbce(
    states: "torch.Tensor",
    targets: "torch.Tensor",
    embeddings: "torch.Tensor",
    bias: "torch.Tensor",
    negatives: "torch.Tensor",
    calibration: float,
) -> "torch.Tensor":
    """Return the generalized binary cross-entropy of gSASRec (Petrov and Macdonald, 2023), shape (n,).

    The probability of the target is raised to beta, which undoes the overconfidence that sampling causes: with a share
    ``a = k / (m - 1)`` drawn, ``beta = a * (t * (1 - 1 / a) + 1 / a)``. It is the mean over the target and its
    negatives.

    Args:
        states: shape (n, d).
        targets: item of each state, int64 of shape (n,).
        embeddings: of all items, shape (m, d).
        bias: of all items, shape (m,).
        negatives: items drawn with equal chances, shared by all states, int64 of shape (k,).
        calibration: t, from 0 (plain binary cross-entropy) to 1 (probabilities as of the full catalog).
    """
    from torch.nn.functional import logsigmoid, softplus

    right, others = _scores(states, targets, embeddings, bias, negatives)
    rate = min(1.0, len(negatives) / max(len(embeddings) - 1, 1))
    beta = rate * (calibration * (1 - 1 / rate) + 1 / rate)
    return (softplus(others).sum(dim=1) - beta * logsigmoid(right)) / (len(negatives) + 1)


def _scores(
    states: "torch.Tensor",
    targets: "torch.Tensor",
    embeddings: "torch.Tensor",
    bias: "torch.Tensor",
    negatives: "torch.Tensor",
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the scores of the targets, shape (n,), and of the negatives, (n, k), those equal to the target -inf."""
    from torch.nn.functional import linear

    right = (states * embeddings[targets]).sum(dim=1).float() + bias[targets]
    others = linear(states, embeddings[negatives], bias[negatives]).float()
    return right, others.masked_fill(targets[:, None] == negatives, -math.inf)
