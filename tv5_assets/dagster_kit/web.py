"""``tv5 ui``: Dagster's web server and daemon, and MLflow's, on servers that are started for them or already there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tv5_assets.dagster_kit.instance import open_instance, prepare
from tv5_assets.doctor import port_is_free
from tv5_assets.errors import InputError, TV5Error
from tv5_assets.services import mlflow_ui
from tv5_assets.services.embedded import running
from tv5_assets.services.guard import end
from tv5_assets.services.parent import end_with_parent
from tv5_assets.settings import Settings

_WORKSPACE = Path(__file__).resolve().parents[2] / "workspace.yaml"
_SECONDS_TO_START = 300  # it took 151 s on a machine that was busy with other work


def serve(settings: Settings, port: int, announce: Callable[[str], None]) -> None:
    """Serve the web UI on loopback, with schedules and sensors, until interrupted.

    Args:
        settings: the settings.
        port: port of the web UI.
        announce: called with the address once the UI answers.

    Raises:
        InputError: the port is in use.
        TV5Error: the web server ended by itself, or does not answer; the message names its log.
    """
    _require_free(port)
    prepare(settings)
    with running(settings) as endpoints:
        with open_instance(settings):
            pass  # its pools have their sizes now
        log = settings.home / "logs" / "dagster.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            process = subprocess.Popen(  # noqa: S603  the program is Dagster's own, every argument is ours
                [
                    sys.executable,
                    "-m",
                    "tv5_assets.services.guard",
                    sys.executable,
                    "-m",
                    "dagster",
                    "dev",
                    "-w",
                    str(_WORKSPACE),
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(port),
                ],
                env=os.environ,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C in a terminal reaches this command alone, and it the others
                stdout=sink,
                stderr=subprocess.STDOUT,
                preexec_fn=end_with_parent(signal.SIGTERM),
            )
            try:
                _wait_until_up(process, port, log)
                announce(f"http://127.0.0.1:{port}")
                # Not before, since each takes the processor for seconds.
                with mlflow_ui.served(endpoints.mlflow_url, settings.mlflow_port, log.parent):
                    process.wait()
            finally:
                end(process)
        raise TV5Error(f"the web server ended by itself with status {process.returncode}; see {log}")


def _require_free(port: int) -> None:
    if not port_is_free(port):
        raise InputError(f"port {port} is in use; choose another with `tv5 ui --port N` or TV5_UI_PORT")


def _wait_until_up(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/server_info", timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    if process.poll() is None:
        raise TV5Error(f"the web UI runs but does not answer after {_SECONDS_TO_START} s; see {log}")
