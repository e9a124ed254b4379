import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from upath import UPath

from tv5_assets.files import replacing

WRITERS = {
    "python": 'with part.open("wb") as file: file.write(b"x" * 100_000)',
    "polars csv": 'pl.LazyFrame({"n": range(100_000)}).sink_csv(part)',
    "polars parquet": 'pl.LazyFrame({"n": range(100_000)}).sink_parquet(part)',
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, write: str):
    target = tmp_path / "table.parquet"
    target.write_bytes(b"old")
    script = textwrap.dedent(
        f"""
        import resource, signal
        from pathlib import Path
        import polars as pl
        from tv5_assets.files import replacing
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        with replacing(Path({str(target)!r})) as part:
            {write}
        """
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert f"InputError: cannot write {target}: File too large" in ran.stderr
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_replaces_a_folder(tmp_path: Path):
    for content in ("old", "new"):
        with replacing(tmp_path / "model") as part:
            part.mkdir()
            (part / content).write_text(content)
    assert [path.name for path in tmp_path.rglob("*")] == ["model", "new"]


def test_an_interrupted_write_leaves_the_old_folder(tmp_path: Path):
    (tmp_path / "model").mkdir()
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "model") as part:
        part.mkdir()
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob("*")] == ["model"]


def test_a_remote_target_is_uploaded_whole():
    target = UPath("memory://bucket/table.parquet")
    with replacing(target) as part:
        part.write_bytes(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path):
    orphan = tmp_path / ".table.parquet.999999999.part"
    orphan.write_bytes(b"half")
    with replacing(tmp_path / "table.parquet") as part:
        part.write_bytes(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]
