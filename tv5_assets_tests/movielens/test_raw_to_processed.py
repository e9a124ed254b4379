"""The benchmark runs and measures what it says; its figures are not asserted here."""

from pathlib import Path

import pytest

from benchmarks import raw_to_processed
from tv5_assets_tests.movielens.sets import write_genome_set


def test_benchmark_measures_every_table_that_both_sides_write(tmp_path: Path) -> None:
    lines = raw_to_processed.run(write_genome_set(tmp_path / "set"), repeats=1)
    assert [line.name.rpartition("/")[2] for line in lines] == [
        "ratings", "tags", "genome_tags", "genome_scores", "movies", "all",
    ]  # fmt: skip
    for line in lines:
        assert line.ratio == pytest.approx(line.seconds / line.bare_seconds)
        assert line.peak_mb > 0
    assert [line.target_ratio for line in lines] == [None] * 5 + [1.5]
