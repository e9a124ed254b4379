"""What everyone likes, at any time or of late: the same scores for every user.

What does not belong here: anything that looks at the user.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.baselines.baseline import Baseline, described

if TYPE_CHECKING:
    import torch

WINDOWS = (30, 90, 180, 365)
"""Days of recent popularity that are tried."""
_SECONDS_PER_DAY = 86_400


class _Counted(Baseline):
    def _scores(self, history: Histories) -> "torch.Tensor":
        return self.tensors["counts"].expand(len(history), -1)


class Popularity(_Counted):
    """Scores a movie by how many training events it has. Tensor: ``counts``, float32 of shape (m,)."""

    name = "popularity"


class RecentPopularity(_Counted):
    """Scores a movie by its training events of the last ``days`` days before the last of them all.

    Where two movies have as many, the one with more events at any time is first: ``counts``, float32 of shape (m,),
    holds the recent ones and, as a fraction below 1, all of them.
    """

    name = "recent popularity"


def fit_popularity(train: Histories, device: str = "cpu") -> Popularity:
    """Count the events of every movie."""
    return Popularity(train.catalog, {"counts": _on(device, _counts(train))}, {}, described(train))


def fit_recent(train: Histories, days: float, device: str = "cpu") -> RecentPopularity:
    """Count the events of every movie that are at most ``days`` before the last event of anyone."""
    ever = _counts(train)
    last = train.times.max(initial=0)
    recent = _counts(train, train.times >= last - days * _SECONDS_PER_DAY)
    counts = recent + ever / (ever.max(initial=0) + 1)
    return RecentPopularity(train.catalog, {"counts": _on(device, counts)}, {"days": days}, described(train))


def recent_candidates(
    train: Histories, windows: Sequence[float] = WINDOWS, device: str = "cpu"
) -> Iterator[RecentPopularity]:
    """Yield recent popularity with each window."""
    for days in windows:
        yield fit_recent(train, days, device)


def _counts(train: Histories, which: npt.NDArray[np.bool_] | slice = slice(None)) -> npt.NDArray[np.int64]:
    return np.bincount(train.items[which], minlength=len(train.catalog))


def _on(device: str, counts: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> "torch.Tensor":
    import torch

    return torch.from_numpy(counts.astype(np.float32)).to(device)
