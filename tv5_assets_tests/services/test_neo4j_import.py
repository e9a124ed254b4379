"""The import tool: what it fills equals what is published over Bolt, and it fills empty databases only."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from tv5_assets.errors import InputError
from tv5_assets.services.embedded import running
from tv5_assets.services.neo4j_import import import_graph
from tv5_assets.services.neo4j_server import configure, set_password
from tv5_assets.settings import Settings
from tv5_assets.stores import neo4j
from tv5_assets.stores.graph_parts import Part
from tv5_assets_tests.servers import INSTALLED, chosen, embedded_settings
from tv5_assets_tests.stores import hostile, samples

pytestmark = [
    pytest.mark.skipif("neo4j" not in INSTALLED, reason="Neo4j is not installed: make neo4j"),
    pytest.mark.long,
    pytest.mark.timeout(600),
]


def settings_of(home: Path) -> Settings:
    return chosen(embedded_settings(home, "neo4j"), "neo4j")


def hostile_movies() -> pl.DataFrame:
    """The sample's movies, the first of them with hostile titles."""
    titles = [*hostile.TEXTS, *["plain"] * (samples.ROWS - len(hostile.TEXTS) - 1), None]
    return samples.movies(1).with_columns(title=pl.Series(titles))


def parts() -> list[Part]:
    return [
        Part.of(samples.MOVIES, hostile_movies()),
        Part.of(samples.USERS, samples.users()),
        Part.of(samples.RATINGS, samples.ratings(1)),
    ]


@contextmanager
def graph(settings: Settings) -> Iterator[neo4j.Graph]:
    with running(settings, ["neo4j"]) as at:
        graph = neo4j.connect(at.neo4j_uri, at.neo4j_user, at.neo4j_password, at.neo4j_database)
        yield graph
        graph.close()


@pytest.fixture(scope="module")
def filled() -> Iterator[Settings]:
    """A home into which the sample was imported."""
    with tempfile.TemporaryDirectory(prefix="tv5-") as home:
        settings = settings_of(Path(home))
        loads = import_graph(settings, parts())
        assert [(load.dataset, load.rows, load.changed) for load in loads] == [
            ("sample_movies", samples.ROWS, True), ("sample_users", 30, True), ("sample_ratings", samples.ROWS, True),
        ]  # fmt: skip
        yield settings


def test_what_was_imported_equals_what_is_published(filled: Settings):
    movies, users, ratings = parts()
    with graph(filled) as connected:
        assert [
            neo4j.publish_nodes(connected, samples.MOVIES, movies.frame, movies.version).changed,
            neo4j.publish_nodes(connected, samples.USERS, users.frame, users.version).changed,
            neo4j.publish_relationships(connected, samples.RATINGS, ratings.frame, ratings.version).changed,
        ] == [False, False, False]
        imported = (
            neo4j.fetch_nodes(connected, samples.MOVIES, movies.frame["movie_id"].to_list()),
            neo4j.fetch_nodes(connected, samples.USERS, users.frame["user_id"].to_list()),
            neo4j.fetch_relationships(connected, samples.RATINGS, ratings.frame),
        )
        for spec in (samples.MOVIES, samples.USERS):
            neo4j.publish_nodes(connected, spec, movies.frame.clear().rename({"movie_id": spec.key}), "none")
        neo4j.publish_nodes(connected, samples.MOVIES, movies.frame, movies.version)
        neo4j.publish_nodes(connected, samples.USERS, users.frame, users.version)
        neo4j.publish_relationships(connected, samples.RATINGS, ratings.frame, ratings.version)
        published = (
            neo4j.fetch_nodes(connected, samples.MOVIES, movies.frame["movie_id"].to_list()),
            neo4j.fetch_nodes(connected, samples.USERS, users.frame["user_id"].to_list()),
            neo4j.fetch_relationships(connected, samples.RATINGS, ratings.frame),
        )
    assert imported == published
    assert [movie.get("title") for movie in imported[0]] == hostile_movies()["title"].to_list()


def test_a_graph_that_is_not_empty_is_left_alone(filled: Settings):
    with pytest.raises(InputError, match="not empty"):
        import_graph(filled, parts())
    with graph(filled) as connected:
        assert neo4j.count(connected, samples.RATINGS) == samples.ROWS


def test_a_missing_node_is_an_input_error_and_leaves_nothing(tmp_path: Path):
    movies, users, ratings = parts()
    lacking = Part.of(samples.MOVIES, movies.frame.head(30))

    with pytest.raises(InputError, match="import tool"):
        import_graph(settings_of(tmp_path), [lacking, users, ratings])

    with graph(settings_of(tmp_path)) as connected:
        assert neo4j.query(connected, "MATCH (n) RETURN count(n) AS nodes") == [{"nodes": 0}]


_IMPORT = """
import sys
from pathlib import Path
from tv5_assets_tests.services import test_neo4j_import as it
it.import_graph(it.settings_of(Path(sys.argv[1])), it.parts())
"""


def test_an_import_that_is_killed_leaves_an_empty_graph_and_the_next_fills_it(tmp_path: Path):
    loader = subprocess.Popen([sys.executable, "-c", _IMPORT, str(tmp_path)], start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("neo4j-server.importing/data/databases/neo4j/*")):
        assert time.monotonic() < deadline and loader.poll() is None
        time.sleep(0.02)
    os.kill(loader.pid, signal.SIGKILL)
    loader.wait()

    assert not (tmp_path / "neo4j-server").exists()
    assert [load.rows for load in import_graph(settings_of(tmp_path), parts())] == [samples.ROWS, 30, samples.ROWS]
    assert not list(tmp_path.glob("neo4j-server.*"))


def test_a_home_whose_servers_run_is_in_use(tmp_path: Path):
    settings = embedded_settings(tmp_path, "redis")
    with running(settings), pytest.raises(InputError, match="tv5 services down"):
        import_graph(settings_of(tmp_path), parts())


def test_a_password_may_begin_with_a_dash(tmp_path: Path):
    configure(tmp_path)
    set_password(tmp_path, "-begins-with-a-dash")
    assert (tmp_path / "data" / "dbms" / "auth.ini").read_text().startswith("neo4j:")
    assert not list((tmp_path / "conf").glob("password*"))


def test_another_server_is_not_filled(tmp_path: Path):
    with pytest.raises(InputError, match="TV5_NEO4J_SERVER"):
        import_graph(embedded_settings(tmp_path, "neo4j"), parts())
