from dataclasses import replace

import polars as pl
import pytest

from tv5_assets.errors import StoreRefusedError, StoreUnavailableError
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores.arcadedb_bulk import END, START, BulkEndpoint

NONE = pl.DataFrame(schema={START: pl.String, END: pl.String})


@pytest.fixture
def endpoint(endpoints: Endpoints) -> BulkEndpoint:
    at = endpoints
    return BulkEndpoint(at.neo4j_bulk_url, at.neo4j_user, at.neo4j_password, at.neo4j_database)


def test_the_password_is_not_shown(endpoint):
    assert endpoint.password not in repr(endpoint)


def test_a_type_is_declared_once(endpoint):
    with endpoint.connected() as bulk:
        bulk.declare("SAMPLE_BULK")
        bulk.declare("SAMPLE_BULK")

        assert bulk.count("SAMPLE_BULK") == bulk.create("SAMPLE_BULK", NONE) == 0


def test_a_node_that_is_not_there_is_refused_and_leaves_nothing(endpoint):
    edges = pl.DataFrame({START: ["#1:999999"], END: ["#1:999998"]})
    with endpoint.connected() as bulk:
        bulk.declare("SAMPLE_BULK")

        with pytest.raises((StoreRefusedError, StoreUnavailableError)):
            bulk.create("SAMPLE_BULK", edges)
        bulk.delete_unlinked("SAMPLE_BULK", but=None)
        assert bulk.count("SAMPLE_BULK") == 0


def test_a_type_that_is_not_declared_is_refused(endpoint):
    edges = pl.DataFrame({START: ["#1:0"], END: ["#1:0"]})
    with endpoint.connected() as bulk, pytest.raises(StoreRefusedError, match="SAMPLE_UNKNOWN"):
        bulk.create("SAMPLE_UNKNOWN", edges)


def test_a_wrong_password_is_refused(endpoint):
    with replace(endpoint, password="wrong").connected() as bulk, pytest.raises(StoreRefusedError):
        bulk.declare("SAMPLE_BULK")


def test_a_server_that_is_not_there_does_not_answer(endpoint):
    with (
        replace(endpoint, url="http://127.0.0.1:1").connected() as bulk,
        pytest.raises(StoreUnavailableError, match="does not answer"),
    ):
        bulk.declare("SAMPLE_BULK")
