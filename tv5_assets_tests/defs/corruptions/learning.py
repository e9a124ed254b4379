"""Corruptions for the gates of features, embeddings and models."""

from dataclasses import replace

import numpy as np
import polars as pl

from tv5_assets.quality.policies import FEWEST_USERS
from tv5_assets_tests.defs.corruptions.corruption import (
    NOBODY,
    Corrupt,
    Corruption,
    in_first_row,
    table,
    without_first_row,
)
from tv5_assets_tests.defs.platform import Platform

POOLED = ("embeddings/movies", "embeddings/users", "embeddings/tower_movies", "embeddings/tower_users")
OF_TEXTS = ("embeddings/contexts", "embeddings/subtitle_segments", "embeddings/catalog")


def learning_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of features, embeddings and models."""
    similar, policies = "embeddings/similar_movies", "models/policies"
    rewards = "features/state_action_rewards"
    return [
        Corruption("features/episodes", "one_per_rating", table("features/episodes", without_first_row)),
        Corruption("features/episodes", "movie_id_known", table("features/episodes", in_first_row("movie_id", NOBODY))),
        Corruption(rewards, "one_per_genre_and_movie", table(rewards, without_first_row), name="lost"),
        Corruption(rewards, "one_per_genre_and_movie", table(rewards, in_first_row("state_id", 199)), name="state"),
        Corruption(
            rewards,
            "one_per_genre_and_movie",
            table(rewards, lambda frame: frame.with_columns(reward=-pl.col("reward"))),
            name="rewards",
        ),
        *(
            Corruption(similar, f"{column}_known", table(similar, in_first_row(column, NOBODY)))
            for column in ("movie_id", "similar_id")
        ),
        Corruption(policies, "user_id_known", table(policies, in_first_row("user_id", NOBODY))),
        Corruption(
            policies,
            "every_user",
            table(policies, lambda frame: frame.filter(pl.col("user_id") != frame["user_id"][0])),
        ),
        *(
            Corruption(
                "models/policy_values",
                "not_worse",
                table("models/policy_values", change),
                name=name,
            )
            for name, change in (
                (
                    "worse",
                    lambda frame: frame.with_columns(learnt_better_high=-0.01, users=pl.lit(FEWEST_USERS, pl.Int32)),
                ),
                ("no rival", lambda frame: frame.filter(pl.col("policy").cast(pl.String) != "prior")),
            )
        ),
        Corruption("models/policy_prior", "finite", _no_number_in_prior),
        *(
            Corruption(asset, check, _first_vector(asset, value), also)
            for asset in (*POOLED, *OF_TEXTS)
            for check, value, also in (
                ("normalized", 0.5, ()),
                ("finite", np.nan, ("normalized",)),
                ("no_zero_vector", 0, ("normalized",)),
            )
        ),
        *(
            corruption
            for asset in (*POOLED, *OF_TEXTS)
            for corruption in (
                Corruption(asset, "ids", _without_first_vector(asset)),
                Corruption(asset, "mostly_unique", _all_alike(asset), ("dimensions", "near") * (asset in OF_TEXTS)),
            )
        ),
        *(
            corruption
            for asset in OF_TEXTS
            for corruption in (
                Corruption(asset, "dimensions", _flat_dimensions(asset)),
                Corruption(asset, "near", _shifted(asset)),
            )
        ),
    ]


def _first_vector(asset: str, value: float) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        vectors.matrix[0] = value
        platform.put_vectors(asset, vectors)

    return corrupt


def _without_first_vector(asset: str) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        platform.put_vectors(asset, replace(vectors, ids=vectors.ids[1:], matrix=vectors.matrix[1:]))

    return corrupt


def _all_alike(asset: str) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        vectors.matrix[:] = vectors.matrix[0]
        platform.put_vectors(asset, vectors)

    return corrupt


def _flat_dimensions(asset: str) -> Corrupt:
    """Return what lets one dimension in ten be the same for all."""

    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        matrix = vectors.matrix
        matrix[:, ::10] = matrix[:, ::10].mean(axis=0)
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        platform.put_vectors(asset, vectors)

    return corrupt


def _shifted(asset: str) -> Corrupt:
    """Return what gives every text the vector of another."""

    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        platform.put_vectors(asset, replace(vectors, matrix=np.roll(vectors.matrix, 7, axis=0)))

    return corrupt


def _no_number_in_prior(platform: Platform) -> None:
    prior = platform.model("models/policy_prior")
    name, tensor = next((name, tensor) for name, tensor in prior.tensors.items() if tensor.dtype.kind == "f")
    damaged = tensor.copy()
    damaged.flat[0] = np.nan
    platform.put_model("models/policy_prior", replace(prior, tensors={**prior.tensors, name: damaged}))
