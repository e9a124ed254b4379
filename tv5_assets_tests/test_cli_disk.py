"""``tv5 run`` on a disk that fills up, a real one: a small file system of its own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tv5_assets_tests.commands import TINY, Tv5

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

SELECTION = '+key:"models/policies"'
FILLS_UP_KIB = 150  # between the raw files and the last of the selection's tables and models
ROOM_KIB = 50_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of FILLS_UP_KIB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={FILLS_UP_KIB}k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a file system of a given size can only be mounted by root, outside of a locked container")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_run_on_a_full_disk_says_so_and_the_next_one_mends_it(tmp_path: Path, disk: Path):
    tv5 = Tv5(tmp_path / "home", {**TINY, "TV5_DATA_DIR": str(disk)})
    failed = tv5.summary("--select", SELECTION)
    assert not failed["succeeded"]
    errors = [asset["error"] for asset in failed["assets"] if asset["status"] == "failed"]
    assert errors
    assert all(error.startswith("cannot write ") and "No space left on device" in error for error in errors), errors
    assert tv5.leftovers() == []

    subprocess.run(["mount", "-o", f"remount,size={ROOM_KIB}k", str(disk)], check=True)
    mended = tv5.summary("--select", SELECTION)
    assert mended["succeeded"], [*mended["errors"], *mended["checks"]]
    assert tv5.leftovers() == []
    assert tv5.processes() == []
