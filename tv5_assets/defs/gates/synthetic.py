"""Gates of the synthetic layer, beside those of its schemas."""

from functools import partial

import polars as pl

from tv5_assets.cadence import TRENDS
from tv5_assets.dagster_kit.checks import Gate, coherence_gate, rule_gate
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.defs.gates.common import MOVIES, RATINGS, known_movies, known_users
from tv5_assets.quality import audience, frames, offers, trending
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic import platforms, trends, users


def synthetic_gates() -> list[Gate]:
    """Return the gates of the synthetic layer beside those of its schemas."""
    return [
        known_users("synthetic/users", of=RATINGS),
        rule_gate(
            "synthetic/users",
            "every_rater",
            "Every user who rated has a profile.",
            partial(frames.no_orphans, column="user_id"),
            reads={"frame": RATINGS, "parent": "synthetic/users"},
        ),
        coherence_gate("synthetic/users", users.RULES),
        rule_gate(
            "synthetic/users",
            "names_usual",
            "Every name is usual where the user lives.",
            _names_usual,
            reads={"users": "synthetic/users"},
            resources=["settings"],
        ),
        Gate(
            "synthetic/users",
            {
                "archetype_shares": "Archetypes come in the shares that the table registry declares.",
                "country_shares": "Countries come in the shares that are declared.",
                "age_shares": "Ages come in the shares that are declared for each archetype.",
                "genre_shares": "The dearest genres come in the shares that are declared for each archetype.",
            },
            audience.drawn_as_declared,
            reads={"users": "synthetic/users"},
        ),
        *(known_movies(f"synthetic/{name}") for name in ("platforms", "trends", "trends_now")),
        rule_gate(
            "synthetic/platforms",
            "available_share",
            f"{platforms.SHARE_OFFERED:.0%} of the movies can be watched somewhere.",
            offers.available_share,
            reads={"platforms": "synthetic/platforms", "movies": MOVIES},
        ),
        coherence_gate("synthetic/platforms", platforms.RULES),
        Gate(
            "synthetic/platforms",
            {
                "french_on_tv5monde": "TV5MONDE carries more movies in French than there are elsewhere.",
                "original_sound": "Nearly every offer can be heard in the original language.",
                "dubbed_in_france": "Many foreign movies are dubbed in French for France.",
            },
            offers.beside_languages,
            reads={"platforms": "synthetic/platforms", "details": "synthetic/media_details"},
        ),
        rule_gate(
            "synthetic/trends",
            "every_day",
            "Every tracked movie has a row for every day.",
            partial(frames.complete_grid, rows="movie_id", columns="date"),
            reads={"frame": "synthetic/trends"},
        ),
        coherence_gate("synthetic/trends", trends.RULES),
        rule_gate(
            "synthetic/trends",
            "popularity_follows_momentum",
            "On every day movies rank by popularity nearly as by the real momentum of their ratings.",
            trending.popularity_follows_momentum,
            reads={"trends": "synthetic/trends"},
        ),
        rule_gate(
            "synthetic/trends",
            "momentum_is_of_ratings",
            "The momentum of the last day is that of the ratings, counted anew.",
            trending.momentum_is_of_ratings,
            reads={"trends": "synthetic/trends", "ratings": RATINGS},
        ),
        rule_gate(
            "synthetic/trends",
            "viral_as_declared",
            f"A viral moment begins on one of {1 / trends.VIRAL_CHANCE:,.0f} days of a movie.",
            trending.viral_as_declared,
            reads={"trends": "synthetic/trends"},
        ),
        coherence_gate("synthetic/trends_now", trends.NOW_RULES),
        Gate(
            "synthetic/trends_now",
            {
                "ranked_by_score": "In each scope the score falls with the rank, which has no gap.",
                "peak_of_history": "The peak is a day of the movie's highest popularity.",
            },
            trending.beside_history,
            reads={"trends_now": "synthetic/trends_now", "trends": "synthetic/trends"},
        ),
        rule_gate(
            "synthetic/trends_now",
            "fresh",
            f"The ranking is at most {TRENDS.fail_after.total_seconds() / 60:.0f} minutes old.",
            partial(frames.no_older_than, column="as_of", age=TRENDS.fail_after),
            reads={"frame": "synthetic/trends_now"},
        ),
    ]


def _names_usual(users: pl.DataFrame, settings: SettingsResource) -> Verdict:
    return audience.names_usual(users, settings.get().seed)
