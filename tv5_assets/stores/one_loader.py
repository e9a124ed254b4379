"""One loader of a dataset at a time, on this machine, for stores that have no lock of their own to hold."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def only_loader(store: str, dataset: str) -> Iterator[None]:
    """Wait until no other process of this user publishes ``dataset`` into such a store.

    The lock goes with the process that holds it, however that ends. Loaders on different machines do not see one
    another's: a loader that is disturbed finds its count wrong, fails without being seen by readers, and is right when
    it is run again.
    """
    with FileLock(Path(tempfile.gettempdir()) / f"tv5-{os.getuid()}-{store}-{dataset}.lock"):
        yield
