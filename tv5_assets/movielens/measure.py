"""Copying a file while it is checked: size, checksums, lines and encoding in one pass over its bytes.

What does not belong here: which files a set has (formats.py) and where they come from (archive.py).
"""

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tv5_assets.movielens.formats import file_named
from tv5_assets.movielens.records import LineDecoder

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Measured:
    """What a file's bytes amount to.

    Attributes:
        bytes: size.
        md5: checksum, 32 hex digits.
        crc32: the checksum that zip archives carry.
        rows: data rows, header excluded; None for prose.
    """

    bytes: int
    md5: str
    crc32: int
    rows: int | None


def measure(source: BinaryIO, name: str, copy: BinaryIO | None = None) -> Measured:
    """Read a file to its end.

    Args:
        source: where its bytes come from.
        name: its name inside the set, by which its format is known.
        copy: where its bytes go as well.

    Raises:
        InputError: a file that should be UTF-8 is not; names the file and the line.
    """
    file = file_named(name)
    decoder = None if file is None or file.latin1 else LineDecoder(name)
    md5 = hashlib.md5(usedforsecurity=False)
    size, crc32, newlines, last = 0, 0, 0, b"\n"
    while chunk := source.read(_CHUNK):
        if copy is not None:
            copy.write(chunk)
        if decoder is not None:
            decoder.feed(chunk)
        md5.update(chunk)
        crc32 = zlib.crc32(chunk, crc32)
        size += len(chunk)
        newlines += chunk.count(b"\n")
        last = chunk[-1:]
    if decoder is not None:
        decoder.feed(b"", final=True)
    rows = None if file is None else max(newlines + (last != b"\n") - file.header_lines, 0)
    return Measured(size, md5.hexdigest(), crc32, rows)


def measure_folder(folder: Path) -> dict[str, Measured]:
    """Return what each file of a set's folder amounts to, by name.

    Raises:
        InputError: as ``measure``.
    """
    found = {}
    for path in files_of(folder):
        with path.open("rb") as source:
            found[path.name] = measure(source, path.name)
    return found


def files_of(folder: Path) -> list[Path]:
    """Return the files of a set's folder by name: not what lies in folders below it, and nothing hidden."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
