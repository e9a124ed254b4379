"""Gates of subtitles and lines of dialogue, beside those of their schemas."""

from functools import partial

from tv5_assets.dagster_kit.checks import Gate, coherence_gate, rule_gate
from tv5_assets.defs.gates.common import MOVIES, known_movies
from tv5_assets.quality import frames
from tv5_assets.quality import subtitles as rules
from tv5_assets.synthetic import segments, subtitles

SUBTITLES, SEGMENTS, DETAILS = "synthetic/subtitles", "synthetic/subtitle_segments", "synthetic/media_details"


def subtitle_gates() -> list[Gate]:
    """Return the gates of subtitles and lines of dialogue beside those of their schemas."""
    return [
        known_movies(SUBTITLES),
        rule_gate(
            SUBTITLES,
            "every_movie",
            "Every movie has subtitles.",
            partial(frames.no_orphans, column="movie_id"),
            reads={"frame": MOVIES, "parent": SUBTITLES},
        ),
        coherence_gate(SUBTITLES, subtitles.RULES),
        rule_gate(
            SUBTITLES,
            "harder_in_documentaries",
            "The words of documentaries are harder than those of action films, on average.",
            rules.harder_in_documentaries,
            reads={"subtitles": SUBTITLES, "movies": MOVIES},
        ),
        rule_gate(
            SUBTITLES,
            "complexity_of_genres",
            "In each language, words are as hard as the genres of the movie have it.",
            rules.complexity_of_genres,
            reads={"subtitles": SUBTITLES, "movies": MOVIES},
        ),
        Gate(
            SUBTITLES,
            {
                "density_of_movie": "As much is said as in the movie, in every language.",
                "references_of_culture": "What is referred to belongs to the culture of the movie's own language.",
            },
            rules.as_the_movie,
            reads={"subtitles": SUBTITLES, "details": DETAILS},
        ),
        rule_gate(
            SUBTITLES,
            "arcs_follow_genres",
            "The mood of comedies rises, that of dramas falls, and that of thrillers dips and recovers.",
            rules.arcs_follow_genres,
            reads={"subtitles": SUBTITLES, "movies": MOVIES},
        ),
        rule_gate(
            SUBTITLES,
            "topics_suggested",
            "The genres or the themes of a movie suggest each of its key topics.",
            rules.topics_suggested,
            reads={"subtitles": SUBTITLES, "movies": MOVIES},
        ),
        rule_gate(
            SUBTITLES,
            "original_language",
            "Exactly the subtitles in a movie's own language are marked as original.",
            rules.original_language,
            reads={"subtitles": SUBTITLES, "details": DETAILS},
        ),
        known_movies(SEGMENTS),
        coherence_gate(SEGMENTS, segments.RULES),
        rule_gate(
            SEGMENTS,
            "within_the_movie",
            "No line is shown after the movie's end.",
            rules.lines_within,
            reads={"segments": SEGMENTS, "details": DETAILS},
        ),
        Gate(
            SEGMENTS,
            {
                "language_offered": "The movie has subtitles in the language of the line.",
                "topics_of_movie": "What a line is about is one of the movie's key topics.",
            },
            rules.lines_of_subtitles,
            reads={"segments": SEGMENTS, "subtitles": SUBTITLES},
        ),
        rule_gate(
            SEGMENTS,
            "mostly_distinct",
            f"At least {rules.LEAST_DISTINCT:.0%} of the texts are different.",
            rules.mostly_distinct,
            reads={"segments": SEGMENTS},
        ),
    ]
