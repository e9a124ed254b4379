"""The two towers: one makes a vector of a movie, the other of a history, and a cosine tells how well they fit.

The user tower has no parameters of single users: it pools the very vectors that the movie tower makes, so that a user
whom training never saw is as good as any other. What does not belong here: batches, losses and training (two_tower.py).
"""

import torch  # noqa: TID253 - a module of networks, which nothing imports at module level
from torch import Tensor, nn  # noqa: TID253
from torch.nn.functional import embedding_bag, normalize  # noqa: TID253

HABITS = ("events", "mean rating", "spread of ratings")
"""What the user tower reads from a history besides its movies; see :func:`habits`."""
_MIDDLE_RATING = 3.5  # about the mean of every MovieLens set
_FIRST_SPREAD = 0.1  # of parameters, against a common direction of length 1


class TowerNetwork(nn.Module):
    """Both towers.

    A movie's vector is the sum of a direction that all share, of its inputs, each times a learnt vector, and of a
    vector for its id, normalized. A user's is the sum of a vector that anyone has, of the movies' vectors over the
    square root of their number and of the history's habits, each times a learnt vector, normalized.

    Attributes:
        inputs: float32, shape (m, f); what is known of each movie, not learnt.
        ids, of_inputs, common: the movie tower's parameters, shapes (m, d), (f, d) and (d,).
        anyone, of_habits: the user tower's parameters, shapes (d,) and (len(HABITS), d).
    """

    def __init__(self, inputs: Tensor, dimension: int) -> None:
        super().__init__()
        self.register_buffer("inputs", inputs, persistent=False)
        spread = _FIRST_SPREAD / dimension**0.5
        movies, columns = inputs.shape
        self.ids = nn.Parameter(spread * torch.randn(movies, dimension))
        self.of_inputs = nn.Parameter(spread * torch.randn(columns, dimension))
        self.common = nn.Parameter(normalize(torch.randn(dimension), dim=0))
        self.anyone = nn.Parameter(self.common.detach().clone())
        self.of_habits = nn.Parameter(torch.zeros(len(HABITS), dimension))

    def movies(self) -> Tensor:
        """Return the normalized vector of each movie, shape (m, d)."""
        inputs: Tensor = self.get_buffer("inputs")
        return normalize(self.common + self.ids + inputs @ self.of_inputs, dim=1)

    def users(self, movies: Tensor, items: Tensor, offsets: Tensor, ratings: Tensor) -> Tensor:
        """Return the normalized vector of each user; see :func:`pool`."""
        return pool(movies, self.anyone, self.of_habits, items, offsets, ratings)


def pool(movies: Tensor, anyone: Tensor, of_habits: Tensor, items: Tensor, offsets: Tensor, ratings: Tensor) -> Tensor:
    """Return the normalized vectors of users, shape (u, d); one without events gets that of anyone.

    Args:
        movies: shape (m, d), normalized vectors.
        anyone: shape (d,).
        of_habits: shape (len(HABITS), d).
        items: int64, shape (n,); places of the movies of all users, one user after another.
        offsets: int64, shape (u + 1,); where each user's begin.
        ratings: float32, shape (n,); stars.
    """
    sums = embedding_bag(items, movies, offsets, mode="sum", include_last_offset=True)
    root = offsets.diff().clamp(min=1).sqrt()[:, None]
    return normalize(anyone + sums / root + habits(offsets, ratings) @ of_habits, dim=1)


def habits(offsets: Tensor, ratings: Tensor) -> Tensor:
    """Return numbers of a history as a whole, each of the order of 1, shape (u, len(HABITS)); zeros without events.

    They are the logarithm of 1 + the number of events, over 5; the mean rating less 3.5; the ratings' standard
    deviation.

    Args:
        offsets: int64, shape (u + 1,); where each user's ratings begin.
        ratings: float32, shape (n,); stars.
    """
    numbers = offsets.diff()
    some = numbers.clamp(min=1)
    ones = torch.stack([ratings - _MIDDLE_RATING, (ratings - _MIDDLE_RATING).square()], dim=1)
    owners = torch.repeat_interleave(torch.arange(len(numbers), device=ratings.device), numbers)
    sums = torch.zeros(len(numbers), 2, device=ratings.device).index_add_(0, owners, ones)
    mean, square = (sums / some[:, None]).unbind(dim=1)
    spread = (square - mean.square()).clamp(min=0).sqrt()
    return torch.stack([torch.log1p(numbers.float()) / 5, mean, spread], dim=1)
