"""Servers of this folder's own, with the made data published: the query side reads names that all loads share.

Its questions are asked of the small servers, and of the real ones where they are installed.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tv5_assets.embeddings.encoder import Encoder
from tv5_assets.retrieval.stores import Stores, connected
from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets_tests.retrieval import made
from tv5_assets_tests.servers import EMBEDDED, INSTALLED, chosen, embedded_settings


@pytest.fixture(scope="session", params=["+".join(EMBEDDED.values()), *(["+".join(INSTALLED)] if INSTALLED else [])])
def servers(request: pytest.FixtureRequest) -> Iterator[Endpoints]:
    with (
        tempfile.TemporaryDirectory(prefix="tv5-") as home,
        running(chosen(embedded_settings(Path(home)), *request.param.split("+"))) as endpoints,
    ):
        with connected(endpoints) as stores:
            made.publish(stores)
        yield endpoints


@pytest.fixture(scope="session")
def all_stores(servers: Endpoints) -> Iterator[Stores]:
    with connected(servers) as stores:
        yield stores


@pytest.fixture
def stores(all_stores: Stores) -> Stores:
    """The four stores, and no answer kept from another test."""
    cache = all_stores.need_cache()
    for key in [*cache.scan_iter("query:*"), *cache.scan_iter("rec:*")]:
        cache.delete(key)
    return all_stores


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder()
