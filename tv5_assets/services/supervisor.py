"""The process that holds the embedded servers: ``python -m tv5_assets.services.supervisor HOME PRODUCT...``.

It is started by the command that needs the servers, with a pipe as its standard input. When that pipe closes, which
it does however the command ends, or on SIGTERM or SIGINT, it stops the servers and ends. Until the servers answer it
reports to the command through standard output, an Event a line. What does not belong here: the command's side of it
(embedded.py) and anything about one product.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import psutil
from filelock import FileLock, Timeout
from pydantic import BaseModel

from tv5_assets.errors import StoreUnavailableError, TV5Error
from tv5_assets.services.credentials import passwords
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.parent import end_with_parent
from tv5_assets.services.server import HOST, Server
from tv5_assets.services.servers import PRODUCTS
from tv5_assets.services.state import (
    ProcessIdentity,
    ServerState,
    State,
    last_state,
    remove_state,
    services_folder,
    write_state,
)

START_SECONDS = 180.0
"""A server that recovers a large database after a crash takes minutes; others answer within seconds."""
STOP_SECONDS = 30.0
"""A server that has not ended by then is killed; all of them survive that without loss."""
_ATTEMPTS = 3
_SECONDS_BETWEEN_QUESTIONS = 0.1
_SECONDS_BETWEEN_MESSAGES = 5.0
_SECONDS_BETWEEN_LOOKS_AT_COMMAND = 1.0
_CRASHES_UNTIL_GIVEN_UP = 3
_CRASH_WINDOW_S = 600.0
_LOG_TAIL_BYTES = 2_000

logger = logging.getLogger(__name__)


class Event(BaseModel):
    """One line from the supervisor to the command that started it."""

    kind: Literal["progress", "ready", "busy", "failed"]
    text: str = ""


class Supervisor:
    """Starts servers together, restarts one that crashes, and stops them all."""

    def __init__(self, home: Path, servers: list[type[Server]], on_ready: Callable[[], None]):
        secrets = passwords(home, [server.name for server in servers])
        self._home = home
        self._on_ready = on_ready
        self._servers = [server(home, secrets[server.name]) for server in servers]
        self._logs = home / "logs"
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._state = State(command=ProcessIdentity.of(os.getppid()), supervisor=ProcessIdentity.of(os.getpid()))

    async def run(self) -> None:
        """Serve until told to stop.

        Raises:
            TV5Error: a server could not be started.
        """
        told_to_stop = _told_to_stop()
        self._keep_previous_logs()
        await asyncio.to_thread(self._end_survivors)
        write_state(self._home, self._state)
        keepers: list[asyncio.Task[None]] = []
        try:
            if not await _unless(told_to_stop, self._start_all()):
                return
            self._enter("ready")
            self._on_ready()
            keepers = [asyncio.create_task(self._keep(server)) for server in self._servers]
            await told_to_stop.wait()
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            try:
                self._enter("stopping")
            finally:  # the disk may be full
                await asyncio.gather(*(self._stop(server) for server in self._servers))
                remove_state(self._home)

    def _enter(self, phase: Literal["ready", "stopping"]) -> None:
        self._state.phase = phase
        write_state(self._home, self._state)

    async def _start_all(self) -> None:
        all_ports = iter(_free_ports(sum(server.ports_needed for server in self._servers)))
        starts = [
            self._start(server, [next(all_ports) for _ in range(server.ports_needed)]) for server in self._servers
        ]
        failures = [failure for failure in await asyncio.gather(*starts, return_exceptions=True) if failure]
        for failure in failures:
            if not isinstance(failure, TV5Error):
                raise failure
        if failures:
            raise StoreUnavailableError("\n".join(str(failure) for failure in failures))

    async def _start(self, server: Server, ports: list[int]) -> None:
        """Start one server; if it ends at once, since its port was taken meanwhile or so, try again on others."""
        started = time.monotonic()
        for attempt in range(1, _ATTEMPTS + 1):
            await asyncio.to_thread(server.prepare)
            await self._spawn(server, ports)
            if await self._answers(server, ports, started):
                logger.info("%s answers after %.1f s", server.name, time.monotonic() - started)
                return
            logger.warning("%s ended while it started (attempt %d of %d)", server.name, attempt, _ATTEMPTS)
            ports = _free_ports(server.ports_needed)
            if attempt < _ATTEMPTS:
                await asyncio.sleep(attempt)
        raise StoreUnavailableError(f"the embedded {server.name} server does not start; {self._log_tail(server)}")

    async def _spawn(self, server: Server, ports: list[int]) -> None:
        launch = await asyncio.to_thread(server.launch, ports)
        with self._log(server).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *launch.command,
                cwd=launch.folder,
                env={**os.environ, **launch.environment},
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                user=launch.user,
                group=launch.user,
                extra_groups=None if launch.user is None else [],
                preexec_fn=end_with_parent(server.stop_signal),
            )
        self._processes[server.name] = process
        with contextlib.suppress(psutil.NoSuchProcess):
            self._state.servers[server.name] = ServerState(
                product=server.product,
                process=ProcessIdentity.of(process.pid),
                ports=ports,
                endpoints=server.endpoints(ports),
            )
            write_state(self._home, self._state)
        if launch.first_line and process.stdin is not None:
            process.stdin.write(f"{launch.first_line}\n".encode())

    async def _answers(self, server: Server, ports: list[int], started: float) -> bool:
        """Wait until the server answers a query; return False if it ends instead."""
        endpoints = Endpoints(**server.endpoints(ports))
        next_message = started + _SECONDS_BETWEEN_MESSAGES
        while self._processes[server.name].returncode is None:
            try:
                await asyncio.to_thread(server.ask, endpoints)
                return True
            except Exception as error:  # a client that cannot connect yet may raise anything
                now = time.monotonic()
                if now - started > START_SECONDS:
                    raise StoreUnavailableError(
                        f"the embedded {server.name} server runs but does not answer after {START_SECONDS:.0f} s "
                        f"({error}); {self._log_tail(server)}"
                    ) from error
                if now > next_message:
                    logger.info("waiting for %s (%.0f s)", server.name, now - started)
                    next_message = now + _SECONDS_BETWEEN_MESSAGES
            await asyncio.sleep(_SECONDS_BETWEEN_QUESTIONS)
        return False

    async def _keep(self, server: Server) -> None:
        """Start the server again, at the same address, whenever it ends; give up if it does so too often."""
        crashes: deque[float] = deque(maxlen=_CRASHES_UNTIL_GIVEN_UP)
        while True:
            status = await self._processes[server.name].wait()
            logger.warning("%s ended by itself with status %d", server.name, status)
            crashes.append(time.monotonic())
            if len(crashes) == _CRASHES_UNTIL_GIVEN_UP and crashes[-1] - crashes[0] < _CRASH_WINDOW_S:
                break
            try:
                await self._start(server, self._state.servers[server.name].ports)
            except TV5Error:
                logger.exception("%s cannot be started again", server.name)
                break
        logger.error("%s stays down; %s", server.name, self._log_tail(server))
        del self._state.servers[server.name]
        write_state(self._home, self._state)

    async def _stop(self, server: Server) -> None:
        process = self._processes.get(server.name)
        if process is None or process.returncode is not None:
            return
        started = time.monotonic()
        if process.stdin is not None:
            process.stdin.close()
        if server.stop_signal is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(server.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            logger.warning("%s does not end, it is killed", server.name)
            process.kill()
            await process.wait()
        logger.info("%s stopped in %.1f s", server.name, time.monotonic() - started)

    def _end_survivors(self) -> None:
        """End the servers of a supervisor that was killed before it could; the lock says that it is gone."""
        previous = last_state(self._home)
        survivors = previous.servers if previous else {}
        for survivor in survivors.values():
            survivor.process.end(PRODUCTS[survivor.product].stop_signal, STOP_SECONDS)

    def _keep_previous_logs(self) -> None:
        self._logs.mkdir(mode=0o700, exist_ok=True)
        for server in self._servers:
            with contextlib.suppress(FileNotFoundError):
                self._log(server).replace(self._log(server).with_suffix(".log.1"))

    def _log(self, server: Server) -> Path:
        return self._logs / f"{server.name}.log"

    def _log_tail(self, server: Server) -> str:
        path = self._log(server)
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _LOG_TAIL_BYTES))
            tail = log.read().decode(errors="replace").strip()
        return f"the end of {path} says:\n{tail}"


def main(home: Path, servers: list[type[Server]]) -> int:
    """Hold the servers, as the only supervisor of ``home``; return the exit status."""
    log_to_command = _LogToCommand()

    def on_ready() -> None:
        _tell(Event(kind="ready"))
        root.removeHandler(log_to_command)  # the command reads no further

    root = logging.getLogger()
    root.addHandler(log_to_command)
    try:
        with FileLock(services_folder(home) / "supervisor.lock", blocking=False):
            asyncio.run(Supervisor(home, servers, on_ready).run())
    except Timeout:
        _tell(Event(kind="busy"))
        return 1
    except (TV5Error, OSError) as error:
        _tell(Event(kind="failed", text=str(error)))
        return 1
    return 0


def _tell(event: Event) -> None:
    """Tell the command; one that is gone is noticed through standard input."""
    with contextlib.suppress(BrokenPipeError):
        print(event.model_dump_json(), flush=True)


class _LogToCommand(logging.Handler):
    """Passes what is logged on to the command."""

    def emit(self, record: logging.LogRecord) -> None:
        _tell(Event(kind="progress", text=record.getMessage()))


def _told_to_stop() -> asyncio.Event:
    """Return what is set by SIGTERM, SIGINT, the end of standard input and the end of the command."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)

    def on_closed_input() -> None:
        loop.remove_reader(sys.stdin.fileno())
        told.set()

    def watch(command: int) -> None:
        # A process forked by the command holds the pipe open after the command's end.
        if os.getppid() != command:
            told.set()
        else:
            loop.call_later(_SECONDS_BETWEEN_LOOKS_AT_COMMAND, watch, command)

    loop.add_reader(sys.stdin.fileno(), on_closed_input)  # nothing is ever written to it: readable means closed
    watch(os.getppid())
    return told


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do ``work`` and return True, or abandon it as soon as ``event`` is set and return False."""
    task = asyncio.create_task(work)
    interruption = asyncio.create_task(event.wait())
    await asyncio.wait({task, interruption}, return_when=asyncio.FIRST_COMPLETED)
    interruption.cancel()
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
        return False
    task.result()
    return True


def _free_ports(count: int) -> list[int]:
    """Return ports of loopback on which nothing listens now; all are held until the last is found, so they differ."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    sys.exit(main(Path(sys.argv[1]), [PRODUCTS[product] for product in sys.argv[2:]]))
