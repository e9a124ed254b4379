"""Where a movie comes from: its main country, its language and the countries that it is made with.

Which are likely follows from what is known of a movie: its titles and its themes are clues, by which the shares of all
movies are multiplied. An origin depends on the seed and on the movie alone. What does not belong here: what titles tell
(title_languages.py), what else a movie is like (media_details.py) and who made it (credits.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import choose, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.title_languages import title_languages
from tv5_assets.tables.media import FILM_COUNTRIES, MediaDetails
from tv5_assets.tables.table import polars_schema


@dataclass(frozen=True)
class Origin:
    """A country and one of the languages that movies are made in there.

    Attributes:
        country: one of tables.media.FILM_COUNTRIES.
        language: one of tables.synthetic.FILM_LANGUAGES.
        locale: Faker's locale of the names of those who speak it there.
        share: of all movies, before their titles and themes are looked at.
    """

    country: str
    language: str
    locale: str
    share: float


ORIGINS = (
    Origin("US", "en", "en_US", 0.560),
    Origin("UK", "en", "en_GB", 0.090),
    Origin("CA", "en", "en_CA", 0.028),
    Origin("AU", "en", "en_AU", 0.015),
    Origin("IE", "en", "en_IE", 0.006),
    Origin("NZ", "en", "en_NZ", 0.004),
    Origin("FR", "fr", "fr_FR", 0.052),
    Origin("BE", "fr", "fr_BE", 0.006),
    Origin("CA", "fr", "fr_CA", 0.009),
    Origin("CH", "fr", "fr_CH", 0.003),
    Origin("DZ", "fr", "fr_DZ", 0.002),
    Origin("DE", "de", "de_DE", 0.028),
    Origin("AT", "de", "de_AT", 0.005),
    Origin("CH", "de", "de_CH", 0.003),
    Origin("ES", "es", "es_ES", 0.018),
    Origin("MX", "es", "es_MX", 0.009),
    Origin("AR", "es", "es_AR", 0.006),
    Origin("IT", "it", "it_IT", 0.028),
    Origin("JP", "ja", "ja_JP", 0.030),
    Origin("CN", "zh", "zh_CN", 0.018),
    Origin("IN", "hi", "en_IN", 0.022),
    Origin("SE", "sv", "sv_SE", 0.011),
    Origin("DK", "da", "da_DK", 0.008),
    Origin("NO", "no", "no_NO", 0.004),
    Origin("FI", "fi", "fi_FI", 0.005),
    Origin("NL", "nl", "nl_NL", 0.006),
    Origin("PL", "pl", "pl_PL", 0.008),
    Origin("CZ", "cs", "cs_CZ", 0.005),
    Origin("HU", "hu", "hu_HU", 0.003),
    Origin("BR", "pt", "pt_BR", 0.006),
    Origin("PT", "pt", "pt_PT", 0.002),
)
"""Shares as one would guess them of ml-25m: two in three movies are in English and one in fourteen is in French."""

SPOKEN: Mapping[str, tuple[str, ...]] = {
    country: tuple(origin.language for origin in ORIGINS if origin.country == country) for country in FILM_COUNTRIES
}
"""Languages that movies of each country may be in."""

_THEME_CLUES: Mapping[str, tuple[str, ...]] = {
    "ja": ("japanese", "anime", "studio ghibli", "miyazaki", "akira kurosawa", "kurosawa"),
    "fr": ("french", "french film", "french new wave", "nouvelle vague", "truffaut", "quebec"),
    "hi": ("bollywood", "indian"),
    "zh": ("hong kong", "chinese", "wuxia"),
    "de": ("german", "german expressionism"),
    "it": ("italian", "giallo", "fellini", "neorealism"),
    "es": ("spanish", "almodovar"),
    "sv": ("swedish", "ingmar bergman"),
}
"""Themes of a country's movies; those of a place are none, since all the world films in Paris."""
_TITLE_WEIGHT = 2_000.0
_THEME_WEIGHT = 30.0
"""What the share of a language is multiplied by where a title, or a theme, is a clue to it."""
_ENGLISH_WEIGHT = 50.0
_FOREIGN_WEIGHT = 0.01
"""What the shares of English are multiplied by where there is no clue to another language, so that all but one in a
hundred such movies are in English; and where a movie has a title in another."""

PARTNERS: Mapping[str, tuple[str, ...]] = {
    "US": ("UK", "CA", "DE", "FR", "AU"), "UK": ("US", "FR", "IE", "DE"), "CA": ("US", "FR", "UK"),
    "AU": ("US", "UK", "NZ"), "IE": ("UK", "US"), "NZ": ("AU", "US"), "FR": ("BE", "IT", "DE", "CH", "CA", "ES"),
    "BE": ("FR", "NL"), "CH": ("FR", "DE"), "DZ": ("FR",), "DE": ("AT", "FR", "US", "CH"), "AT": ("DE",),
    "ES": ("FR", "MX", "AR", "IT"), "MX": ("US", "ES"), "AR": ("ES",), "IT": ("FR", "ES", "DE"), "JP": ("US",),
    "CN": ("US", "FR"), "IN": ("UK", "US"), "SE": ("DK", "NO", "FI"), "DK": ("SE", "NO", "DE"), "NO": ("SE", "DK"),
    "FI": ("SE", "DE"), "NL": ("BE", "DE"), "PL": ("FR", "DE", "CZ"), "CZ": ("DE", "PL"), "HU": ("DE", "FR"),
    "BR": ("PT", "FR"), "PT": ("FR", "BR"),
}  # fmt: skip
"""Countries that movies of each country are made with."""
_SHARE_MADE_WITH = 0.15


def origins(movies: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return where each movie comes from, in the order of the movies.

    Args:
        movies: of tables.processed.Movies.
        seed: the seed of everything random.

    Returns:
        Columns ``movie_id``, ``origin`` (its place in ORIGINS), ``language`` and ``countries`` (the main one first),
        typed as in tables.media.MediaDetails.
    """
    ids = movies["movie_id"].to_numpy()
    clues = _clues(movies)
    languages = [origin.language for origin in ORIGINS]
    weights = np.array([origin.share for origin in ORIGINS]) * np.stack([clues[name] for name in languages], axis=1)
    origin = choose(
        uniform(seed, ids, "media_details", "origin"), np.asarray(weights / weights.sum(axis=1, keepdims=True))
    )
    schema = polars_schema(MediaDetails)
    return pl.DataFrame(
        {
            "movie_id": movies["movie_id"],
            "origin": origin,
            "language": gather(languages, origin),
            "countries": _countries(ids, origin, seed),
        }
    ).cast({name: schema[name] for name in ("language", "countries")})


def _clues(movies: pl.DataFrame) -> dict[str, npt.NDArray[np.float64]]:
    """Return what each language's share is multiplied by, shape (movies,)."""
    titles = title_languages(movies["original_title"])
    themes = pl.col("themes").list.eval(pl.element().struct.field("tag"))
    found = {}
    for language in {origin.language for origin in ORIGINS} - {"en"}:
        words = pl.lit(list(_THEME_CLUES.get(language, ())), dtype=pl.List(pl.String))
        in_themes = movies.select(themes.list.set_intersection(words).list.len() > 0).to_series().to_numpy()
        found[language] = np.where(titles[language], _TITLE_WEIGHT, 1.0) * np.where(in_themes, _THEME_WEIGHT, 1.0)
    no_clue = np.all([weight == 1.0 for weight in found.values()], axis=0)
    found["en"] = np.where(titles["foreign"], _FOREIGN_WEIGHT, np.where(no_clue, _ENGLISH_WEIGHT, 1.0))
    return found


def _countries(ids: npt.NDArray[np.int32], origin: npt.NDArray[np.intp], seed: int) -> pl.Series:
    """Return the countries of production of each movie."""
    alone = [[one.country] for one in ORIGINS]
    pools = [[[one.country, partner] for partner in PARTNERS[one.country]] for one in ORIGINS]
    made_with = uniform(seed, ids, "media_details", "made with") < _SHARE_MADE_WITH
    sizes = np.array([len(pool) for pool in pools])
    starts = np.cumsum(sizes) - sizes
    partner = starts[origin] + (uniform(seed, ids, "media_details", "partner") * sizes[origin]).astype(int)
    combinations = [*alone, *(pair for pool in pools for pair in pool)]
    return gather(combinations, np.where(made_with, len(alone) + partner, origin))
