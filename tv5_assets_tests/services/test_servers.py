"""The four servers themselves: what they let in, what they show, what they keep."""

import stat
from dataclasses import replace
from pathlib import Path

import neo4j
import psutil
import psycopg
import pytest
import redis
from pymilvus import MilvusClient

from tv5_assets.services.embedded import running, status
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.servers import SERVERS
from tv5_assets.services.state import live_state
from tv5_assets.settings import Settings
from tv5_assets_tests.servers import embedded_settings

Embedded = tuple[Settings, Endpoints]


def _secrets(endpoints: Endpoints) -> list[str]:
    password = [url.split("@")[0].rpartition(":")[2] for url in (endpoints.postgres_url, endpoints.redis_url)]
    return [endpoints.neo4j_password, *password]


def _processes(settings: Settings) -> list[psutil.Process]:
    state = live_state(settings.home)
    assert state is not None
    supervisor = state.supervisor.process()
    assert supervisor is not None
    return [supervisor, *supervisor.children()]


def test_all_four_answer_and_their_addresses_show_no_credentials(embedded: Embedded) -> None:
    settings, endpoints = embedded
    shown = status(settings)
    assert [(server.server, server.state) for server in shown] == [(name, "answers") for name in SERVERS]
    assert all(server.address and "@" not in server.address for server in shown)
    assert not any(secret in repr(shown) for secret in _secrets(endpoints))


def test_each_database_is_there_and_the_stores_has_pgvector(endpoints: Endpoints) -> None:
    for url, name in ((endpoints.dagster_pg_url, "dagster"), (endpoints.mlflow_url, "mlflow")):
        with psycopg.connect(url.replace("+psycopg2", "")) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (name,)
    with psycopg.connect(endpoints.postgres_url) as connection:
        assert connection.execute("SELECT current_database(), lower('ÉTÉ')").fetchone() == ("agentdb", "été")
        available = connection.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'").fetchone()
        assert available == (1,)


def test_a_wrong_password_is_refused(endpoints: Endpoints) -> None:
    wrong = replace(
        endpoints,
        neo4j_password="wrong",
        postgres_url=endpoints.postgres_url.replace(_secrets(endpoints)[1], "wrong"),
        redis_url=endpoints.redis_url.replace(_secrets(endpoints)[2], "wrong"),
    )
    with pytest.raises(neo4j.exceptions.AuthError):
        SERVERS["neo4j"].ask(wrong)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        SERVERS["postgres"].ask(wrong)
    with pytest.raises(redis.AuthenticationError):
        SERVERS["redis"].ask(wrong)


def test_they_listen_on_loopback_only(embedded: Embedded) -> None:
    listening = [
        connection.laddr.ip.removeprefix("::ffff:")
        for process in _processes(embedded[0])
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 5  # one each, and ArcadeDB's HTTP
    assert set(listening) == {"127.0.0.1"}


def test_credentials_are_in_no_arguments_environment_or_log(embedded: Embedded) -> None:
    settings, endpoints = embedded
    for secret in _secrets(endpoints):
        assert len(secret) >= 32
        for process in _processes(settings):
            assert secret not in " ".join(process.cmdline())
            assert secret not in repr(process.environ())
        for log in [*settings.home.glob("logs/*"), *settings.home.glob("neo4j/log/*")]:
            assert secret not in log.read_text(errors="replace")


def test_files_that_hold_credentials_are_their_owners_only(embedded: Embedded) -> None:
    settings, endpoints = embedded
    home = settings.home
    assert stat.S_IMODE((home / "services").stat().st_mode) == 0o700
    with_secrets = {
        path.relative_to(home).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for folder in ("services", "redis", "neo4j/config", "logs", "postgres")
        for path in (home / folder).glob("*")
        if path.is_file() and any(secret in path.read_text(errors="replace") for secret in _secrets(endpoints))
    }
    assert with_secrets == {"services/credentials.json": 0o600, "services/state.json": 0o600, "redis/redis.conf": 0o600}


def test_a_cluster_of_an_older_version_gets_the_databases_that_it_lacks(home: Path) -> None:
    settings = embedded_settings(home, "postgres")
    with running(settings) as endpoints, psycopg.connect(endpoints.postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE mlflow")
        connection.execute("CREATE TABLE kept ()")
    (home / "postgres" / "data" / "tv5-databases").unlink()

    settings = embedded_settings(home, "postgres", "mlflow")
    with running(settings) as endpoints:
        with psycopg.connect(endpoints.mlflow_url.replace("+psycopg2", "")) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("mlflow",)
        with psycopg.connect(endpoints.postgres_url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def _write(endpoints: Endpoints, mark: str) -> None:
    client = MilvusClient(endpoints.milvus_uri)
    client.create_collection(mark, dimension=2)
    client.insert(mark, [{"id": 1, "vector": [0.6, 0.8]}])
    client.close()
    auth = (endpoints.neo4j_user, endpoints.neo4j_password)
    with neo4j.GraphDatabase.driver(endpoints.neo4j_uri, auth=auth) as driver:
        driver.execute_query("CREATE (:Mark {name: $mark})", mark=mark, database_=endpoints.neo4j_database)
    with psycopg.connect(endpoints.postgres_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS marks (name text)")
        connection.execute("INSERT INTO marks VALUES (%s)", [mark])
    with redis.Redis.from_url(endpoints.redis_url) as cache:
        cache.set(mark, "here")


def _read(endpoints: Endpoints, mark: str) -> list[bool]:
    client = MilvusClient(endpoints.milvus_uri)
    client.load_collection(mark)
    in_milvus = client.get(mark, [1])[0]["id"] == 1
    client.close()
    auth = (endpoints.neo4j_user, endpoints.neo4j_password)
    with neo4j.GraphDatabase.driver(endpoints.neo4j_uri, auth=auth) as driver:
        query = "MATCH (m:Mark {name: $mark}) RETURN count(m) AS n"
        in_graph = driver.execute_query(query, mark=mark, database_=endpoints.neo4j_database).records[0]["n"] == 1
    with psycopg.connect(endpoints.postgres_url) as connection:
        in_table = connection.execute("SELECT count(*) FROM marks WHERE name = %s", [mark]).fetchone() == (1,)
    with redis.Redis.from_url(endpoints.redis_url) as cache:
        in_cache = cache.get(mark) == b"here"
    return [in_milvus, in_graph, in_table, in_cache]


EVERYWHERE = [True] * 4


def test_data_survives_a_stop_and_kills_and_no_server_survives_its_supervisor(home: Path) -> None:
    settings = embedded_settings(home)

    with running(settings) as endpoints:
        _write(endpoints, "stopped")
        processes = _processes(settings)
    assert not any(process.is_running() for process in processes)
    assert not (home / "services" / "state.json").exists()

    with running(settings) as endpoints:
        assert _read(endpoints, "stopped") == EVERYWHERE
        _write(endpoints, "killed")
        supervisor, *servers = _processes(settings)
        supervisor.suspend()  # or it would stop or restart the others
        for process in (*servers, supervisor):
            process.kill()
        psutil.wait_procs(servers, timeout=30)
    assert (home / "services" / "state.json").exists()
    assert (home / "postgres" / "data" / "postmaster.pid").exists()

    with running(settings) as endpoints:
        assert _read(endpoints, "stopped") == EVERYWHERE
        assert _read(endpoints, "killed") == EVERYWHERE
        supervisor, *servers = _processes(settings)
        supervisor.kill()
        _, alive = psutil.wait_procs(servers, timeout=30)
        assert alive == []  # the kernel, or their standard input, told them
