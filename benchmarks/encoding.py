"""Embedding a table shard by shard against bare ``SentenceTransformer.encode`` of the same distinct texts.

Ours includes everything between the Parquet file and the file of vectors: hashing, finding equal texts, batches, the
work file and its journal, gathering. Bare has its list of distinct texts ready. Both run the bundled model in float32
on the processor, so that the choice of a number type decides nothing.

    python -m benchmarks.encoding
"""

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sentence_transformers import SentenceTransformer

from tv5_assets.embeddings.encoder import BUNDLED_MODEL, Encoder, located
from tv5_assets.embeddings.shards import embed
from tv5_assets.embeddings.vectors import write_vectors

TARGET_RATIO = 1 / 0.95
"""At least 95 % of the bare speed."""
BATCH_SIZE = 64
_ROUNDS = 3
_WORDS = "city river night train letter captain garden winter music detective island mountain painter storm secret"


def run(texts: int = 2_000, repeats: int = 2, seed: int = 42) -> list[dict[str, Any]]:
    """Measure both sides in turn, since other work on the machine comes and goes; the best time of each counts.

    Args:
        texts: distinct texts, of 4 to 40 words.
        repeats: how often each comes in the table that is embedded; bare encodes it once.
        seed: of the words.

    Returns:
        One row: name, seconds, bare_seconds, ratio of the two, target_ratio, and peak_mb of this process with its
        models.
    """
    distinct = _texts(texts, seed)
    encoder = Encoder(device="cpu", dtype="float32", batch_size=BATCH_SIZE)
    bare = SentenceTransformer(str(located(BUNDLED_MODEL)), device="cpu")
    for encode in (encoder.encode, bare.encode):  # models are loaded and threads are up before the clock runs
        encode(distinct[:BATCH_SIZE])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pl.DataFrame({"id": range(texts * repeats), "text": distinct * repeats}).write_parquet(folder / "texts.parquet")
        sides: dict[str, Callable[[], object]] = {
            "ours": lambda: _embed(encoder, folder, shard_texts=max(1, texts // 2)),
            "bare": lambda: bare.encode(distinct, batch_size=BATCH_SIZE, show_progress_bar=False),
        }
        seconds = {side: float("inf") for side in sides}
        for _ in range(_ROUNDS):
            for side, call in sides.items():
                started = time.perf_counter()
                call()
                seconds[side] = min(seconds[side], time.perf_counter() - started)
    return [
        {
            "name": "encoding/shards",
            "seconds": seconds["ours"],
            "bare_seconds": seconds["bare"],
            "ratio": seconds["ours"] / seconds["bare"],
            "target_ratio": TARGET_RATIO,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    ]


def _embed(encoder: Encoder, folder: Path, shard_texts: int) -> None:
    texts = pl.scan_parquet(folder / "texts.parquet")
    embedded = embed(texts, encoder, folder / ".texts.work", shard_texts)
    write_vectors(embedded.vectors, folder / "texts.arrow")
    embedded.vectors.discard()


def _texts(count: int, seed: int) -> list[str]:
    """Return distinct texts whose lengths lie as those of dialogue and catalog items do."""
    rng = np.random.default_rng(seed)
    words = rng.choice(_WORDS.split(), (count, 40))
    lengths = rng.integers(4, 41, count)
    return [f"{' '.join(row[:length])} {n}" for n, (row, length) in enumerate(zip(words, lengths, strict=True))]


if __name__ == "__main__":
    for row in run():
        print(row)
