"""How often which movie was watched after which: what models that know an order start from.

What does not belong here: what a model makes of it (baselines/markov.py, sequence_start.py).
"""

import numpy as np
from scipy.sparse import csr_array

from tv5_assets.evaluation.histories import Histories


def following(history: Histories, reach: int) -> csr_array:
    """Return how often the movie of a column followed that of a row, float32 of shape (m, m).

    A pair of a user's events at most ``reach`` apart counts one over their distance. Memory grows with the distinct
    pairs of movies.
    """
    users = history.users_of_events()
    shape = (len(history.catalog), len(history.catalog))
    counts = csr_array(shape, dtype=np.float32)
    for distance in range(1, reach + 1):
        together = users[distance:] == users[:-distance]
        pairs = history.items[:-distance][together], history.items[distance:][together]
        counts = counts + csr_array((np.full(len(pairs[0]), 1 / distance, dtype=np.float32), pairs), shape=shape)
    return csr_array(counts)
