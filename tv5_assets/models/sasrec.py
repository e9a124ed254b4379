"""SASRec (Kang and McAuley, 2018): every event is told from those before it.

What does not belong here: the network (sequence_network.py) and its training (sequence.py).
"""

from typing import TYPE_CHECKING

from tv5_assets.models.sequence_batches import Task

if TYPE_CHECKING:
    import torch


def task(windows: "torch.Tensor", padding: int) -> Task:
    """Show a network all events of a window but the newest, and have each place tell the event after it.

    The first event of a history is told from padding alone: so the network learns what users begin with, which is all
    that it can say to someone without a history.

    Args:
        windows: items, int64 of shape (b, length + 1).
        padding: what stands where there is no event.
    """
    targets = windows[:, 1:]
    return Task(shown=windows[:, :-1], places=None, targets=targets, counts=targets != padding)
