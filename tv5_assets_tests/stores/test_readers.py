"""A hundred thousand questions of eight clients while new versions are published: each is answered, from one version.

They take minutes and run when they are asked for: ``pytest -m faults``.
"""

import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tv5_assets.quality.load import by_clients
from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import milvus, neo4j, postgres, redis
from tv5_assets_tests.servers import EMBEDDED, INSTALLED, chosen, embedded_settings
from tv5_assets_tests.stores.large import COLLECTION, DIMENSION, EDGE, LOADERS, NODES, RATINGS_EACH
from tv5_assets_tests.stores.test_faults import address

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]

CLIENTS = 8
QUESTIONS = 100_000
LEAST_PUBLICATIONS = 3  # of each store, while the questions are asked

Question = Callable[[np.random.Generator], set[int]]
"""Asks for some rows and returns the generations that they are of."""


def nearest(at: Endpoints, opened: ExitStack) -> Question:
    client = milvus.connect(*address("milvus", at))
    opened.callback(client.close)

    def ask(rng: np.random.Generator) -> set[int]:
        found = milvus.search_rows(client, COLLECTION, rng.standard_normal(DIMENSION, dtype=np.float32), k=10)
        assert len(found) == 10
        return {int(title.rsplit(" ", 1)[1]) for title in found["title"]}

    return ask


def edges_of_a_node(at: Endpoints, opened: ExitStack) -> Question:
    graph = neo4j.connect(*address("neo4j", at))
    opened.callback(graph.close)
    ends = list(range(RATINGS_EACH + 2))

    def ask(rng: np.random.Generator) -> set[int]:
        start = int(rng.integers(NODES))
        found = neo4j.fetch_relationships(graph, EDGE, pl.DataFrame({"start_id": [start] * len(ends), "end_id": ends}))
        assert len(found) == RATINGS_EACH
        return {row["generation"] for row in found}

    return ask


def steps_of_a_user(at: Endpoints, opened: ExitStack) -> Question:
    connection = opened.enter_context(postgres.connect(*address("postgres", at)))

    def ask(rng: np.random.Generator) -> set[int]:
        user = int(rng.integers(100, 4_000))
        rows = connection.execute("SELECT generation FROM large_rows WHERE user_id = %s", (user,)).fetchall()
        assert len(rows) == 100
        return {row["generation"] for row in rows}

    return ask


def documents(at: Endpoints, opened: ExitStack) -> Question:
    client = opened.enter_context(redis.connect(*address("redis", at)))

    def ask(rng: np.random.Generator) -> set[int]:
        keys = [f"large:{number}" for number in rng.integers(100, 20_000, 20)]
        found = redis.fetch(client, keys)
        assert len(found) == len(set(keys))
        return {document["generation"] for document in found.values()}

    return ask


ASKED: dict[str, Callable[[Endpoints, ExitStack], Question]] = {
    "milvus": nearest,
    "neo4j": edges_of_a_node,
    "postgres": steps_of_a_user,
    "redis": documents,
}


@pytest.fixture(params=["+".join(EMBEDDED.values()), *(["+".join(INSTALLED)] if INSTALLED else [])])
def servers(request: pytest.FixtureRequest) -> Iterator[Endpoints]:
    with (
        tempfile.TemporaryDirectory(prefix="tv5-") as home,
        running(chosen(embedded_settings(Path(home)), *request.param.split("+"))) as endpoints,
    ):
        yield endpoints


def test_readers_meet_one_version_while_others_are_published(servers: Endpoints) -> None:
    loaders = {store: LOADERS[store](*address(store, servers)) for store in ASKED}
    for loader in loaders.values():
        loader.publish(1)
    over, published = threading.Event(), Counter[str]()
    seen: list[tuple[str, int]] = []

    def client(number: int) -> Callable[[], object]:
        rng = np.random.default_rng(number)
        questions = cycle([(store, ask(servers, opened)) for store, ask in ASKED.items()])

        def call() -> None:
            store, question = next(questions)
            generations = question(rng)
            assert len(generations) == 1, f"{store} answered from generations {generations}"
            seen.append((store, generations.pop()))

        return call

    def publish() -> None:
        for generation in cycle((2, 1)):
            for store, loader in loaders.items():
                if over.is_set():
                    return
                published[store] += loader.publish(generation).changed

    with ExitStack() as opened, ThreadPoolExecutor(1) as pool:
        clients = [client(number) for number in range(CLIENTS)]
        publishing = pool.submit(publish)
        try:
            loaded = by_clients(clients, runs=QUESTIONS // CLIENTS, warm_up=0)
        finally:
            over.set()
        publishing.result()
    assert loaded.times.runs == QUESTIONS == len(seen)
    assert min(published[store] for store in ASKED) >= LEAST_PUBLICATIONS
    assert {(store, generation) for store in ASKED for generation in (1, 2)} == set(seen)
    print(f"{loaded.per_second:.0f} answers a second; publications {dict(published)}; {loaded.times}")
