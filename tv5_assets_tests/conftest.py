"""What every test may use: running servers, and nothing that a test would rather make itself."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.settings import Settings
from tv5_assets_tests.servers import embedded_settings, note_servers, servers_of

# Two workers share the cores: torch's threads that wait for one another must sleep, as in the platform's own steps.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A shell lets its background jobs ignore Ctrl-C, and what they start inherits that; tests send it on purpose.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def embedded() -> Iterator[tuple[Settings, Endpoints]]:
    """The settings of a home of this test process's own, and the four servers that run in it."""
    with tempfile.TemporaryDirectory(prefix="tv5-") as home:
        settings = embedded_settings(Path(home))
        with running(settings) as endpoints:
            yield settings, endpoints


@pytest.fixture(scope="session")
def endpoints(embedded: tuple[Settings, Endpoints]) -> Endpoints:
    """The four embedded servers; they are shared, so a test names what it writes after itself."""
    return embedded[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes long, so that no worker of pytest-xdist is left alone with it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    note_servers(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers the stores' tests ran on."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    ]
    for line in servers_of(reports):
        terminalreporter.section("servers")
        terminalreporter.line(line)
