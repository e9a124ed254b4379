"""Schemas of the features layer: what is derived from interactions for a model to learn from."""

import dataframely as dy

from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import Table

NO_GENRE = "none"
"""Action of a movie without genres, and the last genre of a session's first state."""
ACTIONS = (*GENRES, NO_GENRE)
DAY_TYPES = ("weekday", "weekend")
PARTS = ("train", "history", "test", "unused")
"""What a rating is in a split: learnt from, known of a held-out user when they are asked about, asked, or left out."""


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
