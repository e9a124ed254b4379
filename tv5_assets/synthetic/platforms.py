"""Where a movie can be watched: invented offers of five platforms that agree with themselves.

An offer's region gives its currency and a language that can be heard or read; its type decides whether it has a price;
an old movie comes in fewer picture qualities. A movie's offers depend on the seed and on the movie alone. What does
not belong here: how offers are cached (stores/redis.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import choose, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.errors import InputError
from tv5_assets.ids import media_id_expr
from tv5_assets.tables.synthetic import AVAILABILITY_TYPES, LANGUAGES, REGIONS, Platforms
from tv5_assets.tables.table import polars_schema


@dataclass(frozen=True)
class Platform:
    """A platform and its habits.

    Attributes:
        id: its name in keys.
        name: its name for people.
        weight: how many movies it carries, relative to the others.
        french: what its weight is multiplied by for a French movie.
        classic: what its weight is multiplied by for a movie from before CLASSIC_BEFORE.
        types: share of its offers by AVAILABILITY_TYPES.
        regions: share of its offers by REGIONS.
        language: a language that each of its offers can be heard or read in; empty where it has no such rule.
    """

    id: str
    name: str
    weight: float
    french: float
    classic: float
    types: tuple[float, float, float, float]
    regions: tuple[float, float, float, float]
    language: str = ""


PLATFORMS = (
    Platform("tv5monde", "TV5MONDE", 0.8, 8.0, 1.5, (1.0, 0.0, 0.0, 0.0), (0.05, 0.30, 0.25, 0.40), "fr"),
    Platform("netflix", "Netflix", 1.2, 0.7, 0.3, (0.0, 1.0, 0.0, 0.0), (0.35, 0.15, 0.20, 0.30)),
    Platform("amazon", "Amazon Prime", 1.4, 0.8, 0.8, (0.0, 0.50, 0.32, 0.18), (0.40, 0.15, 0.25, 0.20)),
    Platform("mubi", "MUBI", 0.7, 1.5, 1.2, (0.0, 0.85, 0.15, 0.0), (0.20, 0.20, 0.20, 0.40)),
    Platform("criterion", "Criterion Channel", 0.5, 1.2, 4.0, (0.0, 1.0, 0.0, 0.0), (0.85, 0.0, 0.0, 0.15)),
)
CLASSIC_BEFORE = 1980
SHARE_OFFERED = 0.6
"""Share of movies that are on any platform, from the original data generation plan."""
OFFER_COUNT_SHARES = (0.45, 0.35, 0.20)
"""Share of one, two and three platforms among the movies that are on any."""

FRENCH_TITLE = r"\b(?:Le|Les|Une|Du|Des|Et|Au|Aux|Chez|Pour|Sans)\b|\b[LD]'|[éèêëàâçùûôîœÉÈÊÀÇ]"
"""Words and letters by which a French title is known; it misses some and takes a few Portuguese ones."""

_CURRENCIES = {"US": "USD", "FR": "EUR", "EU": "EUR", "Global": "USD"}
_REGION_LANGUAGES = {"US": "en", "FR": "fr", "EU": "en", "Global": "en"}
"""A language that each offer in the region can be heard or read in."""
_PRICES = {"rental": (2.99, 3.99, 4.99), "purchase": (7.99, 9.99, 12.99, 14.99)}
# Choices of picture quality, and their shares for movies from before and after CLASSIC_BEFORE.
_QUALITY_CHOICES = (("SD",), ("SD", "HD"), ("HD",), ("HD", "4K"), ("SD", "HD", "4K"))
_QUALITY_SHARES = np.array([[0.20, 0.40, 0.25, 0.12, 0.03], [0.03, 0.22, 0.35, 0.30, 0.10]])
_SHARE_DUBBED = 0.35
_SHARE_SUBTITLED = 0.4
"""Chance of subtitles in each language beside those that the region needs."""


def platforms(movies: pl.DataFrame, seed: int, as_of: datetime) -> pl.DataFrame:
    """Return the offers of each movie, sorted by movie and platform; some movies have none.

    Args:
        movies: the catalogue, of tables.processed.Movies.
        seed: the seed of everything random.
        as_of: aware; offers were last seen within the day before it. Equal data should come with an equal one.

    Returns:
        A frame of the schema of tables.synthetic.Platforms.

    Raises:
        InputError: ``as_of`` has no time zone.
    """
    if as_of.tzinfo is None:
        raise InputError(f"as_of={as_of} has no time zone; pass an aware datetime")
    catalogue = movies.select(
        "movie_id",
        media_id_expr(),
        french=pl.col("original_title").str.contains(FRENCH_TITLE),
        classic=(pl.col("year") < CLASSIC_BEFORE).fill_null(False),
    ).sort("movie_id")
    movie, platform = _offers(catalogue, seed)
    offered = catalogue[movie]
    ids = offered["movie_id"].to_numpy()
    offer_ids = ids.astype(np.int64) * len(PLATFORMS) + platform

    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, offer_ids, "platforms", what)

    kind = choose(draw("type"), np.array([one.types for one in PLATFORMS])[platform])
    region = choose(draw("region"), np.array([one.regions for one in PLATFORMS])[platform])
    quality = choose(draw("quality"), _QUALITY_SHARES[1 - offered["classic"].to_numpy().astype(np.intp)])
    original = _bits(["en", "fr"])[offered["french"].to_numpy().astype(np.intp)]
    dub = _bits(LANGUAGES)[(draw("dub") * len(LANGUAGES)).astype(int)]
    audio = np.where(draw("dubbed") < _SHARE_DUBBED, original | dub, original)
    needed = _bits([_REGION_LANGUAGES[name] for name in REGIONS])[region]
    needed |= _bits([one.language for one in PLATFORMS])[platform]
    subtitles = original | (needed & ~audio)
    for language in LANGUAGES:
        subtitles[draw(f"subtitles {language}") < _SHARE_SUBTITLED] |= _bit(language)
    platform_id = gather([one.id for one in PLATFORMS], platform)
    return pl.DataFrame(
        {
            "movie_id": ids,
            "platform_id": platform_id,
            "name": gather([one.name for one in PLATFORMS], platform),
            "availability_type": gather(AVAILABILITY_TYPES, kind),
            "region": gather(REGIONS, region),
            "price": _prices(kind, draw("price")),
            "currency": gather([_CURRENCIES[name] for name in REGIONS], region),
            "quality": gather(_QUALITY_CHOICES, quality),
            "subtitles": _languages_of(subtitles),
            "audio_tracks": _languages_of(audio),
            # .example is reserved (RFC 2606): an invented address must never lead anywhere.
            "deep_link": "https://" + platform_id + ".example/watch/" + offered["media_id"],
            "updated_at": pl.select(
                as_of - pl.duration(seconds=pl.lit((draw("updated_at") * 86_400).astype(int)))
            ).to_series(),
        }
    ).cast(polars_schema(Platforms))


def _offers(catalogue: pl.DataFrame, seed: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the row of the movie and the number of the platform of each offer, sorted by both."""
    ids = catalogue["movie_id"].to_numpy().astype(np.int64)
    count = choose(
        uniform(seed, ids, "platforms", "count"),
        [1 - SHARE_OFFERED, *(SHARE_OFFERED * share for share in OFFER_COUNT_SHARES)],
    )
    french, classic = (catalogue[name].to_numpy()[:, None] for name in ("french", "classic"))
    weights = (
        np.array([one.weight for one in PLATFORMS])
        * np.where(french, [one.french for one in PLATFORMS], 1.0)
        * np.where(classic, [one.classic for one in PLATFORMS], 1.0)
    )
    # Weighted choice without replacement: the smallest of exponential waiting times (Efraimidis and Spirakis, 2006).
    draws = uniform(seed, ids[:, None] * len(PLATFORMS) + np.arange(len(PLATFORMS)), "platforms", "choice")
    place = (-np.log1p(-draws) / weights).argsort(axis=1).argsort(axis=1)
    movie, platform = np.nonzero(place < count[:, None])
    return movie, platform


def _prices(kind: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]) -> pl.Series:
    """Return the price of each rental and purchase, null for the other offers."""
    prices = np.full(len(kind), np.nan)
    for name, choices in _PRICES.items():
        chosen = kind == AVAILABILITY_TYPES.index(name)
        prices[chosen] = np.array(choices)[(draws[chosen] * len(choices)).astype(int)]
    return pl.Series(prices, nan_to_null=True)


def _bit(language: str) -> int:
    """Return the bit that stands for a language in a set of languages, 0 for none."""
    return 1 << LANGUAGES.index(language) if language else 0


def _bits(languages: Sequence[str]) -> npt.NDArray[np.int64]:
    return np.array([_bit(language) for language in languages])


def _languages_of(sets: npt.NDArray[np.int64]) -> pl.Series:
    return gather([[name for name in LANGUAGES if one & _bit(name)] for one in range(1 << len(LANGUAGES))], sets)
