"""The two towers: one makes a vector of a movie, the other of a history, and their inner product tells how they fit.

The user tower has no parameters of single users: it pools the very vectors that the movie tower makes, so that a user
whom training never saw is as good as any other.

Training is free to make vectors of any length, which says how much a movie is worth by itself; with vectors of length
1, NDCG@10 on a validation slice of ml-latest-small was .92 of EASE's, without that bound .98. What is served has length
1 all the same, and ranks alike: one more number makes each movie's vector as long as the longest of them, and is 0 in a
user's (Bachrach et al., Speeding up the Xbox recommender system, 2014). What does not belong here: batches, losses and
training (two_tower.py).
"""

import torch  # noqa: TID253 - a module of networks, which nothing imports at module level
from torch import Tensor, nn  # noqa: TID253
from torch.nn.functional import embedding_bag, normalize, pad  # noqa: TID253

HABITS = ("events", "mean rating", "spread of ratings")
"""What the user tower reads from a history besides its movies; see :func:`habits`."""
_MIDDLE_RATING = 3.5  # about the mean of every MovieLens set
_FIRST_LENGTH = 0.1  # of a parameter's vectors, about


class TowerNetwork(nn.Module):
    """Both towers.

    A movie's vector is the sum of one that all share, of its inputs, each times a learnt vector, and of one for its id.
    A user's is the sum of one that anyone has, of the movies' vectors over the square root of their number, and of the
    history's habits, each times a learnt vector.

    Attributes:
        inputs: float32, shape (m, f); what is known of each movie, not learnt.
        ids, of_inputs, common: the movie tower's parameters, shapes (m, d), (f, d) and (d,).
        anyone, of_habits: the user tower's parameters, shapes (d,) and (len(HABITS), d).
    """

    def __init__(self, inputs: Tensor, dimension: int, start: Tensor | None = None) -> None:
        """Draw the parameters.

        Args:
            inputs: shape (m, f).
            dimension: d.
            start: first values of the first columns of ``ids``, shape (m, at most d); None draws all of them.
        """
        super().__init__()
        self.register_buffer("inputs", inputs, persistent=False)
        spread = _FIRST_LENGTH / dimension**0.5
        movies, columns = inputs.shape
        ids = spread * torch.randn(movies, dimension)
        if start is not None:
            ids[:, : start.shape[1]] = start
        self.ids = nn.Parameter(ids)
        self.of_inputs = nn.Parameter(spread * torch.randn(columns, dimension))
        self.common = nn.Parameter(spread * torch.randn(dimension))
        self.anyone = nn.Parameter(spread * torch.randn(dimension))
        self.of_habits = nn.Parameter(torch.zeros(len(HABITS), dimension))

    def movies(self) -> Tensor:
        """Return the vector of each movie, shape (m, d)."""
        inputs: Tensor = self.get_buffer("inputs")
        return self.common + self.ids + inputs @ self.of_inputs

    def forward(self, items: Tensor, offsets: Tensor, owners: Tensor, ratings: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors of all movies, shape (m, d), and of the users of these events, shape (u, d).

        Args:
            items: int64, shape (n,); places of the movies of all users, one user after another.
            offsets: int64, shape (u + 1,); where each user's begin.
            owners: int64, shape (n,); place of each event's user.
            ratings: float32, shape (n,); stars.
        """
        movies = self.movies()
        pooled = pool(movies, items, offsets)
        return movies, self.anyone + pooled + habits(offsets, owners, ratings) @ self.of_habits


def pool(movies: Tensor, items: Tensor, offsets: Tensor) -> Tensor:
    """Return the sum of each user's movies over the square root of their number, shape (u, d); zeros without events.

    A mean would forget how much is known of a user, a sum would be carried away by it.
    """
    sums = embedding_bag(items, movies, offsets, mode="sum", include_last_offset=True)
    return sums / offsets.diff().clamp(min=1).sqrt()[:, None]


def habits(offsets: Tensor, owners: Tensor, ratings: Tensor) -> Tensor:
    """Return numbers of a history as a whole, each of the order of 1, shape (u, len(HABITS)); zeros without events.

    They are the logarithm of 1 + the number of events, over 5; the mean rating less 3.5; the ratings' standard
    deviation. The arguments are those of :meth:`TowerNetwork.forward`.
    """
    numbers = offsets.diff()
    apart = ratings - _MIDDLE_RATING
    sums = torch.zeros(len(numbers), 2, device=ratings.device)
    sums = sums.index_add(0, owners, torch.stack([apart, apart.square()], dim=1))
    mean, square = (sums / numbers.clamp(min=1)[:, None]).unbind(dim=1)
    spread = (square - mean.square()).clamp(min=0).sqrt()
    return torch.stack([torch.log1p(numbers.float()) / 5, mean, spread], dim=1)


def longest(movies: Tensor) -> Tensor:
    """Return the length of the longest of vectors, a scalar above 0."""
    return torch.linalg.vector_norm(movies, dim=1).amax().clamp(min=torch.finfo(movies.dtype).tiny)


def served_movies(movies: Tensor) -> Tensor:
    """Return movies' vectors as they are served, of length 1, shape (m, d + 1); see the module's docstring."""
    shorter = movies / longest(movies)
    rest = (1 - shorter.square().sum(dim=1, keepdim=True)).clamp(min=0).sqrt()
    return normalize(torch.cat([shorter, rest], dim=1), dim=1)


def served_users(users: Tensor) -> Tensor:
    """Return users' vectors as they are served, of length 1, shape (u, d + 1); see the module's docstring."""
    return pad(normalize(users, dim=1), (0, 1))
