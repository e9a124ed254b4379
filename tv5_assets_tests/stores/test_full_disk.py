"""PostgreSQL and Redis on a disk that is full, a real one: a small file system of its own. ``pytest -m faults``"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tv5_assets.errors import StoreRefusedError, StoreUnavailableError
from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import postgres, redis
from tv5_assets_tests.servers import embedded_settings

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

DISK_MB, LEFT_MB = 700, 8
ROWS = 400_000  # 25 MB
DOCUMENTS, DOCUMENT_BYTES = 2_000, 20_000
TABLE = postgres.TableSpec(
    "full_", {"id": "bigint NOT NULL", "a": "bigint NOT NULL", "b": "bigint NOT NULL"}, key=("id",)
)
SPACE = redis.KeySpace("full", "full:", ttl_seconds=3600)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a file system of a given size can only be mounted by root, outside of a locked container")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave LEFT_MB on the disk."""
    ballast = disk / "ballast"
    state = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - LEFT_MB * 1_000_000)
    return ballast


def table(generation: int) -> pl.DataFrame:
    return pl.select(id=pl.int_range(ROWS)).with_columns(a=pl.lit(generation, pl.Int64), b=pl.col("id") * generation)


def documents(generation: int) -> pl.DataFrame:
    text = f"{generation}" * DOCUMENT_BYTES
    return pl.select(id=pl.int_range(DOCUMENTS)).select(
        key=pl.format("full:{}", "id"), value=pl.format('{{"text":"{}"}}', pl.lit(text))
    )


def test_a_table_that_does_not_fit_leaves_the_old_one(disk: Path):
    with running(embedded_settings(disk / "home", "postgres")) as at, postgres.connect(at.postgres_url) as connection:
        postgres.publish(connection, TABLE, table(1), "v1")
        ballast = fill(disk)

        with pytest.raises(StoreRefusedError, match=r"no room: .*No space left on device"):
            postgres.publish(connection, TABLE, table(2), "v2")

        assert postgres.live_version(connection, TABLE) == "v1"
        found = connection.execute("SELECT count(*) AS rows, min(a) AS least, max(a) AS most FROM full_").fetchone()
        assert found == {"rows": ROWS, "least": 1, "most": 1}
        ballast.unlink()
        assert postgres.publish(connection, TABLE, table(2), "v2").changed
        assert postgres.count(connection, TABLE) == ROWS


def test_documents_that_cannot_be_kept_leave_a_whole_version(disk: Path):
    with running(embedded_settings(disk / "home", "redis")) as at:
        publish(at, 1)
        ballast = fill(disk)
        outcome = 2
        try:
            publish(at, 2)
            time.sleep(2)  # until the server has tried to write it
            publish(at, 1)
            outcome = 1
        except (StoreRefusedError, StoreUnavailableError):
            pass
        assert seen(at) in (1, 2), outcome
        ballast.unlink()
        deadline = time.monotonic() + 60
        while True:
            try:
                publish(at, 2)
                break
            except (StoreRefusedError, StoreUnavailableError):
                assert time.monotonic() < deadline
                time.sleep(1)
        assert seen(at) == 2


def publish(at: Endpoints, generation: int) -> None:
    with redis.connect(at.redis_url) as client:
        redis.publish(client, SPACE, documents(generation), f"v{generation}")


def seen(at: Endpoints) -> int:
    """Return the generation of all documents."""
    with redis.connect(at.redis_url) as client:
        keys = redis.ids(client, SPACE)
        texts = {document["text"][0] for document in redis.fetch(client, keys).values()}
        assert len(keys) == DOCUMENTS and len(texts) == 1
        return int(texts.pop())
