"""Schemas of the synthetic layer that say how movies are watched: viewing contexts, and the events around the ratings.

Columns marked SYNTHETIC are invented; no quality figure may rest on one. Keys of other tables are real.
"""

import dataframely as dy

from tv5_assets.tables.processed import DAYS_OF_WEEK, TIMES_OF_DAY
from tv5_assets.tables.table import SYNTHETIC, Table

SEASONS = ("winter", "spring", "summer", "fall")
"""Of the northern hemisphere, each three whole months: winter is December to February."""
PUBLIC_HOLIDAYS = (
    "new_year", "easter", "labour_day", "victory_day", "ascension", "pentecost", "bastille_day", "assumption",
    "all_saints", "armistice_day", "christmas",
)  # fmt: skip
"""The public holidays of France, the network's home, in the order of the year."""
FESTIVITIES = (
    "berlinale", "valentines_day", "cesar_awards", "francophonie_day", "cannes_festival", "fete_de_la_musique",
    "venice_festival", "halloween", "christmas_season", "new_years_eve",
)  # fmt: skip
CULTURAL_EVENTS = (*PUBLIC_HOLIDAYS, *FESTIVITIES)
WEATHERS = ("clear", "cloudy", "rain", "storm", "fog", "snow", "heat")
LOCATION_TYPES = ("home", "commute", "travel")
VIEWING_MODES = ("alone", "family", "friends", "date", "party")
DEMOGRAPHICS = ("child", "teen", "young_adult", "adult", "senior")
CONTEXT_MOODS = ("relaxed", "energetic", "melancholic", "curious", "romantic", "adventurous", "intellectual")
OCCASIONS = ("casual", "special_event", "education", "background", "focused")
TIME_BUDGETS = ("short", "medium", "long", "binge")
DEVICES = ("tv", "mobile", "laptop")
EVENTS = ("skip", "search", "view", "favorite", "share")
"""In the order in which they happen to one user and movie."""


class Contexts(Table):
    """Situations in which movies are watched."""

    key = "synthetic/contexts"
    owner = "team:audience"
    about = (
        "One row per viewing situation: when and where it is, who is there, what they are in the mood for. It agrees "
        "with itself: the season with the date, the group with the viewing mode, the time to spare with the hour."
    )

    context_id = dy.Int32(primary_key=True, min=0, description="Number of the context, counted from 0")
    date = dy.Date(metadata=SYNTHETIC, description="Day, where the viewers are")
    season = dy.Enum(SEASONS, metadata=SYNTHETIC, description="Season of the month, on the northern hemisphere")
    month = dy.Int8(min=1, max=12, metadata=SYNTHETIC, description="Month of the day")
    day_of_week = dy.Enum(DAYS_OF_WEEK, metadata=SYNTHETIC, description="Day of the week of the day")
    time_of_day = dy.Enum(
        TIMES_OF_DAY,
        metadata=SYNTHETIC,
        description="morning 6-12, afternoon 12-17, evening 17-21, night 21-24, late_night 0-6 o'clock there",
    )
    is_holiday = dy.Bool(metadata=SYNTHETIC, description="The day is a public holiday of France")
    cultural_events = dy.List(
        dy.Enum(CULTURAL_EVENTS), metadata=SYNTHETIC, description="Holidays, festivals and customs of the day"
    )
    weather = dy.Enum(WEATHERS, nullable=True, metadata=SYNTHETIC, description="Weather; null where it is not known")
    location_type = dy.Enum(LOCATION_TYPES, metadata=SYNTHETIC, description="Where they watch")
    viewing_mode = dy.Enum(VIEWING_MODES, metadata=SYNTHETIC, description="With whom they watch")
    group_size = dy.Int8(min=1, max=12, metadata=SYNTHETIC, description="How many watch together")
    group_demographics = dy.List(
        dy.Enum(DEMOGRAPHICS), min_length=1, max_length=12, metadata=SYNTHETIC, description="Age group of each of them"
    )
    mood = dy.Enum(CONTEXT_MOODS, metadata=SYNTHETIC, description="Mood they are in")
    occasion = dy.Enum(OCCASIONS, metadata=SYNTHETIC, description="What they watch for")
    time_budget = dy.Enum(
        TIME_BUDGETS, metadata=SYNTHETIC, description="Time to spare: an episode, a movie, a long movie or several"
    )
    intensity = dy.Float32(min=0, max=1, metadata=SYNTHETIC, description="How much excitement they want, 0 to 1")


class Interactions(Table):
    """What users did around their ratings."""

    key = "synthetic/interactions"
    owner = "team:interactions"
    about = (
        "One row per invented event around a real rating, in the order of the ratings. Every rating has a view that "
        "ended before it; the better the rating, the more of the movie was watched. Nobody sees two movies at once, so "
        "that what was rated in one sitting was seen over weeks or months. A skip is an earlier try, soon given up, of "
        "a movie that was then rated badly."
    )

    interaction_id = dy.Int64(
        primary_key=True, min=0, description="8 times the row of the rating plus the event's place"
    )
    rating_row = dy.Int64(min=0, description="Row of the rating in the source file, as in processed/ratings")
    user_id = dy.Int32(min=1, description="MovieLens user id")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    event = dy.Enum(EVENTS, metadata=SYNTHETIC, description="What happened")
    occurred_at = dy.Datetime(
        time_unit="ms", time_zone="UTC", metadata=SYNTHETIC, description="When it began, UTC, to the second"
    )
    device = dy.Enum(DEVICES, metadata=SYNTHETIC, description="On what; what the user prefers is likely")
    context_id = dy.Int32(
        nullable=True,
        min=0,
        metadata=SYNTHETIC,
        description="Situation of a view or a skip, of synthetic/contexts; null where none fits its day and hour",
    )
    completion_rate = dy.Float32(
        nullable=True, min=0, max=1, metadata=SYNTHETIC, description="Share of the movie that was watched"
    )
    watch_seconds = dy.Int32(nullable=True, min=0, metadata=SYNTHETIC, description="That share of the running time")
    pauses = dy.Int16(nullable=True, min=0, metadata=SYNTHETIC, description="How often it was paused")
    rewinds = dy.Int16(nullable=True, min=0, metadata=SYNTHETIC, description="How often it was wound back")
