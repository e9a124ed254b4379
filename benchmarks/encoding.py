"""Embedding a table shard by shard against bare ``SentenceTransformer.encode`` of the same distinct texts.

Ours includes everything between the Parquet file and the file of vectors: hashing, finding equal texts, batches, the
work file and its journal, gathering. Bare has its list of distinct texts ready. Both run the bundled model in the same
number type: float32 on the processor, float16 on a GPU, of which ours also takes the cosine to float32 on a sample. On
a GPU it is measured as well for how much of the time it computes. Beside that, how fast texts become tokens, which a
GPU waits for.

    python -m benchmarks.encoding
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import torch
from sentence_transformers import SentenceTransformer

from benchmarks.timing import best_in_turn, measurement
from tv5_assets.bench import Measurement
from tv5_assets.embeddings.encoder import BUNDLED_MODEL, Dtype, Encoder, located
from tv5_assets.embeddings.shards import embed
from tv5_assets.embeddings.tokens import tokens_of
from tv5_assets.embeddings.vectors import write_vectors

TARGET_RATIO = 1 / 0.95
"""At least 95 % of the bare speed."""
GPU_TARGET_RATIO = 1 / 0.9
"""A GPU computes in at least 90 % of the time."""
_TEXTS = {"cpu": 2_000, "cuda": 1_000_000}  # distinct ones, which take many seconds
_TEXTS_READ = 65_536  # a GPU's shard
_BATCH_SIZE = {"cpu": 64, "cuda": 1_024}
_DTYPE: dict[str, Dtype] = {"cpu": "float32", "cuda": "float16"}
_ROUNDS = 3
_WORDS = "city river night train letter captain garden winter music detective island mountain painter storm secret"


def run(repeats: int = 2, seed: int = 42) -> Iterator[Measurement]:
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


def _measured(device: Literal["cpu", "cuda"], repeats: int, seed: int) -> Iterator[Measurement]:
    """Measure embedding a table on a device."""
    texts = _TEXTS[device]
    distinct = _texts(texts, seed)
    encoder = Encoder(device=device, dtype=_DTYPE[device], batch_size=_BATCH_SIZE[device] if device == "cpu" else None)
    bare = SentenceTransformer(str(located(BUNDLED_MODEL)), device=device).to(getattr(torch, _DTYPE[device]))
    for encode in (encoder.encode, bare.encode):  # models are loaded and threads are up before the clock runs
        encode(distinct[: _BATCH_SIZE[device]])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pl.DataFrame({"id": range(texts * repeats), "text": distinct * repeats}).write_parquet(folder / "texts.parquet")
        shard_texts = max(1, texts // 2) if device == "cpu" else None
        sides: dict[str, Callable[[], object]] = {
            "ours": lambda: _embed(encoder, folder, shard_texts),
            "bare": lambda: bare.encode(distinct, batch_size=_BATCH_SIZE[device], show_progress_bar=False),
        }
        seconds = best_in_turn(sides, _ROUNDS)
        name = "encoding/shards" if device == "cpu" else "encoding/gpu"
        yield measurement(name, seconds["ours"], seconds["bare"], TARGET_RATIO)
        if device == "cuda":
            before = encoder.usage.seconds
            _embed(encoder, folder, shard_texts)
            share, taken = encoder.usage.gpu_busy_share, encoder.usage.seconds - before
            if not share:
                raise RuntimeError("the GPU does not tell how busy it is, or computed nothing; see `nvidia-smi`")
            yield measurement("encoding/gpu_busy", taken, share * taken, GPU_TARGET_RATIO)


def _reading(seed: int) -> Measurement:
    """Measure how fast texts become tokens: slower than a GPU computes them, and it waits."""
    texts = _texts(_TEXTS_READ, seed)
    network = SentenceTransformer(str(located(BUNDLED_MODEL)), device="cpu")
    backend = network.tokenizer.backend_tokenizer
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: tokens_of(network, texts),
        "bare": lambda: [encoding.ids for encoding in backend.encode_batch_fast(texts)],
    }
    seconds = best_in_turn(sides, _ROUNDS)
    return measurement("encoding/tokens", seconds["ours"], seconds["bare"], target_ratio=None)


def _embed(encoder: Encoder, folder: Path, shard_texts: int | None) -> None:
    texts = pl.scan_parquet(folder / "texts.parquet")
    embedded = embed(texts, encoder, folder / ".texts.work", shard_texts)
    write_vectors(embedded.vectors, folder / "texts.arrow")
    embedded.vectors.discard()


def _texts(count: int, seed: int) -> list[str]:
    """Return distinct texts whose lengths lie as those of dialogue and catalog items do."""
    rng = np.random.default_rng(seed)
    words = np.array(_WORDS.split())
    lengths = rng.integers(4, 41, count)
    drawn = (rng.integers(0, len(words), length) for length in lengths.tolist())
    return [f"{' '.join(words[row])} {n}" for n, row in enumerate(drawn)]


if __name__ == "__main__":
    for line in run():
        print(line)
