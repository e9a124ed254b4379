"""MLflow's pages, served on loopback while ``tv5 ui`` runs.

What does not belong here: writing into MLflow's store (models/tracking.py), which needs no server.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import httpx

from tv5_assets.doctor import port_is_free
from tv5_assets.models.tracking import environment
from tv5_assets.services.guard import end
from tv5_assets.services.parent import end_with_parent
from tv5_assets.stores.address import without_credentials

SECONDS_TO_START = 120.0
"""Loading MLflow takes seconds, on a busy machine many."""

_HOST = "127.0.0.1"

logger = logging.getLogger(__name__)


@contextmanager
def served(url: str, port: int, logs: Path) -> Iterator[None]:
    """Start the server, log where it is once it answers, and stop it afterwards.

    It is a convenience: where there is nothing to start, or it does not start, that is logged and ends nothing.

    Args:
        url: of MLflow's store; where that is a tracking server, it has pages of its own.
        port: to listen on.
        logs: folder for its log.
    """
    reason = _reason_not_to(url, port)
    if reason:
        logger.info("%s", reason)
        yield
        return
    log = logs / "mlflow.log"
    logs.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        process = subprocess.Popen(  # noqa: S603  the program is MLflow's own, every argument is ours
            [
                sys.executable, "-m", "tv5_assets.services.guard",
                sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port), "--workers", "1",
            ],
            env={**os.environ, **environment(url)},
            cwd=logs,  # MLflow makes folders where it runs
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl-C in a terminal reaches this command alone, and it the others
            stdout=sink,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent(signal.SIGTERM),
        )  # fmt: skip
    try:
        _announce(process, port, log)
        yield
    finally:
        end(process)


def _announce(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    address = f"http://{_HOST}:{port}"
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=2).is_success:
                logger.info("MLflow's UI is at %s", address)
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    logger.warning("MLflow's UI did not start; see %s", log)


def _reason_not_to(url: str, port: int) -> str:
    if url.startswith(("http://", "https://")):
        return f"MLflow's UI is at {without_credentials(url)}"
    try:
        metadata.version("mlflow")
    except metadata.PackageNotFoundError:
        return "MLflow's UI is not installed; `make ui` installs it"
    if not port_is_free(port):
        return f"MLflow's UI is left out, since port {port} is in use; choose another with TV5_MLFLOW_PORT"
    return ""
