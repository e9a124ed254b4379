"""Taking a MovieLens set out of a zip archive that is not to be trusted.

Refused, before a byte is written: paths that leave the folder, links and other special files, archives that would
unpack to far more than they hold. Refused while writing: bytes that do not match their checksum. What does not belong
here: where the archive comes from and where the set ends up (archive.py).
"""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from tv5_assets.errors import InputError
from tv5_assets.movielens.measure import Measured, measure

MOST_BYTES = 8 << 30
"""The largest set so far, ml-latest of 2023, unpacks to under 2 GB."""
MOST_RATIO = 100
"""MovieLens archives unpack to about four times their size; an archive of zeros to a thousand times."""


def listing(archive: Path, dataset: str) -> dict[str, tuple[int, int]]:
    """Return size and CRC-32 of each file of a set in an archive, by name, unread.

    Raises:
        InputError: the archive is damaged, unsafe, or holds no such set.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _members(opened, archive, dataset)
            return {name: (member.file_size, member.CRC) for name, member in members.items()}
    except zipfile.BadZipFile as error:
        raise InputError(_damaged(archive, error)) from error


def extract(archive: Path, dataset: str, into: Path) -> dict[str, Measured]:
    """Write the files of a set in an archive to an existing folder, and return what each amounts to, by name.

    Raises:
        InputError: the archive is damaged, unsafe, or holds no such set, or one of its files is not in its encoding.
    """
    found = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, member in _members(opened, archive, dataset).items():
                with opened.open(member) as source, (into / name).open("wb") as copy:
                    found[name] = measure(source, name, copy)  # type: ignore[arg-type]  # it reads bytes, no more
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(_damaged(archive, error)) from error
    return found


def _members(opened: zipfile.ZipFile, archive: Path, dataset: str) -> dict[str, zipfile.ZipInfo]:
    """Return the files directly in the archive's folder of the dataset's name, after checking all that it holds."""
    infos = opened.infolist()
    unpacked = sum(info.file_size for info in infos)
    if unpacked > MOST_BYTES or unpacked > MOST_RATIO * max(archive.stat().st_size, 1):
        raise InputError(
            f"{archive} would unpack from {archive.stat().st_size:,} to {unpacked:,} bytes; no MovieLens set does"
        )
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        _check_member(info, archive)
        path = PurePosixPath(info.filename)
        if info.is_dir() or path.parent != PurePosixPath(dataset) or path.name.startswith("."):
            continue
        if path.name in members:
            raise InputError(f"{archive} holds {info.filename} twice; obtain it again")
        members[path.name] = info
    if not members:
        raise InputError(f"{archive} holds no folder {dataset}/; it is not the archive of this set")
    return members


def _check_member(info: zipfile.ZipInfo, archive: Path) -> None:
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in info.filename:
        raise InputError(f"{archive} holds {info.filename!r}, which would be written outside its folder")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InputError(f"{archive} holds {info.filename!r}, which is a link or a special file")
    if info.flag_bits & 0x1:
        raise InputError(f"{archive} holds {info.filename!r}, which is encrypted")


def _damaged(archive: Path, error: Exception) -> str:
    return f"{archive} is damaged or cut short ({error}); obtain it again"
