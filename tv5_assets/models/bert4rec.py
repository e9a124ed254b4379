"""BERT4Rec (Sun et al., 2019): some events are masked, and told from those before and after them.

What does not belong here: the network (sequence_network.py) and its training (sequence.py).
"""

import math
from typing import TYPE_CHECKING

from tv5_assets.models.sequence_batches import Task

if TYPE_CHECKING:
    import torch


def task(windows: "torch.Tensor", padding: int, mask: int, *, mask_share: float, newest_share: float) -> Task:
    """Mask some events of each window, and have the network tell them.

    Each window has about ``mask_share`` of its events masked, at least one. In ``newest_share`` of the windows it is
    the newest alone, as it is when a network is asked what comes next.

    Drawn from torch's generator of the windows' device. The number of places is the same in every batch, so that
    nothing waits for a device to count.

    Args:
        windows: items, int64 of shape (b, length + 1).
        padding: what stands where there is no event.
        mask: what stands for a masked event.
        mask_share: from 0 to 1.
        newest_share: from 0 to 1.
    """
    import torch

    batch, length = windows.shape
    known = windows != padding
    draws = torch.rand(windows.shape, device=windows.device).masked_fill(~known, -1.0)
    newest = torch.rand(batch, device=windows.device) < newest_share
    draws[:, -1] += newest  # above every other draw
    most = max(1, math.ceil(mask_share * length))
    places = draws.topk(most, dim=1).indices
    masked = (known.sum(dim=1) * mask_share).round().clamp(1, most).masked_fill(newest, 1)
    counts = torch.arange(most, device=windows.device) < masked[:, None]
    targets = windows.gather(1, places)
    shown = windows.scatter(1, places, torch.where(counts, mask, targets))
    return Task(shown, places, targets, counts)
