"""Metrics of rankings: pure functions of ranked movies and of those that should be found, a value for each user.

Every function works on whole tensors on whatever device they are on. A movie is relevant to a user where the user's
rating of it in the truth is at least ``least_rating``; with the default of 0 every rating is. A user for whom nothing
is relevant has no value in any metric but novelty: they get NaN, and the evaluation leaves them out. A place without a
movie (-1, where a user has seen nearly all there is) is a miss.

With ``hit(i)`` 1 where the movie at place ``i``, counted from 1, is relevant and else 0, and ``n`` the number of the
user's relevant movies, all of them whether or not a model could know them:

    precision@k      sum of hit(i) for i <= k, over k
    recall@k         sum of hit(i) for i <= k, over n
    capped_recall@k  sum of hit(i) for i <= k, over min(k, n)
    hit_rate@k       1 if any hit(i) for i <= k
    ndcg@k           sum of hit(i) / log2(i + 1) for i <= k, over the same sum where the first min(k, n) are hits
    map@k            sum of hit(i) * precision@i for i <= k, over min(k, n)

Means over users are means of these, each user counting the same (intervals.py). What does not belong here: ranking
itself (ranking.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Judged:
    """A ranking held against the truth.

    Attributes:
        hits: float64, shape (u, k); 1 where the movie at that place is relevant, else 0.
        relevant: float64, shape (u,); how many movies are relevant to each user.
    """

    hits: "torch.Tensor"
    relevant: "torch.Tensor"

    def __post_init__(self) -> None:
        if self.hits.ndim != 2 or self.relevant.shape != self.hits.shape[:1]:
            raise InputError(f"hits of shape {tuple(self.hits.shape)} are not of {len(self.relevant)} users")


def judge(ranked: "torch.Tensor", truth: Histories, least_rating: float = 0.0) -> Judged:
    """Hold rankings against what should be found.

    Args:
        ranked: places in the catalog, integers of shape (u, k), best first; -1 where there is none.
        truth: the same u users.
        least_rating: a movie is relevant where its rating in ``truth`` is at least this.
    """
    import torch

    if len(ranked) != len(truth):
        raise InputError(f"rankings of {len(ranked)} users cannot be held against the truth of {len(truth)}")
    device, movies = ranked.device, len(truth.catalog)
    users = torch.repeat_interleave(
        torch.from_numpy(truth.lengths).to(device), output_size=len(truth.items)
    )  # the place of each event's user
    kept = torch.from_numpy(truth.ratings >= least_rating).to(device)
    # One number for each user and movie: finding a ranked movie in the sorted truth is then one binary search.
    wanted = torch.unique((users * movies + torch.from_numpy(truth.items).to(device))[kept])
    relevant = torch.bincount(torch.div(wanted, movies, rounding_mode="floor"), minlength=len(truth))
    asked = ranked + torch.arange(len(truth), device=device)[:, None] * movies
    if len(wanted):
        places = torch.searchsorted(wanted, asked).clamp_(max=len(wanted) - 1)
        hits = (wanted[places] == asked) & (ranked >= 0)
    else:
        hits = torch.zeros_like(asked, dtype=torch.bool)
    return Judged(hits.double(), relevant.double())


def precision(judged: Judged, k: int) -> "torch.Tensor":
    """Return the share of the first ``k`` places that are relevant, shape (u,).

    The denominator is ``k``, also for a user with fewer relevant movies, who cannot reach 1.
    """
    return _defined(_hits(judged, k).sum(1) / k, judged)


def recall(judged: Judged, k: int) -> "torch.Tensor":
    """Return the share of a user's relevant movies that are among the first ``k``, shape (u,).

    The denominator is the number of relevant movies, also where it is above ``k`` and 1 cannot be reached.
    """
    return _defined(_hits(judged, k).sum(1) / judged.relevant, judged)


def capped_recall(judged: Judged, k: int) -> "torch.Tensor":
    """Return the hits among the first ``k`` over the most there could be, shape (u,).

    The denominator is min(k, relevant movies): the Recall@R of Liang et al. (Variational Autoencoders for Collaborative
    Filtering, 2018), by which results under strong generalization are published.
    """
    return _defined(_hits(judged, k).sum(1) / judged.relevant.clamp(max=k), judged)


def hit_rate(judged: Judged, k: int) -> "torch.Tensor":
    """Return 1 for users with a relevant movie among the first ``k``, else 0, shape (u,)."""
    return _defined(_hits(judged, k).amax(1), judged)


def ndcg(judged: Judged, k: int) -> "torch.Tensor":
    """Return the normalized discounted cumulative gain at ``k``, shape (u,).

    Gains are 0 or 1 whatever the rating, the discount is 1 / log2(place + 1) with places from 1 (Jarvelin and
    Kekalainen, 2002). The denominator is the gain of the best ranking there could be, min(k, relevant movies)
    hits first.
    """
    import torch

    hits = _hits(judged, k)
    discounts = 1 / torch.log2(torch.arange(2, k + 2, device=hits.device, dtype=torch.float64))
    ideal = torch.cumsum(discounts, 0)[_most_hits(judged, k) - 1]
    # The two sums are added up in different orders: without the bound a perfect ranking may have a little more than 1.
    return _defined((hits @ discounts / ideal).clamp_(max=1), judged)


def average_precision(judged: Judged, k: int) -> "torch.Tensor":
    """Return the average precision at ``k``, whose mean over users is MAP@k, shape (u,).

    The precision at each place that is a hit, summed over the first ``k`` places; the denominator is
    min(k, relevant movies), so that a ranking with as many hits as there could be, all first, has 1.
    """
    import torch

    hits = _hits(judged, k)
    places = torch.arange(1, k + 1, device=hits.device, dtype=torch.float64)
    return _defined((hits * hits.cumsum(1) / places).sum(1) / _most_hits(judged, k), judged)


METRICS: Mapping[str, Callable[[Judged, int], "torch.Tensor"]] = {
    "ndcg": ndcg,
    "recall": recall,
    "capped_recall": capped_recall,
    "precision": precision,
    "hit_rate": hit_rate,
    "map": average_precision,
}
"""What is computed from a judged ranking, by the names that the leaderboard uses."""


def surprise(train: Histories, device: "torch.device | str" = "cpu") -> "torch.Tensor":
    """Return how surprising each movie is, in bits, float64 of shape (m,), on the device.

    It is -log2 of the share of training users who have an event with the movie (its self-information: Zhou et al.,
    Solving the apparent diversity-accuracy dilemma, 2010). A movie that no one has counts as if one user had it.
    """
    import torch

    users = max(1, int((train.lengths > 0).sum()))
    counts = torch.bincount(torch.from_numpy(train.items).to(device), minlength=len(train.catalog))
    return np.log2(users) - torch.log2(counts.clamp(min=1).double())


def novelty(ranked: "torch.Tensor", bits: "torch.Tensor", k: int) -> "torch.Tensor":
    """Return how surprising the first ``k`` movies are, in bits, shape (u,): the mean of :func:`surprise` over them.

    The denominator is the number of ranked movies, at most ``k``; a user without any gets 0.
    """
    first = ranked[:, :k].long()
    there = first >= 0
    return (bits[first.clamp(min=0)] * there).sum(1) / there.sum(1).clamp(min=1)


def coverage(ranked: "torch.Tensor", movies: int, k: int) -> float:
    """Return the share of a catalog of ``movies`` movies that is among the first ``k`` of at least one user.

    The denominator is the whole catalog, movies without any training event included.
    """
    import torch

    found = torch.zeros(movies + 1, dtype=torch.bool, device=ranked.device)
    found[ranked[:, :k].reshape(-1).long()] = True  # -1 is the place after the last movie
    return int(found[:movies].sum()) / movies


def _hits(judged: Judged, k: int) -> "torch.Tensor":
    if not 1 <= k <= judged.hits.shape[1]:
        raise InputError(f"a metric at {k} needs a ranking of at least {k} places, this one has {judged.hits.shape[1]}")
    return judged.hits[:, :k]


def _most_hits(judged: Judged, k: int) -> "torch.Tensor":
    """Return min(k, relevant movies), 1 for users without any, whose metrics are undefined anyway."""
    return judged.relevant.clamp(min=1, max=k).long()


def _defined(values: "torch.Tensor", judged: Judged) -> "torch.Tensor":
    return values.masked_fill(judged.relevant == 0, float("nan"))


def in_numpy(values: "torch.Tensor") -> npt.NDArray[np.float64]:
    """Return the values of users as an array, float64."""
    return values.double().cpu().numpy()
