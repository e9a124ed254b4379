"""Notebooks: text sources in the percent format, run from top to bottom in a kernel process of their own.

The kernel is the one that Jupyter uses, so that what runs in the graph is what a person sees who opens the source
there. It talks through sockets in a folder that only this user may enter, gets no environment but what interpreters
need (no address or password of a store), and ends with this process, however that ends. What does not belong here: what
the cells read and show (dataset.py, blocks.py), and a page made of an executed notebook (chapters.py).
"""

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tv5_assets.errors import InputError

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode

logger = logging.getLogger(__name__)

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
"""Where the platform's own notebooks lie in a checkout."""
PARAMETERS = "parameters"
"""Tag of the cell that assigns what a caller may set."""

_GIVEN = "given"
_SECONDS_TO_START = 300
"""A kernel takes two seconds of a processor; this is for machines that have none to spare. One that dies is noticed."""
_SECONDS_A_CELL = 900
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|VIRTUAL_ENV|PYTHON\w+|LD_LIBRARY_PATH|MPL\w+|XDG_\w+|POLARS_\w+|\w+_NUM_THREADS"
)


def execute(source: Path, parameters: Mapping[str, Any], seconds_a_cell: int = _SECONDS_A_CELL) -> "NotebookNode":
    """Run a notebook and return it with what its cells put out.

    Args:
        source: a Python file in the percent format, which jupytext and Jupyter open as a notebook.
        parameters: texts, numbers and truth values by name; the names are assigned in the cell tagged ``parameters``,
            and a cell after it assigns these values.
        seconds_a_cell: how long one cell may take.

    Raises:
        InputError: the notebook is not there or has no such parameter, a cell of it raises or takes too long, or its
            kernel does not start or dies; the message names the notebook and the cell.
    """
    notebook = with_parameters(read(source), parameters, source.name)
    run = _Run(source.name)
    with TemporaryDirectory(prefix="tv5-kernel-") as folder, _handlers_of_signals(), run.telling():
        asyncio.run(_executed(notebook, Path(folder), source.parent, seconds_a_cell, run))
    return notebook


async def _executed(notebook: "NotebookNode", folder: Path, beside: Path, seconds_a_cell: int, run: "_Run") -> None:
    """Run every cell in a kernel, whose own files are in ``folder`` and which looks for files from ``beside`` on."""
    from nbclient import NotebookClient

    kernel = _kernel(folder)
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=seconds_a_cell,
        startup_timeout=_SECONDS_TO_START,
        record_timing=False,  # the same notebook and data are the same result
        on_cell_start=run.begin,
    )
    await kernel.start_kernel(env=_environment(folder), cwd=str(beside))
    try:
        await client.async_start_new_kernel_client()
        await client.async_execute()
    finally:
        if kernel.has_kernel:
            await kernel.shutdown_kernel(now=True)  # it holds nothing that is not in its output


def read(source: Path) -> "NotebookNode":
    """Read a notebook from its text source.

    Raises:
        InputError: there is none.
    """
    import jupytext

    if not source.is_file():
        raise InputError(f"there is no notebook {source}; the platform's own come with a checkout of it")
    return jupytext.read(source, fmt="py:percent")


def with_parameters(notebook: "NotebookNode", parameters: Mapping[str, Any], name: str) -> "NotebookNode":
    """Return the notebook with a cell after its cell of parameters, which assigns ``parameters``.

    Raises:
        InputError: the notebook has no such cell, or that does not assign one of them.
    """
    import nbformat

    if not parameters:
        return notebook
    places = [place for place, cell in enumerate(notebook.cells) if PARAMETERS in cell.metadata.get("tags", [])]
    if not places:
        raise InputError(f'{name} has no cell of parameters; begin one with # %% tags=["{PARAMETERS}"]')
    own = notebook.cells[places[0]].source
    unknown = [given for given in parameters if not re.search(rf"^{re.escape(given)}\s*(:.*)?=", own, re.MULTILINE)]
    if unknown:
        raise InputError(f"{name} has no parameter {', '.join(unknown)}; assign it in the cell of parameters")
    lines = (f"{given} = {value!r}" for given, value in parameters.items())
    # The cell's id is set, since nbformat would draw one.
    cell = nbformat.v4.new_code_cell("\n".join(lines), id=_GIVEN, metadata={"tags": [_GIVEN]})
    notebook.cells.insert(places[0] + 1, cell)
    return notebook


def _kernel(folder: Path) -> "AsyncKernelManager":
    """Return what starts a kernel of this very interpreter, whatever others a person has installed under its name."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class OfThisInterpreter(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=[*command, "--HistoryManager.enabled=False"], language="python", name=kernel_name)

    return AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=OfThisInterpreter(),
        transport="ipc",
        connection_file=str(folder / "kernel.json"),
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a kernel: nothing of the platform's settings, and no person's start-up files."""
    passed_on = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    return passed_on | {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_NO_CONFIG": "1"}


@contextmanager
def _handlers_of_signals() -> Iterator[None]:
    """Put back the signal handlers that nbclient replaces by those of its own and then by Python's."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


class _Run:
    """A run of a notebook, which knows the cell that it is at."""

    def __init__(self, name: str):
        self._name = name
        self._place = ""
        self._cells = 0

    def begin(self, cell: "NotebookNode", **_: Any) -> None:
        """Note the cell as a person finds it: its place among the cells of code in the source, and its first line."""
        if cell.cell_type == "code":
            self._cells += _GIVEN not in cell.metadata.get("tags", [])
            first = next((line for line in cell.source.splitlines() if line.strip()), "")
            self._place = f"cell {self._cells} ({first[:60]})"

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Raise what goes wrong as an error that names the notebook and the cell."""
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        at = f"notebook {self._name}"
        try:
            yield
        except CellExecutionError as error:
            logger.error("%s, %s\n%s", at, self._place, _COLOURS.sub("", error.traceback))
            raise InputError(f"{at}, {self._place}: {error.ename}: {error.evalue}") from error
        except CellTimeoutError as error:
            raise InputError(f"{at}, {self._place} takes too long and was stopped") from error
        except DeadKernelError as error:
            raise InputError(f"{at}, {self._place}: its kernel died; it may have run out of memory") from error
        except RuntimeError as error:
            raise InputError(f"{at}: its kernel does not start: {error}") from error
