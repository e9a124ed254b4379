"""The files of a dataset by asset key, for whoever stands outside the graph: a notebook, a script.

What does not belong here: the values of assets inside the graph, which its IO managers read and write.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from upath import UPath

from tv5_assets.embeddings.vectors import Vectors, read_vectors
from tv5_assets.errors import InputError

_SUFFIXES = (".parquet", ".arrow")


@dataclass(frozen=True)
class Dataset:
    """The files of a dataset.

    Attributes:
        root: its folder, ``<data>/<dataset>``, on this machine.
    """

    root: str

    def table(self, key: str) -> pl.LazyFrame:
        """Return a table, of which a query reads only what it needs.

        Raises:
            InputError: it is not there.
        """
        return pl.scan_parquet(self._file(key, ".parquet"))

    def vectors(self, key: str) -> Vectors:
        """Return vectors, mapped into memory.

        Raises:
            InputError: they are not there.
        """
        return read_vectors(self._file(key, ".arrow"))

    def _file(self, key: str, suffix: str) -> Path:
        path = Path(self.root, f"{key}{suffix}")
        if not path.is_file():
            raise InputError(f"{key} is not there ({path.absolute()}); materialize it first or name another dataset")
        return path


@contextmanager
def local_files(root: UPath, keys: Iterable[str]) -> Iterator[Path]:
    """Yield a folder of this machine with the files of some assets: the dataset's own, or copies where that is remote.

    Whoever reads them needs no right to the remote place.

    Args:
        root: folder of the dataset.
        keys: keys of tables and vectors.

    Raises:
        InputError: a file is not there.
    """
    files = [_file_of(root, key) for key in keys]
    if root.protocol in ("", "file"):
        yield Path(str(root)).absolute()
        return
    with TemporaryDirectory(prefix="tv5-") as folder:
        copies = Path(folder, root.name)
        for file in files:
            copy = copies.joinpath(*file.parts[len(root.parts) :])
            copy.parent.mkdir(parents=True, exist_ok=True)
            file.fs.get(file.path, str(copy))
        yield copies


def _file_of(root: UPath, key: str) -> UPath:
    found = next((path for suffix in _SUFFIXES if (path := root / f"{key}{suffix}").is_file()), None)
    if found is None:
        raise InputError(f"{key} is not there ({root / key}); materialize it first")
    return found
