"""Gates of the raw and processed layers, beside those of their schemas."""

from functools import partial

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.defs.gates.common import MANIFEST, MOVIES, RATINGS, TAGS, foreign_key, known_movies
from tv5_assets.quality import frames, sources
from tv5_assets.quality.verdict import Verdict

PROCESSED = ("movies", "ratings", "tags", "genome_tags", "genome_scores", "demographics")
LEAST_YEAR_SHARE = 0.95


def processed_gates() -> list[Gate]:
    """Return the gates of the raw and processed layers beside those of their schemas."""
    return [
        *(
            rule_gate(
                f"processed/{name}",
                "published_rows",
                "A named set has as many rows as GroupLens publishes.",
                partial(sources.rows_as_published, table=name),
                reads={"frame": f"processed/{name}", "manifest": MANIFEST},
            )
            for name in PROCESSED
        ),
        rule_gate(
            RATINGS,
            "published_users",
            "A named set has as many users as GroupLens publishes.",
            sources.users_as_published,
            reads={"ratings": RATINGS, "manifest": MANIFEST},
        ),
        rule_gate(
            MOVIES,
            "year_found",
            f"A year was found in at least {LEAST_YEAR_SHARE:.0%} of the titles.",
            lambda movies: frames.share_at_least(
                movies, pl.col("year").is_not_null(), LEAST_YEAR_SHARE, "movies with a year"
            ),
            reads={"movies": MOVIES},
        ),
        *(
            rule_gate(
                asset,
                "times",
                "Nothing happened before 1990 or in the future.",
                partial(frames.times_between, column=column),
                reads={"frame": asset},
            )
            for asset, column in ((RATINGS, "rated_at"), (TAGS, "tagged_at"))
        ),
        known_movies(RATINGS),
        # On movies, not on the table that points there: movies are made from these, so they cannot wait for movies.
        *(
            rule_gate(
                MOVIES,
                f"{name}_known",
                f"Every movie of processed/{name} is there.",
                partial(frames.no_orphans, column="movie_id"),
                reads={"frame": f"processed/{name}", "parent": MOVIES},
            )
            for name in ("tags", "genome_scores")
        ),
        foreign_key("processed/genome_scores", "tag_id", "processed/genome_tags"),
        rule_gate(
            "processed/rejects",
            "share",
            "At most TV5_MAX_REJECT_SHARE of the raw rows (0.1 % unless set) could not be understood.",
            _few_rejects,
            reads={"rejects": "processed/rejects", "manifest": MANIFEST},
            resources=["settings"],
        ),
        rule_gate(
            "processed/rejects",
            "nothing_lost",
            "Every raw row is in its table or among the rejects.",
            _nothing_lost,
            reads={
                "rejects": "processed/rejects",
                "manifest": MANIFEST,
                **{name: f"processed/{name}" for name in PROCESSED},
            },
            resources=["settings"],
        ),
    ]


def _few_rejects(rejects: pl.DataFrame, manifest: pl.DataFrame, settings: SettingsResource) -> Verdict:
    return frames.rejects_within(len(rejects), int(manifest["rows"].sum()), settings.get().max_reject_share)


def _nothing_lost(
    rejects: pl.DataFrame, manifest: pl.DataFrame, settings: SettingsResource, **tables: pl.LazyFrame
) -> Verdict:
    return sources.nothing_lost(settings.get().raw_folder, manifest, rejects, tables)
