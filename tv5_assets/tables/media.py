"""Schemas of what is made up about movies themselves: their details, the people behind them, who influenced whom.

They belong to the synthetic layer. Columns marked SYNTHETIC are invented; no quality figure may rest on one. Keys, and
what is computed from ratings or from MovieLens's genres and themes alone, are real.
"""

import dataframely as dy

from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.synthetic import FILM_LANGUAGES
from tv5_assets.tables.table import SYNTHETIC, Table

FILM_COUNTRIES = (
    "US", "UK", "CA", "AU", "IE", "NZ", "FR", "BE", "CH", "DZ", "DE", "AT", "ES", "MX", "AR", "IT", "JP", "CN", "IN",
    "SE", "DK", "NO", "FI", "NL", "PL", "CZ", "HU", "BR", "PT",
)  # fmt: skip
"""Countries that movies and their makers come from (as in Users; the United Kingdom is UK)."""
CONTENT_RATINGS = ("G", "PG", "PG-13", "R", "NC-17")
"""The American scale, from all ages to adults only."""
MOODS = (
    "adventurous", "challenging", "contemplative", "dark", "edgy", "eerie", "exciting", "funny", "heartwarming",
    "intense", "magical", "melancholic", "nostalgic", "poetic", "relaxing", "romantic", "suspenseful", "uplifting",
)  # fmt: skip
"""What a movie feels like; users look for the same moods."""
CINEMATOGRAPHY_STYLES = (
    "aerial shots", "archive footage", "chiaroscuro", "close-ups", "fast cutting", "handheld", "hand-drawn",
    "long takes", "natural light", "static frames", "steadicam", "wide vistas",
)  # fmt: skip
COLOR_PALETTES = (
    "black and white", "candy bright", "cool blues", "desaturated", "earthy", "high contrast", "muted", "neon",
    "pastel", "sepia", "vivid", "warm golds",
)  # fmt: skip
VISUAL_TONES = ("bright", "dreamlike", "epic", "gritty", "naturalistic", "shadowy", "stylized")
SOUNDTRACK_STYLES = (
    "ambient", "choral", "electronic", "folk", "jazz", "minimal", "orchestral", "pop songs", "rock", "show tunes",
)  # fmt: skip
ROLES = ("director", "writer", "actor", "producer")


class MediaDetails(Table):
    """What a movie is like."""

    key = "synthetic/media_details"
    owner = "team:catalog"
    about = (
        "One row per movie: where it comes from, how long it is, whom it suits, how it looks, sounds and feels. Title, "
        "genres, themes and year say what is likely; only audience_score is real."
    )

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    duration_minutes = dy.Int16(min=1, max=600, metadata=SYNTHETIC, description="Running time, minutes")
    language = dy.Enum(FILM_LANGUAGES, metadata=SYNTHETIC, description="Original language, ISO 639-1")
    countries = dy.List(
        dy.Enum(FILM_COUNTRIES),
        min_length=1,
        max_length=2,
        metadata=SYNTHETIC,
        description="Countries of production, the main one first; its people speak the language",
    )
    content_rating = dy.Enum(CONTENT_RATINGS, metadata=SYNTHETIC, description="Whom it suits, on the American scale")
    moods = dy.List(
        dy.Enum(MOODS), min_length=1, max_length=3, metadata=SYNTHETIC, description="Moods, the strongest first"
    )
    cultural_context = dy.List(
        dy.String(min_length=1), min_length=1, metadata=SYNTHETIC, description="Film cultures it belongs to, as Users'"
    )
    cinematography_style = dy.List(
        dy.Enum(CINEMATOGRAPHY_STYLES), min_length=1, max_length=3, metadata=SYNTHETIC, description="How it is filmed"
    )
    color_palette = dy.List(
        dy.Enum(COLOR_PALETTES), min_length=1, max_length=2, metadata=SYNTHETIC, description="Its colours"
    )
    visual_tone = dy.Enum(VISUAL_TONES, metadata=SYNTHETIC, description="The impression that its pictures make")
    soundtrack_style = dy.List(
        dy.Enum(SOUNDTRACK_STYLES), min_length=1, max_length=2, metadata=SYNTHETIC, description="Its music"
    )
    dialogue_density = dy.Float32(min=0, max=1, metadata=SYNTHETIC, description="Share of its time in which is spoken")
    music_prominence = dy.Float32(min=0, max=1, metadata=SYNTHETIC, description="How much its music matters, 0 to 1")
    audience_score = dy.Float32(
        nullable=True, min=0.5, max=5, description="Mean of its ratings, in stars: real; null where it has none"
    )
    critical_score = dy.Float32(min=0, max=100, metadata=SYNTHETIC, description="What critics made of it, 0 to 100")


class People(Table):
    """The people behind the movies."""

    key = "synthetic/people"
    owner = "team:knowledge-graph"
    about = (
        "One row per invented director, writer, actor or producer who has a credit; the name is usual in the country."
    )

    person_id = dy.Int32(primary_key=True, min=1, metadata=SYNTHETIC, description="Id of the person, counted from 1")
    name = dy.String(min_length=1, metadata=SYNTHETIC, description="Full name in Latin letters; some people share one")
    country = dy.Enum(FILM_COUNTRIES, metadata=SYNTHETIC, description="Country they come from")
    born = dy.Int16(min=1780, max=2100, metadata=SYNTHETIC, description="Year of birth")


class Credits(Table):
    """Who did what in which movie."""

    key = "synthetic/credits"
    owner = "team:knowledge-graph"
    about = (
        "One row per movie, person and role. Every movie has a director. A career keeps to one genre and spans some "
        "years; a few people have many credits, most have few."
    )

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    person_id = dy.Int32(primary_key=True, min=1, metadata=SYNTHETIC, description="The person, of synthetic/people")
    role = dy.Enum(ROLES, primary_key=True, metadata=SYNTHETIC, description="What they did")
    billing = dy.Int16(min=1, metadata=SYNTHETIC, description="Place among those of the movie in this role, 1 is first")


class Influences(Table):
    """Which movie stands on which older one."""

    key = "synthetic/influences"
    owner = "team:knowledge-graph"
    about = (
        "One row per movie and older movie that influenced it: they share a director, a genre and, where the set has a "
        "tag genome, strong themes. At most five for each movie, the strongest."
    )

    newer_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the influenced movie")
    older_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the older movie")
    person_id = dy.Int32(min=1, metadata=SYNTHETIC, description="A director of both, of synthetic/people")
    genres = dy.List(dy.Enum(GENRES), min_length=1, description="Genres that both have")
    themes = dy.List(dy.String(min_length=1), description="Strong themes of both; may be empty without a tag genome")
    strength = dy.Float32(
        min=0,
        max=1,
        check=lambda strength: strength > 0,
        metadata=SYNTHETIC,
        description="How strong the influence is, over 0 and up to 1: by themes and genres in common and years between",
    )
