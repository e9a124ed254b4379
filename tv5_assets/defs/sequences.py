"""The asset of sequences: what models of sequences are asked with."""

import narwhals as nw

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.features.sequences import sequences as sequences_of
from tv5_assets.tables import features


@table_asset(features.Sequences, kinds=("narwhals",), ins={"ratings": "processed/ratings", "split": "features/split"})
def sequences(settings: SettingsResource, ratings: nw.LazyFrame, split: nw.LazyFrame) -> nw.LazyFrame:
    return sequences_of(ratings, split, settings.get().sequence_length)
