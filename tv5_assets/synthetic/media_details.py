"""What movies are like: invented details that agree with their genres, themes, year and origin.

Each genre has its habits, one table row each; a movie's are the mean of its genres'. A movie's details depend on the
seed and on the movie alone, and on its ratings as far as scores go. What does not belong here: where a movie comes from
(origins.py), who made it (credits.py), what is said in it (subtitles.py).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import choose, choose_several, gather, gather_several
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.origins import SPOKEN, origins
from tv5_assets.tables.media import (
    CINEMATOGRAPHY_STYLES,
    COLOR_PALETTES,
    CONTENT_RATINGS,
    MOODS,
    SOUNDTRACK_STYLES,
    VISUAL_TONES,
    MediaDetails,
)
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import polars_schema

Floats = npt.NDArray[np.float64]

_NO_GENRE = "Drama"
"""Whose habits a movie has of which no genre is known."""
SILENT_BEFORE = 1928
"""Year before which nothing is spoken; The Jazz Singer came out late in 1927."""
COLOR_FROM = 1955
"""Year from which most movies are in colour."""

# Minutes, share of the time that is spoken, how much music matters; each a genre's typical value.
_TYPICAL: Mapping[str, tuple[float, float, float]] = {
    "Action": (108, 0.40, 0.60), "Adventure": (108, 0.45, 0.65), "Animation": (84, 0.55, 0.65),
    "Children": (90, 0.55, 0.60), "Comedy": (98, 0.75, 0.45), "Crime": (108, 0.62, 0.45),
    "Documentary": (84, 0.80, 0.30), "Drama": (110, 0.65, 0.45), "Fantasy": (106, 0.50, 0.65),
    "Film-Noir": (96, 0.68, 0.45), "Horror": (93, 0.40, 0.55), "IMAX": (112, 0.45, 0.70), "Musical": (115, 0.50, 0.92),
    "Mystery": (105, 0.62, 0.45), "Romance": (107, 0.70, 0.55), "Sci-Fi": (106, 0.50, 0.58),
    "Thriller": (107, 0.55, 0.52), "War": (122, 0.50, 0.52), "Western": (100, 0.42, 0.58),
}  # fmt: skip
_SHORT_SHARES = {"Animation": 0.14, "Documentary": 0.07}
_SHORT_SHARE = 0.02
"""Share of shorts, by genre and among the others."""
_SHORT_BEFORE = 1914
"""Year before which nearly everything is a short: features came with the early 1910s."""
MUSICAL_MUSIC = 0.6
"""A musical's music matters at least so much."""

RATING_WEIGHTS: Mapping[str, tuple[float, float, float, float, float]] = {
    "Action": (0.0, 0.15, 0.45, 0.39, 0.01), "Adventure": (0.08, 0.37, 0.40, 0.15, 0.0),
    "Animation": (0.42, 0.38, 0.14, 0.06, 0.0), "Children": (0.52, 0.43, 0.05, 0.0, 0.0),
    "Comedy": (0.05, 0.22, 0.38, 0.34, 0.01), "Crime": (0.0, 0.08, 0.25, 0.65, 0.02),
    "Documentary": (0.18, 0.32, 0.28, 0.21, 0.01), "Drama": (0.03, 0.20, 0.34, 0.41, 0.02),
    "Fantasy": (0.10, 0.37, 0.36, 0.17, 0.0), "Film-Noir": (0.0, 0.45, 0.35, 0.20, 0.0),
    "Horror": (0.0, 0.03, 0.20, 0.73, 0.04), "IMAX": (0.20, 0.35, 0.38, 0.07, 0.0),
    "Musical": (0.22, 0.38, 0.30, 0.10, 0.0), "Mystery": (0.02, 0.18, 0.35, 0.44, 0.01),
    "Romance": (0.03, 0.23, 0.42, 0.31, 0.01), "Sci-Fi": (0.02, 0.22, 0.42, 0.33, 0.01),
    "Thriller": (0.0, 0.08, 0.32, 0.58, 0.02), "War": (0.0, 0.15, 0.32, 0.51, 0.02),
    "Western": (0.05, 0.38, 0.32, 0.25, 0.0),
}  # fmt: skip
"""How often a genre has each rating, in the order of CONTENT_RATINGS; 0 is never, whatever the other genres."""

_MOODS: Mapping[str, Mapping[str, float]] = {
    "Action": {"exciting": 3, "intense": 2, "adventurous": 1},
    "Adventure": {"adventurous": 3, "exciting": 2, "magical": 0.5},
    "Animation": {"magical": 2, "heartwarming": 1.5, "funny": 1.5},
    "Children": {"heartwarming": 2.5, "funny": 1.5, "adventurous": 1.5, "uplifting": 1},
    "Comedy": {"funny": 4, "relaxing": 1.5, "heartwarming": 1, "edgy": 0.5},
    "Crime": {"dark": 2, "suspenseful": 2, "edgy": 1.5, "intense": 1},
    "Documentary": {"contemplative": 3, "challenging": 2, "uplifting": 1, "nostalgic": 0.5},
    "Drama": {"contemplative": 1.5, "melancholic": 2, "intense": 1, "challenging": 1, "poetic": 1, "uplifting": 0.5},
    "Fantasy": {"magical": 4, "adventurous": 1.5, "poetic": 0.5},
    "Film-Noir": {"dark": 3, "suspenseful": 1.5, "melancholic": 1, "nostalgic": 1},
    "Horror": {"eerie": 3, "dark": 2, "suspenseful": 2, "intense": 1},
    "IMAX": {"exciting": 2, "adventurous": 1},
    "Musical": {"uplifting": 2, "romantic": 1.5, "nostalgic": 1, "heartwarming": 1},
    "Mystery": {"suspenseful": 3, "eerie": 1.5, "dark": 1},
    "Romance": {"romantic": 4, "heartwarming": 1.5, "melancholic": 1, "relaxing": 0.5},
    "Sci-Fi": {"exciting": 1.5, "challenging": 1.5, "eerie": 1, "adventurous": 1},
    "Thriller": {"suspenseful": 4, "intense": 2, "dark": 1, "edgy": 1},
    "War": {"intense": 3, "challenging": 1.5, "dark": 1, "melancholic": 1},
    "Western": {"adventurous": 2, "nostalgic": 2, "intense": 1},
}
"""Moods that each genre has, and how strongly."""
THEME_MOODS: Mapping[str, str] = {
    "adventure": "adventurous", "quest": "adventurous", "cerebral": "challenging", "complex": "challenging",
    "thought-provoking": "contemplative", "thoughtful": "contemplative", "philosophical": "contemplative",
    "reflective": "contemplative", "atmospheric": "contemplative", "dark": "dark", "bleak": "dark", "grim": "dark",
    "disturbing": "dark", "dark comedy": "edgy", "black comedy": "edgy", "satire": "edgy", "controversial": "edgy",
    "creepy": "eerie", "eerie": "eerie", "spooky": "eerie", "surreal": "eerie", "action packed": "exciting",
    "fast paced": "exciting", "exciting": "exciting", "funny": "funny", "hilarious": "funny", "comedy": "funny",
    "very funny": "funny", "heartwarming": "heartwarming", "feel-good": "heartwarming", "sweet": "heartwarming",
    "feel good movie": "heartwarming", "intense": "intense", "violence": "intense", "tense": "intense",
    "magic": "magical", "fantasy": "magical", "fairy tale": "magical", "whimsical": "magical",
    "melancholic": "melancholic", "melancholy": "melancholic", "bittersweet": "melancholic", "sad": "melancholic",
    "nostalgic": "nostalgic", "nostalgia": "nostalgic", "classic": "nostalgic", "poetic": "poetic",
    "poetry": "poetic", "visually appealing": "poetic", "beautiful": "poetic", "light": "relaxing",
    "fun": "relaxing", "romance": "romantic", "romantic": "romantic", "love story": "romantic",
    "suspense": "suspenseful", "suspenseful": "suspenseful", "twist ending": "suspenseful", "inspiring": "uplifting",
    "inspirational": "uplifting", "uplifting": "uplifting",
}  # fmt: skip
"""Moods that follow from a theme of exactly this name."""
_THEME_MOOD_WEIGHT = 8.0
_MOOD_COUNT_SHARES = (0.20, 0.50, 0.30)

_CAMERA: Mapping[str, Mapping[str, float]] = {
    "Action": {"fast cutting": 4, "handheld": 2, "aerial shots": 1.5, "steadicam": 1},
    "Adventure": {"wide vistas": 3, "aerial shots": 3, "steadicam": 1},
    "Animation": {"hand-drawn": 12},
    "Children": {"wide vistas": 1, "close-ups": 1, "steadicam": 1},
    "Comedy": {"static frames": 2, "close-ups": 2, "steadicam": 1},
    "Crime": {"handheld": 2, "chiaroscuro": 1, "long takes": 1, "close-ups": 1},
    "Documentary": {"archive footage": 4, "handheld": 3, "natural light": 2},
    "Drama": {"natural light": 2, "close-ups": 2, "long takes": 2, "static frames": 1},
    "Fantasy": {"wide vistas": 2, "aerial shots": 1, "steadicam": 1},
    "Film-Noir": {"chiaroscuro": 6, "close-ups": 1, "static frames": 1},
    "Horror": {"handheld": 2, "close-ups": 2, "chiaroscuro": 1.5, "steadicam": 1},
    "IMAX": {"aerial shots": 3, "wide vistas": 3},
    "Musical": {"steadicam": 2, "long takes": 2, "wide vistas": 1},
    "Mystery": {"chiaroscuro": 2, "static frames": 1, "close-ups": 1},
    "Romance": {"close-ups": 3, "natural light": 2, "static frames": 1},
    "Sci-Fi": {"steadicam": 2, "wide vistas": 2, "fast cutting": 1},
    "Thriller": {"fast cutting": 2, "handheld": 2, "close-ups": 1},
    "War": {"handheld": 2, "wide vistas": 2, "archive footage": 0.5, "long takes": 1},
    "Western": {"wide vistas": 5, "natural light": 1, "close-ups": 1},
}
_PALETTE: Mapping[str, Mapping[str, float]] = {
    "Action": {"high contrast": 3, "cool blues": 2, "vivid": 1, "desaturated": 1},
    "Adventure": {"vivid": 3, "warm golds": 2, "earthy": 1},
    "Animation": {"candy bright": 4, "vivid": 3, "pastel": 2},
    "Children": {"candy bright": 4, "vivid": 2, "pastel": 1},
    "Comedy": {"warm golds": 2, "vivid": 2, "pastel": 1, "candy bright": 1},
    "Crime": {"desaturated": 2, "cool blues": 2, "neon": 1, "muted": 1},
    "Documentary": {"muted": 2, "earthy": 2, "desaturated": 1, "sepia": 0.5},
    "Drama": {"muted": 3, "warm golds": 1, "earthy": 1, "desaturated": 1, "cool blues": 1},
    "Fantasy": {"vivid": 2, "warm golds": 1, "pastel": 1, "cool blues": 1},
    "Film-Noir": {"black and white": 12, "high contrast": 2},
    "Horror": {"desaturated": 2, "cool blues": 2, "high contrast": 2, "muted": 1},
    "IMAX": {"vivid": 3, "cool blues": 1},
    "Musical": {"candy bright": 2, "vivid": 3, "warm golds": 1, "neon": 0.5},
    "Mystery": {"muted": 2, "cool blues": 2, "high contrast": 1},
    "Romance": {"warm golds": 3, "pastel": 2, "muted": 1},
    "Sci-Fi": {"cool blues": 3, "neon": 2, "high contrast": 1, "desaturated": 1},
    "Thriller": {"cool blues": 2, "desaturated": 2, "high contrast": 1, "neon": 0.5},
    "War": {"desaturated": 3, "earthy": 2, "sepia": 1},
    "Western": {"earthy": 4, "warm golds": 2, "sepia": 1},
}
_TONE: Mapping[str, Mapping[str, float]] = {
    "Action": {"gritty": 2, "epic": 1, "stylized": 1},
    "Adventure": {"epic": 3, "bright": 2},
    "Animation": {"bright": 2, "stylized": 2, "dreamlike": 1},
    "Children": {"bright": 4, "dreamlike": 1},
    "Comedy": {"bright": 4, "naturalistic": 1},
    "Crime": {"gritty": 3, "shadowy": 2},
    "Documentary": {"naturalistic": 6},
    "Drama": {"naturalistic": 3, "shadowy": 0.5, "dreamlike": 0.5},
    "Fantasy": {"dreamlike": 3, "epic": 1, "stylized": 1},
    "Film-Noir": {"shadowy": 6},
    "Horror": {"shadowy": 4, "gritty": 1, "dreamlike": 0.5},
    "IMAX": {"epic": 3, "bright": 1},
    "Musical": {"bright": 2, "stylized": 3},
    "Mystery": {"shadowy": 3, "stylized": 1},
    "Romance": {"bright": 2, "naturalistic": 1, "dreamlike": 1},
    "Sci-Fi": {"stylized": 3, "epic": 1, "shadowy": 1},
    "Thriller": {"shadowy": 2, "gritty": 2, "stylized": 1},
    "War": {"gritty": 3, "epic": 2},
    "Western": {"epic": 2, "gritty": 2, "naturalistic": 1},
}
_MUSIC: Mapping[str, Mapping[str, float]] = {
    "Action": {"electronic": 2, "orchestral": 2, "rock": 2},
    "Adventure": {"orchestral": 5, "choral": 1},
    "Animation": {"orchestral": 2, "show tunes": 2, "pop songs": 1},
    "Children": {"show tunes": 2, "pop songs": 2, "orchestral": 1},
    "Comedy": {"pop songs": 4, "jazz": 1, "rock": 1},
    "Crime": {"jazz": 2, "electronic": 1, "rock": 1, "minimal": 1},
    "Documentary": {"ambient": 3, "minimal": 2, "folk": 1},
    "Drama": {"minimal": 2, "orchestral": 2, "folk": 1, "ambient": 1},
    "Fantasy": {"orchestral": 4, "choral": 2, "folk": 0.5},
    "Film-Noir": {"jazz": 5, "orchestral": 1},
    "Horror": {"ambient": 3, "minimal": 2, "choral": 1, "electronic": 1},
    "IMAX": {"orchestral": 3, "ambient": 1},
    "Musical": {"show tunes": 8, "pop songs": 1, "orchestral": 1},
    "Mystery": {"minimal": 2, "ambient": 2, "jazz": 1},
    "Romance": {"pop songs": 2, "orchestral": 2, "folk": 1},
    "Sci-Fi": {"electronic": 4, "ambient": 2, "orchestral": 1},
    "Thriller": {"electronic": 2, "ambient": 2, "minimal": 1},
    "War": {"orchestral": 3, "choral": 2, "minimal": 1},
    "Western": {"orchestral": 2, "folk": 4},
}

_GENRE_CULTURES = {
    "Animation": "animated", "Children": "family_friendly", "Documentary": "documentary", "Film-Noir": "noir",
    "Horror": "horror", "Sci-Fi": "scifi", "War": "historical", "Western": "western",
}  # fmt: skip
_CLASSIC_BEFORE = 1975
_ACCLAIMED_FROM = 78.0
"""Critical score from which a movie is one of the festivals."""

_PRIOR_RATINGS, _PRIOR_STARS = 10, 3.5
"""Ratings, and their stars, that each movie is given before critics are made to agree with its audience."""
_CRITICS_SPREAD = 12.0


def media_details(movies: pl.DataFrame, ratings: pl.LazyFrame, seed: int) -> pl.DataFrame:
    """Return the details of each movie, in the order of the movies.

    Args:
        movies: of tables.processed.Movies.
        ratings: of tables.processed.Ratings.
        seed: the seed of everything random.

    Returns:
        A frame of the schema of tables.media.MediaDetails.
    """
    ids = movies["movie_id"].to_numpy().astype(np.int64)

    def draw(what: str) -> Floats:
        return uniform(seed, ids, "media_details", what)

    def some(vocabulary: Sequence[str], weights: Floats, counts: npt.NDArray[np.intp], what: str) -> pl.Series:
        draws = uniform(seed, ids[:, None] * len(vocabulary) + np.arange(len(vocabulary)), "media_details", what)
        possible = np.minimum(counts, (weights > 0).sum(axis=1))
        return gather_several(vocabulary, choose_several(draws, weights)[:, :3], possible)

    genres = genre_shares(movies)
    year = movies["year"].fill_null(2000).to_numpy()
    minutes, spoken, music = (genres @ np.array([_TYPICAL[genre] for genre in GENRES])).T
    scores = movies.select("movie_id").join(
        ratings.group_by("movie_id")
        .agg(mean=pl.col("rating").cast(pl.Float64).mean(), ratings=pl.len())
        .collect(engine="streaming"),
        on="movie_id",
        how="left",
        maintain_order="left",
    )
    critics = _critical_scores(scores, draw("critical_score"))
    one_to_three = choose(draw("styles"), [0.35, 0.45, 0.20]) + 1
    one_or_two = choose(draw("sounds"), [0.55, 0.45]) + 1
    details = pl.DataFrame(
        {
            "duration_minutes": _durations(minutes, genres, year, draw("short"), draw("duration")),
            "content_rating": gather(CONTENT_RATINGS, choose(draw("content_rating"), _rating_shares(genres))),
            "moods": some(MOODS, mood_weights(movies), choose(draw("mood count"), _MOOD_COUNT_SHARES) + 1, "moods"),
            "cinematography_style": some(
                CINEMATOGRAPHY_STYLES, _weights(_CAMERA, CINEMATOGRAPHY_STYLES, genres), one_to_three, "camera"
            ),
            "color_palette": some(COLOR_PALETTES, _colors(genres, year), one_or_two, "palette"),
            "visual_tone": gather(
                VISUAL_TONES, choose(draw("visual_tone"), _shares(_weights(_TONE, VISUAL_TONES, genres)))
            ),
            "soundtrack_style": some(
                SOUNDTRACK_STYLES, _weights(_MUSIC, SOUNDTRACK_STYLES, genres), one_or_two, "soundtrack"
            ),
            "dialogue_density": np.where(year < SILENT_BEFORE, 0.0, _near(spoken, draw("dialogue_density"))),
            "music_prominence": np.maximum(
                _near(music, draw("music_prominence")), np.where(_has(genres, "Musical"), MUSICAL_MUSIC, 0.0)
            ),
            "audience_score": scores["mean"],
            "critical_score": critics,
        }
    )
    details = pl.concat([origins(movies, seed).drop("origin"), details], how="horizontal")
    cultures = _cultures(movies, details)
    return details.with_columns(cultures).select(polars_schema(MediaDetails).names()).cast(polars_schema(MediaDetails))


def _spoken() -> pl.Expr:
    spoken = pl.element().cast(pl.String).replace_strict({name: list(languages) for name, languages in SPOKEN.items()})
    return (
        pl.col("countries")
        .list.eval(spoken)
        .list.eval(pl.element().explode())
        .list.contains(pl.col("language").cast(pl.String))
    )


def _suits_genres() -> pl.Expr:
    """Return whether no genre of the movie forbids its content rating."""
    genres, rating = pl.col("genres").cast(pl.List(pl.String)), pl.col("content_rating").cast(pl.String)
    forbidden = {
        name: [genre for genre, weights in RATING_WEIGHTS.items() if not weights[place]]
        for place, name in enumerate(CONTENT_RATINGS)
    }
    return pl.all_horizontal(
        pl.when(rating == name).then(genres.list.set_intersection(never).list.len() == 0)
        for name, never in forbidden.items()
        if never
    )


def _moods_follow() -> pl.Expr:
    """Return whether each mood is one of the movie's genres or themes."""
    genres = pl.col("genres").cast(pl.List(pl.String))
    genres = pl.when(genres.list.len() > 0).then(genres).otherwise(pl.lit([_NO_GENRE]))
    tags = pl.col("themes").list.eval(pl.element().struct.field("tag"))
    moods = pl.col("moods").cast(pl.List(pl.String))
    return pl.all_horizontal(
        ~moods.list.contains(mood)
        | (genres.list.set_intersection([genre for genre in GENRES if mood in _MOODS[genre]]).list.len() > 0)
        | (tags.list.set_intersection([tag for tag, of_tag in THEME_MOODS.items() if of_tag == mood]).list.len() > 0)
        for mood in MOODS
    )


RULES = (
    Rule("language_is_spoken", "The language is one of those that a country of production makes movies in.", _spoken),
)
"""Rules on the rows of tables.media.MediaDetails."""
RULES_WITH_MOVIES = (
    Rule("rating_suits_genres", "The content rating is one that every genre of the movie allows.", _suits_genres),
    Rule("moods_follow", "Every mood is one of the movie's genres or themes.", _moods_follow),
    Rule(
        "silent_films_are_silent",
        f"Nothing is spoken in movies from before {SILENT_BEFORE}.",
        lambda: pl.when(pl.col("year") < SILENT_BEFORE).then(pl.col("dialogue_density") == 0),
    ),
    Rule(
        "musicals_have_music",
        f"In a musical, music matters at least {MUSICAL_MUSIC}.",
        lambda: pl.when(pl.col("genres").cast(pl.List(pl.String)).list.contains("Musical")).then(
            pl.col("music_prominence") >= pl.lit(MUSICAL_MUSIC, pl.Float32)
        ),
    ),
)
"""Rules on the rows of tables.media.MediaDetails, each beside its row of tables.processed.Movies."""


def genre_shares(movies: pl.DataFrame) -> Floats:
    """Return how much of each movie each genre is, its genres being alike: shape (movies, GENRES), rows sum to 1."""
    known = movies.select(pl.col("genres").cast(pl.List(pl.String)))
    member = known.select(pl.col("genres").list.contains(genre).alias(genre) for genre in GENRES).to_numpy()
    member = member.astype(np.float64)
    member[member.sum(axis=1) == 0, GENRES.index(_NO_GENRE)] = 1
    return _shares(member)


def mood_weights(movies: pl.DataFrame) -> Floats:
    """Return how strongly each movie has each mood by its genres and themes, shape (movies, MOODS); 0 is not at all."""
    weights = _weights(_MOODS, MOODS, genre_shares(movies))
    position = {mood: number for number, mood in enumerate(MOODS)}
    themes = (
        movies.select("themes")
        .with_row_index("row")
        .filter(pl.col("themes").list.len() > 0)
        .explode("themes")
        .unnest("themes")
        .with_columns(mood=pl.col("tag").replace_strict(THEME_MOODS, default=None))
        .drop_nulls("mood")
        .with_columns(pl.col("mood").replace_strict(position, return_dtype=pl.Int64))
    )
    strength = _THEME_MOOD_WEIGHT * themes["relevance"].cast(pl.Float64).to_numpy()
    np.add.at(weights, (themes["row"].to_numpy(), themes["mood"].to_numpy()), strength)
    return weights


def _weights(table: Mapping[str, Mapping[str, float]], vocabulary: Sequence[str], genres: Floats) -> Floats:
    """Return the weight of each word for each movie, the mean of its genres', shape (movies, words)."""
    return genres @ np.array([[table[genre].get(word, 0.0) for word in vocabulary] for genre in GENRES])


def _shares(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _has(genres: Floats, genre: str) -> npt.NDArray[np.bool_]:
    return np.asarray(genres[:, GENRES.index(genre)] > 0)


def _near(typical: Floats, draws: Floats) -> Floats:
    """Return values within 0.15 of what is typical, in [0, 1], to three digits."""
    return np.clip(typical + 0.15 * (2 * draws - 1), 0, 1).round(3)


def _rating_shares(genres: Floats) -> Floats:
    """Return the share of each content rating for each movie: the geometric mean of its genres', so that 0 is never."""
    with np.errstate(divide="ignore"):
        logs = np.log(np.array([RATING_WEIGHTS[genre] for genre in GENRES]))
    never = (genres > 0).astype(np.float64) @ np.isneginf(logs) > 0
    return _shares(np.where(never, 0.0, np.exp(genres @ np.where(np.isneginf(logs), 0.0, logs))))


def _durations(
    minutes: Floats, genres: Floats, year: npt.NDArray[np.int16], short: Floats, draws: Floats
) -> npt.NDArray[np.int16]:
    """Return running times: features around their genres' own, shorter in early days, and shorts of 3 to 40 minutes."""
    share = np.full(len(minutes), _SHORT_SHARE)
    for genre, of_genre in _SHORT_SHARES.items():
        share[_has(genres, genre)] = of_genre
    share[_has(genres, "Animation") & (year < 1960)] = 0.6
    share[year < _SHORT_BEFORE] = 0.95
    early = np.interp(year, [1914, 1930, 1955], [0.65, 0.82, 1.0])
    spread = 0.72 + 0.45 * draws + 0.35 * draws**8  # most within a quarter of the typical, a few much longer
    features = np.maximum(minutes * early * spread, 41)
    return np.where(short < share, 3 + 37 * draws, features).round().astype(np.int16)


def _colors(genres: Floats, year: npt.NDArray[np.int16]) -> Floats:
    """Return the weights of palettes: early movies are black and white, later ones hardly ever."""
    weights = _weights(_PALETTE, COLOR_PALETTES, genres)
    monochrome = COLOR_PALETTES.index("black and white")
    drawn = _has(genres, "Animation")
    early = np.interp(year, [1935, COLOR_FROM, 1968], [60.0, 5.0, 0.1])
    weights[:, monochrome] += np.where(drawn, early / 20, early)
    return weights


def _critical_scores(scores: pl.DataFrame, draws: Floats) -> Floats:
    """Return what critics made of each movie, 0 to 100: near its audience's mean, shrunk where that is of a few."""
    mean, count = scores["mean"], scores["ratings"].fill_null(0)
    shrunk = (mean.fill_null(0.0) * count + _PRIOR_STARS * _PRIOR_RATINGS) / (count + _PRIOR_RATINGS)
    centred = np.log((draws + 1e-9) / (1 - draws + 1e-9)) / 1.8  # logistic: bell-shaped with a spread of about 1
    return np.clip(20 * (shrunk.to_numpy() - 0.4) + _CRITICS_SPREAD * centred, 1, 100).round(0)


def _cultures(movies: pl.DataFrame, details: pl.DataFrame) -> pl.Series:
    """Return the film cultures that each movie belongs to; one that belongs to no other is mainstream."""
    genres = movies["genres"].cast(pl.List(pl.String))
    foreign = details["language"].cast(pl.String) != "en"
    acclaimed = details["critical_score"] >= _ACCLAIMED_FROM
    belongs = {culture: genres.list.contains(genre) for genre, culture in _GENRE_CULTURES.items()} | {
        "classic": (movies["year"] < _CLASSIC_BEFORE).fill_null(value=False),
        "world_cinema": foreign,
        "film_festivals": acclaimed,
        "art_house": acclaimed & foreign,
    }
    frame = pl.DataFrame(
        [
            pl.select(pl.when(holds).then(pl.lit(culture)).alias(culture)).to_series()
            for culture, holds in belongs.items()
        ]
    )
    found = frame.select(cultural_context=pl.concat_list(pl.all()).list.drop_nulls())
    others = pl.col("cultural_context").list.len() > 0
    return found.select(pl.when(others).then("cultural_context").otherwise(pl.lit(["mainstream"]))).to_series()
