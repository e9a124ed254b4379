"""Neo4j filled by its import tool: the whole graph at once, into a database that holds nothing yet.

The tool writes the files of a database that no server has open, so this is for the embedded Neo4j only. It works in
a home of its own, which takes the place of the empty one when it is whole: whoever kills it on the way has lost
nothing, and the next import begins anew. What does not belong here: what the graph consists of (stores/graph_parts.py),
and the files that the tool reads (stores/neo4j_csv.py).
"""

import logging
import re
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.progress import progress
from tv5_assets.services import neo4j_java
from tv5_assets.services.embedded import running
from tv5_assets.services.neo4j_server import DATABASE, FOLDER, admin_environment, configure
from tv5_assets.services.parent import end_with_parent
from tv5_assets.services.state import services_folder
from tv5_assets.settings import Settings
from tv5_assets.stores import neo4j, neo4j_csv
from tv5_assets.stores.graph_parts import Part
from tv5_assets.stores.load import Load

_HEAP_MIB, _OFF_HEAP = 2048, "2G"
_WORK = f"{FOLDER}.importing"
_REPLACED = f"{FOLDER}.replaced"
_STAGES = 4
"""Of an import, each of which the tool tells in percent: nodes, relationships, their linking, what comes after."""
_LINES_KEPT = 40
_INPUT_ERROR = "Error in input data"
_PERCENT = re.compile(r"(\d+)%")

logger = logging.getLogger(__name__)


def import_graph(settings: Settings, parts: Iterable[Part]) -> list[Load]:
    """Fill the empty embedded Neo4j with the parts of a graph, and verify by its server that it holds them.

    Args:
        settings: they choose the embedded Neo4j.
        parts: all of the graph, from stores/graph_parts.py.

    Returns:
        One load a part, as publishing over Bolt returns them.

    Raises:
        InputError: another server is chosen, the database is not empty or in use, or the parts do not fit together.
        StoreUnavailableError: the tool failed, or the server does not hold what was imported.
    """
    if settings.neo4j_uri or settings.neo4j_server != neo4j_java.PRODUCT:
        raise InputError(
            "the import tool fills the Neo4j of this machine: set TV5_NEO4J_SERVER=neo4j and unset TV5_NEO4J_URI"
        )
    home = settings.home.resolve()
    if (home / FOLDER / "data" / "databases" / DATABASE).exists():
        _require_empty(settings)
    with _no_server(home):
        work = home / _WORK
        for left in (work, home / _REPLACED):
            shutil.rmtree(left, ignore_errors=True)
        written = build(parts, work).parts
        _put_in_place(work, home)
    with _graph(settings) as graph:
        return [neo4j.adopt(graph, part.spec, part.version, part.rows) for part in written]


def build(parts: Iterable[Part], folder: Path) -> neo4j_csv.Files:
    """Make a Neo4j home that holds the parts; no server has run in it yet.

    Raises:
        InputError: the parts do not fit together.
        StoreUnavailableError: the tool failed.
    """
    configure(folder)
    csv = folder / "csv"
    csv.mkdir()
    files = neo4j_csv.write(parts, csv)
    run_tool(folder, files.arguments)
    shutil.rmtree(csv)
    return files


def run_tool(folder: Path, arguments: list[str]) -> None:
    """Run the import tool on a home whose server is not running, and log its progress.

    Args:
        folder: the home.
        arguments: ``--nodes=...`` and ``--relationships=...``.

    Raises:
        InputError: a relationship's node is not there, or a node is there twice.
        StoreUnavailableError: the tool failed otherwise.
    """
    command = [
        *neo4j_java.command(neo4j_java.ADMIN, _HEAP_MIB),
        *("database", "import", "full", DATABASE),
        "--multiline-fields=true",
        f"--max-off-heap-memory={_OFF_HEAP}",  # without it the tool takes 90 % of what is free
        "--legacy-style-quoting=false",  # or a backslash before a quote would be taken for part of it
        f"--report-file={folder / 'import.report'}",
        *arguments,
    ]
    with (
        subprocess.Popen(  # noqa: S603  our own arguments
            command,
            cwd=folder,
            env=admin_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=end_with_parent(signal.SIGKILL),
        ) as tool,
        progress(logger, "Neo4j import", _STAGES * 100, "%") as bar,
    ):
        said: deque[str] = deque(maxlen=_LINES_KEPT)
        for line in tool.stdout or ():
            if percent := _PERCENT.search(line):
                bar.update(max(0, int(percent.group(1)) - bar.n % 100))
            elif line.strip():
                said.append(line.rstrip())
    if tool.returncode:
        text = "\n".join(said)
        if _INPUT_ERROR in text:
            raise InputError(
                "Neo4j's import tool refused the graph: a relationship has no node, or a node is there twice"
            )
        raise StoreUnavailableError(f"Neo4j's import tool failed:\n{text}")


def _require_empty(settings: Settings) -> None:
    with _graph(settings) as graph:
        nodes = neo4j.query(graph, "MATCH (n) RETURN count(n) AS nodes")[0]["nodes"]
    if nodes:
        raise InputError(
            f"the graph of {settings.home} is not empty: it has {nodes:,} nodes, and the import tool fills only empty "
            f"ones; publish with `tv5 run --select 'key:\"neo4j/*\"'`, or remove {settings.home / FOLDER}"
        )


@contextmanager
def _graph(settings: Settings) -> Iterator[neo4j.Graph]:
    """Start the server, alone, for as long as this lasts."""
    with (
        running(settings, ["neo4j"]) as at,
        closing(neo4j.connect(at.neo4j_uri, at.neo4j_user, at.neo4j_password, at.neo4j_database)) as graph,
    ):
        yield graph


@contextmanager
def _no_server(home: Path) -> Iterator[None]:
    """Keep servers from running in ``home`` meanwhile."""
    try:
        with FileLock(services_folder(home) / "supervisor.lock", blocking=False):
            yield
    except Timeout:
        raise InputError(f"servers are running in {home}; stop them with `tv5 services down` and try again") from None


def _put_in_place(work: Path, home: Path) -> None:
    """Let the new home take the place of the empty one."""
    folder, replaced = home / FOLDER, home / _REPLACED
    if folder.exists():
        folder.rename(replaced)
    work.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
