"""How commands have and share the servers. Redis stands for all four here, since it starts in half a second."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis
from filelock import FileLock

from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.services.embedded import down, hold, running, status
from tv5_assets.services.redis_server import RedisServer
from tv5_assets.services.state import last_state, live_state, remove_state, services_folder
from tv5_assets.services.supervisor import Supervisor
from tv5_assets.settings import Settings
from tv5_assets_tests.servers import embedded_settings


@pytest.fixture
def settings(home: Path) -> Settings:
    return embedded_settings(home, "redis")


@contextmanager
def _command(home: Path, *stores: str) -> Iterator["subprocess.Popen[str]"]:
    """Another command that holds the servers."""
    with subprocess.Popen(
        [sys.executable, "-m", "tv5_assets_tests.services.holder", str(home), *(stores or ("redis",))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def _is_up(command: "subprocess.Popen[str]") -> bool:
    assert command.stdout is not None
    return command.stdout.readline() == "up\n"


def _processes(home: Path) -> list[psutil.Process]:
    state = live_state(home)
    assert state is not None
    supervisor = state.supervisor.process()
    assert supervisor is not None
    return [supervisor, *supervisor.children()]


def _has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_servers_end_with_their_command_however_it_ends(home: Path, number: signal.Signals) -> None:
    with _command(home) as command:
        assert _is_up(command)
        processes = _processes(home)
        command.send_signal(number)
        _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == []
    assert last_state(home) is None


def test_a_child_that_outlives_its_killed_command_does_not_hold_the_servers(settings: Settings) -> None:
    command = os.fork()
    if command == 0:
        with running(settings):
            if os.fork() == 0:
                time.sleep(60)  # inherits every open pipe
                os._exit(0)
            signal.pause()
    _eventually(lambda: (state := live_state(settings.home)) is not None and state.phase == "ready")
    processes = _processes(settings.home)
    children = psutil.Process(command).children()
    os.kill(command, signal.SIGKILL)
    os.waitpid(command, 0)
    _, alive = psutil.wait_procs(processes, timeout=30)
    for child in children:
        if child not in processes:
            child.kill()
    assert alive == []


def test_a_second_command_shares_the_servers_and_leaves_them_up(settings: Settings) -> None:
    with _command(settings.home) as first:
        assert _is_up(first)
        processes = _processes(settings.home)
        with running(settings) as endpoints, redis.Redis.from_url(endpoints.redis_url) as client:
            assert client.ping()
            assert _processes(settings.home) == processes
        assert all(process.is_running() for process in processes)


def test_two_commands_at_once_share_one_set(home: Path) -> None:
    with _command(home) as one, _command(home) as other:
        assert _is_up(one)
        assert _is_up(other)
        assert len(_processes(home)) == 2
        supervisors = [process for command in (one, other) for process in psutil.Process(command.pid).children()]
        assert len(supervisors) == 1


def test_a_command_waits_for_a_predecessor_that_is_stopping(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    predecessor = FileLock(services_folder(settings.home) / "supervisor.lock", thread_local=False)
    predecessor.acquire()
    end = threading.Timer(1.0, predecessor.release)
    end.start()
    with caplog.at_level(logging.INFO), running(settings) as endpoints:
        assert not predecessor.is_locked
        assert endpoints.redis_url
    assert any("waiting for it" in message for message in caplog.messages)


def test_servers_started_for_other_settings_are_refused_with_what_to_do(home: Path) -> None:
    with (
        _command(home) as command,
        pytest.raises(InputError, match=r"do not include postgres.*tv5 services down"),
    ):
        assert _is_up(command)
        with running(embedded_settings(home, "redis", "dagster")):
            pass


def test_a_killed_server_is_started_again_at_its_address_with_its_data(settings: Settings) -> None:
    with running(settings) as endpoints, redis.Redis.from_url(endpoints.redis_url) as client:
        client.set("key", "value")
        _, server = _processes(settings.home)
        server.kill()
        psutil.wait_procs([server], timeout=30)

        def is_back() -> bool:
            try:
                return bool(client.get("key") == b"value")
            except redis.ConnectionError:
                return False

        _eventually(is_back)
    with running(settings) as endpoints, redis.Redis.from_url(endpoints.redis_url) as client:
        assert client.get("key") == b"value"


_STARTS_WHILE_IT_ASKS = """
import os, subprocess, threading, time
import grpc

def ask():
    while True:
        with grpc.insecure_channel("127.0.0.1:1") as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=0.01)
            except grpc.FutureTimeoutError:
                pass

for _ in range(3):
    threading.Thread(target=ask, daemon=True).start()
end = time.monotonic() + 2
while time.monotonic() < end:
    subprocess.run(["true"], preexec_fn=os.getpid, check=True)
os._exit(0)
"""


def test_programs_are_started_while_other_threads_ask_milvus(settings: Settings) -> None:
    with running(settings):
        state = live_state(settings.home)
        assert state is not None
        environment = psutil.Process(state.supervisor.pid).environ()
    done = subprocess.run([sys.executable, "-c", _STARTS_WHILE_IT_ASKS], env=environment, check=False)
    assert done.returncode == 0


def test_a_port_that_is_taken_meanwhile_is_exchanged(home: Path) -> None:
    async def start_on(port: int) -> list[int]:
        supervisor = Supervisor(home, [RedisServer], on_ready=lambda: None)
        (server,) = supervisor._servers
        (home / "logs").mkdir()
        try:
            await supervisor._start(server, [port])
            return supervisor._state.servers["redis"].ports
        finally:
            await supervisor._stop(server)
            remove_state(home)  # it names this process as the supervisor

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert asyncio.run(start_on(port)) != [port]


def test_a_server_that_does_not_start_is_reported_with_the_end_of_its_log(settings: Settings) -> None:
    with running(settings):
        pass
    (settings.home / "redis" / "appendonly.aof").write_bytes(b"*9\r\nnot what redis writes\r\n" * 9)
    with pytest.raises(StoreUnavailableError, match=r"(?s)redis.*logs/redis\.log.*Bad file format"), running(settings):
        pass
    assert live_state(settings.home) is None


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = embedded_settings(tmp_path / "file" / "home", "redis")
    with pytest.raises(InputError, match="TV5_HOME"), running(settings):
        pass


def test_stores_that_are_all_set_start_nothing(tmp_path: Path) -> None:
    settings = embedded_settings(tmp_path, "nothing")
    with running(settings) as endpoints:
        assert endpoints.redis_url == "elsewhere://127.0.0.1:1"
    assert list(tmp_path.iterdir()) == []


def test_status_tells_what_runs_and_down_stops_it(settings: Settings) -> None:
    assert {server.server: server.state for server in status(settings)}["redis"] == "not running"
    with _command(settings.home) as command:
        assert _is_up(command)
        shown = {server.server: server for server in status(settings)}
        assert shown["redis"].state == "answers"
        assert shown["milvus"].address == "elsewhere://127.0.0.1:1"
        assert shown["milvus"].state.startswith("does not answer")
        processes = _processes(settings.home)
        down(settings)
        assert all(_has_ended(process) for process in processes)
        assert {server.server: server.state for server in status(settings)}["redis"] == "not running"
        down(settings)  # once more changes nothing


def test_hold_keeps_the_servers_until_they_are_stopped(settings: Settings) -> None:
    holding = threading.Thread(target=hold, args=[settings])
    holding.start()
    _eventually(lambda: (state := live_state(settings.home)) is not None and state.phase == "ready")
    assert holding.is_alive()
    down(settings)
    holding.join(timeout=30)
    assert not holding.is_alive()
