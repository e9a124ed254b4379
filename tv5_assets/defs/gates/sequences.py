"""Gates of sequences, beside those of their schema."""

from tv5_assets.dagster_kit.checks import Gate
from tv5_assets.defs.gates.common import RATINGS, known_movies
from tv5_assets.quality import sequences as rules

SEQUENCES = "features/sequences"


def sequence_gates() -> list[Gate]:
    """Return the gates of sequences beside those of their schema."""
    return [
        known_movies(SEQUENCES),
        Gate(
            SEQUENCES,
            {
                "in_order": "Positions count from 0 in the order of time, equal times in the order of the file.",
                "every_user": "Every user with training events has a sequence.",
                "nothing_held_out": "Every event is a training event of leave-last-out: none is what a model is asked.",
                "newest": "A sequence holds all of its user's training events since its first.",
            },
            rules.of_split,
            reads={"sequences": SEQUENCES, "ratings": RATINGS, "split": "features/split"},
        ),
    ]
