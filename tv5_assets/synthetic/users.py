"""Who the users might be: invented profiles that agree with themselves.

The archetype is drawn first and shifts age, number of languages, viewing times, devices, film culture, moods, genres,
pacing and tolerance; the city gives country, time zone, language and the names that are usual there. What must agree in
every row is declared in RULES. A user's profile depends on the seed and on the user's id alone. What does not belong
here: anything learnt from ratings (features/users.py).
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import Pools, choose, choose_in_row, gather, gather_several
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.names import full_names
from tv5_assets.synthetic.places import CITIES, COUNTRY_SHARES
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.synthetic import (
    AGE_RANGES,
    ARCHETYPE_SHARES,
    ARCHETYPES,
    LANGUAGES,
    PACINGS,
    TOLERANCES,
    Users,
)
from tv5_assets.tables.table import polars_schema

# One row for each archetype, in the order of ARCHETYPES; ages in the order of AGE_RANGES.
AGE_SHARES = np.array(
    [
        [0.08, 0.24, 0.26, 0.20, 0.14, 0.08],
        [0.18, 0.24, 0.22, 0.17, 0.12, 0.07],
        [0.03, 0.25, 0.42, 0.22, 0.06, 0.02],
        [0.58, 0.42, 0.00, 0.00, 0.00, 0.00],
        [0.00, 0.00, 0.00, 0.00, 0.38, 0.62],
        [0.14, 0.28, 0.26, 0.18, 0.10, 0.04],
        [0.20, 0.30, 0.24, 0.15, 0.08, 0.03],
    ]
)
_LANGUAGE_COUNT_SHARES = np.array(
    [
        [0.45, 0.38, 0.17],
        [0.72, 0.23, 0.05],
        [0.68, 0.26, 0.06],
        [0.50, 0.38, 0.12],
        [0.74, 0.21, 0.05],
        [0.00, 0.55, 0.45],
        [0.60, 0.30, 0.10],
    ]
)
_VIEWING_TIMES = ("weekday_evening", "weekend_afternoon", "late_night")
_TYPICAL_VIEWING = np.array(
    [
        [0.75, 0.55, 0.55],
        [0.65, 0.50, 0.25],
        [0.60, 0.80, 0.08],
        [0.55, 0.45, 0.72],
        [0.70, 0.70, 0.10],
        [0.65, 0.55, 0.40],
        [0.60, 0.45, 0.65],
    ]
)
_DEVICES = ("tv", "mobile", "laptop")
_TYPICAL_DEVICES = np.array(
    [
        [0.80, 0.25, 0.55],
        [0.65, 0.50, 0.45],
        [0.85, 0.35, 0.30],
        [0.35, 0.80, 0.70],
        [0.90, 0.15, 0.25],
        [0.55, 0.50, 0.65],
        [0.65, 0.40, 0.65],
    ]
)
_SPREAD = 0.25
"""How far a share may lie from its archetype's typical one."""

_CULTURES = {
    "cinephile": ("art_house", "film_festivals", "criterion"),
    "casual": ("mainstream", "popular_culture"),
    "family": ("family_friendly", "animated", "educational"),
    "young_adult": ("trending", "social_media", "binge"),
    "senior": ("classic", "documentary", "historical"),
    "international": ("world_cinema", "multilingual", "festivals"),
    "genre_specialist": ("horror", "scifi", "noir", "western"),
}
_MOODS = {
    "cinephile": ("contemplative", "challenging", "melancholic", "poetic", "intense"),
    "casual": ("relaxing", "funny", "exciting", "heartwarming"),
    "family": ("heartwarming", "funny", "adventurous", "magical", "uplifting"),
    "young_adult": ("exciting", "funny", "romantic", "edgy", "intense"),
    "senior": ("nostalgic", "heartwarming", "contemplative", "relaxing"),
    "international": ("contemplative", "poetic", "uplifting", "challenging", "romantic"),
    "genre_specialist": ("dark", "suspenseful", "intense", "eerie", "exciting"),
}


_PACING_SHARES = np.array(
    [
        [0.50, 0.38, 0.12],
        [0.10, 0.55, 0.35],
        [0.10, 0.60, 0.30],
        [0.05, 0.35, 0.60],
        [0.45, 0.45, 0.10],
        [0.40, 0.45, 0.15],
        [0.20, 0.40, 0.40],
    ]
)
_TOLERANCE_SHARES = np.array(
    [
        [0.10, 0.40, 0.50],
        [0.25, 0.55, 0.20],
        [0.75, 0.22, 0.03],
        [0.08, 0.42, 0.50],
        [0.60, 0.34, 0.06],
        [0.25, 0.50, 0.25],
        [0.04, 0.21, 0.75],
    ]
)
_WEEKLY_HOURS = np.array([12.0, 6.0, 8.0, 13.0, 15.0, 9.0, 14.0])
_GENRE_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "cinephile": {"Drama": 6, "Film-Noir": 3, "Documentary": 2, "Crime": 2, "Mystery": 2, "War": 1.5, "Romance": 1.5},
    "casual": {"Comedy": 5, "Action": 4, "Romance": 3, "Adventure": 3, "Thriller": 3, "Drama": 2},
    "family": {"Children": 6, "Animation": 6, "Adventure": 4, "Comedy": 3, "Fantasy": 3, "Musical": 1.5, "Horror": 0},
    "young_adult": {"Action": 4, "Sci-Fi": 4, "Horror": 3, "Comedy": 3, "Thriller": 3, "Fantasy": 2.5, "Western": 0.1},
    "senior": {"Drama": 5, "War": 3, "Western": 3, "Documentary": 3, "Romance": 2, "Musical": 2, "Horror": 0.1},
    "international": {"Drama": 5, "Romance": 3, "Comedy": 2.5, "Documentary": 2, "Crime": 2, "War": 1.5},
    "genre_specialist": {"Horror": 5, "Sci-Fi": 5, "Film-Noir": 4, "Western": 3, "Mystery": 2, "Thriller": 2},
}
"""What each archetype's genres weigh against one another; those that are not named weigh _OTHER_GENRES."""
_OTHER_GENRES = 0.4
GENRE_SHARES = np.array([[_GENRE_WEIGHTS[name].get(genre, _OTHER_GENRES) for genre in GENRES] for name in ARCHETYPES])
GENRE_SHARES /= GENRE_SHARES.sum(axis=1, keepdims=True)
"""Share of users of each archetype who like each of GENRES best."""
_SCHEMA = polars_schema(Users)
_SHARE_OF_TWO_GENRES = 0.5
"""Share of users who name two genres; the others name three."""


def users(user_ids: npt.NDArray[np.int32] | pl.Series, seed: int) -> pl.DataFrame:
    """Return a profile for each user, sorted by id.

    Args:
        user_ids: the users, each at least once.
        seed: the seed of everything random.

    Returns:
        A frame of the schema of tables.synthetic.Users.
    """
    ids = pl.Series(user_ids).unique().sort().to_numpy()

    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, ids, "users", what)

    def chosen(column: str, values: Sequence[object], positions: npt.NDArray[np.intp]) -> pl.Series:
        return gather(values, positions, _SCHEMA[column])

    archetype = choose(draw("archetype"), ARCHETYPE_SHARES)
    city = choose(draw("city"), [COUNTRY_SHARES[place.country] * place.share for place in CITIES])
    columns: Mapping[str, Callable[[], object]] = {
        "user_id": lambda: ids,
        "name": lambda: _names(city, draw("first_name"), draw("last_name"), seed),
        "age_range": lambda: chosen("age_range", AGE_RANGES, choose_in_row(draw("age_range"), AGE_SHARES, archetype)),
        "country": lambda: chosen("country", [place.country for place in CITIES], city),
        "city": lambda: chosen("city", [place.name for place in CITIES], city),
        "timezone": lambda: chosen("timezone", [place.timezone for place in CITIES], city),
        "languages": lambda: _languages(archetype, city, draw("language_count"), draw("other_languages")),
        "cultural_context": lambda: _cultures().gather(archetype, draw("cultural_context")),
        "archetype": lambda: chosen("archetype", ARCHETYPES, archetype),
        "viewing_time_patterns": lambda: _near(
            _TYPICAL_VIEWING[archetype], {time: draw(time) for time in _VIEWING_TIMES}
        ),
        "device_preferences": lambda: _near(_TYPICAL_DEVICES[archetype], {name: draw(name) for name in _DEVICES}),
        "mood_preferences": lambda: _moods().gather(archetype, draw("mood_preferences")),
        "genre_preferences": lambda: _genres(archetype, draw("genres"), draw("genre count")),
        "pacing": lambda: chosen("pacing", PACINGS, choose_in_row(draw("pacing"), _PACING_SHARES, archetype)),
        "tolerance": lambda: chosen(
            "tolerance", TOLERANCES, choose_in_row(draw("tolerance"), _TOLERANCE_SHARES, archetype)
        ),
        # Between half and twice of what is usual.
        "weekly_hours": lambda: (_WEEKLY_HOURS[archetype] * 2 ** (2 * draw("weekly_hours") - 1)).round(1),
    }
    # No column needs another, and what makes them lets other threads work.
    with ThreadPoolExecutor() as pool:
        made = pool.map(lambda make: make(), columns.values())
    return pl.DataFrame(dict(zip(columns, made, strict=True))).cast(_SCHEMA)


def _names(
    city: npt.NDArray[np.intp], first: npt.NDArray[np.float64], last: npt.NDArray[np.float64], seed: int
) -> pl.Series:
    """Return a full name for each user, from the pools of the city's locale."""
    locales = sorted({place.locale for place in CITIES})
    locale = np.array([locales.index(place.locale) for place in CITIES])[city]
    return full_names(locales, locale, first, last, seed)


def _languages(
    archetype: npt.NDArray[np.intp],
    city: npt.NDArray[np.intp],
    count_draws: npt.NDArray[np.float64],
    draws: npt.NDArray[np.float64],
) -> pl.Series:
    """Return each user's languages, their own first and then the others in any order."""
    own = np.array([LANGUAGES.index(place.language) for place in CITIES])[city]
    others = choose_in_row(count_draws, _LANGUAGE_COUNT_SHARES, archetype)
    return _language_lists().gather(own * _LANGUAGE_COUNT_SHARES.shape[1] + others, draws)


@cache
def _language_lists() -> Pools:
    """Return a pool for each language and number of others: lists that begin with the language."""
    pools = [
        [[own, *others] for others in permutations(sorted({*LANGUAGES} - {own}), size)]
        for own in LANGUAGES
        for size in range(_LANGUAGE_COUNT_SHARES.shape[1])
    ]
    return Pools(pools, _SCHEMA["languages"])


@cache
def _cultures() -> Pools:
    return _some_of(_CULTURES, 1, _SCHEMA["cultural_context"])


@cache
def _moods() -> Pools:
    return _some_of(_MOODS, 2, _SCHEMA["mood_preferences"])


def _some_of(words: Mapping[str, Sequence[str]], least: int, dtype: pl.DataType) -> Pools:
    """Return a pool for each archetype: every choice of ``least`` or more of its words."""
    pools = [
        [list(choice) for size in range(least, len(words[name]) + 1) for choice in combinations(words[name], size)]
        for name in ARCHETYPES
    ]
    return Pools(pools, dtype)


def _genres(
    archetype: npt.NDArray[np.intp], draws: npt.NDArray[np.float64], count: npt.NDArray[np.float64]
) -> pl.Series:
    """Return two or three genres of each user, the dearest first, each as likely as it weighs beside those left."""
    lists, shares = _genre_lists()
    shortened = (count < _SHARE_OF_TWO_GENRES) * shares.shape[1]
    return lists.gather(choose_in_row(draws, shares, archetype) + shortened)


@cache
def _genre_lists() -> tuple[pl.Series, npt.NDArray[np.float64]]:
    """Return every triple of genres, then every triple without its third, and triples' weights by archetype."""
    triples = np.array(list(permutations(range(len(GENRES)), 3)))
    first, second, third = (GENRE_SHARES[:, genre] for genre in triples.T)
    shares = first * second / (1 - first) * third / (1 - first - second)
    lists = gather_several(GENRES, np.tile(triples, (2, 1)), np.repeat([3, 2], len(triples)))
    return lists.cast(_SCHEMA["genre_preferences"]), shares


def _near(typical: npt.NDArray[np.float64], draws: Mapping[str, npt.NDArray[np.float64]]) -> pl.Series:
    """Return a struct of shares, each close to what is typical: within _SPREAD of it, in [0, 1], to three digits."""
    shares = {
        name: np.clip(typical[:, column] + _SPREAD * (2 * draw - 1), 0, 1).round(3)
        for column, (name, draw) in enumerate(draws.items())
    }
    return pl.DataFrame(shares).to_struct()


def _only(column: str, words: Mapping[str, Sequence[str]]) -> pl.Expr:
    """Return whether the words of a column are the archetype's, and none stands there twice."""
    chosen = pl.col(column).cast(pl.List(pl.String))
    return pl.all_horizontal(
        chosen.list.n_unique() == chosen.list.len(),
        *(
            ~(pl.col("archetype") == name) | (chosen.list.set_difference(pl.lit([*words[name]])).list.len() == 0)
            for name in ARCHETYPES
        ),
    )


def _close(column: str, names: Sequence[str], typical: npt.NDArray[np.float64]) -> pl.Expr:
    """Return whether the shares of a column are within _SPREAD of what is typical of the archetype."""
    rounding = 0.001
    return pl.all_horizontal(
        (
            pl.col(column).struct.field(name)
            - pl.col("archetype").cast(pl.String).replace_strict(ARCHETYPES, typical[:, place], return_dtype=pl.Float64)
        ).abs()
        <= _SPREAD + rounding
        for place, name in enumerate(names)
    )


RULES = (
    Rule(
        "place_together",
        "Country, time zone and first language are those of the city.",
        lambda: pl.concat_str(
            "country", "city", "timezone", pl.col("languages").list.first().cast(pl.String), separator="|"
        ).is_in([f"{city.country}|{city.name}|{city.timezone}|{city.language}" for city in CITIES]),
    ),
    Rule(
        "languages_different",
        "Nobody speaks a language twice, and who is international speaks two or more.",
        lambda: (
            (pl.col("languages").list.n_unique() == pl.col("languages").list.len())
            & ((pl.col("archetype") != "international") | (pl.col("languages").list.len() >= 2))
        ),
    ),
    Rule(
        "culture_of_archetype",
        "Film cultures are the archetype's, each once.",
        lambda: _only("cultural_context", _CULTURES),
    ),
    Rule("moods_of_archetype", "Moods are the archetype's, each once.", lambda: _only("mood_preferences", _MOODS)),
    Rule(
        "habits_of_archetype",
        f"Viewing times and devices are within {_SPREAD:g} of what is typical of the archetype.",
        lambda: (
            _close("viewing_time_patterns", _VIEWING_TIMES, _TYPICAL_VIEWING)
            & _close("device_preferences", _DEVICES, _TYPICAL_DEVICES)
        ),
    ),
    Rule(
        "genres_different",
        "Nobody likes a genre twice.",
        lambda: pl.col("genre_preferences").list.n_unique() == pl.col("genre_preferences").list.len(),
    ),
)
"""What must agree in every profile; shares, and names beside cities, are in quality/audience.py."""
