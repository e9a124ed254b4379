"""Names that are usual in a place: pools drawn by Faker once for each locale, from which names are gathered.

What does not belong here: who lives where (places.py, origins.py) and which draw belongs to whom.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from faker import Faker

from tv5_assets.draws.choices import gather_from_pools

_NAMES_PER_LOCALE = 400


def full_names(
    locales: Sequence[str],
    locale: npt.NDArray[np.intp],
    first: npt.NDArray[np.float64],
    last: npt.NDArray[np.float64],
    seed: int,
) -> pl.Series:
    """Return a first and a last name for each row, from the pools of its locale.

    Args:
        locales: Faker's locales.
        locale: the number of each row's locale, shape (n,).
        first: draws in [0, 1) for the first names, shape (n,).
        last: draws in [0, 1) for the last names, shape (n,).
        seed: the seed of everything random.
    """
    first_names, last_names = zip(*(name_pools(locale, seed) for locale in locales), strict=True)
    return gather_from_pools(first_names, locale, first) + " " + gather_from_pools(last_names, locale, last)


def name_pools(locale: str, seed: int) -> tuple[list[str], list[str]]:
    """Return the first and the last names of a locale; a common name stands in its pool more than once.

    Names are in Latin letters where Faker can write them so.
    """
    faker = Faker(locale, providers=["faker.providers.person"])  # the others take far longer to load
    faker.seed_instance(seed)
    first = getattr(faker, "first_romanized_name", faker.first_name)
    last = getattr(faker, "last_romanized_name", faker.last_name)
    names = range(_NAMES_PER_LOCALE)
    return [first() for _ in names], [last() for _ in names]


def usual_names(locales: Sequence[str], seed: int) -> pl.DataFrame:
    """Return ``locale, name`` of every name that :func:`full_names` can give, once."""
    parts = []
    for locale in locales:
        first, last = (
            pl.DataFrame({side: pool}).unique() for side, pool in zip("fl", name_pools(locale, seed), strict=True)
        )
        parts.append(first.join(last, how="cross").select(locale=pl.lit(locale), name=pl.col("f") + " " + pl.col("l")))
    return pl.concat(parts).unique()
