import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from upath import UPath

from tv5_assets.files import replacing

WRITES = {
    "python": "part.write_bytes(b'x' * 100_000)",
    "polars": "pl.DataFrame({'x': np.random.default_rng(0).random(100_000)}).write_parquet(part)",
    "polars csv": "pl.LazyFrame({'n': range(100_000)}).sink_csv(part)",
    "safetensors": "save_file({'x': np.ones(100_000)}, part)",
    "arrow": "write_vectors(Vectors(np.arange(1, 1001, dtype='i4'), np.ones((1000, 99), 'f4'), 'none'), part)",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, write: str):
    target = tmp_path / "table.parquet"
    target.write_bytes(b"old")
    script = textwrap.dedent(
        f"""
        import resource, signal
        from pathlib import Path
        import numpy as np
        import polars as pl
        from safetensors.numpy import save_file
        from tv5_assets.embeddings.vectors import Vectors, write_vectors
        from tv5_assets.files import replacing
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        with replacing(Path({str(target)!r})) as part:
            {write}
        """
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert f"InputError: cannot write {target}: " in ran.stderr
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
