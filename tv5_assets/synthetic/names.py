"""Names that are usual in a place: pools drawn by Faker once for each locale, from which names are gathered.

What does not belong here: who lives where (places.py, origins.py) and which draw belongs to whom.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
from faker import Faker

from tv5_assets.draws.choices import Pools

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
    first_names, last_names = _pools(tuple(locales), seed)
    return first_names.gather(locale, first) + " " + last_names.gather(locale, last)


@cache
def _pools(locales: tuple[str, ...], seed: int) -> tuple[Pools, Pools]:
    first, last = zip(*(name_pools(locale, seed) for locale in locales), strict=True)
    return Pools(first), Pools(last)


@cache
def name_pools(locale: str, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the first and the last names of a locale; a common name stands in its pool more than once.

    Names are in Latin letters where Faker can write them so.
    """
    faker = Faker(locale, providers=["faker.providers.person"])  # the others take far longer to load
    faker.seed_instance(seed)
    first = getattr(faker, "first_romanized_name", faker.first_name)
    last = getattr(faker, "last_romanized_name", faker.last_name)
    names = range(_NAMES_PER_LOCALE)
    return tuple(first() for _ in names), tuple(last() for _ in names)


def are_usual(names: pl.DataFrame, seed: int) -> pl.Series:
    """Tell which names :func:`full_names` can give in one of the locales beside them.

    Args:
        names: ``name``, and ``locales``, a list.
        seed: the seed that the names were drawn with.
    """
    rows = names.with_row_index("row").explode("locales").rename({"locales": "locale"})
    first, last = (
        pl.DataFrame(
            [(locale, name) for locale in rows["locale"].unique() for name in set(name_pools(locale, seed)[side])],
            schema=["locale", "part"],
            orient="row",
        )
        for side in (0, 1)
    )
    words = pl.col("name").str.split(" ")
    most = rows.select(words.list.len().max()).item() or 0
    # Either part may be of several words, so that the name is parted after each of them.
    usual = [
        rows.select(
            "row", "locale", first=words.list.head(place).list.join(" "), last=words.list.slice(place).list.join(" ")
        )
        .join(first, left_on=["locale", "first"], right_on=["locale", "part"], how="semi")
        .join(last, left_on=["locale", "last"], right_on=["locale", "part"], how="semi")["row"]
        for place in range(1, most)
    ]
    found = pl.concat(usual).unique() if usual else pl.Series([], dtype=pl.UInt32)
    return pl.int_range(len(names), dtype=pl.UInt32, eager=True).is_in(found.implode())
