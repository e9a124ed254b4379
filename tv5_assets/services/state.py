"""The state file of the embedded servers: how other processes find them, and what a crash left behind.

It lies in ``<TV5_HOME>/services``, holds credentials, and is therefore readable by its owner only. What does not belong
here: what a store's address means (endpoints.py) and the servers' own data.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, Field, ValidationError

from tv5_assets.errors import InputError

Phase = Literal["starting", "ready", "stopping"]

_CLOCK_TOLERANCE_S = 2.0
"""A process's creation time is derived from the boot time, which moves when the clock is set."""
_SECONDS_BETWEEN_LOOKS = 0.05


class ProcessIdentity(BaseModel, frozen=True):
    """One process for certain: process ids are used again, but not with the same creation time."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """Return the identity of a living process.

        Raises:
            psutil.NoSuchProcess: it has ended.
        """
        return cls(pid=pid, created=psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """Return the process, or None if it has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _CLOCK_TOLERANCE_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def wait(self, seconds: float) -> bool:
        """Wait until the process has ended, whether or not its parent has taken notice; return whether it has."""
        deadline = time.monotonic() + seconds
        while self.process() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return True

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it is still there."""
        process = self.process()
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def end(self, number: signal.Signals | None, seconds: float) -> None:
        """Make the process end by a signal, or by itself where that is None; kill it if it has not in time."""
        if number is not None:
            self.send(number)
        if not self.wait(seconds):
            self.send(signal.SIGKILL)
            self.wait(seconds)


class ServerState(BaseModel):
    """One server: its product, its process and the fields of Endpoints that it serves, credentials among them."""

    product: str
    process: ProcessIdentity
    ports: list[int]
    endpoints: dict[str, str] = Field(repr=False)


class State(BaseModel):
    """The supervisor, the command that it serves, and its servers, as last written."""

    command: ProcessIdentity
    supervisor: ProcessIdentity
    phase: Phase = "starting"
    servers: dict[str, ServerState] = {}


def services_folder(home: Path) -> Path:
    """Return the folder of state, credentials and locks, made for its owner only.

    Raises:
        InputError: it cannot be made there.
    """
    folder = home / "services"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise InputError(f"TV5_HOME={home} cannot hold the embedded servers: {error}") from error
    return folder


def write_private(path: Path, text: str) -> None:
    """Replace a file whole, readable by its owner only from its first byte on."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    part.replace(path)


def write_state(home: Path, state: State) -> None:
    """Replace the state file."""
    write_private(services_folder(home) / "state.json", state.model_dump_json(indent=2))


def last_state(home: Path) -> State | None:
    """Return what the last supervisor wrote, alive or not; None if there is nothing, or nothing that can be read."""
    try:
        return State.model_validate_json((home / "services" / "state.json").read_text())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def live_state(home: Path) -> State | None:
    """Return the state of the supervisor that is running now, or None; without its command it is about to stop."""
    state = last_state(home)
    if state is None or state.supervisor.process() is None:
        return None
    if state.command.process() is None:
        state.phase = "stopping"
    return state


def remove_state(home: Path) -> None:
    """Remove the state file."""
    (home / "services" / "state.json").unlink(missing_ok=True)
