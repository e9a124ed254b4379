"""Homes for servers of a test's own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tv5_assets.services.embedded import down
from tv5_assets_tests.servers import embedded_settings


@pytest.fixture
def home() -> Iterator[Path]:
    """A fresh home; servers that a failed test left in it are stopped."""
    folder = Path(tempfile.mkdtemp(prefix="tv5-"))
    yield folder
    down(embedded_settings(folder))
    shutil.rmtree(folder)
