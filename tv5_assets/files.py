"""Files that are replaced whole: written beside their target, then renamed, so that a reader never sees half of one."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from upath import UPath

from tv5_assets.errors import InputError

_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_UNFINISHED = ("part", "old", "computed")
_WANT_OF_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(target: UPath | Path) -> Iterator[Path]:
    """Yield a local path for a file or a folder; on success it becomes ``target`` at once, on failure nothing is left.

    A local file is replaced by a rename on the same file system, a remote one by one upload. What a killed process left
    of an earlier attempt is removed first.

    Raises:
        InputError: the disk is full or the folder cannot be written; the message names the target.
    """
    local = isinstance(target, Path) or UPath(target).protocol in ("", "file")
    try:
        if not local:
            with TemporaryDirectory(prefix="tv5-") as folder:
                part = Path(folder) / target.name
                yield part
                UPath(target).fs.put(str(part), UPath(target).path)
            return
        path = Path(str(target))
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_orphans(path)
        part, old = (path.with_name(f".{path.name}.{os.getpid()}.{state}") for state in ("part", "old"))
        try:
            yield part
            if path.is_dir():  # a folder cannot be renamed onto another one: the old one steps aside
                path.rename(old)
            part.replace(path)
        finally:
            remove(part)
            remove(old)
    except Exception as error:
        if reason := _refusal(error):
            raise InputError(f"cannot write {target}: {reason}; free some space or mend the path") from error
        raise


def _refusal(error: Exception) -> str | None:
    """Return why the system refused to write, or None for an error of another kind.

    Libraries written in Rust (Polars, safetensors) raise errors of their own with the system's number in their text.
    They say the same of what they read; only a want of room is certain to be about what is written.
    """
    number = _OS_ERROR.search(str(error))
    said = os.strerror(int(number[1])) if number else str(error)
    if isinstance(error, OSError):
        return error.strerror or said
    return said if number and int(number[1]) in _WANT_OF_ROOM else None


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it; do nothing where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_orphans(target: Path) -> None:
    for rest in target.parent.glob(f".{target.name}.*.*"):
        _, pid, state = rest.name.rsplit(".", 2)
        if state in _UNFINISHED and pid.isdigit() and not psutil.pid_exists(int(pid)):
            remove(rest)
