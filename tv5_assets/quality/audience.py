"""Rules on users: names that are usual where they live, and the shares in which they are drawn.

What does not belong here: what each profile must fulfil by itself (synthetic/users.py).
"""

import numpy.typing as npt
import polars as pl

from tv5_assets.quality.frames import proportions_as_declared
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.names import are_usual
from tv5_assets.synthetic.places import CITIES, COUNTRY_SHARES
from tv5_assets.synthetic.users import AGE_SHARES, GENRE_SHARES
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.synthetic import AGE_RANGES, ARCHETYPE_SHARES, ARCHETYPES


def names_usual(users: pl.DataFrame, seed: int) -> Verdict:
    """Hold names to those that are usual in the user's city."""
    locales = {city.name: [city.locale] for city in CITIES}
    cities = pl.DataFrame({"city": list(locales), "locales": list(locales.values())})
    known = users.select("name", "city").join(cities, on="city", how="left", maintain_order="left")
    strange = int((~are_usual(known, seed)).sum())
    return Verdict(
        passed=strange == 0,
        facts={"users": len(users), "strange": strange},
        description=f"{strange} of {len(users)} users have a name that is not usual in their city",
    )


def drawn_as_declared(users: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold the shares of archetypes and countries, and of ages and dearest genres by archetype, to what is declared."""
    archetype = pl.col("archetype").cast(pl.String)
    joint = users.select(
        "archetype",
        "country",
        age=archetype + " " + pl.col("age_range").cast(pl.String),
        genre=archetype + " " + pl.col("genre_preferences").list.first().cast(pl.String),
    )
    expected = {
        "archetype": dict(zip(ARCHETYPES, ARCHETYPE_SHARES, strict=True)),
        "country": COUNTRY_SHARES,
        "age": _joint(AGE_RANGES, AGE_SHARES),
        "genre": _joint(GENRES, GENRE_SHARES),
    }
    return {f"{column}_shares": proportions_as_declared(joint, column, shares) for column, shares in expected.items()}


def _joint(values: tuple[str, ...], shares: npt.NDArray) -> dict[str, float]:
    """Return the share of each archetype with each value, which has shares of shape (archetypes, values)."""
    return {
        f"{archetype} {value}": of_all * float(share)
        for archetype, of_all, row in zip(ARCHETYPES, ARCHETYPE_SHARES, shares, strict=True)
        for value, share in zip(values, row, strict=True)
    }
