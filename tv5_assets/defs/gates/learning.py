"""Gates of features, embeddings and models, beside those of their schemas."""

from collections.abc import Callable, Mapping
from functools import partial

import polars as pl

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.dagster_kit.resources import EncoderResource
from tv5_assets.defs.gates.common import MOVIES, RATINGS, foreign_key, known_movies, known_users
from tv5_assets.embeddings.texts import catalog_texts, context_texts, segment_texts
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality import frames
from tv5_assets.quality import vectors as vector_rules
from tv5_assets.quality.policies import not_worse
from tv5_assets.quality.rewards import told_in_full
from tv5_assets.quality.verdict import Verdict

Texts = Callable[[pl.LazyFrame], pl.LazyFrame]

_SEED = 0
_VECTOR_DEMANDS = {
    "normalized": "Every vector has length 1, within a thousandth.",
    "finite": "No value is NaN or infinite.",
    "no_zero_vector": "No vector is all zero.",
}


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
        rule_gate(
            "features/state_action_rewards",
            "one_per_genre_and_movie",
            "Each episode has a row for every genre of its movie and one for the movie, with its state and reward.",
            told_in_full,
            reads={"rewards": "features/state_action_rewards", "episodes": "features/episodes", "movies": MOVIES},
        ),
        vectors_gate("embeddings/movies", "movie_id", MOVIES),
        vectors_gate("embeddings/users", "user_id", "synthetic/users"),
        _texts_gate("embeddings/contexts", "synthetic/contexts", context_texts),
        _texts_gate("embeddings/subtitle_segments", "synthetic/subtitle_segments", segment_texts),
        _texts_gate("embeddings/catalog", "synthetic/catalog", catalog_texts),
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
            "models/policy_values",
            "not_worse",
            "Learnt policies are not surely worth less than their archetypes' prior or popularity.",
            not_worse,
            reads={"values": "models/policy_values"},
        ),
        rule_gate(
            "models/policy_prior",
            "finite",
            "Every value of the prior is a number.",
            lambda prior: vector_rules.finite_tensors(prior.tensors),
            reads={"prior": "models/policy_prior"},
        ),
    ]


def vectors_gate(asset: str, id_column: str, source: str) -> Gate:
    """Return the gate of vectors that stand for the rows of a table, one each."""
    return Gate(
        asset,
        {
            "ids": f"There is a vector for every id of {source}, and for no other.",
            **_VECTOR_DEMANDS,
            "mostly_unique": "At least 95 % of the vectors are distinct.",
        },
        lambda vectors, source: vector_rules.all_rules(
            vectors, source.select(pl.col(id_column).unique().sort()).collect(engine="streaming").to_series().to_numpy()
        ),
        reads={"vectors": asset, "source": source},
    )


def _texts_gate(asset: str, source: str, texts: Texts) -> Gate:
    """Return the gate of vectors that texts were embedded to, of which some may be equal."""
    return Gate(
        asset,
        {
            "ids": f"There is a vector for every id of {source}, and for no other.",
            **_VECTOR_DEMANDS,
            "mostly_unique": "There are at least 95 % as many distinct vectors as distinct texts.",
            "dimensions": "The dimensions vary, and none has more than a quarter of the variance.",
            "near": "Texts in another case and punctuation are near to themselves, and farther from others.",
        },
        partial(_judge_texts, texts, asset == "embeddings/catalog"),
        reads={"vectors": asset, "source": source},
        resources=("encoder",),
    )


def _judge_texts(
    texts: Texts, is_catalog: bool, vectors: Vectors, source: pl.LazyFrame, encoder: EncoderResource
) -> Mapping[str, Verdict]:
    asked = texts(source)
    ids, distinct = asked.select("id").collect(), asked.select(pl.col("text").n_unique()).collect(engine="streaming")
    encode = (encoder.for_catalog() if is_catalog else encoder.get()).encode
    return {
        **vector_rules.all_rules(vectors, ids["id"].to_numpy(), texts=distinct.item()),
        "dimensions": vector_rules.dimensions_vary(vectors),
        "near": vector_rules.texts_are_near(vectors, asked, encode, _SEED),
    }
