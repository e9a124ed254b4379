"""Draws as expressions over lazy frames, so that they are the same on Polars and on Spark.

What does not belong here: draws of arrays that are in memory, which are quicker by streams.uniform.
"""

import narwhals as nw

from tv5_assets.draws.streams import stream

_PRIME = 2**31 - 1  # the greatest of which the product of two remainders fits into 64 bits with a sign
_DEGREE = 4


def drawn(ids: nw.Expr, seed: int, *names: str | int) -> nw.Expr:
    """Return for each id a whole number from 0 to 2**31 - 2, every one of them being equally likely.

    The number is the value at the id of a polynomial of degree 4 modulo a prime, whose coefficients are drawn from the
    seed and the name: over the seeds, the numbers of any five ids are independent (Wegman and Carter, 1981). Two ids
    may get the same number, so an order by it needs a tie-break.

    Args:
        ids: whole numbers, 0 or more; ids that lie 2**31 - 1 apart get equal numbers.
        seed: the seed of everything random.
        names: what is drawn; different names give independent numbers.
    """
    first, *others = stream(seed, *names).integers(1, _PRIME, size=_DEGREE + 1).tolist()
    at = ids.cast(nw.Int64) % _PRIME
    number = at * first
    for coefficient in others[:-1]:
        number = (number + coefficient) % _PRIME * at
    return (number + others[-1]) % _PRIME
