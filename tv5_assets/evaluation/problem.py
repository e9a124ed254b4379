"""What a recommender is asked: what it may learn from, what it knows of each user, and what it should find.

What does not belong here: how ratings are split (features/splits.py) and how answers are scored (metrics.py).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tv5_assets.evaluation.histories import Histories

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Problem:
    """One protocol on one dataset.

    Attributes:
        protocol: name of the protocol, one of features.splits.PROTOCOLS.
        train: what a model may learn from.
        history: what is known of each user who is asked about when they are asked about; no movie of it is to be
            recommended. Users are those of ``truth``. Under strong generalization none of them is in ``train``.
        truth: what each of them should be recommended; a user without any is left out of the metrics.
    """

    protocol: str
    train: Histories
    history: Histories
    truth: Histories


class Recommender(Protocol):
    """What can be ranked: a fitted model that scores the whole catalog from histories alone."""

    name: str

    def scores(self, history: Histories) -> "torch.Tensor":
        """Return a score for each user and movie of the catalog, float32 of shape (u, m), on the model's device.

        Seen movies need no treatment; the evaluation removes them.
        """
        ...
