"""Schemas of the features layer: what is derived from interactions for a model to learn from."""

import dataframely as dy

from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.processed import DAYS_OF_WEEK, GENRES
from tv5_assets.tables.table import Table

NO_GENRE = "none"
"""Action of a movie without genres, and the last genre of a session's first state."""
ACTIONS = (*GENRES, NO_GENRE)
DAY_TYPES = ("weekday", "weekend")
PARTS = ("train", "history", "test", "unused")
"""What a rating is in a split: learnt from, known of a held-out user when they are asked about, asked, or left out."""
ALL = "all"
"""Every protocol, and every part but ``unused``."""


class Episodes(Table):
    """What each user did, as reinforcement learning sees it."""

    key = "features/episodes"
    owner = "team:recommendations"
    about = (
        "One row per rating as a step of an episode: the state it happened in, the genre that was chosen, the reward "
        "that followed and the next state. A gap of 30 days ends a session."
    )

    row = dy.Int64(primary_key=True, min=0, description="Row of the rating it comes from")
    user_id = dy.Int32(min=1, description="MovieLens user id")
    session = dy.Int32(min=0, description="Number of the user's session, from 0")
    step = dy.Int32(min=0, description="Number of the step in the user's whole history, from 0")
    state = dy.String(min_length=1, description="time of day|day type|last genre, such as evening|weekend|Drama")
    action = dy.Enum(ACTIONS, description="Genre of the movie that the user chose")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    reward = dy.Float32(min=-1, max=1, description="Reward of the rating, from -1 to 1")
    next_state = dy.String(nullable=True, description="State of the next step; null where the session ends")
    terminal = dy.Bool(description="The session ends with this step")
    occurred_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="When, UTC")


class StateActionRewards(Table):
    """What each choice was worth, genre by genre."""

    key = "features/state_action_rewards"
    owner = "team:recommendations"
    about = (
        "About four rows per episode: one for each genre of the chosen movie and one for the movie itself, with the "
        "state it was chosen in and the reward that followed."
    )

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    step = dy.Int32(primary_key=True, min=0, description="Step of the user's history, as in features/episodes")
    action_id = dy.Int32(
        primary_key=True,
        min=1 - len(ACTIONS),
        description="A movie's MovieLens id, or a genre at 0 and below: minus its place among the actions",
    )
    state_id = dy.Int16(min=0, description="Place of the state among all states, by time of day, day type, last genre")
    reward = dy.Float32(min=-1, max=1, description="Reward of the rating, from -1 to 1")
    occurred_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="When, UTC")


class Sequences(Table):
    """What each user did last, as models of sequences are asked with it."""

    key = "features/sequences"
    owner = "team:recommendations"
    about = (
        "One row per event of a user's sequence: their newest training events under leave-last-out, oldest first, at "
        "most TV5_SEQUENCE_LENGTH of them. The user's last rating is not among them: it is what a model is asked for."
    )

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    position = dy.Int32(primary_key=True, min=0, description="Place in the sequence, from 0, the newest last")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    row = dy.Int64(min=0, description="Row of the rating it comes from")
    rated_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="When the rating was given, UTC, to the second")
    rating = dy.Float32(min=0.5, max=5.0, description="Stars")


def part_column(protocol: str) -> str:
    """Return the column of ``features/split`` that holds the parts by a protocol."""
    return protocol.replace("-", "_")


def _parts(about: str) -> dy.Enum:
    return dy.Enum(PARTS, description=f"Part {about}")


class Splits(Table):
    """What each rating is for, by each protocol."""

    key = "features/split"
    owner = "team:recommendations"
    about = (
        "One row per rating: its part by each protocol, train, history (of a held-out user), test or unused. Unused, "
        "by all protocols alike, are the ratings of users and of movies that have too few (TV5_MIN_USER_RATINGS, "
        "TV5_MIN_MOVIE_RATINGS)."
    )

    row = dy.Int64(primary_key=True, min=0, description="Row of the rating")
    user_id = dy.Int32(min=1, description="MovieLens user id")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    user_80_20 = _parts("by user-80-20: a fifth of each user's ratings, drawn at random, is test")
    temporal = _parts("by temporal: the last fifth of all ratings, from one moment on, is test")
    leave_last_out = _parts("by leave-last-out: each user's last rating is test")
    strong_generalization = _parts(
        "by strong-generalization: of a tenth of the users, drawn at random, a fifth of the ratings is test and the "
        "others are history; the other users are train"
    )


class InteractionFeatures(Table):
    """Every rating that is used, as a model reads it."""

    key = "features/interactions"
    owner = "team:recommendations"
    about = (
        "One row per rating that the split uses: how it compares with the user's other ratings, and when it was given. "
        "Mean and spread are those of what is known of the user, the train and history rows by TV5_PROTOCOL."
    )

    row = dy.Int64(primary_key=True, min=0, description="Row of the rating")
    user_id = dy.Int32(min=1, description="MovieLens user id")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    part = dy.Enum(PARTS, description="Part by TV5_PROTOCOL: train, history or test")
    rating = dy.Float32(min=0.5, max=5.0, description="Stars")
    rating_normalized = dy.Float32(
        nullable=True,
        description="Z-score: (rating - the user's mean) / the user's standard deviation; 0 where they always give the "
        "same, null where nothing is known of them",
    )
    rated_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="When the rating was given, UTC")
    day_of_week = dy.Enum(DAYS_OF_WEEK, description="Day of the week, UTC")
    hour_of_day = dy.Int8(min=0, max=23, description="Hour of the day, UTC")


class UserFeatures(Table):
    """What is known of each user when they are asked about."""

    key = "features/users"
    owner = "team:recommendations"
    about = (
        "One row per user with a rating that is known when they are asked about: how they rate, how often, and what. "
        "Computed from the train and history rows by TV5_PROTOCOL, never from what is tested."
    )

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    rating_mean = dy.Float32(min=0.5, max=5.0, description="Mean of the ratings given")
    rating_std = dy.Float32(min=0, max=2.25, description="Standard deviation of the ratings given, 0 of one rating")
    rating_count = dy.Int32(min=1, description="Number of ratings given")
    top_genres = dy.List(
        dy.Enum(GENRES), max_length=3, description="Up to three genres with the largest weights, the largest first"
    )
    rating_velocity = dy.Float32(
        min=0, description="Ratings a month of 30.44 days between the first and the last, which count as one at least"
    )
    recency_days = dy.Int32(min=0, description="Whole days from the last rating to the newest rating of anyone")
    rating_range = dy.Float32(min=0, max=4.5, description="Highest rating given minus the lowest")
    genre_weights = dy.Array(
        dy.Float32(min=0, max=1.001),
        len(GENRES),
        description="Share of the user's stars that each genre has, in the order of the genres; a movie gives its "
        "stars to each of its genres; all 0 where no movie has one",
    )
    tag_affinity = dy.List(
        dy.Struct({"tag": dy.String(), "uses": dy.Int32(min=1)}),
        max_length=10,
        description="Up to ten tags that the user gave most to movies they are known to have rated, most used first",
    )
    active_hour = dy.Int8(min=0, max=23, description="Hour of the day in which the user rates most, UTC")


class MovieFeatures(Table):
    """What is known of each movie."""

    key = "features/movies"
    owner = "team:recommendations"
    about = (
        "One row per movie of the catalog: how often and how it is rated, and what it is. Computed from the train rows "
        "by TV5_PROTOCOL; a movie without any is there, with a count of 0."
    )

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id")
    popularity = dy.Float32(min=0, description="Logarithm of 1 + the number of ratings")
    avg_rating = dy.Float32(nullable=True, min=0.5, max=5.0, description="Mean of the ratings; null without any")
    rating_std = dy.Float32(
        nullable=True, min=0, max=2.25, description="Standard deviation of the ratings; null without any"
    )
    rating_trend = dy.Float32(
        nullable=True,
        min=-4.5,
        max=4.5,
        description="Mean of the ratings of the last 365 days minus mean of those before; null where there are none of "
        "either. The days end with the newest rating of any movie",
    )
    rating_count = dy.Int32(min=0, description="Number of ratings")
    genres = dy.List(dy.Enum(GENRES), description="Genres; empty where none is listed")
    release_year = dy.Int16(nullable=True, min=1870, max=2100, description="Year of release, if known")
    genre_vector = dy.Array(
        dy.Float32(min=0, max=1),
        len(GENRES),
        description="1 for each genre that the movie has, in the order of the genres",
    )


class Statistics(Table):
    """How large the set and its parts are."""

    key = "features/statistics"
    owner = "team:recommendations"
    about = (
        "One row for the ratings that the split uses, and one per protocol and part: how many users, movies and "
        "ratings there are, how sparse they are, and how they rate."
    )

    protocol = dy.Enum((ALL, *PROTOCOLS), primary_key=True, description="Protocol, or all of them")
    part = dy.Enum((ALL, *PARTS), primary_key=True, description="Part by it, or all parts but unused")
    n_users = dy.Int64(min=0, description="Users with a rating in it")
    n_movies = dy.Int64(min=0, description="Movies with a rating in it")
    n_ratings = dy.Int64(min=1, description="Ratings in it")
    sparsity = dy.Float64(min=0, max=1, description="Share of the pairs of these users and movies without a rating")
    avg_rating = dy.Float64(min=0.5, max=5.0, description="Mean of the ratings")
    rating_std = dy.Float64(min=0, max=2.25, description="Standard deviation of the ratings")
    first_rated_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="Time of the first rating, UTC")
    last_rated_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="Time of the last rating, UTC")
