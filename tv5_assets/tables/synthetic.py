"""Schemas of the synthetic layer: what MovieLens does not have and the platform generates.

Columns marked SYNTHETIC are invented; no quality figure may rest on one. Keys, and what is computed from ratings, are
real.
"""

import dataframely as dy

from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import SYNTHETIC, Table

ARCHETYPES = (
    "cinephile", "casual", "family", "young_adult", "senior", "international", "genre_specialist",
)  # fmt: skip
ARCHETYPE_SHARES = (0.12, 0.30, 0.15, 0.20, 0.08, 0.10, 0.05)
"""Share of users of each archetype, in the order of ARCHETYPES."""
AGE_RANGES = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
FILM_CULTURES = (
    "art_house", "film_festivals", "criterion", "mainstream", "popular_culture", "family_friendly", "animated",
    "educational", "trending", "social_media", "binge", "classic", "documentary", "historical", "world_cinema",
    "multilingual", "festivals", "horror", "scifi", "noir", "western",
)  # fmt: skip
"""Film cultures that a user can belong to."""
VIEWER_MOODS = (
    "contemplative", "challenging", "melancholic", "poetic", "intense", "relaxing", "funny", "exciting",
    "heartwarming", "adventurous", "magical", "uplifting", "romantic", "edgy", "nostalgic", "dark", "suspenseful",
    "eerie",
)  # fmt: skip
"""Moods that a user can look for."""
PACINGS = ("slow", "moderate", "fast")
TOLERANCES = ("low", "medium", "high")
COUNTRIES = ("US", "FR", "DE", "ES", "IT", "CA", "UK")
LANGUAGES = ("en", "fr", "es", "de", "it")
FILM_LANGUAGES = (*LANGUAGES, "ja", "zh", "hi", "sv", "da", "no", "fi", "nl", "pl", "cs", "hu", "pt")
"""Languages that movies are spoken in (ISO 639-1): those of the users, and more."""
REGIONS = ("US", "FR", "EU", "Global")
AVAILABILITY_TYPES = ("free", "subscription", "rental", "purchase")
QUALITIES = ("SD", "HD", "4K")


def _share() -> dy.Float32:
    return dy.Float32(min=0, max=1)


class Users(Table):
    """Who the users might be."""

    key = "synthetic/users"
    owner = "team:audience"
    about = (
        "One row per user who rated anything: an invented profile that agrees with itself (country, city, time zone, "
        "languages and name belong together; the archetype shifts age, viewing times, devices and genres)."
    )

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    name = dy.String(min_length=1, metadata=SYNTHETIC, description="Full name, usual in the country")
    age_range = dy.Enum(AGE_RANGES, metadata=SYNTHETIC, description="Age bracket")
    country = dy.Enum(COUNTRIES, metadata=SYNTHETIC, description="Country of residence")
    city = dy.String(min_length=1, metadata=SYNTHETIC, description="City of residence")
    timezone = dy.String(min_length=1, metadata=SYNTHETIC, description="IANA time zone of the city")
    languages = dy.List(
        dy.Enum(LANGUAGES), min_length=1, max_length=3, metadata=SYNTHETIC, description="Languages, the first one's own"
    )
    cultural_context = dy.List(
        dy.Enum(FILM_CULTURES), min_length=1, metadata=SYNTHETIC, description="Film cultures the user belongs to"
    )
    archetype = dy.Enum(ARCHETYPES, metadata=SYNTHETIC, description="Kind of viewer")
    viewing_time_patterns = dy.Struct(
        {"weekday_evening": _share(), "weekend_afternoon": _share(), "late_night": _share()},
        metadata=SYNTHETIC,
        description="How likely the user watches at each time, each from 0 to 1",
    )
    device_preferences = dy.Struct(
        {"tv": _share(), "mobile": _share(), "laptop": _share()},
        metadata=SYNTHETIC,
        description="How gladly the user watches on each device, each from 0 to 1",
    )
    mood_preferences = dy.List(
        dy.Enum(VIEWER_MOODS), min_length=1, metadata=SYNTHETIC, description="Moods the user looks for"
    )
    genre_preferences = dy.List(
        dy.Enum(GENRES),
        min_length=2,
        max_length=3,
        metadata=SYNTHETIC,
        description="Genres the user says to like, the dearest first; not what the ratings show",
    )
    pacing = dy.Enum(PACINGS, metadata=SYNTHETIC, description="How fast a story the user likes")
    tolerance = dy.Enum(TOLERANCES, metadata=SYNTHETIC, description="How much violence and horror the user can bear")
    weekly_hours = dy.Float32(min=0, max=60, metadata=SYNTHETIC, description="Hours of watching in a usual week")


class Platforms(Table):
    """Where a movie can be watched."""

    key = "synthetic/platforms"
    owner = "team:distribution"
    about = (
        "One row per movie and platform that carries it; about 60 % of the movies are on one to three platforms. "
        "TV5MONDE carries more movies in French than the others; what is offered in a region can be understood there."
    )

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    platform_id = dy.String(primary_key=True, min_length=1, metadata=SYNTHETIC, description="Such as tv5monde")
    name = dy.String(min_length=1, metadata=SYNTHETIC, description="Platform's name")
    availability_type = dy.Enum(AVAILABILITY_TYPES, metadata=SYNTHETIC, description="How it is offered")
    region = dy.Enum(REGIONS, metadata=SYNTHETIC, description="Where it is offered")
    quality = dy.List(dy.Enum(QUALITIES), min_length=1, metadata=SYNTHETIC, description="Picture qualities")
    subtitles = dy.List(dy.Enum(LANGUAGES), min_length=1, metadata=SYNTHETIC, description="Languages of subtitles")
    audio_tracks = dy.List(
        dy.Enum(FILM_LANGUAGES),
        min_length=1,
        metadata=SYNTHETIC,
        description="Languages of sound: nearly always the original one, and dubs",
    )
    deep_link = dy.String(regex=r"^https://", metadata=SYNTHETIC, description="Address of the movie on the platform")
    price = dy.Float32(nullable=True, min=0, metadata=SYNTHETIC, description="Price; null when free or by subscription")
    currency = dy.Enum(("EUR", "USD"), metadata=SYNTHETIC, description="Currency of the region")
    updated_at = dy.Datetime(
        time_unit="ms", time_zone="UTC", metadata=SYNTHETIC, description="When the offer was last seen"
    )


class Trends(Table):
    """How popular a movie was, day by day."""

    key = "synthetic/trends"
    owner = "team:trends"
    about = (
        "One row per tracked movie and day, up to the day of the newest rating. Popularity is the real momentum of the "
        "rating stream (exponentially decayed counts) under a season and viral moments."
    )

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    date = dy.Date(primary_key=True, description="Day, UTC")
    momentum = dy.Float32(min=0, description="Exponentially decayed number of ratings up to this day: real")
    popularity = dy.Float32(min=0, max=1, metadata=SYNTHETIC, description="Momentum, season and viral moments, 0 to 1")
    view_count = dy.Int32(min=0, metadata=SYNTHETIC, description="Views of the day")
    search_volume = dy.Int32(min=0, metadata=SYNTHETIC, description="Searches of the day")
    velocity = dy.Float32(description="Change of momentum over the last week, per day: real")
    is_viral = dy.Bool(metadata=SYNTHETIC, description="A viral moment is under way")
    season_factor = dy.Float32(min=0, metadata=SYNTHETIC, description="What the season multiplies popularity by")


class TrendsNow(Table):
    """The ranking of this moment."""

    key = "synthetic/trends_now"
    owner = "team:trends"
    about = "One row per scope and tracked movie, ranked by popularity at this moment; renewed every 15 minutes."

    scope = dy.String(primary_key=True, min_length=1, description="global, region:FR and the like, or platform:mubi")
    rank = dy.Int32(primary_key=True, min=1, description="Place in the scope, 1 is first")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    score = dy.Float32(min=0, max=1, metadata=SYNTHETIC, description="Popularity at this moment, 0 to 1")
    velocity = dy.Float32(description="Change of momentum over the last week, per day: real")
    peak_at = dy.Date(description="Day of the highest popularity in the tracked history")
    demographic_breakdown = dy.Struct(
        {age: _share() for age in AGE_RANGES},
        metadata=SYNTHETIC,
        description="Share of each age bracket among those who rated the movie; the brackets are invented",
    )
    as_of = dy.Datetime(time_unit="ms", time_zone="UTC", description="Moment the ranking holds for")


class TrendingTopics(Table):
    """Which genres and themes are rising."""

    key = "synthetic/trending_topics"
    owner = "team:trends"
    about = "One row per genre or theme, ranked by the summed popularity of its tracked movies at this moment."

    kind = dy.Enum(("genre", "theme"), primary_key=True, description="What is ranked")
    rank = dy.Int32(primary_key=True, min=1, description="Place among its kind, 1 is first")
    topic = dy.String(min_length=1, description="The genre or theme")
    score = dy.Float32(min=0, metadata=SYNTHETIC, description="Summed popularity of its movies")
    movies = dy.Int32(min=1, description="Tracked movies that have it")
    as_of = dy.Datetime(time_unit="ms", time_zone="UTC", description="Moment the ranking holds for")
