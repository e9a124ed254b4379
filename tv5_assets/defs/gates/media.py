"""Gates of what is made up about movies (details, people, credits, influences), beside those of its schemas."""

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, coherence_gate, rule_gate
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.defs.gates.common import MOVIES, RATINGS, foreign_key, known_movies
from tv5_assets.quality import frames, media
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic import credits as credits_
from tv5_assets.synthetic import influences as influences_
from tv5_assets.synthetic import media_details as details_

DETAILS, PEOPLE, CREDITS, INFLUENCES = (
    f"synthetic/{name}" for name in ("media_details", "people", "credits", "influences")
)
GENOME = "processed/genome_tags"


def media_gates() -> list[Gate]:
    """Return the gates of what is made up about movies, beside those of its schemas."""
    return [*_of_details(), *_of_people(), *_of_credits(), *_of_influences()]


def _of_details() -> list[Gate]:
    return [
        known_movies(DETAILS),
        rule_gate(
            DETAILS,
            "every_movie",
            "Every movie has details.",
            _every_movie,
            reads={"movies": MOVIES, "details": DETAILS},
        ),
        coherence_gate(DETAILS, details_.RULES),
        Gate(
            DETAILS,
            {rule.name: rule.demand for rule in details_.RULES_WITH_MOVIES},
            media.details_agree,
            reads={"details": DETAILS, "movies": MOVIES},
        ),
        rule_gate(
            DETAILS,
            "audience_is_mean",
            "The audience score is the mean of the movie's ratings, and null where it has none.",
            media.audience_is_mean,
            reads={"details": DETAILS, "ratings": RATINGS},
        ),
    ]


def _of_people() -> list[Gate]:
    return [
        rule_gate(
            PEOPLE,
            "names_agree",
            "Every name is usual in the person's country.",
            _names_agree,
            reads={"people": PEOPLE},
            resources=["settings"],
        ),
    ]


def _of_credits() -> list[Gate]:
    made_by = {"made_by": CREDITS}
    return [
        known_movies(CREDITS),
        foreign_key(CREDITS, "person_id", PEOPLE),
        rule_gate(
            # Not on the people: their gates would wait for those of the credits, which wait for theirs.
            CREDITS,
            "everybody_credited",
            "Every person has a credit.",
            _everybody_credited,
            reads={"people": PEOPLE, "made_by": CREDITS},
        ),
        rule_gate(
            CREDITS,
            "every_movie_directed",
            "Every movie has a director.",
            media.every_movie_directed,
            reads=made_by | {"movies": MOVIES},
        ),
        rule_gate(
            CREDITS,
            "billing_contiguous",
            "Those of a movie in one role are billed 1, 2, 3 and so on.",
            media.billing_contiguous,
            reads=made_by,
        ),
        Gate(
            CREDITS,
            {rule.name: rule.demand for rule in credits_.RULES},
            media.ages_plausible,
            reads=made_by | {"movies": MOVIES, "people": PEOPLE},
        ),
        rule_gate(
            CREDITS,
            "careers_coherent",
            f"A director's movies share a genre and lie within {credits_.LONGEST_CAREER} years.",
            media.careers_coherent,
            reads=made_by | {"movies": MOVIES},
        ),
        rule_gate(
            CREDITS,
            "directed_from_home",
            f"At least {credits_.DIRECTED_FROM_HOME:.0%} of the movies have a director from one of their countries.",
            media.directed_from_home,
            reads=made_by | {"details": DETAILS, "people": PEOPLE},
        ),
    ]


def _of_influences() -> list[Gate]:
    return [
        foreign_key(INFLUENCES, "newer_id", MOVIES, "movie_id"),
        foreign_key(INFLUENCES, "older_id", MOVIES, "movie_id"),
        foreign_key(INFLUENCES, "person_id", PEOPLE),
        Gate(
            INFLUENCES,
            {rule.name: rule.demand for rule in influences_.RULES}
            | {"themes_named": "In a set with a tag genome every influence names a theme."},
            media.influences_agree,
            reads={"influences": INFLUENCES, "movies": MOVIES, "genome_tags": GENOME},
        ),
        rule_gate(
            INFLUENCES,
            "director_shared",
            "One person directed both movies.",
            media.directors_shared,
            reads={"influences": INFLUENCES, "made_by": CREDITS},
        ),
        rule_gate(
            INFLUENCES,
            "bounded",
            f"A movie has at most {influences_.MOST_PER_MOVIE} influences.",
            media.influences_bounded,
            reads={"influences": INFLUENCES},
        ),
    ]


def _every_movie(movies: pl.LazyFrame, details: pl.LazyFrame) -> Verdict:
    return frames.no_orphans(movies, "movie_id", details)


def _everybody_credited(people: pl.LazyFrame, made_by: pl.LazyFrame) -> Verdict:
    return frames.no_orphans(people, "person_id", made_by)


def _names_agree(people: pl.DataFrame, settings: SettingsResource) -> Verdict:
    return media.names_agree(people, settings.get().seed)
