"""Publishing tables into PostgreSQL from Parquet, as a ratio to bare COPY of the same rows from a ready file.

The bare side sends a file that lies there in the server's own format (text for episodes, binary for
state-action-rewards) into an empty table in blocks of a megabyte, and adds the same key and indexes. Ours reads
Parquet, finds out what changed, makes the rows, copies, adds key and indexes, counts, and swaps the tables. Both run in
fresh processes against one embedded server; the peak is that of our process, and should stay under 1,500 MB at ml-25m's
size.

    python -m benchmarks.postgres_loads <share of ml-25m, such as 0.1>
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.timing import measurement, peak_mb
from tv5_assets.bench import Measurement

TARGET_RATIO = 1 / 0.8
"""At least 80 % of the bare speed."""
EPISODES, USERS, MOVIES = 25_000_095, 162_541, 62_423
REWARDS_OF_EPISODES = 0.25
"""Share of the episodes that is told as state-action-rewards: about as many rows as there are episodes in all."""
TABLES = ("episodes", "state_action_rewards")
_BLOCK_BYTES = 1 << 20


def run(share: float, repeats: int = 2) -> list[Measurement]:
    """Return one measurement per table, the best of some repeats of each side.

    Args:
        share: of ml-25m's size, from 0 to 1.
        repeats: runs of each side, taken in turns so that a busy machine slows both.
    """
    from tv5_assets.services.embedded import running
    from tv5_assets.settings import load_settings

    with tempfile.TemporaryDirectory(prefix="tv5-") as name:
        folder = Path(name)
        _in_fresh_process("sources", str(folder), str(share))
        with running(load_settings(home=folder / "home", postgres_url=""), ["postgres"]) as endpoints:
            # By the environment, since a process's arguments are everybody's to read.
            told: dict[str, dict[str, list[tuple[float, float]]]] = {
                side: {table: [] for table in TABLES} for side in ("bare", "ours")
            }
            for _ in range(repeats):
                for table in TABLES:
                    for side, tables in told.items():
                        tables[table].append(_in_fresh_process(side, str(folder), table, url=endpoints.postgres_url))
    return [
        measurement(
            f"postgres/{table}",
            min(seconds for seconds, _ in told["ours"][table]),
            min(seconds for seconds, _ in told["bare"][table]),
            TARGET_RATIO,
            peak=max(peak for _, peak in told["ours"][table]),
        )
        for table in TABLES
    ]


def _in_fresh_process(step: str, *arguments: str, url: str = "") -> tuple[float, float]:
    """Return the seconds that a step took and the peak memory of its process, in MB."""
    done = subprocess.run(  # noqa: S603  this very module
        [sys.executable, "-m", "benchmarks.postgres_loads", step, *arguments],
        check=True,
        input=url,
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds, peak_mb = json.loads(done.stdout.splitlines()[-1]) if step != "sources" else (0.0, 0.0)
    return seconds, peak_mb


def _sources(folder: Path, share: float) -> None:
    """Write both tables as Parquet, and as the files that bare COPY sends."""
    from tv5_assets.agentdb.state_action_rewards import state_action_rewards
    from tv5_assets.engine import PARQUET
    from tv5_assets.stores.postgres import EPISODES as TABLE
    from tv5_assets.stores.postgres import REWARDS, episode_rows
    from tv5_assets.stores.postgres_copy import BINARY_HEADER, BINARY_TRAILER, binary_record, binary_rows

    episodes, movies = folder / "episodes.parquet", _movies()
    _episodes(movies, share).sink_parquet(episodes, engine="streaming", **PARQUET)
    told = pl.scan_parquet(episodes).head(round(EPISODES * share * REWARDS_OF_EPISODES))
    rewards = folder / "state_action_rewards.parquet"
    state_action_rewards(told, movies).sink_parquet(rewards, engine="streaming", **PARQUET)
    rows = episode_rows(pl.scan_parquet(episodes)).select(*TABLE.columns)
    rows.sink_csv(folder / "episodes.copy", include_header=False)
    record = binary_record(REWARDS.columns)
    assert record is not None  # noqa: S101  or the bare side would be text
    with (folder / "state_action_rewards.copy").open("wb") as file:
        file.write(BINARY_HEADER)
        for batch in pl.scan_parquet(rewards).select(*REWARDS.columns).collect_batches(maintain_order=True):
            file.write(binary_rows(batch, record))
        file.write(BINARY_TRAILER)


def _movies() -> pl.DataFrame:
    from tv5_assets.tables.processed import GENRES

    chance = np.random.default_rng(1)
    genres = [sorted(chance.choice(GENRES, count, replace=False)) for count in chance.integers(1, 6, MOVIES)]
    ids = pl.Series("movie_id", range(1, MOVIES + 1), dtype=pl.Int32)
    return pl.DataFrame({"movie_id": ids, "genres": pl.Series(genres, dtype=pl.List(pl.Enum(GENRES)))})


def _episodes(movies: pl.DataFrame, share: float) -> pl.LazyFrame:
    """Return made episodes, user by user, each with as many."""
    from tv5_assets.agentdb.states import SLOTS, STATES
    from tv5_assets.tables.features import ACTIONS, Episodes
    from tv5_assets.tables.table import polars_schema

    rows, each = round(EPISODES * share), EPISODES // USERS
    row = pl.int_range(rows, dtype=pl.Int64, eager=True).alias("row").to_frame().lazy()
    drawn = pl.col("row").hash(1)
    # Each user watches at two times of the week, so that they come into about as many states as real ones do.
    slot = (pl.col("row") // each + drawn % 2) % SLOTS
    state = (slot * len(ACTIONS) + drawn // 2 % len(ACTIONS)).cast(pl.UInt8).cat.to(pl.Enum(STATES)).cast(pl.String)
    last = pl.col("row") % each == each - 1
    return row.select(
        "row",
        user_id=(pl.col("row") // each + 1).cast(pl.Int32),
        session=pl.lit(0, pl.Int32),
        step=(pl.col("row") % each).cast(pl.Int32),
        state=state,
        action=(drawn % len(ACTIONS)).cast(pl.UInt8).cat.to(pl.Enum(ACTIONS)),
        movie_id=(pl.col("row").hash(2) % len(movies) + 1).cast(pl.Int32),
        reward=((drawn % 2001).cast(pl.Float32) / 1000 - 1).clip(-1, 1),
        next_state=pl.when(~last).then(state.shift(-1)),
        terminal=last,
        occurred_at=(pl.lit(10**12) + pl.col("row") * 997).cast(pl.Datetime("ms", "UTC")),
    ).match_to_schema(polars_schema(Episodes))


def _bare(folder: Path, table: str, url: str) -> float:
    """Send the ready file, add key and indexes; drop it all again."""
    from tv5_assets.stores import postgres
    from tv5_assets.stores.statements import sql

    spec = {"episodes": postgres.EPISODES, "state_action_rewards": postgres.REWARDS}[table]
    options = f"FORMAT {'csv' if table == 'episodes' else 'binary'}{'' if spec.partitions else ', FREEZE'}"
    with postgres.connect(url) as connection, (folder / f"{table}.copy").open("rb") as file:
        started = time.perf_counter()
        with connection.transaction(), connection.cursor() as cursor:
            postgres._create(cursor, "bare", spec)
            with cursor.copy(sql(f"COPY {{}} ({{}}) FROM STDIN ({options})", "bare", tuple(spec.columns))) as copy:
                while block := file.read(_BLOCK_BYTES):
                    copy.write(block)
            postgres._add_key_and_indexes(cursor, "bare", spec)
        seconds = time.perf_counter() - started
        connection.execute("DROP TABLE bare")
    return seconds


def _ours(folder: Path, table: str, url: str) -> float:
    """Publish the Parquet file; drop it all again."""
    from tv5_assets.stores import postgres

    rows = pl.scan_parquet(folder / f"{table}.parquet")
    with postgres.connect(url) as connection:
        started = time.perf_counter()
        if table == "episodes":
            postgres.publish(connection, postgres.EPISODES, postgres.episode_rows(rows))
        else:
            postgres.publish(connection, postgres.REWARDS, rows)
        seconds = time.perf_counter() - started
        connection.execute(f"DROP TABLE {table}, {postgres.LOADS}, {postgres.PARTS}")
    return seconds


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sources", folder, share]:
            _sources(Path(folder), float(share))
        case ["bare" | "ours" as side, folder, table]:
            took = {"bare": _bare, "ours": _ours}[side](Path(folder), table, sys.stdin.read())
            print(json.dumps([took, peak_mb()]))
        case [share]:
            for line in run(float(share)):
                print(line)
