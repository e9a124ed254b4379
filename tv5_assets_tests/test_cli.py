"""`tv5` as a person meets it: small commands, and what is said about bad input."""

import io
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tv5_assets.movielens.simulate import simulate
from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets_tests.commands import TINY, Tv5, closed_port
from tv5_assets_tests.servers import embedded_settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

RAW = 'key:"raw/movielens"'
PROCESSED = 'key:"raw/movielens" or key:"processed/*"'


@pytest.fixture(scope="module")
def held() -> Iterator[tuple[Tv5, Endpoints]]:
    """Commands in a home whose servers are up already, so that each takes seconds."""
    with tempfile.TemporaryDirectory(prefix="tv5-") as folder:
        settings = embedded_settings(Path(folder) / "home")
        with running(settings) as endpoints:
            yield Tv5(settings.home, {}), endpoints


def one_line(done) -> str:
    """The one line that tells what is wrong; nothing else of it may be a trace."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and 'File "' not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith(("tv5: ", "failed ", "error "))]
    return line


# What a run leaves


def test_a_second_run_at_once_is_refused(held):
    tv5, _ = held
    with tv5.started("run", "--select", PROCESSED, **TINY) as run:
        while not (tv5.home / "run.json").exists():
            time.sleep(0.05)
            assert run.poll() is None
        line = one_line(tv5("run", "--select", RAW, **TINY))
        assert "another `tv5 run` is in progress" in line
        assert str(run.pid) in line
        out, _ = run.communicate()
        assert run.returncode == 0, out


def test_a_run_that_no_terminal_shows_says_how_far_it_is(caplog, monkeypatch):
    from tv5_assets import cli, progress
    from tv5_assets.dagster_kit.following import RunningStep, Standing

    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with caplog.at_level("INFO", "tv5_assets"), cli._followed("tiny") as say:
        running = [RunningStep("processed__movies", 61.4), RunningStep("train_sequences", 2)]
        say(Standing(done=1, total=3, running=running))
        assert re.match(r"materializing tiny:  33%\|#+\d? +\| 1/3 \[00:0\d, processed", caplog.messages[-1])
        assert "processed/movies 61 s, train_sequences 2 s" in caplog.messages[-1]
        say(Standing(done=2, total=3, failed=["milvus__movies"]))
        assert "milvus/movies failed" in caplog.messages
        said = len(caplog.messages)
        training = RunningStep("train_sequences", 17, said="epoch 3 of 8")
        say(Standing(done=2, total=3, running=[training]))
        assert len(caplog.messages) == said
        monkeypatch.setattr(cli, "_SECONDS_OF_SILENCE", 0.0)
        say(Standing(done=2, total=3, running=[training]))
        assert "train_sequences 17 s" in caplog.messages[-2]
        assert caplog.messages[-1] == "train_sequences: epoch 3 of 8"
        say(Standing(done=2, total=3, running=[training]))
        assert "train_sequences 17 s" in caplog.messages[-1]  # which has said nothing else since


def test_a_run_on_a_terminal_shows_what_runs(monkeypatch):
    from rich.console import Console

    from tv5_assets import cli
    from tv5_assets.dagster_kit.following import RunningStep, Standing

    terminal = Console(file=io.StringIO(), force_terminal=True, width=160)
    monkeypatch.setattr(cli, "err", terminal)
    with cli._followed("tiny") as show:
        running = [RunningStep("processed__movies", 61.4, said="parsing: 40% of [movies.csv]" + "." * 200)]
        show(Standing(done=1, total=3, running=running, failed=["milvus__movies"]))
    shown = terminal.file.getvalue()
    assert "milvus/movies failed" in shown
    assert "1/3" in shown
    assert "processed/movies  61 s  parsing: 40% of [movies.csv]" in shown
    assert "…" in shown  # cut, not wrapped


# Bad input


@pytest.mark.parametrize(
    ("arguments", "env", "words"),
    [
        (("--dataset", "ml-7m"), {}, "there is no dataset 'ml-7m'"),
        ((), {"TV5_SEED": "abc"}, "TV5_SEED"),
        ((), {"TV5_UI_PORT": "70000"}, "TV5_UI_PORT"),
        (("--select", "(("), TINY, "--select '((' is not a selection"),
        (("--select", 'key:"opera/*"'), TINY, "selects no asset"),
        (("--json", "/nowhere/at/all.json"), TINY, "/nowhere/at"),
    ],
)
def test_a_bad_argument_is_refused_before_anything_starts(tmp_path: Path, arguments, env, words):
    tv5 = Tv5(tmp_path / "home", {})
    assert words in one_line(tv5("run", *arguments, **env))
    assert not (tmp_path / "home").exists()


def _archive(folder: Path, name: str = "simulated") -> Path:
    return simulate(folder / name, users=30, movies=120, ratings=900, seed=1, genome=False)


def _edit(path: Path, edit) -> None:
    path.write_bytes(edit(path.read_bytes()))


def _zipped(source: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(source.iterdir()):
            archive.write(path, f"ml-latest-small/{path.name}")
    return target


def _truncated_zip(folder: Path) -> None:
    source = _archive(folder, "x")
    path = _zipped(source, folder / "ml-latest-small.zip")
    _edit(path, lambda data: data[: len(data) // 2])
    shutil.rmtree(source)


def _wrong_checksum(folder: Path) -> None:
    source = _archive(folder, "x")
    path = _zipped(source, folder / "ml-latest-small.zip")
    path.with_name(f"{path.name}.md5").write_text(f"{'0' * 32}  {path.name}\n")
    shutil.rmtree(source)


def _changed(name: str, edit):
    def change(folder: Path) -> None:
        path = _archive(folder, "ml-latest-small") / name
        path.unlink() if edit is None else _edit(path, edit)

    return change


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_truncated_zip, "ml-latest-small.zip"),
        (_wrong_checksum, "ml-latest-small.zip"),
        (_changed("links.csv", None), "links.csv"),
        (_changed("ratings.csv", lambda data: data.replace(b"movieId", b"filmId", 1)), "ratings.csv"),
        (_changed("tags.csv", lambda _: b""), "tags.csv"),
        (_changed("movies.csv", lambda data: data[:200] + b"\xff\xfe" + data[200:]), "movies.csv"),
    ],
    ids=["truncated zip", "wrong checksum", "missing file", "renamed column", "empty file", "not UTF-8"],
)
def test_a_fault_of_a_file_is_one_line_that_names_it(held, tmp_path: Path, spoil, words):
    tv5, _ = held
    archives, data = tmp_path / "archives", tmp_path / "data"
    archives.mkdir()
    spoil(archives)
    done = tv5(
        "run", "--dataset", "ml-latest-small", "--select", RAW,
        TV5_ARCHIVE_DIR=str(archives), TV5_DATA_DIR=str(data),
    )  # fmt: skip
    assert words in one_line(done)
    assert [path for path in data.rglob("*") if path.is_file() and not path.name.endswith(".lock")] == []


@pytest.mark.parametrize(
    ("count", "passes"), [(1, True), (20, False)], ids=["a row or two are rejects", "many fail the gate"]
)
def test_a_fault_of_a_row_is_a_reject_and_the_gate_limits_their_share(held, tmp_path: Path, count, passes):
    import polars as pl

    tv5, _ = held
    archives = tmp_path / "archives"
    simulate(archives / "ml-latest-small", users=100, movies=200, ratings=5_000, seed=1, genome=False)
    bad = [b"1,%d,7.0,1000000000" % (900_000 + i) for i in range(count)] + [
        b"1,x%d,3.0,1000000000" % i for i in range(count)
    ]
    with (archives / "ml-latest-small" / "ratings.csv").open("ab") as sink:
        sink.writelines(row + b"\r\n" for row in bad)
    summary = tv5.summary(
        "--dataset", "ml-latest-small", "--select", PROCESSED,
        TV5_ARCHIVE_DIR=str(archives), TV5_DATA_DIR=str(tmp_path / "data"),
    )  # fmt: skip
    rejects = pl.read_parquet(tmp_path / "data" / "ml-latest-small" / "processed" / "rejects.parquet")
    assert len(rejects) == 2 * count
    assert rejects["line"].min() == 5_002
    shares = [check for check in summary["checks"] if check["asset"] == "processed/rejects" and not check["passed"]]
    assert (not shares) is passes


@pytest.mark.parametrize(
    ("variable", "value", "asset", "words"),
    [
        ("TV5_MILVUS_URI", "http://127.0.0.1:{closed}", "milvus/movies", "Milvus does not answer"),
        ("TV5_REDIS_URL", "redis://:wrong@127.0.0.1:{redis}/0", "redis/platforms", "Redis"),
        ("TV5_POSTGRES_URL", "postgresql://tv5:wrong@127.0.0.1:{postgres}/agentdb", "agentdb/episodes", "PostgreSQL"),
        (
            "TV5_DAGSTER_PG_URL",
            "postgresql+psycopg2://tv5:wrong@127.0.0.1:{postgres}/dagster",
            "raw/movielens",
            "refused",
        ),
    ],
)
def test_a_store_that_does_not_answer_or_refuses_is_named(held, variable, value, asset, words):
    tv5, endpoints = held
    ports = {
        "closed": closed_port(),
        "redis": endpoints.redis_url.rpartition(":")[2].partition("/")[0],
        "postgres": endpoints.postgres_url.rpartition(":")[2].partition("/")[0],
    }
    line = one_line(tv5("run", "--select", f'key:"{asset}"', **TINY, **{variable: value.format(**ports)}))
    assert words in line and variable in line
    assert "wrong@" not in line


def test_a_model_that_is_not_there_is_named(held):
    tv5, _ = held
    assert tv5("run", "--select", PROCESSED, **TINY).returncode == 0
    line = one_line(
        tv5("run", "--select", 'key:"embeddings/movies"', **TINY, TV5_TEXT_MODEL="/no/model", HF_HUB_OFFLINE="1")
    )
    assert "TV5_TEXT_MODEL=/no/model" in line


def test_a_web_ui_port_in_use_is_one_line(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is in use" in one_line(Tv5(tmp_path / "home", {})("ui", "--port", str(port)))


# Small commands


def test_status_exits_with_1_unless_every_server_answers(held, tmp_path: Path):
    tv5, _ = held
    assert tv5("services", "status").returncode == 0
    assert Tv5(tmp_path / "home", {})("services", "status").returncode == 1


def test_simulate_writes_what_was_asked_for(tmp_path: Path):
    done = Tv5(tmp_path, {})(
        "simulate", str(tmp_path / "set"), "--users", "20", "--movies", "90", "--ratings", "500", "--tags", "7"
    )
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "set" / "ratings.csv").read_text().splitlines()) == 501
    assert len((tmp_path / "set" / "tags.csv").read_text().splitlines()) == 8
    assert not (tmp_path / "set" / "genome-scores.csv").exists()
    refused = Tv5(tmp_path, {})("simulate", str(tmp_path / "set"), "--like", "ml-7m")
    assert "ml-7m" in one_line(refused)


def test_doctor_finds_what_is_wrong(held):
    tv5, _ = held
    assert tv5("doctor", **TINY).returncode == 0
    broken = tv5("doctor", **TINY, TV5_REDIS_URL=f"redis://127.0.0.1:{closed_port()}/0", TV5_TEXT_MODEL="no/model")
    assert broken.returncode == 1
    assert "Redis does not answer" in broken.stdout and "no/model is not on this machine" in broken.stdout


COMMANDS = ["", "run", "ui", "search", "recommend", "explain", "doctor", "simulate", "generate", "export", "bench",
            "import-graph", "services up", "services status", "services down"]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_ends_with_an_example(command: str):
    from typer.testing import CliRunner

    from tv5_assets.cli import app

    shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"}).stdout
    assert shown.strip().splitlines()[-1].strip().startswith("Example: "), shown


def test_version_is_printed():
    from importlib.metadata import version

    from typer.testing import CliRunner

    from tv5_assets.cli import app

    assert CliRunner().invoke(app, ["--version"]).stdout == f"tv5 {version('tv5-assets')}\n"


# Interrupted at any moment

INTERRUPTED_IN_A_CALLBACK = """
import os, signal, time, weakref
from tv5_assets.cli import _errors_for_people, _terminated_as_interrupted

class Held: pass

with _errors_for_people(), _terminated_as_interrupted():
    held = Held()
    reference = weakref.ref(held, lambda _: (os.kill(os.getpid(), signal.{number}), time.sleep(5)))
    del held
    time.sleep(5)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupt_that_python_could_not_raise_comes_again(number: str):
    script = INTERRUPTED_IN_A_CALLBACK.format(number=number) + "raise SystemExit('it was never raised')"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "interrupted" in ran.stderr
    assert "Exception" not in ran.stderr.partition("interrupted")[0]
    assert "never" not in ran.stderr
