import os
from pathlib import Path

import psutil
import pytest

from tv5_assets.errors import StoreUnavailableError
from tv5_assets.services.endpoints import ADDRESS_FIELDS, Endpoints, require, resolve, unset
from tv5_assets.services.state import ProcessIdentity, ServerState, State, write_state
from tv5_assets.settings import Settings
from tv5_assets_tests.servers import embedded_settings


def _state(
    phase: str = "ready", supervisor: ProcessIdentity | None = None, command: ProcessIdentity | None = None
) -> State:
    me = ProcessIdentity.of(os.getpid())
    return State(
        command=command or me,
        supervisor=supervisor or me,
        phase=phase,
        servers={
            "redis": ServerState(
                product="redis", process=me, ports=[1], endpoints={"redis_url": "redis://:secret@127.0.0.1:1/0"}
            ),
            "postgres": ServerState(
                product="postgresql",
                process=me,
                ports=[2],
                endpoints={"postgres_url": "postgresql://a", "dagster_pg_url": "postgresql://b"},
            ),
        },
    )


def test_nothing_set_and_nothing_running_leaves_every_address_empty(tmp_path: Path) -> None:
    settings = embedded_settings(tmp_path)
    endpoints = resolve(settings)
    assert [getattr(endpoints, field) for field in ADDRESS_FIELDS.values()] == [""] * 6
    assert unset(settings) == ["milvus", "neo4j", "postgres", "redis", "dagster", "mlflow"]
    with pytest.raises(StoreUnavailableError, match=r"tv5 services up.*TV5_REDIS_URL"):
        require(endpoints, "redis")


def test_running_servers_are_found_through_the_home(tmp_path: Path) -> None:
    write_state(tmp_path, _state())
    endpoints = resolve(embedded_settings(tmp_path))
    assert require(endpoints, "redis") == "redis://:secret@127.0.0.1:1/0"
    assert require(endpoints, "dagster") == "postgresql://b"
    assert endpoints.milvus_uri == ""


def test_a_setting_prevails_over_the_running_server(tmp_path: Path) -> None:
    write_state(tmp_path, _state())
    endpoints = resolve(
        Settings(
            home=tmp_path,
            postgres_url="postgresql://mine",
            neo4j_uri="bolt://mine",
            neo4j_password="p",
            dagster_pg_url="",
            redis_url="",
        )
    )
    assert endpoints.postgres_url == "postgresql://mine"
    assert endpoints.dagster_pg_url == "postgresql://b"
    assert (endpoints.neo4j_uri, endpoints.neo4j_user, endpoints.neo4j_password) == ("bolt://mine", "neo4j", "p")


@pytest.mark.parametrize("phase", ["starting", "stopping"])
def test_servers_that_are_not_ready_are_not_handed_out(tmp_path: Path, phase: str) -> None:
    write_state(tmp_path, _state(phase))
    assert resolve(embedded_settings(tmp_path)).redis_url == ""


STALE = [
    ProcessIdentity(pid=2**22 + 1, created=0.0),  # above the largest process id that Linux gives out
    ProcessIdentity(pid=os.getpid(), created=psutil.Process().create_time() - 3_600),  # an id used again
]


@pytest.mark.parametrize("stale", STALE)
def test_the_state_of_a_dead_supervisor_counts_for_nothing(tmp_path: Path, stale: ProcessIdentity) -> None:
    write_state(tmp_path, _state(supervisor=stale))
    assert resolve(embedded_settings(tmp_path)).redis_url == ""


@pytest.mark.parametrize("stale", STALE)
def test_servers_whose_command_is_dead_are_not_handed_out(tmp_path: Path, stale: ProcessIdentity) -> None:
    write_state(tmp_path, _state(command=stale))
    assert resolve(embedded_settings(tmp_path)).redis_url == ""


@pytest.mark.parametrize("text", ["", "{", '{"supervisor": 7}'])
def test_a_damaged_state_file_counts_for_nothing(tmp_path: Path, text: str) -> None:
    write_state(tmp_path, _state())
    (tmp_path / "services" / "state.json").write_text(text)
    assert resolve(embedded_settings(tmp_path)).redis_url == ""


def test_credentials_are_in_no_repr(tmp_path: Path) -> None:
    write_state(tmp_path, _state())
    endpoints = resolve(embedded_settings(tmp_path))
    assert "secret" not in repr(endpoints) + repr(_state())
    assert "p4ss" not in repr(Endpoints(neo4j_password="p4ss", milvus_token="p4ss", redis_url="p4ss"))
