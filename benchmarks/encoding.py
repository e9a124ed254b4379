"""Embedding a table shard by shard against bare ``SentenceTransformer.encode`` of the same distinct texts.

Ours includes everything between the Parquet file and the file of vectors: hashing, finding equal texts, batches, the
work file and its journal, gathering. Bare has its list of distinct texts ready. Both run the bundled model in the same
number type, so that the choice of one decides nothing: float32 on the processor, float16 on a GPU, where it is also
measured for how much of the time the GPU computes. Beside that, how fast texts become tokens, which a GPU waits for.

    python -m benchmarks.encoding
"""

import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import torch
from sentence_transformers import SentenceTransformer

from tv5_assets.embeddings.encoder import BUNDLED_MODEL, Dtype, Encoder, located
from tv5_assets.embeddings.shards import embed
from tv5_assets.embeddings.tokens import tokens_of
from tv5_assets.embeddings.vectors import write_vectors

TARGET_RATIO = 1 / 0.95
"""At least 95 % of the bare speed."""
GPU_TARGET_RATIO = 1 / 0.9
"""A GPU computes in at least 90 % of the time."""
_TEXTS = {"cpu": 2_000, "cuda": 400_000}  # distinct ones, which take seconds
_TEXTS_READ = 65_536  # a GPU's shard
_BATCH_SIZE = {"cpu": 64, "cuda": 1_024}
_DTYPE: dict[str, Dtype] = {"cpu": "float32", "cuda": "float16"}
_ROUNDS = 3
_WORDS = "city river night train letter captain garden winter music detective island mountain painter storm secret"


def run(repeats: int = 2, seed: int = 42) -> Iterator[dict[str, Any]]:
    """Measure on the processor, and on a GPU where there is one.

    Args:
        repeats: how often each text comes in the table that is embedded; bare encodes it once.
        seed: of the words.

    Yields:
        Rows: name, seconds, bare_seconds, ratio of the two, target_ratio, and peak_mb of this process with its models.
        For ``encoding/tokens`` bare is the tokenizer alone, which reads whole texts. For ``encoding/gpu_busy`` seconds
        are those from the first part's reading to the last one's vectors, and bare ones are those of them in which the
        GPU computed.
    """
    yield from _measured("cpu", repeats, seed)
    yield _reading(seed)
    if torch.cuda.is_available():
        yield from _measured("cuda", repeats, seed)


def _measured(device: Literal["cpu", "cuda"], repeats: int, seed: int) -> Iterator[dict[str, Any]]:
    """Measure embedding a table on a device."""
    texts = _TEXTS[device]
    distinct = _texts(texts, seed)
    encoder = Encoder(device=device, dtype=_DTYPE[device], batch_size=_BATCH_SIZE[device] if device == "cpu" else None)
    bare = SentenceTransformer(str(located(BUNDLED_MODEL)), device=device).to(getattr(torch, _DTYPE[device]))
    for encode in (encoder.encode, bare.encode):  # models are loaded and threads are up before the clock runs
        encode(distinct[: _BATCH_SIZE[device]])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pl.DataFrame({"id": range(texts * repeats), "text": distinct * repeats}).write_parquet(folder / "texts.parquet")
        shard_texts = max(1, texts // 2) if device == "cpu" else None
        sides: dict[str, Callable[[], object]] = {
            "ours": lambda: _embed(encoder, folder, shard_texts),
            "bare": lambda: bare.encode(distinct, batch_size=_BATCH_SIZE[device], show_progress_bar=False),
        }
        seconds = _best(sides)
        yield _row("encoding/shards" if device == "cpu" else "encoding/gpu", seconds["ours"], seconds["bare"])
        if device == "cuda":
            before = encoder.usage.seconds
            _embed(encoder, folder, shard_texts)
            share, taken = encoder.usage.gpu_busy_share, encoder.usage.seconds - before
            if share is None:
                raise RuntimeError("the GPU does not tell how busy it is, see `nvidia-smi`")
            yield _row("encoding/gpu_busy", taken, share * taken, GPU_TARGET_RATIO)


def _reading(seed: int) -> dict[str, Any]:
    """Measure how fast texts become tokens: slower than a GPU computes them, and it waits."""
    texts = _texts(_TEXTS_READ, seed)
    network = SentenceTransformer(str(located(BUNDLED_MODEL)), device="cpu")
    backend = network.tokenizer.backend_tokenizer
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: tokens_of(network, texts),
        "bare": lambda: [encoding.ids for encoding in backend.encode_batch_fast(texts)],
    }
    seconds = _best(sides)
    return _row("encoding/tokens", seconds["ours"], seconds["bare"], target_ratio=None)


def _best(sides: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the best seconds of each side, measured in turn, since other work on the machine comes and goes."""
    seconds = {side: float("inf") for side in sides}
    for _ in range(_ROUNDS):
        for side, call in sides.items():
            started = time.perf_counter()
            call()
            seconds[side] = min(seconds[side], time.perf_counter() - started)
    return seconds


def _row(name: str, seconds: float, bare_seconds: float, target_ratio: float | None = TARGET_RATIO) -> dict[str, Any]:
    return {
        "name": name,
        "seconds": seconds,
        "bare_seconds": bare_seconds,
        "ratio": seconds / bare_seconds,
        "target_ratio": target_ratio,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _embed(encoder: Encoder, folder: Path, shard_texts: int | None) -> None:
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
