"""Notebooks in a kernel: run with what they are given, and what fails in one is told by notebook and cell."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from nbformat import NotebookNode

from tv5_assets.errors import InputError
from tv5_assets.reports.notebook import NOTEBOOKS, execute, read, with_parameters

TINY = """
# %% tags=["parameters"]
given = 1
other: str = "as it was"

# %%
import os
print(given, other, [name for name in os.environ if "SECRET" in name or "TOKEN" in name])

# %%
from tv5_assets.reports.blocks import Figures, Plot
from tv5_assets.reports.draw import bars
display(Plot("Bars", "See.", bars({"a": given}, "rows")), Figures({"rows": given}))
"""
# It ends the run by itself, unless whoever waits for it is ended first.
LONG = 'import os, time\nopen({pid!r}, "w").write(str(os.getpid()))\ntime.sleep(120)\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "tiny.py"
    path.write_text(text, encoding="utf-8")
    return path


def said(notebook: NotebookNode) -> str:
    return "".join(out["text"] for cell in notebook.cells for out in cell.get("outputs", []) if out["name"] == "stdout")


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def until(condition, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_it_runs_with_what_it_is_given_and_no_secret_and_comes_out_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("TV5_SECRET", "a password")
    monkeypatch.setenv("MY_TOKEN", "a token")
    handler = signal.getsignal(signal.SIGTERM)
    first, second = (execute(written(tmp_path, TINY), {"given": 3}) for _ in range(2))
    outputs = [cell.outputs for cell in first.cells]
    assert outputs[-2][0]["text"] == "3 as it was []\n"
    assert [set(output["data"]) for output in outputs[-1]] == [
        {"text/plain", "text/html", "text/markdown"},
        {"text/plain", "text/html", "text/markdown", "application/vnd.tv5.figures+json"},
    ]
    assert outputs == [cell.outputs for cell in second.cells]
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.parametrize(
    ("cell", "seconds", "told"),
    [
        ("\nround(1)\n1 / 0", 60, "notebook tiny.py, cell 2 (round(1)): ZeroDivisionError: division by zero"),
        ("import time; time.sleep(60)", 1, "notebook tiny.py, cell 2 (import time; time.sleep(60)) takes too long"),
        ("import os; os._exit(9)", 60, "notebook tiny.py, cell 2 (import os; os._exit(9)): its kernel died"),
    ],
    ids=["it raises", "it takes too long", "it ends"],
)
def test_what_fails_is_told_by_notebook_and_cell(tmp_path, cell: str, seconds: int, told: str):
    source = written(tmp_path, f'# %% tags=["parameters"]\na = 1\n# %%\n{cell}\n# %%\nopen("after", "w")\n')
    with pytest.raises(InputError) as error:
        execute(source, {"a": 2}, seconds_a_cell=seconds)
    assert str(error.value).startswith(told)
    assert not (tmp_path / "after").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_a_kernel_ends_with_whoever_runs_it(tmp_path):
    pid = tmp_path / "pid"
    source = written(tmp_path, "# %%\n" + LONG.format(pid=str(pid)))
    script = "import pathlib\nfrom tv5_assets.reports.notebook import execute\n"
    script += f"execute(pathlib.Path({str(source)!r}), {{}})"
    with subprocess.Popen([sys.executable, "-c", script]) as runner:
        assert until(lambda: pid.exists() and pid.read_text())
        kernel = int(pid.read_text())
        assert not gone(kernel)
        os.kill(runner.pid, signal.SIGKILL)
    assert until(lambda: gone(kernel))


def test_parameters_stand_after_their_cell_and_above_all_others():
    notebook = with_parameters(read(NOTEBOOKS / "eda.py"), {"root": "a 'root'", "least": 3}, "eda.py")
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    assert notebook.cells[tags.index(["parameters"]) + 1].source == "root = \"a 'root'\"\nleast = 3"


@pytest.mark.parametrize(
    ("text", "told"),
    [("# %%\na = 1\n", "no cell of parameters"), (TINY, "no parameter rows"), (None, "there is no notebook")],
    ids=["no cell", "another name", "no file"],
)
def test_what_cannot_be_given_is_an_error(tmp_path, text: str | None, told: str):
    source = written(tmp_path, text) if text else tmp_path / "none.py"
    with pytest.raises(InputError, match=told):
        execute(source, {"rows": 1})
