"""A PostgreSQL for trackings and studies; the other three servers would only take time."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import Endpoints
from tv5_assets_tests.servers import embedded_settings


@pytest.fixture(scope="session")
def databases() -> Iterator[Endpoints]:
    """The addresses of AgentDB's database and of MLflow's."""
    with (
        tempfile.TemporaryDirectory(prefix="tv5-") as home,
        running(embedded_settings(Path(home), "postgres", "mlflow")) as endpoints,
    ):
        yield endpoints
