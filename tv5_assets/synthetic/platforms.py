"""Where a movie can be watched: invented offers of five platforms that agree with themselves and with the movie.

An offer's region gives its currency, the languages it is dubbed in and one that can be heard or read; its type decides
whether it has a price; an old movie comes in fewer picture qualities. The original language decides which platforms
carry a movie: TV5MONDE leans to French. What must agree in every row is declared in RULES. A movie's offers depend on
the seed and on the movie alone. What does not belong here: how offers are cached (stores/redis.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import choose, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.errors import InputError
from tv5_assets.ids import media_id_expr
from tv5_assets.tables.synthetic import AVAILABILITY_TYPES, FILM_LANGUAGES, LANGUAGES, REGIONS, Platforms
from tv5_assets.tables.table import polars_schema


@dataclass(frozen=True)
class Platform:
    """A platform and its habits.

    Attributes:
        id: its name in keys.
        name: its name for people.
        weight: how many movies it carries, relative to the others.
        french: what its weight is multiplied by for a movie in French.
        classic: what its weight is multiplied by for a movie from before CLASSIC_BEFORE.
        types: share of its offers by AVAILABILITY_TYPES.
        regions: share of its offers by REGIONS.
        dubs: how much it leans to dubbing, from 0 to 1; what it does not dub it subtitles.
        language: a language that each of its offers can be heard or read in; empty where it has no such rule.
    """

    id: str
    name: str
    weight: float
    french: float
    classic: float
    types: tuple[float, float, float, float]
    regions: tuple[float, float, float, float]
    dubs: float
    language: str = ""


PLATFORMS = (
    Platform("tv5monde", "TV5MONDE", 0.4, 20.0, 1.5, (1.0, 0.0, 0.0, 0.0), (0.05, 0.30, 0.25, 0.40), 0.4, "fr"),
    Platform("netflix", "Netflix", 1.2, 0.7, 0.3, (0.0, 1.0, 0.0, 0.0), (0.35, 0.15, 0.20, 0.30), 1.0),
    Platform("amazon", "Amazon Prime", 1.4, 0.8, 0.8, (0.0, 0.50, 0.32, 0.18), (0.40, 0.15, 0.25, 0.20), 0.9),
    Platform("mubi", "MUBI", 0.7, 1.5, 1.2, (0.0, 0.85, 0.15, 0.0), (0.20, 0.20, 0.20, 0.40), 0.1),
    Platform("criterion", "Criterion Channel", 0.5, 1.2, 4.0, (0.0, 1.0, 0.0, 0.0), (0.85, 0.0, 0.0, 0.15), 0.05),
)
CLASSIC_BEFORE = 1980
SHARE_OFFERED = 0.6
"""Share of movies that are on any platform, from the original data generation plan."""
OFFER_COUNT_SHARES = (0.45, 0.35, 0.20)
"""Share of one, two and three platforms among the movies that are on any."""

TV5MONDE_FRENCH_ODDS = 3.0
"""Times that the odds of a movie to be in French are higher on TV5MONDE than anywhere, at least; 5 as they are made."""
ORIGINAL_SOUND_SHARE = 0.97
"""Share of the offers that can be heard in the original language, where nothing is dubbed into it anyway."""
FRENCH_DUB_SHARE = 0.35
"""Share of the offers for France of movies in other languages that are dubbed in French, at least; about .5 as made."""

_CURRENCIES = {"US": "USD", "FR": "EUR", "EU": "EUR", "Global": "USD"}
_REGION_LANGUAGES = {"US": "en", "FR": "fr", "EU": "en", "Global": "en"}
"""A language that each offer in the region can be heard or read in."""
_DUB_SHARES = {
    "US": {"en": 0.50, "es": 0.15},
    "FR": {"fr": 0.95},
    "EU": {"de": 0.60, "es": 0.55, "it": 0.55, "fr": 0.50, "en": 0.30},
    "Global": {"en": 0.60, "es": 0.40, "fr": 0.35},
}
"""By region: chance that a platform which dubs everything offers each language beside the original one."""
_PRICES = {"rental": (2.99, 3.99, 4.99), "purchase": (7.99, 9.99, 12.99, 14.99)}
"""From the cheapest; a classic is never the dearest."""
# Choices of picture quality, and their shares for movies from before and after CLASSIC_BEFORE.
_QUALITY_CHOICES = (("SD",), ("SD", "HD"), ("HD",), ("HD", "4K"), ("SD", "HD", "4K"))
_QUALITY_SHARES = np.array([[0.20, 0.40, 0.25, 0.12, 0.03], [0.03, 0.22, 0.35, 0.30, 0.10]])
_SHARE_SUBTITLED = 0.4
"""Chance of subtitles in each language beside those that the region needs."""


def platforms(movies: pl.DataFrame, details: pl.DataFrame, seed: int, as_of: datetime) -> pl.DataFrame:
    """Return the offers of each movie, sorted by movie and platform; some movies have none.

    Args:
        movies: the catalogue, of tables.processed.Movies.
        details: of tables.media.MediaDetails, of which the original languages are needed.
        seed: the seed of everything random.
        as_of: aware; offers were last seen within the day before it. Equal data should come with an equal one.

    Returns:
        A frame of the schema of tables.synthetic.Platforms.

    Raises:
        InputError: ``as_of`` has no time zone, or a movie has no details.
    """
    if as_of.tzinfo is None:
        raise InputError(f"as_of={as_of} has no time zone; pass an aware datetime")
    catalogue = (
        movies.select("movie_id", media_id_expr(), classic=(pl.col("year") < CLASSIC_BEFORE).fill_null(False))
        .join(details.select("movie_id", pl.col("language").cast(pl.Enum(FILM_LANGUAGES))), on="movie_id", how="left")
        .sort("movie_id")
    )
    if catalogue["language"].null_count():
        first = catalogue.filter(pl.col("language").is_null())["movie_id"][0]
        raise InputError(f"movie_id {first} is not in synthetic/media_details; materialize that anew")
    movie, platform = _offers(catalogue, seed)
    offered = catalogue[movie]
    ids = offered["movie_id"].to_numpy()
    offer_ids = ids.astype(np.int64) * len(PLATFORMS) + platform

    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, offer_ids, "platforms", what)

    kind = choose(draw("type"), np.array([one.types for one in PLATFORMS])[platform])
    region = choose(draw("region"), np.array([one.regions for one in PLATFORMS])[platform])
    classic = offered["classic"].to_numpy()
    quality = choose(draw("quality"), _QUALITY_SHARES[1 - classic.astype(np.intp)])
    original = _BITS[offered["language"].to_physical().to_numpy()]
    dubs = np.zeros_like(original)
    habit = np.array([one.dubs for one in PLATFORMS])[platform]
    for language in LANGUAGES:
        share = np.array([_DUB_SHARES[name].get(language, 0.0) for name in REGIONS])[region]
        dubs[draw(f"dub {language}") < habit * share] |= _bit(language)
    # Where there are dubs, the original sound may be missing; a movie without any sound is not offered.
    audio = np.where((dubs == 0) | (draw("original sound") < ORIGINAL_SOUND_SHARE), original | dubs, dubs)
    needed = _bits([_REGION_LANGUAGES[name] for name in REGIONS])[region]
    needed |= _bits([one.language for one in PLATFORMS])[platform]
    subtitles = (original & _bits(LANGUAGES).sum()) | (needed & ~audio)
    for language in LANGUAGES:
        subtitles[draw(f"subtitles {language}") < _SHARE_SUBTITLED] |= _bit(language)
    subtitles = np.where(subtitles == 0, needed, subtitles)
    platform_id = gather([one.id for one in PLATFORMS], platform)
    return pl.DataFrame(
        {
            "movie_id": ids,
            "platform_id": platform_id,
            "name": gather([one.name for one in PLATFORMS], platform),
            "availability_type": gather(AVAILABILITY_TYPES, kind),
            "region": gather(REGIONS, region),
            "quality": gather(_QUALITY_CHOICES, quality),
            "subtitles": _languages_of(subtitles),
            "audio_tracks": _languages_of(audio),
            # .example is reserved (RFC 2606): an invented address must never lead anywhere.
            "deep_link": "https://" + platform_id + ".example/watch/" + offered["media_id"],
            "price": _prices(kind, classic, draw("price")),
            "currency": gather([_CURRENCIES[name] for name in REGIONS], region),
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
    french = (catalogue["language"] == "fr").to_numpy()[:, None]
    classic = catalogue["classic"].to_numpy()[:, None]
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


def _prices(kind: npt.NDArray[np.intp], classic: npt.NDArray[np.bool_], draws: npt.NDArray[np.float64]) -> pl.Series:
    """Return the price of each rental and purchase, null for the other offers."""
    prices = np.full(len(kind), np.nan)
    for name, choices in _PRICES.items():
        chosen = kind == AVAILABILITY_TYPES.index(name)
        count = len(choices) - classic[chosen]
        prices[chosen] = np.array(choices)[(draws[chosen] * count).astype(int)]
    return pl.Series(prices, nan_to_null=True)


def _bit(language: str) -> int:
    """Return the bit that stands for a language in a set of languages, 0 for none."""
    return 1 << FILM_LANGUAGES.index(language) if language else 0


def _bits(languages: Sequence[str]) -> npt.NDArray[np.int64]:
    return np.array([_bit(language) for language in languages])


_BITS = _bits(FILM_LANGUAGES)


def _languages_of(sets: npt.NDArray[np.int64]) -> pl.Series:
    """Return the languages of each set, in the order of FILM_LANGUAGES."""
    different, which = np.unique(sets, return_inverse=True)
    lists = [[name for name in FILM_LANGUAGES if one & _bit(name)] for one in different.tolist()]
    return pl.Series(lists, dtype=pl.List(pl.String)).gather(which)


def _is(column: str, *values: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).is_in(values)


def _understood(language: str) -> pl.Expr:
    """Return whether an offer can be heard or read in a language."""
    return pl.any_horizontal(
        pl.col(tracks).cast(pl.List(pl.String)).list.contains(language) for tracks in ("audio_tracks", "subtitles")
    )


RULES = (
    Rule(
        "price_of_type",
        "Rentals and purchases have a price, what is free or by subscription has none.",
        lambda: pl.col("price").is_not_null() == _is("availability_type", "rental", "purchase"),
    ),
    Rule(
        "type_of_platform",
        "A platform offers only in its own ways: TV5MONDE everything for free, the others nothing.",
        lambda: pl.any_horizontal(
            _is("platform_id", one.id)
            & _is(
                "availability_type", *(name for name, share in zip(AVAILABILITY_TYPES, one.types, strict=True) if share)
            )
            for one in PLATFORMS
        ),
    ),
    Rule(
        "currency_of_region",
        "Prices are in the currency of the region.",
        lambda: pl.col("currency").cast(pl.String) == pl.col("region").cast(pl.String).replace_strict(_CURRENCIES),
    ),
    Rule(
        "understood_in_region",
        "A language of the region, and French on TV5MONDE, can be heard or read.",
        lambda: pl.all_horizontal(
            *(~_is("region", region) | _understood(language) for region, language in _REGION_LANGUAGES.items()),
            *(~_is("platform_id", one.id) | _understood(one.language) for one in PLATFORMS if one.language),
        ),
    ),
    Rule(
        "link_of_movie",
        "The link leads to the movie on the platform.",
        lambda: pl.col("deep_link") == pl.format("https://{}.example/watch/{}", "platform_id", media_id_expr()),
    ),
    Rule(
        "seen_on_one_day",
        "All offers were last seen within the same 24 hours.",
        lambda: pl.col("updated_at") > pl.col("updated_at").max() - pl.duration(days=1),
    ),
)
"""What must agree in every offer; what it owes to the movie is in quality/offers.py."""
