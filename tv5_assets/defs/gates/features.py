"""Gates of splits and features, beside those of their schemas."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.defs.gates.common import MOVIES, RATINGS
from tv5_assets.features.interactions import KNOWN
from tv5_assets.features.splits import HELD_OUT_SHARE, TEST_SHARE
from tv5_assets.quality import features as rules
from tv5_assets.quality import frames
from tv5_assets.quality.verdict import Verdict

SPLIT, INTERACTIONS, USERS, MOVIE_FEATURES, STATISTICS = (
    f"features/{name}" for name in ("split", "interactions", "users", "movies", "statistics")
)


def feature_gates() -> list[Gate]:
    """Return the gates of splits and features beside those of their schemas."""
    return [
        Gate(
            SPLIT,
            {
                "one_per_rating": "Every rating has one row, of its user and movie, and nothing else has.",
                "parts": "What one protocol does not use, none does; only strong-generalization knows history.",
                "user_shares": f"user-80-20: {TEST_SHARE:.0%} of each user's ratings, rounded down, are test rows.",
                "time_order": "temporal: every train row was rated before every test row.",
                "temporal_share": f"temporal: {1 - TEST_SHARE:.0%} of the ratings, less equal times, are train rows.",
                "last_out": "leave-last-out: each user's last rating is the test row, of equal times the last row.",
                "held_out": f"strong-generalization: {HELD_OUT_SHARE:.0%} of the users are held out, with no train row "
                f"and {TEST_SHARE:.0%} of their ratings as test rows.",
            },
            rules.split_rules,
            reads={"split": SPLIT, "ratings": RATINGS},
        ),
        Gate(
            INTERACTIONS,
            {
                "as_split": "There is one row for each rating that the split uses, with its part by TV5_PROTOCOL.",
                "normalized": "The known ratings of each user have mean 0 and standard deviation 1, or all are 0.",
            },
            _judge_interactions,
            reads={"interactions": INTERACTIONS, "split": SPLIT, "ratings": RATINGS},
            resources=("settings",),
        ),
        rule_gate(
            USERS,
            "known_only",
            "Count and mean of each user are those of what is known of them: no test row is in a feature.",
            partial(rules.computed_from, key="user_id", mean="rating_mean", parts=KNOWN),
            reads={"features": USERS, "interactions": INTERACTIONS},
        ),
        rule_gate(
            MOVIE_FEATURES,
            "train_only",
            "Count and mean of each movie are those of its train rows: no other row is in a feature.",
            partial(rules.computed_from, key="movie_id", mean="avg_rating", parts=("train",)),
            reads={"features": MOVIE_FEATURES, "interactions": INTERACTIONS},
        ),
        rule_gate(
            MOVIE_FEATURES,
            "every_movie",
            "Every movie of the catalog has features.",
            partial(frames.no_orphans, column="movie_id"),
            reads={"frame": MOVIES, "parent": MOVIE_FEATURES},
        ),
        rule_gate(
            STATISTICS,
            "as_split",
            "The ratings of each part are as many as the split has.",
            _statistics_agree,
            reads={"statistics": STATISTICS, "split": SPLIT},
        ),
    ]


def _judge_interactions(
    interactions: pl.LazyFrame, split: pl.LazyFrame, ratings: pl.LazyFrame, settings: SettingsResource
) -> Mapping[str, Verdict]:
    return rules.interaction_rules(interactions, split, ratings, settings.get().protocol)


def _statistics_agree(statistics: pl.DataFrame, split: pl.LazyFrame) -> Verdict:
    return rules.statistics_agree(statistics, split)
