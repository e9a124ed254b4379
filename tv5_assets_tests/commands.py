"""The ``tv5`` command as a person runs it, in a process of its own, on a tiny simulated set."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tv5_assets.services.supervisor import STOP_SECONDS

TINY = {
    "TV5_DATASET": "simulated",
    "TV5_SIMULATED_USERS": "30",
    "TV5_SIMULATED_MOVIES": "120",
    "TV5_SIMULATED_RATINGS": "900",
    "TV5_TREND_MOVIES": "20",
    "TV5_TREND_DAYS": "10",
    "TV5_CONTEXTS": "200",
    "TV5_SEGMENTS": "300",
    "TV5_CATALOG_ITEMS": "300",
    "TV5_QUERIES": "60",
    "TV5_EPOCHS": "2",
    "TV5_TUNING_TRIALS": "1",
    "TV5_VALIDATION_SLICES": "1",
    "TV5_DEVICE": "cpu",
}
ONE_ASSET_OF_EACH_STORE = " or ".join(
    f'key:"{key}"' for key in ("milvus/users", "neo4j/genres", "agentdb/episodes", "redis/platforms")
)


def closed_port() -> int:
    """Return a port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Tv5:
    """Runs commands in one home.

    Attributes:
        home: the TV5_HOME.
        env: further variables; nothing that starts with TV5_ is taken from the environment.
    """

    home: Path
    env: Mapping[str, str]

    def __call__(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; ``env`` are TV5_ variables of this call alone."""
        return subprocess.run(
            self._command(*arguments), env=self._environment(env), capture_output=True, text=True, check=False
        )

    @contextmanager
    def started(self, *arguments: str, **env: str) -> Iterator["subprocess.Popen[str]"]:
        """Start a command, and kill it in the end if it still runs."""
        with subprocess.Popen(
            self._command(*arguments), env=self._environment(env),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()

    def summary(self, *arguments: str, **env: str) -> dict[str, Any]:
        """Return what ``tv5 run --json`` writes."""
        path = self.home.parent / "summary.json"
        path.unlink(missing_ok=True)
        done = self("run", "--json", str(path), *arguments, **env)
        assert path.is_file(), done.stderr
        summary: dict[str, Any] = json.loads(path.read_text())
        assert done.returncode == (0 if summary["succeeded"] else 1)
        return summary

    def processes(self) -> list[psutil.Process]:
        """Return every process that was started with this home in its arguments or environment."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = str(self.home) in (*process.cmdline(), process.environ().get("TV5_HOME"))
                if process.pid != os.getpid() and (mine or str(self.home) in " ".join(process.cmdline())):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return [process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]

    def left_running(self) -> list[str]:
        """Return the command line of each process that does not end in the time that a slow server has to stop."""
        deadline = time.monotonic() + STOP_SECONDS + 30
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        lines = []
        for process in left:
            with suppress(psutil.NoSuchProcess):
                lines.append(f"{process.pid} {process.status()}: {' '.join(process.cmdline())}")
        return lines

    def leftovers(self) -> list[Path]:
        """Return files and folders of the home and the data folder that are half of something."""
        marks = (".part", ".partial", ".old", ".replaced")
        folders = {self.home, Path(self.env.get("TV5_DATA_DIR", self.home))}
        return [path for folder in folders for path in folder.rglob("*") if path.name.endswith(marks)]

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "tv5_assets.cli", *arguments]

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        foreign = {name: value for name, value in os.environ.items() if not name.startswith(("TV5_", "DAGSTER_"))}
        return {**foreign, "COLUMNS": "300", "TV5_HOME": str(self.home), **self.env, **env}
