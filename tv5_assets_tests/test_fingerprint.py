"""Equal data has an equal fingerprint, however it came about; anything else has another."""

from pathlib import Path

import numpy as np
import polars as pl

from tv5_assets.fingerprint import fingerprint

LONG = "a text too long to lie in a view"
TEXTS = pl.DataFrame({"text": [LONG, "b" * 40, "c"]})


def test_how_equal_texts_came_about_does_not_matter(tmp_path: Path) -> None:
    TEXTS.write_parquet(tmp_path / "texts.parquet")
    sorted_ = pl.DataFrame({"text": ["c", LONG, "x" * 50, "b" * 40]}).filter(pl.col("text") != "x" * 50).sort("text")
    several = pl.concat([TEXTS[:1], TEXTS[1:]], rechunk=False)
    found = {fingerprint(frame) for frame in (TEXTS, pl.read_parquet(tmp_path / "texts.parquet"), sorted_, several)}
    assert len(found) == 1


def test_values_types_names_and_order_matter() -> None:
    numbers = np.array([1, 2], dtype=np.int32)
    different = [
        (TEXTS,),
        (TEXTS[::-1],),
        (TEXTS.rename({"text": "other"}),),
        (TEXTS.with_columns(text=pl.lit("c")),),
        (numbers,),
        (numbers.astype(np.int64),),
        (numbers[::-1],),
        (numbers[:, None],),
        ("ab", "c"),
        ("a", "bc"),
    ]
    assert len({fingerprint(*parts) for parts in different}) == len(different)
