"""Corruptions for the gates of recommenders."""

from dataclasses import replace

import numpy as np
import polars as pl

from tv5_assets.defs.gates.recommenders import BOARD, FOLDERS, RESULTS
from tv5_assets.quality.leaderboard import FEWEST_USERS
from tv5_assets_tests.defs.corruptions.corruption import NOBODY, Change, Corrupt, Corruption, in_first_row, table
from tv5_assets_tests.defs.platform import Platform


def recommender_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of recommenders that block."""
    return [
        *(Corruption(asset, "user_id_known", table(asset, in_first_row("user_id", NOBODY))) for asset in RESULTS),
        *(Corruption(asset, "finite", _not_a_number(asset)) for asset in FOLDERS),
        Corruption(BOARD, "beats_popularity", table(BOARD, _worth("model", 0.0)), also=("best_beats_ease",)),
    ]


def recommender_warnings() -> list[Corruption]:
    """Return corruptions for the gate that only warns."""
    return [Corruption(BOARD, "best_beats_ease", table(BOARD, _worth("model", 1.0, to_ease_low=0.9)))]


def _worth(kind: str, value: float, **ratios: float) -> Change:
    """Return what gives every recommender of a kind another value, and all enough users to be judged."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        of_kind = pl.col("kind").cast(pl.String) == kind
        changed = {"value": value, "to_ease_low": 0.0, **ratios}
        return frame.with_columns(
            pl.col("users").clip(lower_bound=FEWEST_USERS),
            *(pl.when(of_kind).then(number).otherwise(name).alias(name) for name, number in changed.items()),
        )

    return change


def _not_a_number(asset: str) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        model = platform.model(asset)
        name, tensor = next((name, one) for name, one in model.tensors.items() if one.dtype.kind == "f" and one.size)
        damaged = tensor.copy()
        damaged.flat[0] = np.nan
        platform.put_model(asset, replace(model, tensors={**model.tensors, name: damaged}))

    return corrupt
