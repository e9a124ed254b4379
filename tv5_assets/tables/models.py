"""Schemas of learnt tables."""

import dataframely as dy

from tv5_assets.tables.features import ACTIONS
from tv5_assets.tables.synthetic import ARCHETYPES
from tv5_assets.tables.table import SYNTHETIC, Table


class Policies(Table):
    """What each user would like next, in each state they have been in."""

    key = "models/policies"
    owner = "team:recommendations"
    about = "One row per user and visited state: the learnt value of each genre there, from the user's own episodes."

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    state = dy.String(min_length=1, description="time of day|day type|last genre")
    state_hash = dy.String(primary_key=True, regex=r"^[0-9a-f]{16}$", description="Hash of the state, key in stores")
    archetype = dy.Enum(ARCHETYPES, metadata=SYNTHETIC, description="Archetype whose prior the policy started from")
    q_values = dy.List(
        dy.Struct(
            {
                "action": dy.Enum(ACTIONS),
                "mean": dy.Float32(),
                "variance": dy.Float32(min=0),
                "visits": dy.Int32(min=0),
            }
        ),
        min_length=1,
        description="Value of each action: posterior mean and variance, and how often it was tried; best first",
    )
    exploration_rate = dy.Float32(min=0, max=1, description="Share of choices that should still explore")
    total_visits = dy.Int32(min=1, description="Steps of the user in this state")
    average_reward = dy.Float32(min=-1, max=1, description="Mean reward of those steps")
    updated_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="Time of the last step that shaped it")
