"""Gates of contexts and interactions: how movies are watched; beside those of their schemas."""

from functools import partial

from tv5_assets.dagster_kit.checks import Gate, coherence_gate, rule_gate
from tv5_assets.defs.gates.common import MOVIES, RATINGS, known_movies, known_users
from tv5_assets.quality import frames, viewing
from tv5_assets.synthetic import contexts, interactions
from tv5_assets.tables.processed import TIMES_OF_DAY

CONTEXTS, INTERACTIONS, USERS = "synthetic/contexts", "synthetic/interactions", "synthetic/users"


def viewing_gates() -> list[Gate]:
    """Return the gates of contexts and interactions beside those of their schemas."""
    return [
        coherence_gate(CONTEXTS, contexts.RULES),
        rule_gate(
            CONTEXTS,
            "time_shares",
            "Times of day come in the shares that are declared.",
            partial(
                frames.proportions_as_declared,
                column="time_of_day",
                expected=dict(zip(TIMES_OF_DAY, contexts.TIME_SHARES, strict=True)),
            ),
            reads={"frame": CONTEXTS},
        ),
        rule_gate(
            CONTEXTS,
            "holiday_share",
            f"{contexts.HOLIDAY_SHARE:.0%} of the contexts are on a public holiday.",
            partial(
                frames.proportions_as_declared,
                column="is_holiday",
                expected={"true": contexts.HOLIDAY_SHARE, "false": 1 - contexts.HOLIDAY_SHARE},
            ),
            reads={"frame": CONTEXTS},
        ),
        coherence_gate(INTERACTIONS, interactions.RULES),
        known_movies(INTERACTIONS),
        known_users(INTERACTIONS, of=USERS),
        rule_gate(
            INTERACTIONS,
            "context_id_known",
            "Every context_id is in synthetic/contexts.",
            partial(frames.no_orphans, column="context_id", nullable=True),
            reads={"frame": INTERACTIONS, "parent": CONTEXTS},
        ),
        rule_gate(
            INTERACTIONS,
            "times",
            "Nothing happened before 1990 or in the future.",
            partial(frames.times_between, column="occurred_at"),
            reads={"frame": INTERACTIONS},
        ),
        Gate(
            INTERACTIONS,
            {
                "of_its_rating": "An event's user and movie are those of its rating.",
                "view_before_rating": "Every rating has a view that was over when it was given.",
                "view_after_release": "No view is before the year of release, unless the rating leaves no time then.",
                "skip_before_bad_rating": "What was skipped was not rated well afterwards.",
                "completion_follows_rating": "The better the rating, the more of the movie was watched.",
            },
            viewing.beside_ratings,
            reads={"interactions": INTERACTIONS, "ratings": RATINGS, "movies": MOVIES},
        ),
        rule_gate(
            INTERACTIONS,
            "watch_time",
            "The seconds watched are the completion rate times the running time of the movie.",
            viewing.watch_time,
            reads={"interactions": INTERACTIONS, "details": "synthetic/media_details"},
        ),
        Gate(
            INTERACTIONS,
            {
                "context_of_the_hour": "A context has the season, weekday and time of day of the viewer's own clock.",
                "context_of_the_date": "A context has no holiday and no event but those of the view's own date.",
                "no_tv_on_commute": "Nobody watches television on a commute.",
                "devices_as_preferred": "Who likes the television more watches it more often.",
                "late_nights_as_usual": "Who likes late nights more watches more often then.",
            },
            viewing.beside_viewers,
            reads={"interactions": INTERACTIONS, "contexts": CONTEXTS, "users": USERS},
        ),
        Gate(
            INTERACTIONS,
            {
                "hours_of_a_day": "Next to nobody watches more than 24 hours a day.",
                "one_view_at_a_time": "Next to no view begins before the last one of the same user is over.",
            },
            viewing.beside_themselves,
            reads={"interactions": INTERACTIONS},
        ),
    ]
