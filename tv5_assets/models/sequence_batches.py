"""Windows of histories as batches of items: slices of one tensor of all events, padded on the left.

What does not belong here: what of a window a network is shown (sasrec.py, bert4rec.py).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Events:
    """All events of some users on a device, one user after another.

    Attributes:
        items: int64, shape (n,); each user's in the order of time.
        padding: what stands where there is no event.
    """

    items: "torch.Tensor"
    padding: int

    def before(self, starts: "torch.Tensor", ends: "torch.Tensor", length: int) -> "torch.Tensor":
        """Return the last ``length`` events of each ``starts:ends``, padded on the left, int64 of shape (b, length)."""
        import torch

        places = ends[:, None] - length + torch.arange(length, device=ends.device)
        known = places >= starts[:, None]
        if not len(self.items):
            return torch.full(known.shape, self.padding, device=ends.device)
        return self.items[places.clamp(min=0)].where(known, self.padding)


def events_of(history: Histories, device: str) -> "tuple[Events, torch.Tensor]":
    """Move histories to a device.

    Returns:
        Their events, and where each user's begin and the last one's end, int64 of shape (u + 1,).
    """
    import torch

    items = torch.from_numpy(history.items.astype(np.int64)).to(device)
    return Events(items, padding=len(history.catalog)), torch.from_numpy(history.offsets.copy()).to(device)


class Windows:
    """The windows of an epoch: each user's history is covered by windows that end about ``stride`` events apart.

    Where they end is drawn anew for each epoch, so that a network rarely sees the same window twice. A window has at
    most ``length`` events and at least two, of which one can be told from the other.
    """

    def __init__(self, history: Histories, *, length: int, stride: int, seed: int, device: str) -> None:
        lengths = history.lengths
        counts = np.where(lengths >= 2, -(-lengths // stride), 0)
        if not counts.any():
            raise InputError("nobody has two events to learn an order from; train on more ratings")
        users = np.repeat(np.arange(len(history)), counts)
        turn = np.arange(len(users)) - np.repeat(np.cumsum(counts) - counts, counts)
        self._starts = history.offsets[users]
        self._ends = history.offsets[users + 1] - turn * stride
        self._stride, self._seed, self._device = stride, seed, device
        self._length = length
        self._events, _ = events_of(history, device)
        self._epoch = -1
        self._drawn: tuple[torch.Tensor, torch.Tensor]

    def __len__(self) -> int:
        return len(self._ends)

    def batch(self, epoch: int, number: int, size: int) -> "torch.Tensor":
        """Return a batch of an epoch's windows, int64 of shape (size, length); the last may have fewer rows."""
        if epoch != self._epoch:
            self._draw(epoch)
        starts, ends = (bounds[number * size : (number + 1) * size] for bounds in self._drawn)
        return self._events.before(starts, ends, self._length)

    def _draw(self, epoch: int) -> None:
        """Draw where the windows of an epoch end, and their order."""
        import torch

        generator = stream(self._seed, "windows of an epoch", epoch)
        shifts = generator.integers(self._stride, size=len(self))
        order = generator.permutation(len(self))
        ends = np.maximum(self._ends - shifts, self._starts + 2)
        self._drawn = (
            torch.from_numpy(self._starts[order]).to(self._device),
            torch.from_numpy(ends[order]).to(self._device),
        )
        self._epoch = epoch


@dataclass(frozen=True)
class Task:
    """What a network is shown of a batch of windows, and what it should say.

    Attributes:
        shown: items, int64 of shape (b, places).
        places: where something is to be told, int64 of shape (b, k); None means at every place.
        targets: the items to tell, int64 of shape (b, k).
        counts: which of them are to be told, bool of shape (b, k); the others only fill up the shape.
    """

    shown: "torch.Tensor"
    places: "torch.Tensor | None"
    targets: "torch.Tensor"
    counts: "torch.Tensor"
