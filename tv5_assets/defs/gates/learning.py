"""Gates of features, embeddings and models, beside those of their schemas."""

from functools import partial

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.defs.gates.common import MOVIES, RATINGS, foreign_key, known_movies, known_users
from tv5_assets.quality import frames
from tv5_assets.quality import vectors as vector_rules


def learning_gates() -> list[Gate]:
    """Return the gates of features, embeddings and models beside those of their schemas."""
    return [
        rule_gate(
            "features/episodes",
            "one_per_rating",
            "There is one step for every rating.",
            lambda episodes, ratings: frames.row_count_is(episodes, ratings.select(pl.len()).collect().item()),
            reads={"episodes": "features/episodes", "ratings": RATINGS},
        ),
        known_movies("features/episodes"),
        _vectors_gate("embeddings/movies", "movie_id", MOVIES),
        _vectors_gate("embeddings/users", "user_id", "synthetic/users"),
        known_movies("embeddings/similar_movies"),
        foreign_key("embeddings/similar_movies", "similar_id", MOVIES, "movie_id"),
        known_users("models/policies", of="synthetic/users"),
        rule_gate(
            "models/policies",
            "every_user",
            "Every user has a policy.",
            partial(frames.no_orphans, column="user_id"),
            reads={"frame": "synthetic/users", "parent": "models/policies"},
        ),
        rule_gate(
            "models/policy_prior",
            "finite",
            "Every value of the prior is a number.",
            lambda prior: vector_rules.finite_tensors(prior.tensors),
            reads={"prior": "models/policy_prior"},
        ),
    ]


def _vectors_gate(asset: str, id_column: str, source: str) -> Gate:
    return Gate(
        asset,
        {
            "ids": f"There is a vector for every id of {source}, and for no other.",
            "normalized": "Every vector has length 1, within a thousandth.",
            "finite": "No value is NaN or infinite.",
            "no_zero_vector": "No vector is all zero.",
            "mostly_unique": "At least 95 % of the vectors are distinct.",
        },
        lambda vectors, source: vector_rules.all_rules(
            vectors, source.select(pl.col(id_column).sort()).collect().to_series().to_numpy()
        ),
        reads={"vectors": asset, "source": source},
    )
