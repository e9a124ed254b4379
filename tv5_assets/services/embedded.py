"""The embedded servers as a command sees them: have them while it needs them, show them, stop them.

The servers belong to a supervisor process (supervisor.py), and that to the command that started it. What does not
belong here: where a store is reached (endpoints.py).
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.services.endpoints import ADDRESS_FIELDS, Endpoints, Store, resolve, unset
from tv5_assets.services.postgresql import DATABASES
from tv5_assets.services.server import Server
from tv5_assets.services.servers import SERVERS, chosen
from tv5_assets.services.state import State, live_state, services_folder
from tv5_assets.services.supervisor import STOP_SECONDS, Event
from tv5_assets.settings import Settings
from tv5_assets.stores.address import without_credentials

_PREDECESSOR_SECONDS = 60.0
_ENVIRONMENT = {"GRPC_ENABLE_FORK_SUPPORT": "0"}
"""Of a supervisor. While it starts programs, which run as another user or end with it and so are forked, others of its
threads ask Milvus by gRPC, whose care for forks then crashes the child or the supervisor itself. A child that becomes
another program needs none."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerStatus:
    """One server as ``tv5 services status`` shows it; the address carries no credentials."""

    server: str
    address: str
    state: str


@contextmanager
def running(settings: Settings, stores: Collection[Store] | None = None) -> Iterator[Endpoints]:
    """Yield the endpoints of stores that are all there, and stop afterwards what this call started.

    A store whose address is set is used as it is. Embedded servers that another command holds are shared.

    Args:
        settings: where the stores are, and which servers are embedded.
        stores: those that are needed; all where it is None.

    Raises:
        StoreUnavailableError: a server does not start, or a predecessor does not end.
        InputError: the servers that run in this home are not those that the settings ask for, or one is not installed.
    """
    servers = [server for server in _embedded(settings) if stores is None or server.name in stores]
    with _servers(settings.home.resolve(), servers) if servers else nullcontext():
        yield resolve(settings)


def hold(settings: Settings) -> None:
    """Start the embedded servers, say where they are, and keep them until Ctrl-C or ``tv5 services down``."""
    with running(settings):
        for status_ in status(settings):
            logger.info("%-8s %s", status_.server, status_.address)
        state = live_state(settings.home)
        process = state.supervisor.process() if state else None
        if process is None or process.ppid() != psutil.Process().pid:
            logger.info("they were there before this command, which leaves them to the one that started them")
            return
        logger.info("Ctrl-C stops them")
        with suppress(KeyboardInterrupt):
            process.wait()


def status(settings: Settings) -> list[ServerStatus]:
    """Return each server with its address and whether it answers now."""
    endpoints = resolve(settings)
    embedded = [server.name for server in _embedded(settings)]
    state = live_state(settings.home)

    def one(name: Store) -> ServerStatus:
        address = getattr(endpoints, ADDRESS_FIELDS[name])
        where = without_credentials(address) if address else ""
        if not address:
            phase = state.phase if state and name in embedded else None
            return ServerStatus(name, where, phase if phase in ("starting", "stopping") else "not running")
        try:
            SERVERS[name].ask(endpoints)
        except Exception as error:  # noqa: BLE001  whatever a client raises is the answer
            return ServerStatus(name, where, f"does not answer: {type(error).__name__}")
        return ServerStatus(name, where, "answers")

    with ThreadPoolExecutor(len(SERVERS)) as pool:
        return list(pool.map(one, SERVERS))


def down(settings: Settings) -> None:
    """Stop the embedded servers of this home, whichever command started them, and wait until they have ended.

    Raises:
        StoreUnavailableError: the supervisor does not end.
    """
    state = live_state(settings.home)
    if state is None:
        logger.info("no embedded servers are running in %s", settings.home)
        return
    state.supervisor.send(signal.SIGTERM)
    if not state.supervisor.wait(_PREDECESSOR_SECONDS):
        raise StoreUnavailableError(
            f"the supervisor of the embedded servers (process {state.supervisor.pid}) does not end; "
            f"see {settings.home / 'logs' / 'supervisor.log'}"
        )


def _embedded(settings: Settings) -> list[type[Server]]:
    """Return the servers that have to be embedded: those whose store no setting names."""
    wanted = unset(settings)
    names = {"postgres" if store in DATABASES else store for store in wanted}
    return [server for name, server in chosen(settings).items() if name in names]


@contextmanager
def _servers(home: Path, servers: list[type[Server]]) -> Iterator[None]:
    """Share the servers that run in ``home``, or start them and stop them afterwards."""
    for server in servers:
        server.require_installed()
    said = False
    deadline = time.monotonic() + _PREDECESSOR_SECONDS
    while True:
        state = live_state(home)
        if state is not None and state.phase == "ready":
            _require_all(state, servers, home)
            yield
            return
        if _lock_is_free(home):
            supervisor = _start(home, servers)
            if supervisor is not None:
                try:
                    yield
                finally:
                    _stop(supervisor)
                return
        if not said:
            logger.info("another command is starting or stopping the embedded servers of %s; waiting for it", home)
            said = True
        if state is not None and state.phase == "starting":
            deadline = time.monotonic() + _PREDECESSOR_SECONDS  # it ends that by itself
        if time.monotonic() > deadline:
            raise StoreUnavailableError(
                f"the embedded servers of {home} are neither up nor down after {_PREDECESSOR_SECONDS:.0f} s; "
                f"see {home / 'logs' / 'supervisor.log'}, or stop them with `tv5 services down`"
            )
        time.sleep(0.2)


def _require_all(state: State, servers: list[type[Server]], home: Path) -> None:
    running = {server.product for server in state.servers.values()}
    missing = [server.product for server in servers if server.product not in running]
    if missing:
        raise InputError(
            f"the embedded servers that run in {home} do not include {', '.join(missing)}, since they were started "
            f"with other TV5_* settings or a server crashed; stop them with `tv5 services down` and try again"
        )


def _lock_is_free(home: Path) -> bool:
    try:
        with FileLock(services_folder(home) / "supervisor.lock", blocking=False):
            return True
    except Timeout:
        return False


def _start(home: Path, servers: list[type[Server]]) -> "subprocess.Popen[str] | None":
    """Start a supervisor and wait until its servers answer; return None if another was faster.

    Raises:
        StoreUnavailableError: a server did not start.
    """
    log = home / "logs" / "supervisor.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    products = [server.product for server in servers]
    logger.info("starting the embedded servers: %s", ", ".join(products))
    with log.open("ab") as sink:
        supervisor = subprocess.Popen(  # noqa: S603  our own module, and a path and names as arguments
            [sys.executable, "-m", "tv5_assets.services.supervisor", str(home), *products],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            env={**os.environ, **_ENVIRONMENT},
            start_new_session=True,  # so that Ctrl-C in a terminal reaches this command first, and the servers last
        )
    try:
        return supervisor if _is_ready(supervisor, log) else None
    except BaseException:
        _stop(supervisor)
        raise


def _is_ready(supervisor: "subprocess.Popen[str]", log: Path) -> bool:
    for line in supervisor.stdout or ():
        event = Event.model_validate_json(line)
        match event.kind:
            case "progress":
                logger.info("%s", event.text)
            case "ready":
                return True
            case "busy":
                supervisor.communicate()
                return False
            case "failed":
                raise StoreUnavailableError(event.text)
    raise StoreUnavailableError(f"the supervisor of the embedded servers ended while they started; see {log}")


def _stop(supervisor: "subprocess.Popen[str]") -> None:
    """Close the supervisor's pipe, which makes it stop the servers, and wait for it."""
    try:
        supervisor.communicate(timeout=STOP_SECONDS + 10)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()  # not for the end of its pipes, which others may hold
