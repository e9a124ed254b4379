"""A backup of everything that was published, and its restoration, each verified before it counts.

What does not belong here: how one kind of store is read and filled (datasets.py, databases.py).
"""

import logging
from datetime import UTC, datetime
from importlib.metadata import version as release_of
from pathlib import Path

import polars as pl

from tv5_assets.backup import databases
from tv5_assets.backup.datasets import Dataset, datasets, digest, write
from tv5_assets.backup.manifest import NAME, DatabaseEntry, DatasetEntry, Manifest, checksums, read_manifest
from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.files import replacing
from tv5_assets.retrieval.stores import Stores, connected
from tv5_assets.services.endpoints import ADDRESS_FIELDS, Endpoints, Store

logger = logging.getLogger(__name__)

DATABASES: tuple[Store, ...] = ("postgres", "dagster", "mlflow")
_OURS_ALONE = 0o700  # runs may have logged what not everybody should read


def backup(endpoints: Endpoints, folder: Path) -> Manifest:
    """Write a backup into a folder that is not there yet; it appears when it is complete.

    Args:
        endpoints: of the stores, all of which have to answer.
        folder: where it is put.

    Raises:
        InputError: the folder is there already, or something was published meanwhile.
        StoreUnavailableError: a store does not answer.
    """
    if folder.exists():
        raise InputError(f"{folder} is there already; a backup is never written over another")
    made_at = datetime.now(UTC)
    with replacing(folder) as part, connected(endpoints) as stores:
        part.mkdir(mode=_OURS_ALONE)
        dumped = tuple(_dump(endpoints, name, part) for name in DATABASES)
        kept = tuple(entry for one in datasets(stores) if (entry := _keep(one, part)) is not None)
        manifest = Manifest(
            made_at=made_at,
            release=release_of("tv5-assets"),
            datasets=kept,
            databases=dumped,
            files=checksums(part),
        )
        (part / NAME).write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    return manifest


def restore(endpoints: Endpoints, folder: Path, *, over: bool = False) -> Manifest:
    """Put a backup into stores, and hold what they then have to what it has.

    Args:
        endpoints: of the stores, all of which have to answer; Dagster must not be using its storage.
        folder: of the backup.
        over: also where something is published already, which is lost.

    Raises:
        InputError: there is no backup, it is damaged, or something is published already.
        StoreUnavailableError: a store does not answer, or does not hold afterwards what the backup has.
    """
    manifest = read_manifest(folder)
    with connected(endpoints) as stores:
        if not over:
            _require_empty(endpoints, stores)
        for database in manifest.databases:
            _restore_database(endpoints, database, folder)
        by_name = {(one.store, one.name): one for one in datasets(stores)}
        for entry in manifest.datasets:
            _restore_dataset(by_name[entry.store, entry.dataset], entry, folder)
    return manifest


def _keep(one: Dataset, part: Path) -> DatasetEntry | None:
    version = one.version()
    if version is None:
        logger.info("%s %s is not published, or has expired: it is left out", one.store, one.name)
        return None
    path = part / one.store / f"{one.name}.parquet"
    rows = write(one.read(), path)
    if one.version() != version:
        raise InputError(f"{one.store} {one.name} was published while it was read; make the backup again")
    logger.info("%s %s: %s rows", one.store, one.name, f"{rows:,}")
    return DatasetEntry(store=one.store, dataset=one.name, version=version, rows=rows, file=str(path.relative_to(part)))


def _dump(endpoints: Endpoints, name: Store, part: Path) -> DatabaseEntry:
    url, setting = _address(endpoints, name)
    folder = part / "postgres" / name
    folder.parent.mkdir(exist_ok=True)
    sums = databases.dump(url, setting, folder)
    logger.info("database of %s: %s tables, %s rows", name, len(sums), f"{sum(rows for rows, _ in sums.values()):,}")
    return DatabaseEntry(database=name, folder=str(folder.relative_to(part)), tables=sums)


def _restore_database(endpoints: Endpoints, entry: DatabaseEntry, folder: Path) -> None:
    name = next(name for name in DATABASES if name == entry.database)
    there = databases.restore(*_address(endpoints, name), folder / entry.folder)
    wrong = sorted(table for table in {*there, *entry.tables} if there.get(table) != entry.tables.get(table))
    if wrong:
        raise StoreUnavailableError(f"the restored database of {name} differs from the backup: {', '.join(wrong)}")
    logger.info("database of %s: %s tables are as they were", name, len(there))


def _restore_dataset(one: Dataset, entry: DatasetEntry, folder: Path) -> None:
    rows = pl.scan_parquet(folder / entry.file)
    one.publish(rows, entry.version)
    there = [digest(batch.lazy()) for batch in one.read()]
    found = (sum(count for count, _ in there), _wrapped(sum(total for _, total in there)))
    if one.version() != entry.version or found != digest(rows):
        raise StoreUnavailableError(f"the restored {one.store} {one.name} differs from the backup; restore it again")
    logger.info("%s %s: %s rows are as they were", one.store, one.name, f"{entry.rows:,}")


def _wrapped(total: int) -> int:
    """Return a sum as one of 64 bits, which those of the batches are."""
    return (total + 2**63) % 2**64 - 2**63


def _require_empty(endpoints: Endpoints, stores: Stores) -> None:
    published = [f"{one.store} {one.name}" for one in datasets(stores) if one.version() is not None]
    used = [f"the database of {name}" for name in DATABASES if databases.holds_anything(*_address(endpoints, name))]
    if published or used:
        raise InputError(
            f"something is there already: {', '.join([*published, *used][:5])}; restore into empty servers, or give "
            "--over, by which all of it is lost"
        )


def _address(endpoints: Endpoints, name: Store) -> tuple[str, str]:
    """Return a database's URL and the setting that holds it."""
    field = ADDRESS_FIELDS[name]
    return getattr(endpoints, field), f"TV5_{field.upper()}"
