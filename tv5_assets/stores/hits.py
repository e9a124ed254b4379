"""What a vector search finds, whichever store was searched."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Hits:
    """The nearest rows of each query, nearest first.

    Attributes:
        ids: int64, shape (queries, k); -1 where fewer than k rows passed the filter.
        scores: cosine, float32, same shape; NaN beside an id of -1.
    """

    ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]

    @classmethod
    def none(cls, queries: int, k: int) -> "Hits":
        """Return hits to be filled in."""
        return cls(np.full((queries, k), -1, np.int64), np.full((queries, k), np.nan, np.float32))
