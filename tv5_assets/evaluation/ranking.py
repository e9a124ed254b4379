"""Ranking the whole catalog: the best movies that a user has not seen, in an order that is always the same.

What does not belong here: scoring (a Recommender) and how good a ranking is (metrics.py).
"""

import logging
from typing import TYPE_CHECKING

import numpy as np

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.problem import Recommender
from tv5_assets.progress import progress

if TYPE_CHECKING:
    import torch

MEMORY_BYTES = 512 * 2**20
"""What the scores of a block of users may take on the processor, with what ranking them takes beside them."""
_SHARE_OF_FREE = 4  # on a GPU a quarter of what is free: small blocks would leave it waiting for Python
_BYTES_PER_SCORE = 32  # the score, and at worst, where all are equal, their mask and three numbers for each of them

_logger = logging.getLogger(__name__)


def rank(
    recommender: Recommender,
    history: Histories,
    k: int,
    *,
    memory_bytes: int | None = None,
    device: str | None = None,
) -> "torch.Tensor":
    """Return the ``k`` movies with the highest scores that each user has not seen, best first.

    Equal scores: the lower movie id first. Users are ranked a block at a time, as many as ``memory_bytes`` allows,
    at least one; what a model needs to compute its scores comes on top.

    Args:
        recommender: a fitted model.
        history: whom to rank for, and what they have seen.
        k: how many movies.
        memory_bytes: bound of a block's scores and of what ranking them needs; None means MEMORY_BYTES on the
            processor, and from the second block on a quarter of the free memory on a GPU.
        device: where to rank; None means where the scores are.

    Returns:
        Places in the catalog, int32 of shape (u, k), on the device; -1 where fewer are left.

    Raises:
        InputError: scores are of the wrong shape, or one that counts is NaN or plus infinity.
    """
    import torch

    movies = len(history.catalog)
    users = users_at_once(movies, MEMORY_BYTES if memory_bytes is None else memory_bytes)
    blocks: list[torch.Tensor] = []
    start = 0
    with (
        torch.inference_mode(),
        progress(_logger, f"ranking with {recommender.name}", len(history), "user") as ranked,
    ):
        while start < len(history):
            block = history.of(start, start + users)
            scores = recommender.scores(block)
            if scores.shape != (len(block), movies):
                raise InputError(
                    f"{recommender.name} gave scores of shape {tuple(scores.shape)} "
                    f"for {len(block)} users and {movies} movies"
                )
            try:
                blocks.append(top_unseen(scores if device is None else scores.to(device), block, k))
            except InputError as error:
                raise InputError(f"{recommender.name}: {error}") from None
            ranked.update(len(block))
            start += len(block)
            if memory_bytes is None and len(blocks) == 1 and scores.is_cuda:
                free, _ = torch.cuda.mem_get_info(scores.device)
                users = max(users, users_at_once(movies, free // _SHARE_OF_FREE))
    return torch.cat(blocks) if blocks else torch.empty((0, k), dtype=torch.int32)


def users_at_once(movies: int, memory_bytes: int) -> int:
    """Return how many users are ranked at a time, at least one."""
    return max(1, memory_bytes // (_BYTES_PER_SCORE * max(1, movies)))


def top_unseen(scores: "torch.Tensor", history: Histories, k: int) -> "torch.Tensor":
    """Return the ``k`` best unseen movies of each user; equal scores: the lower place first.

    Args:
        scores: shape (u, m); left as they were.
        history: what the u users have seen.
        k: how many movies.

    Returns:
        Places in the catalog, int32 of shape (u, k); -1 where fewer are left.

    Raises:
        InputError: a score of a movie that was not seen is NaN or plus infinity.
    """
    import torch

    if 0 in scores.stride() or not scores.is_contiguous():
        scores = scores.contiguous()  # one row that stands for many cannot be masked for each of them
    device = scores.device
    seen = (
        torch.repeat_interleave(torch.from_numpy(history.lengths).to(device), output_size=len(history.items)),
        torch.from_numpy(history.items).to(device).long(),
    )
    # Masked in place and put back: a copy of the scores would cost as much as half of the top-k.
    kept = scores[seen]
    scores.index_put_(seen, torch.tensor(-torch.inf, dtype=scores.dtype, device=device))
    try:
        return _top(scores, history, k)
    finally:
        scores.index_put_(seen, kept)


def _top(scores: "torch.Tensor", history: Histories, k: int) -> "torch.Tensor":
    import torch
    from torch.nn.functional import pad

    depth = min(k + 1, scores.shape[1])  # one more shows whether the last place is shared
    values, places = scores.topk(depth, dim=1)
    wrong = ~(values[:, 0] < torch.inf)  # NaN ranks above everything
    tied = _cut_ties(values, k)
    if (wrong | tied).any():
        if wrong.any():
            user = history.user_ids[int(np.flatnonzero(wrong.cpu().numpy())[0])]
            raise InputError(f"the scores of user {user} hold NaN or infinity, which cannot be ranked")
        places[:, :k] = _lowest_of_tied(scores, values[:, :k], places[:, :k], tied)
    values, places = values[:, :k], places[:, :k]
    # Within the first k, equal scores by place: a stable sort by score of what is sorted by place.
    places, order = places.sort(dim=1)
    values, order = values.gather(1, order).sort(dim=1, descending=True, stable=True)
    places = places.gather(1, order).masked_fill(values == -torch.inf, -1)
    return pad(places, (0, k - places.shape[1]), value=-1).int()


def _cut_ties(values: "torch.Tensor", k: int) -> "torch.Tensor":
    """Tell for each user whether scores equal to that of place ``k`` were left out, bool of shape (u,)."""
    import torch

    if values.shape[1] <= k:
        return torch.zeros(len(values), dtype=torch.bool, device=values.device)
    return (values[:, k - 1] == values[:, k]) & (values[:, k] > -torch.inf)


def _lowest_of_tied(
    scores: "torch.Tensor", values: "torch.Tensor", places: "torch.Tensor", tied: "torch.Tensor"
) -> "torch.Tensor":
    """Return the top k with, for users who are ``tied``, the lowest places of those with the score of the last one."""
    import torch

    users, k = values.shape
    last = values[:, -1:].masked_fill(~tied[:, None], torch.nan)  # nothing equals NaN
    equal = (scores == last).view(-1).nonzero()[:, 0]  # by user, then by place
    user = equal.div(scores.shape[1], rounding_mode="floor")
    first = torch.searchsorted(user, torch.arange(users, device=scores.device))
    # Those above the last score are first in the top k for certain; the lowest of the equal ones follow.
    number = torch.arange(k, device=scores.device) - (values > last).sum(1, keepdim=True)
    lowest = equal[(first[:, None] + number).clamp(min=0, max=len(equal) - 1)] % scores.shape[1]
    return torch.where(tied[:, None] & (number >= 0), lowest, places)
