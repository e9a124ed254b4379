import socket

import pytest

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.retrieval.stores import connected, optional
from tv5_assets.services.endpoints import Endpoints


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_store_that_is_not_there_is_an_error_only_for_who_needs_it():
    with connected(Endpoints(redis_url=f"redis://127.0.0.1:{closed_port()}/0"), ["cache", "graph"]) as stores:
        assert stores.cache is None
        with pytest.raises(StoreUnavailableError, match="Redis does not answer at"):
            stores.need_cache()
        with pytest.raises(StoreUnavailableError, match=r"there is no neo4j server: .*tv5 services up"):
            stores.need_graph()
        with pytest.raises(StoreUnavailableError, match="milvus was not connected"):
            stores.need_milvus()


def test_the_stores_that_are_there_are_connected(servers: Endpoints):
    with connected(servers, ["cache", "agentdb"]) as stores:
        assert stores.need_cache().ping()
        assert stores.need_agentdb().execute("SELECT 1 AS one").fetchone() == {"one": 1}
        connection = stores.need_agentdb()
    assert connection.closed


def test_an_address_that_is_none_is_an_error_at_once():
    with (
        pytest.raises(InputError, match="TV5_REDIS_URL is not a Redis URL"),
        connected(Endpoints(redis_url="no"), ["cache"]),
    ):
        pass


@pytest.mark.parametrize(
    "error", [StoreUnavailableError("it is gone"), StoreRefusedError("it said no\nLINE 1: SELECT")]
)
def test_what_can_be_done_without_is_noted(error):
    notes: list[str] = []

    with optional(notes, "trends do not count"):
        raise error

    assert notes == [f"trends do not count: {str(error).splitlines()[0]}"]


def test_any_other_error_is_none_of_its_business():
    with pytest.raises(InputError), optional([], "trends do not count"):
        raise InputError("no such user")
