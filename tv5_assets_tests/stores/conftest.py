"""The servers that the contracts of the graph and of Milvus are tested on."""

from collections.abc import Iterator

import pytest

from tv5_assets.services.endpoints import Endpoints
from tv5_assets.settings import Settings
from tv5_assets_tests.servers import products, serving


@pytest.fixture(scope="session", params=products("neo4j"))
def graph_server(request: pytest.FixtureRequest) -> Iterator[tuple[Settings, Endpoints]]:
    """Each server that speaks Bolt, with its home's settings."""
    with serving(request.param, request) as server:
        yield server


@pytest.fixture(scope="session", params=products("milvus"))
def milvus_server(request: pytest.FixtureRequest) -> Iterator[tuple[Settings, Endpoints]]:
    """Each server that speaks Milvus's protocol, with its home's settings."""
    with serving(request.param, request) as server:
        yield server
