"""Who the users might be: invented profiles that agree with themselves.

The archetype is drawn first and shifts age, number of languages, viewing times, devices, film culture and moods; the
city gives country, time zone, language and the names that are usual there. A user's profile depends on the seed and on
the user's id alone. What does not belong here: anything learnt from ratings (features/users.py).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import choose, gather, gather_from_pools
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.names import full_names
from tv5_assets.synthetic.places import CITIES, COUNTRY_SHARES
from tv5_assets.tables.synthetic import AGE_RANGES, ARCHETYPE_SHARES, ARCHETYPES, LANGUAGES, Users
from tv5_assets.tables.table import polars_schema

# One row for each archetype, in the order of ARCHETYPES; ages in the order of AGE_RANGES.
_AGE_SHARES = np.array(
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


def users(user_ids: npt.NDArray[np.int32] | pl.Series, seed: int) -> pl.DataFrame:
    """Return a profile for each user, sorted by id.

    Args:
        user_ids: the users, each at least once.
        seed: the seed of everything random.

    Returns:
        A frame of the schema of tables.synthetic.Users.
    """
    ids = np.unique(np.asarray(user_ids))

    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, ids, "users", what)

    archetype = choose(draw("archetype"), ARCHETYPE_SHARES)
    city = choose(draw("city"), [COUNTRY_SHARES[place.country] * place.share for place in CITIES])
    language_count = choose(draw("language_count"), _LANGUAGE_COUNT_SHARES[archetype]) + 1
    return pl.DataFrame(
        {
            "user_id": ids,
            "name": _names(city, draw("first_name"), draw("last_name"), seed),
            "age_range": gather(AGE_RANGES, choose(draw("age_range"), _AGE_SHARES[archetype])),
            "country": gather([place.country for place in CITIES], city),
            "city": gather([place.name for place in CITIES], city),
            "timezone": gather([place.timezone for place in CITIES], city),
            "languages": _languages(city, language_count, draw("other_languages")),
            "cultural_context": _some_of(_CULTURES, 1, archetype, draw("cultural_context")),
            "archetype": gather(ARCHETYPES, archetype),
            "viewing_time_patterns": _near(_TYPICAL_VIEWING[archetype], {time: draw(time) for time in _VIEWING_TIMES}),
            "device_preferences": _near(_TYPICAL_DEVICES[archetype], {device: draw(device) for device in _DEVICES}),
            "mood_preferences": _some_of(_MOODS, 2, archetype, draw("mood_preferences")),
        }
    ).cast(polars_schema(Users))


def _names(
    city: npt.NDArray[np.intp], first: npt.NDArray[np.float64], last: npt.NDArray[np.float64], seed: int
) -> pl.Series:
    """Return a full name for each user, from the pools of the city's locale."""
    locales = sorted({place.locale for place in CITIES})
    locale = np.array([locales.index(place.locale) for place in CITIES])[city]
    return full_names(locales, locale, first, last, seed)


def _languages(city: npt.NDArray[np.intp], count: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]) -> pl.Series:
    """Return each user's languages, their own first and then the others in any order."""
    pools = [
        [[own, *others] for others in permutations(sorted({*LANGUAGES} - {own}), size)]
        for own in LANGUAGES
        for size in range(_LANGUAGE_COUNT_SHARES.shape[1])
    ]
    own = np.array([LANGUAGES.index(place.language) for place in CITIES])[city]
    return gather_from_pools(pools, own * _LANGUAGE_COUNT_SHARES.shape[1] + count - 1, draws)


def _some_of(
    words: Mapping[str, Sequence[str]], least: int, archetype: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]
) -> pl.Series:
    """Return ``least`` or more of the words of each user's archetype, every such choice being equally likely."""
    pools = [
        [list(choice) for size in range(least, len(words[name]) + 1) for choice in combinations(words[name], size)]
        for name in ARCHETYPES
    ]
    return gather_from_pools(pools, archetype, draws)


def _near(typical: npt.NDArray[np.float64], draws: Mapping[str, npt.NDArray[np.float64]]) -> pl.Series:
    """Return a struct of shares, each close to what is typical: within _SPREAD of it, in [0, 1], to three digits."""
    shares = {
        name: np.clip(typical[:, column] + _SPREAD * (2 * draw - 1), 0, 1).round(3)
        for column, (name, draw) in enumerate(draws.items())
    }
    return pl.DataFrame(shares).to_struct()
