"""Files that are replaced whole: written beside their target, then renamed, so that a reader never sees half of one."""

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
        reason = _said_by_the_system(error)
        if reason is None:
            raise
        raise InputError(f"cannot write {target}: {reason}; free some space or mend the path") from error


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it; do nothing where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _said_by_the_system(error: Exception) -> str | None:
    """Return what the operating system said where it is the cause of an error, also inside an error of Polars."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if code := re.search(r"\(os error (\d+)\)", str(error)):
        return os.strerror(int(code[1]))
    return str(error) if isinstance(error, OSError) else None


def _remove_orphans(target: Path) -> None:
    for rest in target.parent.glob(f".{target.name}.*.*"):
        _, pid, state = rest.name.rsplit(".", 2)
        if state in ("part", "old") and pid.isdigit() and not psutil.pid_exists(int(pid)):
            remove(rest)
