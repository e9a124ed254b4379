"""Batches for the two-tower: some users at a time, a part of each history hidden, which is what is to be found.

All of it is slices of tensors on the device; no interaction is ever looped over. What does not belong here: what the
network makes of a batch (two_tower_network.py) and what is lost on it (losses.py).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.losses import Targets
from tv5_assets.models.train import seeded

if TYPE_CHECKING:
    import torch

_DAY = 86_400


@dataclass(frozen=True)
class Batch:
    """Some users' histories, taken apart into what the user tower is told and what it should find.

    Attributes:
        items: int64, shape (n,); places in the catalog of what is told, one user after another.
        owners: int64, shape (n,); each one's user, as a place in the batch.
        offsets: int64, shape (b + 1,); where each user's begin.
        ratings: float32, shape (n,); stars.
        targets: what is hidden; none of it is among ``items`` of its user.
    """

    items: "torch.Tensor"
    owners: "torch.Tensor"
    offsets: "torch.Tensor"
    ratings: "torch.Tensor"
    targets: Targets


class Batches:
    """Draws batches from histories, in an order that the seed and the epoch decide.

    A user of a batch hides a share of their history that is drawn evenly between two bounds, always at least one event.
    Each user counts as the square root of the number of events that they hide: as one would leave those with long
    histories, of whom most is known, too little weight, and as that number would leave hardly any to the others.
    """

    def __init__(
        self,
        train: Histories,
        *,
        users_at_once: int,
        hidden: tuple[float, float],
        half_life_days: float | None,
        seed: int,
        device: str,
    ) -> None:
        import torch

        self._known = torch.from_numpy(np.flatnonzero(train.lengths))
        self._starts = torch.from_numpy(train.offsets[:-1].copy())
        self._lengths = torch.from_numpy(train.lengths)
        self._items = torch.from_numpy(train.items).to(device)
        self._ratings = torch.from_numpy(train.ratings).to(device)
        self._worth = None
        if half_life_days is not None:
            age = (train.times.max() - train.times) / (_DAY * half_life_days)
            self._worth = torch.from_numpy(np.exp2(-age).astype(np.float32)).to(device)
        self._users_at_once, self._hidden = users_at_once, hidden
        self._seed, self._device = seed, device
        self._order = lru_cache(maxsize=1)(self._order_of)

    @property
    def per_epoch(self) -> int:
        """Batches in which every user comes once."""
        return -(-len(self._known) // self._users_at_once)

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0 over all epochs; what it hides comes from torch's generators."""
        import torch

        epoch, place = divmod(step, self.per_epoch)
        users = self._order(epoch)[place * self._users_at_once : (place + 1) * self._users_at_once]
        lengths = self._lengths[users]
        total = int(lengths.sum())
        first = self._starts[users] - (lengths.cumsum(0) - lengths)
        lengths, first = lengths.to(self._device), first.to(self._device)
        number = torch.arange(len(users), device=self._device)
        owners = torch.repeat_interleave(number, lengths, output_size=total)
        events = first[owners] + torch.arange(total, device=self._device)
        hides = self._hide(owners, len(users))
        # Places rather than masks: a GPU has to be waited for to learn how many a mask selects, here once for each.
        hidden, told = (which.nonzero()[:, 0] for which in (hides, ~hides))
        items, ratings = self._items[events].long(), self._ratings[events]
        offsets = torch.zeros(len(users) + 1, dtype=torch.int64, device=self._device)
        numbers = lengths - torch.zeros_like(lengths).index_add(0, owners, hides.long())
        torch.cumsum(numbers, 0, out=offsets[1:])
        weights = self._weights(owners[hidden], events[hidden], lengths - numbers)
        targets = Targets(owners[hidden], items[hidden], ratings[hidden], weights)
        return Batch(items[told], owners[told], offsets, ratings[told], targets)

    def _order_of(self, epoch: int) -> "torch.Tensor":
        import torch

        with seeded("cpu", self._seed, "order of users", epoch):
            return self._known[torch.randperm(len(self._known))]

    def _hide(self, owners: "torch.Tensor", users: int) -> "torch.Tensor":
        """Return which events are hidden, bool of shape (n,)."""
        import torch

        least, most = self._hidden
        shares = least + (most - least) * torch.rand(users, device=self._device)
        drawn = torch.rand(len(owners), device=self._device)
        lowest = torch.full((users,), 2.0, device=self._device).scatter_reduce(0, owners, drawn, "amin")
        return (drawn < shares[owners]) | (drawn == lowest[owners])

    def _weights(self, owners: "torch.Tensor", events: "torch.Tensor", hidden: "torch.Tensor") -> "torch.Tensor":
        """Return what each target counts, shape (p,), by how many are hidden of each user; the sum is 1."""
        weights = hidden[owners].float().rsqrt()
        if self._worth is not None:
            weights = weights * self._worth[events]
        return weights / weights.sum()
