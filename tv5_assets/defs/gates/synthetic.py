"""Gates of the synthetic layer, beside those of its schemas."""

from functools import partial

import polars as pl

from tv5_assets.cadence import TRENDS
from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.defs.gates.common import MOVIES, RATINGS, known_movies, known_users
from tv5_assets.quality import frames
from tv5_assets.quality.verdict import Verdict
from tv5_assets.tables.synthetic import ARCHETYPE_SHARES, ARCHETYPES

AVAILABLE_SHARE = (0.55, 0.65)


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
        rule_gate(
            "synthetic/users",
            "archetype_shares",
            "Archetypes come in the shares that the table registry declares.",
            partial(
                frames.proportions_as_declared,
                column="archetype",
                expected=dict(zip(ARCHETYPES, ARCHETYPE_SHARES, strict=True)),
            ),
            reads={"frame": "synthetic/users"},
        ),
        *(known_movies(f"synthetic/{name}") for name in ("platforms", "trends", "trends_now")),
        rule_gate(
            "synthetic/platforms",
            "available_share",
            "About 60 % of the movies can be watched somewhere.",
            _available_share,
            reads={"platforms": "synthetic/platforms", "movies": MOVIES},
        ),
        rule_gate(
            "synthetic/trends",
            "every_day",
            "Every tracked movie has a row for every day.",
            partial(frames.complete_grid, rows="movie_id", columns="date"),
            reads={"frame": "synthetic/trends"},
        ),
        rule_gate(
            "synthetic/trends_now",
            "fresh",
            f"The ranking is at most {TRENDS.fail_after.total_seconds() / 60:.0f} minutes old.",
            partial(frames.no_older_than, column="as_of", age=TRENDS.fail_after),
            reads={"frame": "synthetic/trends_now"},
        ),
    ]


def _available_share(platforms: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    return frames.share_between(
        platforms.select(pl.col("movie_id").n_unique()).collect().item(),
        movies.select(pl.len()).collect().item(),
        AVAILABLE_SHARE,
        "movies on a platform",
    )
