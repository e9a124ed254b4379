"""A backup of filled servers, restored into empty ones."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import psycopg
import pytest

from tv5_assets.backup import whole
from tv5_assets.backup.datasets import datasets
from tv5_assets.backup.manifest import NAME, Manifest
from tv5_assets.backup.whole import backup, restore
from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.retrieval.recommend import recommend
from tv5_assets.retrieval.stores import connected
from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import postgres
from tv5_assets_tests.retrieval import made
from tv5_assets_tests.servers import embedded_settings

RUNS = [(1, "a run"), (2, "another 'run' \\ of é")]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tv5-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def made_backup(folder: Path) -> Manifest:
    """A backup of servers that are gone by now."""
    with running(embedded_settings(folder / "first")) as endpoints:
        with connected(endpoints) as stores:
            made.publish(stores)
        with postgres.connect_as_dagster(endpoints.dagster_pg_url) as connection:
            connection.execute("CREATE TABLE runs (id integer PRIMARY KEY, body text)")
            connection.cursor().executemany("INSERT INTO runs VALUES (%s, %s)", RUNS)
        manifest = backup(endpoints, folder / "backup")
        with pytest.raises(InputError, match="is there already"):
            backup(endpoints, folder / "backup")
        return manifest


@pytest.fixture(scope="module")
def restored(made_backup: Manifest, folder: Path) -> Iterator[Endpoints]:
    """Servers that were empty and hold the backup now."""
    with running(embedded_settings(folder / "second")) as endpoints:
        assert restore(endpoints, folder / "backup") == made_backup
        yield endpoints


def test_the_manifest_tells_what_there_is(made_backup: Manifest, folder: Path):
    rows = {(entry.store, entry.dataset): entry.rows for entry in made_backup.datasets}
    assert rows["milvus", "movies"] == rows["neo4j", "movies"] == len(made.CATALOGUE)
    assert rows["neo4j", "ratings"] == sum(map(len, made.RATINGS.values()))
    assert rows["redis", "policies"] == len(made.RATINGS)
    assert ("milvus", "catalog") not in rows  # nothing of it was published
    tables = {entry.database: entry.tables for entry in made_backup.databases}
    assert tables["postgres"]["episodes"][0] == sum(map(len, made.RATINGS.values()))
    assert tables["dagster"]["runs"][0] == len(RUNS)
    assert (folder / "backup").stat().st_mode & 0o077 == 0
    assert not list(folder.glob(".backup*"))


def test_empty_servers_hold_all_of_it_afterwards(restored: Endpoints, made_backup: Manifest):
    with connected(restored) as stores:
        versions = {(one.store, one.name): one.version() for one in datasets(stores)}
        assert {key for key, version in versions.items() if version} == {
            (entry.store, entry.dataset) for entry in made_backup.datasets
        }
        assert set(versions.values()) == {made.VERSION, None}
        answer = recommend(stores, 1, k=3)
        assert {movie.movie_id for movie in answer.movies} <= {4, 5, 6} and not answer.notes
        made.publish(stores)  # all of it is recognized as what is there already
        assert stores.need_agentdb().execute("SELECT count(*) AS n FROM load_parts").fetchone() == {
            "n": 2 * len(made.RATINGS)
        }
    with postgres.connect_as_dagster(restored.dagster_pg_url) as connection:
        assert [tuple(row.values()) for row in connection.execute("SELECT * FROM runs ORDER BY id")] == RUNS


def test_what_is_published_already_is_not_overwritten_unasked(restored: Endpoints, folder: Path):
    with pytest.raises(InputError, match=r"something is there already: milvus movies.*--over"):
        restore(restored, folder / "backup")
    restore(restored, folder / "backup", over=True)


def test_a_restored_database_that_differs_is_seen(restored: Endpoints, folder: Path, monkeypatch):
    run = whole.databases._run

    def damaging(*arguments: str, url: str) -> None:
        run(*arguments, url=url)
        if "agentdb" in url:
            with psycopg.connect(restored.postgres_url, autocommit=True) as connection:
                connection.execute("UPDATE episodes SET reward = 0.125 WHERE row = 0")

    monkeypatch.setattr(whole.databases, "_run", damaging)
    with pytest.raises(StoreUnavailableError, match="database of postgres differs from the backup: episodes"):
        restore(restored, folder / "backup", over=True)
    monkeypatch.undo()
    restore(restored, folder / "backup", over=True)


@pytest.mark.parametrize("damage", ["changed", "gone", "surplus"])
def test_a_damaged_backup_is_refused(made_backup: Manifest, folder: Path, damage: str):
    entry = made_backup.datasets[0]
    path = folder / "backup" / entry.file
    kept = path.read_bytes()
    surplus = path.with_name("surplus")
    match damage:
        case "changed":
            path.write_bytes(kept[:100] + b"!" + kept[101:])
        case "gone":
            path.unlink()
        case _:
            surplus.touch()
    try:
        with pytest.raises(InputError, match=f"is damaged: .*{'surplus' if damage == 'surplus' else entry.dataset}"):
            restore(Endpoints(), folder / "backup")
    finally:
        path.write_bytes(kept)
        surplus.unlink(missing_ok=True)


def test_where_there_is_no_backup_it_says_so(tmp_path: Path):
    with pytest.raises(InputError, match=f"holds no backup: it has no {NAME}"):
        restore(Endpoints(), tmp_path)
    (tmp_path / NAME).write_text(json.dumps({"made_at": "yesterday"}))
    with pytest.raises(InputError, match="is not a backup's of this release"):
        restore(Endpoints(), tmp_path)


def test_a_backup_needs_every_store(tmp_path: Path):
    with pytest.raises(StoreUnavailableError):
        backup(Endpoints(), tmp_path / "backup")
    assert not list(tmp_path.iterdir())


def test_columns_without_a_value_are_kept(tmp_path: Path):
    from tv5_assets.backup.datasets import write

    batches = [pl.DataFrame({"id": [1], "text": [None]}), pl.DataFrame({"id": [2], "text": ["é"]})]
    assert write(iter(batches), tmp_path / "x.parquet") == 2
    assert pl.read_parquet(tmp_path / "x.parquet").rows() == [(1, None), (2, "é")]
