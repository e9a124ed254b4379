"""A text model that only hashes, a table of texts, and a process that embeds it until it kills itself.

They stand in a module, because the process that a test kills is one of its own.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings import shards
from tv5_assets.embeddings.vectors import write_vectors

DIMENSION = 16


class Hasher:
    """A text's vector follows from its hash, and from how many texts it was encoded with, as a model's noise does."""

    model = "hasher"
    dimension = DIMENSION
    texts_at_once = 8_192

    def __init__(self, identity: str = "hasher") -> None:
        self.identity = identity
        self.encoded: list[str] = []
        self.calls = 0

    def choose_dtype(self, texts: list[str]) -> str:
        return "float32"

    def encode_each(self, parts: Iterator[list[str]], dtype: str) -> Iterator[npt.NDArray[np.float32]]:
        for texts in parts:
            yield self.encode_as(texts, dtype)

    def encode_as(self, texts: list[str], dtype: str) -> npt.NDArray[np.float32]:
        self.calls += 1
        self.encoded += texts
        hashes = pl.select(pl.lit(pl.Series(texts)).hash(seed).alias(str(seed)) for seed in range(DIMENSION)).to_numpy()
        rows = (hashes / 2.0**63 - 1 + len(texts) / 1e6).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def table(path: Path, rows: int, distinct: int) -> pl.LazyFrame:
    """Write a table whose ids descend and whose texts come back, and return it to be read."""
    number = pl.int_range(rows)
    pl.select(id=rows - number, text=pl.format("text {}", number * 7_919 % distinct)).write_parquet(path)
    return pl.scan_parquet(path)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def embed_until_killed(folder: str, texts: str, shard_texts: int, moment: str) -> None:
    """Embed, and be killed in the third shard: while it is encoded, before it is noted, or in the middle of that."""
    encoder = Hasher()
    write, encode = shards._write, encoder.encode_as

    def noted() -> int:
        return (Path(folder) / ".made.work" / "journal.jsonl").read_text().count("\n") - 1

    def encoding(shard: list[str], dtype: str) -> npt.NDArray[np.float32]:
        if encoder.calls == 2 and moment == "encoding":
            while noted() < 2:  # the second is written meanwhile
                time.sleep(0.01)
            kill()
        return encode(shard, dtype)

    def noting(journal: Any, *lines: Any) -> None:
        third = isinstance(lines[0], shards._Shard) and noted() == 2
        if third and moment == "noting":
            kill()
        if third and moment == "half a line":
            journal.write(lines[0].model_dump_json()[:-3])
            journal.flush()
            kill()
        write(journal, *lines)

    encoder.encode_as, shards._write = encoding, noting  # type: ignore[method-assign]
    embedded = shards.embed(pl.scan_parquet(texts), encoder, Path(folder) / ".made.work", shard_texts)
    write_vectors(embedded.vectors, Path(folder) / "never")


if __name__ == "__main__":
    embed_until_killed(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
