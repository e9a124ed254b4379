"""Obtaining a MovieLens set: found as a folder or zip, or downloaded, checked, and put in its place whole.

What does not belong here: unpacking (extract.py), HTTP (download.py), and what the files' rows mean (parse.py).
"""

import errno
import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from filelock import FileLock

from tv5_assets.errors import InputError
from tv5_assets.movielens import formats
from tv5_assets.movielens.download import ArchiveUnavailableError, download, md5_in, verify_md5
from tv5_assets.movielens.extract import extract, listing
from tv5_assets.movielens.measure import Measured, files_of, measure, measure_folder
from tv5_assets.movielens.published import PUBLISHED, SIMULATED_LICENCE
from tv5_assets.tables.raw import RawMovieLens
from tv5_assets.tables.table import polars_schema

__all__ = ["ArchiveUnavailableError", "find", "obtain"]

logger = logging.getLogger(__name__)

_RECORD = ".source.json"
"""Hidden file in an obtained set: where it came from and its checksums, so that it is recognised when its source is
gone."""


def find(dataset: str, search: Sequence[Path]) -> Path | None:
    """Return the first folder or zip of a dataset in some folders, in their order; None where there is none.

    A folder counts when it holds any file of a set, so that the platform's own folder of the same name does not.

    Raises:
        InputError: there is no such dataset.
    """
    formats.format_of(dataset)
    for folder in search:
        if (folder / dataset).is_dir() and formats.is_set(folder / dataset):
            return folder / dataset
        if (folder / f"{dataset}.zip").is_file():
            return folder / f"{dataset}.zip"
    return None


def obtain(dataset: str, target: Path, *, search: Sequence[Path], download_url: str) -> pl.DataFrame:
    """Put a dataset's files into a folder and return their manifest.

    The folder appears whole or not at all, and is left as it is where it already holds the same files. What a killed
    run leaves beside it is removed by the next one; a part of a download is continued.

    Args:
        dataset: name of the set.
        target: folder that the files go to; files of another state of the set there are replaced.
        search: folders in which the set is looked for, as a folder or as a zip, in this order.
        download_url: where ``<dataset>.zip`` is downloaded from when it is in none of them.

    Returns:
        One row per file, as tables/raw.py RawMovieLens describes.

    Raises:
        ArchiveUnavailableError: the set is in no folder and cannot be downloaded.
        InputError: there is no such dataset, its archive is damaged or unsafe, a file is missing, empty, has another
            header or encoding, or the disk is full.
    """
    expected = formats.format_of(dataset)
    source = find(dataset, search)
    target.parent.mkdir(parents=True, exist_ok=True)
    # One process at a time: another that obtains the same set waits, and then finds it there.
    with FileLock(_beside(target, "lock")), _staging(target) as staged:
        there = measure_folder(target) if target.is_dir() else {}
        if source is not None:
            origin = str(source)
            if there and _same(_listing(source, dataset), there):
                formats.check(target, expected)
                return _manifest(dataset, target, there, origin)
            found = _bring(source, dataset, staged)
        else:
            kept = _origin_of(target, there)
            if kept is not None:
                return _manifest(dataset, target, there, kept)
            origin = f"{download_url.rstrip('/')}/{dataset}.zip"
            found = _download(dataset, origin, target.with_name(f"{dataset}.zip"), staged, search)
        formats.check(staged, expected)
        manifest = _manifest(dataset, staged, found, origin)
        record = {"source": origin, "md5": {name: file.md5 for name, file in found.items()}}
        (staged / _RECORD).write_text(json.dumps(record))
        _replace(target, staged)
    logger.info("%s obtained from %s", dataset, origin)
    return manifest


def _listing(source: Path, dataset: str) -> dict[str, tuple[int, int]]:
    if source.is_dir():
        return {name: (file.bytes, file.crc32) for name, file in measure_folder(source).items()}
    return listing(source, dataset)


def _same(listed: Mapping[str, tuple[int, int]], there: Mapping[str, Measured]) -> bool:
    return dict(listed) == {name: (file.bytes, file.crc32) for name, file in there.items()}


def _bring(source: Path, dataset: str, staged: Path) -> dict[str, Measured]:
    """Copy a folder or unpack a zip."""
    if not source.is_dir():
        checksum = source.with_name(source.name + ".md5")
        published = md5_in(checksum.read_text()) if checksum.is_file() else None
        if published is not None:
            verify_md5(source, published)
        return extract(source, dataset, staged)
    found = {}
    for path in files_of(source):
        with path.open("rb") as original, (staged / path.name).open("wb") as copy:
            found[path.name] = measure(original, path.name, copy)
    return found


def _download(dataset: str, url: str, archive: Path, staged: Path, search: Sequence[Path]) -> dict[str, Measured]:
    if dataset not in PUBLISHED:
        raise ArchiveUnavailableError(
            f"there is no set {dataset!r} in {_listed(search)} and none to download; make it with `tv5 simulate`"
        )
    logger.info("%s is not in %s; downloading %s", dataset, _listed(search), url)
    download(url, archive)
    try:
        return extract(archive, dataset, staged)
    finally:
        archive.unlink()


def _listed(folders: Sequence[Path]) -> str:
    return ", ".join(map(str, folders)) or "any folder (none is searched)"


def _origin_of(target: Path, there: Mapping[str, Measured]) -> str | None:
    """Return where an obtained set came from; None where there is none, or it is not as it was obtained."""
    path = target / _RECORD
    if not path.is_file():
        return None
    record = json.loads(path.read_text())
    return record["source"] if record["md5"] == {name: file.md5 for name, file in there.items()} else None


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """Give an empty folder beside the target, on the same disk; remove it, and what a killed run left, in the end."""
    staged, old = _beside(target, "partial"), _beside(target, "old")
    if old.is_dir() and not target.exists():  # killed between the two renames of _replace
        old.rename(target)
    for left in (staged, old):
        shutil.rmtree(left, ignore_errors=True)
    staged.mkdir()
    try:
        yield staged
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise InputError(f"the disk of {target.parent} is full; make room and run again") from error
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _replace(target: Path, staged: Path) -> None:
    old = _beside(target, "old")
    if target.exists():
        target.rename(old)
    staged.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path, state: str) -> Path:
    return target.with_name(f".{target.name}.{state}")


def _manifest(dataset: str, folder: Path, files: Mapping[str, Measured], origin: str) -> pl.DataFrame:
    mark = folder / formats.SIMULATED_MARK
    simulated = mark.is_file()
    if not simulated and dataset not in PUBLISHED:
        raise InputError(f"{origin} has no {formats.SIMULATED_MARK}, so it cannot be taken for a simulated set")
    rows = [
        {
            "name": name,
            "dataset": dataset,
            "bytes": file.bytes,
            "md5": file.md5,
            "rows": file.rows,
            "source": f"{origin} (simulated)" if simulated else origin,
            "licence": SIMULATED_LICENCE if simulated else PUBLISHED[dataset].licence,
        }
        for name, file in sorted(files.items())
    ]
    return pl.DataFrame(rows, schema=polars_schema(RawMovieLens))
