"""`tv5 bench`: what the benchmarks print is understood, and a bar that is missed is seen."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks import generators
from tv5_assets import bench as benchmarks
from tv5_assets.bench import BENCHMARKS, Benched, Measurement, SpeedUp
from tv5_assets.cli import app
from tv5_assets.errors import InputError

FOLDER = Path(generators.__file__).parent
COST = {"name": "x", "seconds": 3.0, "bare_seconds": 2.0, "ratio": 1.5, "target_ratio": 1.5, "peak_mb": 10.0}
SPEED_UP = {
    "name": "y", "rows": 1_000, "rows_per_second": 500.0, "loop_rows": 10, "loop_rows_per_second": 5.0,
    "speed_up": 100.0, "target_speed_up": 100.0, "peak_mb": 10.0,
}  # fmt: skip


def answers(monkeypatch: pytest.MonkeyPatch, *lines: dict[str, Any], code: int = 0, told: str = "") -> None:
    """Let the benchmarks print these lines."""
    printed = "".join(f"{json.dumps(line)}\n" for line in lines)
    done = subprocess.CompletedProcess([], code, printed, told)
    monkeypatch.setattr(benchmarks.subprocess, "run", lambda *_, **__: done)


def test_costs_and_speed_ups_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    answers(monkeypatch, COST, SPEED_UP)
    benched = benchmarks.bench(tmp_path, 10_000, tmp_path, ["features"])
    assert benched == Benched([Measurement(**COST), SpeedUp(**SPEED_UP)], [])


def test_a_benchmark_that_fails_is_named_by_its_last_words_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    answers(monkeypatch, COST, code=1, told="Traceback\nValueError: no rows")
    benched = benchmarks.bench(tmp_path, 10_000, tmp_path, ["encoding", "features"])
    assert len(benched.measured) == 2  # what they had printed before
    told = [f"{name} failed on {tmp_path}: ValueError: no rows" for name in ("features", "encoding")]
    assert benched.failures == told
    assert all(f"{line}; all it said:\nTraceback\n" in caplog.text for line in told)
    command = ["bench", "encoding", "--ratings", "10000", "--raw", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 1


def test_an_unknown_benchmark_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"no benchmark nothing; choose from raw_to_processed,"):
        benchmarks.bench(tmp_path, 10_000, tmp_path, ["nothing"])


def test_every_benchmark_can_be_asked_for_and_none_is_forgotten():
    modules = {path.stem for path in FOLDER.glob("*.py") if "def run(" in path.read_text()}
    assert set(BENCHMARKS) == modules - {"full_size"}  # which needs half an hour and real servers
    source = (FOLDER / "__main__.py").read_text()
    assert all(f'"{name}":' in source for name in BENCHMARKS)


@pytest.mark.parametrize(
    ("line", "missed"),
    [
        (Measurement(**COST), False),
        (Measurement(**{**COST, "ratio": 1.51}), True),
        (Measurement(**{**COST, "ratio": 9.0, "target_ratio": None}), False),
        (SpeedUp(**SPEED_UP), False),
        (SpeedUp(**{**SPEED_UP, "speed_up": 99.9}), True),
        (SpeedUp(**{**SPEED_UP, "speed_up": 0.1, "target_speed_up": None}), False),
    ],
)
def test_a_cost_may_not_be_above_its_bar_and_a_speed_up_not_below(line: Measurement | SpeedUp, missed: bool):
    assert line.missed is missed


@pytest.mark.parametrize(
    ("size", "speed_up", "code"),
    [(benchmarks.ML_25M_RATINGS, 120.0, 0), (benchmarks.ML_25M_RATINGS, 20.0, 1), (10_000, 20.0, 0)],
    ids=["kept", "missed", "not judged on less"],
)
def test_the_command_fails_where_a_bar_is_missed_at_full_size(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, speed_up: float, code: int
):
    answers(monkeypatch, COST, {**SPEED_UP, "speed_up": speed_up})
    done = CliRunner().invoke(app, ["bench", "--ratings", str(size), "--raw", str(tmp_path)], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    assert f"{speed_up:.0f}" in done.output and "times faster" in done.output
    assert f"{size:,} ratings made; parsed: " in done.output


def test_every_generator_with_a_bar_is_measured():
    targets = {name: one.target for name, one in generators.GENERATORS.items() if one.target}
    assert targets == {"catalog": 50, "users": 100, "segments": 100}


def test_the_loop_makes_rows_of_its_own_and_ours_are_counted(tmp_path: Path):
    from faker import Faker

    fake = Faker()
    for name, generator in generators.GENERATORS.items():
        first, second = generator.loop(fake, 0), generator.loop(fake, 1)
        assert first.keys() & second.keys() and first != second, name
    made = generators._make("users", tmp_path, 50)
    assert made["rows"] == 50 and made["seconds"] > 0 and made["peak_mb"] > 0
    assert not list(tmp_path.iterdir())
