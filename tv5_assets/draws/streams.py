"""Randomness that can be repeated: generators by name, and draws that belong to an id.

A generator made by :func:`stream` is for what is drawn in one known order. :func:`uniform` is for rows with ids: what a
row gets depends on the seed, the name and its id alone, so it stays the same whichever rows are drawn beside it and
in whatever chunks. :func:`uniform_of_rows` does the same faster for rows whose numbers follow one another. What does
not belong here: what the draws are used for.
"""

import hashlib
import json
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator of a seed and a name; different names give independent generators."""
    return np.random.default_rng([seed, *_words(names)])


def uniform(seed: int, ids: npt.ArrayLike, *names: str | int) -> npt.NDArray[np.float64]:
    """Return one number in [0, 1) for each id, of the same shape.

    The numbers are the outputs of SplitMix64 (Steele, Lea and Flood, 2014), whose n-th output can be computed without
    those before it.

    Args:
        seed: the seed of everything random.
        ids: integers; equal ids get equal numbers.
        names: what is drawn; different names give independent numbers.
    """
    start = _first_state(seed, names)
    with np.errstate(over="ignore"):
        state = start + np.asarray(ids).astype(np.uint64) * _GOLDEN_GAMMA
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return np.asarray((state >> np.uint64(11)) * 2.0**-53)


def uniform_of_rows(seed: int, rows: range, *names: str | int) -> npt.NDArray[np.float32]:
    """Return one number in [0, 1) for each of consecutive rows, shape (n,), in half the time of :func:`uniform`.

    The numbers are those of PCG64 (O'Neill, 2014), which can start at any of its outputs; what a row gets depends on
    the seed, the name and its number alone. They are multiples of 2^-24: enough to choose one of thousands.

    Args:
        seed: the seed of everything random.
        rows: numbers of the rows, one after the other.
        names: what is drawn; different names give independent numbers.
    """
    bits = np.random.PCG64([seed, *_words(names)])
    halves = rows.start % 2  # an output is made into two numbers, so that an odd row begins with half of one
    bits.advance(rows.start // 2)
    return np.random.Generator(bits).random(len(rows) + halves, dtype=np.float32)[halves:]


@lru_cache(maxsize=1024)  # chunk after chunk asks for the same few
def _first_state(seed: int, names: tuple[str | int, ...]) -> np.uint64:
    return stream(seed, *names).integers(2**64, dtype=np.uint64)


def _words(names: tuple[str | int, ...]) -> list[int]:
    digest = hashlib.blake2b(json.dumps(names).encode(), digest_size=16).digest()
    return np.frombuffer(digest, dtype="<u4").tolist()
