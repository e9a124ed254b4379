"""Gates of recommenders: what was trained, what it reached, and the vectors of its towers."""

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.defs.gates.common import MOVIES, RATINGS, known_users
from tv5_assets.defs.gates.learning import vectors_gate
from tv5_assets.quality import leaderboard
from tv5_assets.quality import vectors as vector_rules
from tv5_assets.tables.models import BaselineResults, Leaderboard, SequenceResults, TowerResults

RESULTS = (BaselineResults.key, TowerResults.key, SequenceResults.key)
FOLDERS = ("models/ease", "models/two_tower", "models/joined", "models/sasrec", "models/bert4rec")
BOARD = Leaderboard.key


def recommender_gates() -> list[Gate]:
    """Return the gates of recommenders beside those of their schemas."""
    return [
        *(known_users(asset, of=RATINGS) for asset in RESULTS),
        *(
            rule_gate(
                asset,
                "finite",
                "Every number that was learnt is one.",
                lambda model: vector_rules.finite_tensors(model.tensors),
                reads={"model": asset},
            )
            for asset in FOLDERS
        ),
        rule_gate(
            BOARD,
            "beats_popularity",
            "Every model finds more than popularity does, under every protocol that asks enough users; models of "
            "sequences under those that hold out what came last, where order tells something.",
            leaderboard.beats_popularity,
            reads={"board": BOARD},
        ),
        rule_gate(
            BOARD,
            "best_beats_ease",
            "The best model finds more than EASE does, by more than chance.",
            leaderboard.best_beats_ease,
            reads={"board": BOARD},
            warning=True,
        ),
        vectors_gate("embeddings/tower_movies", "movie_id", MOVIES),
        vectors_gate("embeddings/tower_users", "user_id", RATINGS),
    ]
