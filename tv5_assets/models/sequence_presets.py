"""Configurations of the models of sequences, by name: small ones for small sets, and those of the published recipes.

What does not belong here: what the fields mean (SequenceConfig).
"""

from collections.abc import Mapping
from dataclasses import replace

from tv5_assets.models.sequence import Kind, SequenceConfig
from tv5_assets.models.train import TrainConfig

_SMALL = TrainConfig(epochs=4, learning_rate=2e-3, warmup_steps=30, schedule="cosine", patience=3)
_PUBLISHED = TrainConfig(epochs=200, learning_rate=1e-3, warmup_steps=200, patience=10)

_NEGATIVES: Mapping[Kind, int] = {"sasrec": 512, "bert4rec": 0}

SMALL: Mapping[Kind, SequenceConfig] = {
    kind: SequenceConfig(
        kind,
        hidden=64,
        layers=2,
        heads=2,
        dropout=0.3,
        negatives=negatives,
        newest_share=0.25,
        stride=50,
        batch=64,
        neighbours=10,
        train=_SMALL,
    )
    for kind, negatives in _NEGATIVES.items()
}
"""For sets like ml-latest-small, on one core within a minute. BERT4Rec tells few items of a window, so that it can
afford the whole catalog; SASRec tells every one."""

QUICK: Mapping[Kind, SequenceConfig] = {
    kind: replace(config, negatives=512, train=replace(config.train, epochs=1)) for kind, config in SMALL.items()
}
"""For large sets on a processor: one epoch, and drawn items in place of a catalog of tens of thousands."""

PUBLISHED: Mapping[Kind, SequenceConfig] = {
    "sasrec": SequenceConfig("sasrec", length=200, negatives=3_000, stride=200, train=_PUBLISHED),
    "bert4rec": SequenceConfig("bert4rec", layers=4, heads=4, train=_PUBLISHED),
}
"""BERT4Rec with the sizes of its paper and the loss over the whole catalog; SASRec with 3,000 drawn items a batch, the
recipe that leads on ml-1m (Klenitskiy and Vasilev, 2023)."""
