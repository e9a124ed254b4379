"""The servers that the contract of a store is tested on: the small one that comes with the platform, and the real one
where `make neo4j` or `make milvus` has installed it.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import ADDRESS_FIELDS, Endpoints
from tv5_assets.services.installed import installation
from tv5_assets.settings import Settings

EMBEDDED = {"milvus": "milvus-lite", "neo4j": "arcadedb"}
"""What serves each store where nothing else is installed."""
INSTALLED = [product for product in EMBEDDED if installation(product)]
"""The real servers that can be had, each named like its store."""
FIXTURES = ("graph_server", "milvus_server", "servers")
"""Fixtures whose parameter names the servers that a test runs on, joined by +."""


def embedded_settings(home: Path, *stores: str) -> Settings:
    """Return settings in which the stores named (all if none is) are embedded, whatever the environment says."""
    addresses: dict[str, Any] = {
        field: "" if not stores or store in stores else "elsewhere://127.0.0.1:1"
        for store, field in ADDRESS_FIELDS.items()
    }
    return Settings(home=home, milvus_server="milvus-lite", neo4j_server="arcadedb", **addresses)


def products(store: Literal["milvus", "neo4j"]) -> list[str]:
    """Return the servers of a store that can be had."""
    return [EMBEDDED[store], *([store] if store in INSTALLED else [])]


def chosen(settings: Settings, *names: str) -> Settings:
    """Return settings that choose the servers named."""
    return settings.model_copy(update={f"{name}_server": name for name in names if name in EMBEDDED})


@contextmanager
def serving(product: str, request: pytest.FixtureRequest) -> Iterator[tuple[Settings, Endpoints]]:
    """Yield a server: the shared one if it is embedded, or one in a home of its own."""
    if product in EMBEDDED.values():
        yield request.getfixturevalue("embedded")
        return
    with tempfile.TemporaryDirectory(prefix="tv5-") as home:
        settings = chosen(embedded_settings(Path(home), product), product)
        with running(settings) as endpoints:
            yield settings, endpoints


def note_servers(items: Iterable[pytest.Item]) -> None:
    """Let the reports of tests carry the servers that they run on."""
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        for fixture in FIXTURES:
            item.user_properties += [("server", name) for name in str(parameters.get(fixture, "")).split("+") if name]


def servers_of(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return lines that say which servers the tests of these reports ran on, and which cannot be had."""
    ran = Counter(value for report in reports for name, value in report.user_properties if name == "server")
    if not ran:
        return []
    missing = [f"{name} is not installed (make {name})" for name in EMBEDDED if name not in INSTALLED]
    return [", ".join([*(f"{name}: {count} tests" for name, count in sorted(ran.items())), *missing])]
