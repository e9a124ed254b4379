"""What a backup consists of: its files with their checksums, and what they hold.

What does not belong here: reading and writing stores (datasets.py, databases.py).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tv5_assets.errors import InputError

NAME = "manifest.json"
_BLOCK_BYTES = 1 << 20


class DatasetEntry(BaseModel, frozen=True):
    """A dataset of Milvus, the graph or Redis.

    Attributes:
        store: ``milvus``, ``neo4j`` or ``redis``.
        dataset: what is published.
        version: its load.
        rows: how many.
        file: its Parquet file in the backup.
    """

    store: str
    dataset: str
    version: str
    rows: int
    file: str


class DatabaseEntry(BaseModel, frozen=True):
    """A database of PostgreSQL.

    Attributes:
        database: ``agentdb``, ``dagster`` or ``mlflow``: what it is to the platform, whatever its name.
        folder: its dump in the backup.
        tables: rows and checksum of every table, as the server added them up.
    """

    database: str
    folder: str
    tables: Mapping[str, tuple[int, str]]


class Manifest(BaseModel, frozen=True):
    """A backup.

    Attributes:
        made_at: when it was begun, UTC.
        release: of the platform.
        datasets: of the stores that have no dump of their own.
        databases: of PostgreSQL.
        files: BLAKE2b of every other file, by its path in the backup.
    """

    made_at: datetime
    release: str
    datasets: tuple[DatasetEntry, ...]
    databases: tuple[DatabaseEntry, ...]
    files: Mapping[str, str]


def checksums(folder: Path) -> dict[str, str]:
    """Return the BLAKE2b of every file of a backup but the manifest, by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
    return {str(path.relative_to(folder)): _checksum(path) for path in files}


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest and hold the files to it.

    Raises:
        InputError: there is no backup, or a file is missing, surplus or damaged; the message names it.
    """
    try:
        manifest = Manifest.model_validate_json((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} holds no backup: it has no {NAME}") from None
    except ValidationError as error:
        raise InputError(f"{folder / NAME} is not a backup's of this release: {error.errors()[0]['msg']}") from error
    there = checksums(folder)
    wrong = sorted(name for name in {*there, *manifest.files} if there.get(name) != manifest.files.get(name))
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise InputError(f"the backup in {folder} is damaged: {', '.join(wrong[:5])}{more}")
    return manifest


def _checksum(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
