"""Publishing documents into Redis, as a ratio to the rate of pipelined SETs alone.

The bare side is ``redis-benchmark``, which Debian has in redis-tools: SETs of as many bytes, sixteen at a time. Where
the machine has none there is no bar, and commands that lie there ready are sent thousands at a time over one
connection, which takes half as long. Ours stamps each document, compares what the server holds, sends all in one
transaction, and counts. Both talk to one embedded server, in which nothing is stored before.

    python -m benchmarks.redis_load <documents>
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import polars as pl

from benchmarks.timing import measurement
from tv5_assets.bench import Measurement

TARGET_RATIO = 1 / 0.8
"""At least 80 % of the bare rate."""
DOCUMENT_BYTES = 2_000
"""About what a user's policy takes."""
_PIPELINE = 16
_PIPELINE_OF_READY = 2_000


def run(documents: int, repeats: int = 5) -> list[Measurement]:
    """Return one measurement, the median of some repeats of each side: now and then the server's memory is still there
    from the run before, which halves either side's time.

    Args:
        documents: how many are published; ml-25m has as many as users.
        repeats: runs of each side, taken in turns so that a busy machine slows both.
    """
    from tv5_assets.services.embedded import running
    from tv5_assets.settings import load_settings
    from tv5_assets.stores import redis

    benchmark = shutil.which("redis-benchmark")
    bare = _by_redis_benchmark if benchmark else _by_ready_commands
    seconds: dict[str, list[float]] = {"bare": [], "ours": []}
    with (
        tempfile.TemporaryDirectory(prefix="tv5-") as home,
        running(load_settings(home=Path(home), redis_url=""), ["redis"]) as endpoints,
    ):
        made = _documents(documents)
        for _ in range(repeats):
            for side, publish in (("bare", bare), ("ours", _ours)):
                with redis.connect(endpoints.redis_url) as client:
                    client.flushall()
                seconds[side].append(publish(endpoints.redis_url, made))
    ours, usual = median(seconds["ours"]), median(seconds["bare"])
    return [
        measurement(
            f"redis/documents, beside {'redis-benchmark' if benchmark else 'ready commands'}",
            ours,
            usual,
            target_ratio=TARGET_RATIO if benchmark else None,
        )
    ]


def _documents(count: int) -> pl.DataFrame:
    text = "x" * (DOCUMENT_BYTES - 60)
    return pl.select(user=pl.int_range(count)).select(
        key=pl.format("policy:{}", "user"), value=pl.struct("user", states=pl.lit(text)).struct.json_encode()
    )


def _ours(url: str, documents: pl.DataFrame) -> float:
    from tv5_assets.stores import redis

    with redis.connect(url) as client:
        started = time.perf_counter()
        redis.publish(client, redis.POLICIES, documents, "0123456789abcdef")
        return time.perf_counter() - started


def _by_redis_benchmark(url: str, documents: pl.DataFrame) -> float:
    from tv5_assets.stores import redis

    address = urlsplit(url)
    given = {
        "-h": address.hostname, "-p": address.port, "-t": "set", "-d": DOCUMENT_BYTES, "-P": _PIPELINE,
        "-n": len(documents), "-r": len(documents),
    }  # fmt: skip
    with redis.connect(url) as client:
        # It takes a password as an argument only, which everybody can read: the throwaway server does without one.
        client.config_set("requirepass", "")
        try:
            told = subprocess.run(  # noqa: S603  a program of the server's own package
                [
                    str(shutil.which("redis-benchmark")),
                    "--csv",
                    *(str(part) for pair in given.items() for part in pair),
                ],
                check=True,
                capture_output=True,
                text=True,
            )
        finally:
            client.config_set("requirepass", str(address.password))
    rate = float(told.stdout.splitlines()[-1].split(",")[1].strip('"'))
    return len(documents) / rate


def _by_ready_commands(url: str, documents: pl.DataFrame) -> float:
    from tv5_assets.stores import redis

    with redis.connect(url) as client:
        connection = client.connection_pool.get_connection()
        blocks = [
            (len(part), connection.pack_commands(("SET", *row) for row in part.iter_rows()))
            for part in documents.iter_slices(_PIPELINE_OF_READY)
        ]
        started, unread = time.perf_counter(), 0
        for commands, packed in blocks:
            connection.send_packed_command(packed)
            for _ in range(unread):
                connection.read_response(disable_decoding=True)
            unread = commands
        for _ in range(unread):
            connection.read_response(disable_decoding=True)
        return time.perf_counter() - started


if __name__ == "__main__":
    for line in run(int(sys.argv[1])):
        print(line)
