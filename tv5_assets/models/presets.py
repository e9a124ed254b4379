"""How large models are and how long they are trained, by the value of TV5_TRAINING.

What does not belong here: what the fields mean (the configuration of each model).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from tv5_assets.models.sequence import SequenceConfig
from tv5_assets.models.sequence_presets import PUBLISHED, SMALL
from tv5_assets.models.two_tower import TwoTowerConfig

Size = Literal["small", "published"]

_SEQUENCES: Mapping[Size, tuple[SequenceConfig, ...]] = {
    "small": tuple(SMALL.values()),
    "published": tuple(PUBLISHED.values()),
}

JOINED_LAMBDA = 150.0
"""Lambda of the EASE that the two-tower is joined with; on ml-latest-small's validation slices it differs little from
100 to 250."""


def two_tower(_size: Size, epochs: int | None = None) -> TwoTowerConfig:
    """Return the two-tower's configuration, with fewer or more epochs where a number is given."""
    config = TwoTowerConfig()
    return config if epochs is None else replace(config, train=replace(config.train, epochs=epochs))


def sequence(size: Size, epochs: int | None = None) -> tuple[SequenceConfig, ...]:
    """Return the configuration of each model of sequences, with fewer or more epochs where a number is given."""
    configs = _SEQUENCES[size]
    if epochs is None:
        return configs
    return tuple(replace(config, train=replace(config.train, epochs=epochs)) for config in configs)
