"""How large models are and how long they are trained, by the value of TV5_TRAINING.

What does not belong here: what the fields mean (the configuration of each model).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from tv5_assets.models.sequence import SequenceConfig
from tv5_assets.models.sequence_presets import PUBLISHED, QUICK, SMALL
from tv5_assets.models.train import TrainConfig
from tv5_assets.models.two_tower import TwoTowerConfig

Size = Literal["small", "quick", "published"]
LARGE = 5_000_000
"""Ratings from which models are not trained as on small sets; ml-1m has fewer, ml-10m and ml-25m more."""

_SEQUENCES: Mapping[Size, tuple[SequenceConfig, ...]] = {
    "small": tuple(SMALL.values()),
    "quick": tuple(QUICK.values()),
    "published": tuple(PUBLISHED.values()),
}

JOINED_LAMBDA = 150.0
"""Lambda of the EASE that the two-tower is joined with; on ml-latest-small's validation slices it differs little from
100 to 250."""


_TWO_TOWERS: Mapping[Size, TwoTowerConfig] = {
    "small": TwoTowerConfig(),
    "quick": TwoTowerConfig(
        loss="sampled_softmax",
        l2=4e-6,
        users_per_batch=512,
        train=TrainConfig(epochs=2, learning_rate=3e-3, schedule="cosine", patience=0),
    ),
    "published": TwoTowerConfig(
        l2=4e-6,
        users_per_batch=2_048,
        start="random",
        train=TrainConfig(epochs=20, learning_rate=1e-2, schedule="cosine", patience=0),
    ),
}
"""The published one is for sets like ml-25m: ten times the users in a step keep a GPU busy, and the more is known of a
movie, the less it has to be held back. On a simulated set of 25 million ratings it found more than EASE of the 10,000
most popular movies (NDCG@10 .423, .413) after 16 s on an H100.

The quick one is for such sets on a processor, where the softmax over the whole catalog would take hours. On a
simulated set of 25 million ratings one epoch took 48 s on two threads; started from singular vectors it found half more
than from small draws (NDCG@10 .238, .162)."""


def size_of(training: Literal["auto"] | Size, ratings: int, device: str) -> Size:
    """Return what ``auto`` stands for: small for small sets; for large ones published on a GPU, else quick."""
    if training != "auto":
        return training
    if ratings < LARGE:
        return "small"
    return "published" if device.startswith("cuda") else "quick"


def two_tower(size: Size, epochs: int | None = None) -> TwoTowerConfig:
    """Return the two-tower's configuration, with fewer or more epochs where a number is given."""
    config = _TWO_TOWERS[size]
    return config if epochs is None else replace(config, train=replace(config.train, epochs=epochs))


def sequence(size: Size, epochs: int | None = None) -> tuple[SequenceConfig, ...]:
    """Return the configuration of each model of sequences, with fewer or more epochs where a number is given."""
    configs = _SEQUENCES[size]
    if epochs is None:
        return configs
    return tuple(replace(config, train=replace(config.train, epochs=epochs)) for config in configs)
