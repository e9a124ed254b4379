"""Loaders and servers that are killed at any moment: readers see a whole version, and the next load ends right.

They take minutes and run when they are asked for: ``pytest -m faults``.
"""

import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tv5_assets.errors import StoreRefusedError, StoreUnavailableError
from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.state import live_state
from tv5_assets.settings import Settings
from tv5_assets.stores import neo4j
from tv5_assets_tests.servers import chosen, embedded_settings, products
from tv5_assets_tests.stores.large import LOADERS, NODE, NODES, VERSIONS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

KILLS = 20
SEED = 11
SECONDS_TO_RECOVER = 120

_LOADER = """
import json, sys
from tv5_assets_tests.stores.large import LOADERS

store, address, generation = json.loads(sys.stdin.readline())
loader = LOADERS[store](*address)
print("ready", flush=True)
sys.stdin.readline()
loader.publish(generation)
"""


SERVERS = [
    *((store, product) for store in ("milvus", "neo4j") for product in products(store)),
    ("postgres", "postgres"),
    ("redis", "redis"),
]


@pytest.fixture(scope="module", params=SERVERS, ids=str)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, Settings, Endpoints]]:
    """Each server, in a home of its own, since it is killed."""
    store, product = request.param
    with tempfile.TemporaryDirectory(prefix="tv5-") as home:
        settings = chosen(embedded_settings(Path(home), store), product)
        with running(settings) as endpoints:
            yield store, settings, endpoints


def address(store: str, at: Endpoints) -> tuple[str, ...]:
    match store:
        case "milvus":
            return at.milvus_uri, at.milvus_token
        case "postgres":
            return (at.postgres_url,)
        case "redis":
            return (at.redis_url,)
    return at.neo4j_uri, at.neo4j_user, at.neo4j_password, at.neo4j_database, at.neo4j_bulk_url


@contextmanager
def loading(store: str, at: Endpoints, generation: int) -> Iterator["subprocess.Popen[str]"]:
    """A loader in a process of its own that has begun to publish."""
    with subprocess.Popen(
        [sys.executable, "-c", _LOADER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([store, address(store, at), generation]) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        yield process


def answering(store: str, at: Endpoints) -> Any:
    """Return a loader connected to a server that may still be starting again."""
    deadline = time.monotonic() + SECONDS_TO_RECOVER
    while True:
        try:
            loader = LOADERS[store](*address(store, at))
            loader.seen()
            return loader
        except (StoreUnavailableError, StoreRefusedError):
            assert time.monotonic() < deadline
            time.sleep(0.5)


def kill(store: str, settings: Settings) -> None:
    """Kill the server, as by kill -9."""
    state = live_state(settings.home)
    assert state is not None
    process = state.servers[store].process.process()
    assert process is not None
    process.kill()


def test_a_loader_killed_at_random_moments(server: tuple[str, Settings, Endpoints]):
    store, _, at = server
    loader, moments = LOADERS[store](*address(store, at)), random.Random(SEED)
    loader.publish(1)
    started = time.monotonic()
    loader.publish(2)
    seconds = time.monotonic() - started

    for _ in range(KILLS):
        with loading(store, at, generation=3 - loader.seen()) as process:
            time.sleep(moments.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
        assert loader.seen() in (1, 2)

    generation = 3 - loader.seen()
    assert loader.publish(generation).changed
    assert loader.seen() == generation
    assert loader.leftovers() == 0
    assert not loader.publish(generation).changed


def test_a_server_killed_during_a_load(server: tuple[str, Settings, Endpoints]):
    """The supervisor starts it again at the same address; the load goes on, or fails as one to be tried again."""
    store, settings, at = server
    loader = LOADERS[store](*address(store, at))
    loader.publish(1)
    started = time.monotonic()
    loader.publish(2)
    seconds = time.monotonic() - started
    outcome: list[BaseException | None] = []

    def publish() -> None:
        try:
            loader.publish(1)
            outcome.append(None)
        except (StoreUnavailableError, StoreRefusedError) as error:
            outcome.append(error)

    thread = threading.Thread(target=publish)
    thread.start()
    time.sleep(seconds / 3)
    kill(store, settings)
    thread.join()

    assert outcome and isinstance(outcome[0], StoreUnavailableError | None), outcome
    again = answering(store, at)
    assert again.seen() == 1 or outcome[0] is not None
    again.publish(1)
    assert again.seen() == 1
    assert again.leftovers() == 0
    assert not again.publish(1).changed


@pytest.mark.parametrize("server", [("neo4j", "arcadedb")], ids=str, indirect=True)
def test_what_a_bulk_load_left_goes(server: tuple[str, Settings, Endpoints]):
    """Killed within a request, the server has relationships that no node knows of yet."""
    store, settings, at = server
    loader = LOADERS[store](*address(store, at))
    loader.publish(1)
    graph = loader.graph
    spec = neo4j.RelationshipSpec("many_edges", "MANY_EDGE", NODE, NODE, "start_id", "end_id")
    edges = pl.select(row=pl.int_range(neo4j.MOST_IN_BULK)).select(
        start_id=pl.col("row") % NODES, end_id=pl.col("row") // NODES % NODES
    )
    with graph.bulk.connected() as bulk, ThreadPoolExecutor(1) as pool:
        bulk.declare(spec.type)
        loading = pool.submit(neo4j.publish_relationships, graph, spec, edges, VERSIONS[1])
        while not bulk.count(spec.type):
            pass
        kill(store, settings)
        with pytest.raises(StoreUnavailableError):
            loading.result()

    graph = answering(store, at).graph
    with graph.bulk.connected() as bulk:
        assert bulk.count(spec.type) > neo4j.count(graph, spec) == 0
        assert neo4j.publish_relationships(graph, spec, edges, VERSIONS[2]).changed
        assert bulk.count(spec.type) == neo4j.count(graph, spec) == len(edges)
