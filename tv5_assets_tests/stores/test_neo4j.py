import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest
from neo4j.exceptions import Neo4jError, TransientError

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.settings import Settings
from tv5_assets.stores import neo4j
from tv5_assets_tests.stores import hostile, samples
from tv5_assets_tests.stores.killed import kill_at

MOVIES, USERS, RATINGS = samples.MOVIES, samples.USERS, samples.RATINGS


@pytest.fixture(params=["bolt", "bulk"])
def endpoints(graph_server: tuple[Settings, Endpoints], request: pytest.FixtureRequest) -> Endpoints:
    """Every server in turn, with each way to create relationships that it has."""
    settings, at = graph_server
    if request.param == "bolt":
        return replace(at, neo4j_bulk_url="")
    if settings.neo4j_server == "neo4j":
        pytest.skip("the bulk endpoint is ArcadeDB's; Neo4j has none")
    assert at.neo4j_bulk_url
    return at


def address(endpoints: Endpoints) -> tuple[str, str, str, str, str]:
    at = endpoints
    return at.neo4j_uri, at.neo4j_user, at.neo4j_password, at.neo4j_database, at.neo4j_bulk_url


@pytest.fixture
def graph(endpoints: Endpoints) -> Iterator[neo4j.Graph]:
    graph = neo4j.connect(*address(endpoints))
    for clean in (
        "MATCH (n:SampleMovie) DETACH DELETE n",
        "MATCH (n:SampleUser) DETACH DELETE n",
        "MATCH (l:Load) WHERE l.dataset STARTS WITH 'sample' DELETE l",
    ):
        graph.driver.execute_query(clean, database_=graph.database)
    yield graph
    graph.close()


@pytest.fixture
def with_nodes(graph: neo4j.Graph) -> neo4j.Graph:
    neo4j.publish_nodes(graph, MOVIES, samples.movies(1), samples.VERSIONS[1])
    neo4j.publish_nodes(graph, USERS, samples.users(), samples.VERSIONS[1])
    return graph


def publish_movies(graph: neo4j.Graph, generation: int) -> neo4j.Load:
    return neo4j.publish_nodes(graph, MOVIES, samples.movies(generation), samples.VERSIONS[generation])


def publish_ratings(graph: neo4j.Graph, generation: int) -> neo4j.Load:
    return neo4j.publish_relationships(graph, RATINGS, samples.ratings(generation), samples.VERSIONS[generation])


def assert_serves_movies(graph: neo4j.Graph, generation: int) -> None:
    movies, version = samples.movies(generation), samples.VERSIONS[generation]
    expected = [
        {name: value for name, value in row.items() if value is not None} | {"version": version}
        for row in movies.to_dicts()
    ]
    assert neo4j.fetch_nodes(graph, MOVIES, movies["movie_id"].to_list()) == expected
    assert neo4j.ids(graph, MOVIES) == movies["movie_id"].to_list()
    assert neo4j.count(graph, MOVIES) == samples.ROWS
    assert neo4j.live_version(graph, MOVIES) == version


def assert_serves_ratings(graph: neo4j.Graph, generation: int) -> None:
    ratings, version = samples.ratings(generation), samples.VERSIONS[generation]
    expected = ratings.with_columns(version=pl.lit(version)).sort("user_id", "movie_id").to_dicts()
    assert neo4j.fetch_relationships(graph, RATINGS, ratings) == expected
    assert neo4j.count(graph, RATINGS) == samples.ROWS
    assert neo4j.live_version(graph, RATINGS) == version


def in_the_store(graph: neo4j.Graph) -> int:
    """Return how many ratings there are, whether readers see them or not."""
    return neo4j.query(graph, "MATCH ()-[r:SAMPLE_RATED]->() RETURN count(r) AS rows")[0]["rows"]


def test_nothing_is_published_at_first(graph):
    assert neo4j.count(graph, MOVIES) == neo4j.count(graph, RATINGS) == 0
    assert neo4j.live_version(graph, MOVIES) is None
    assert neo4j.live_version(graph, RATINGS) is None


def test_publishes_nodes_under_a_constraint(graph):
    load = publish_movies(graph, 1)

    assert (load.dataset, load.rows, load.version, load.changed) == (MOVIES.dataset, 300, samples.VERSIONS[1], True)
    assert_serves_movies(graph, 1)
    constraints = neo4j.query(graph, "SHOW CONSTRAINTS")
    assert (["SampleMovie"], ["movie_id"]) in [(row["labelsOrTypes"], row["properties"]) for row in constraints]


def test_publishing_nodes_again_changes_nothing(graph):
    publish_movies(graph, 1)

    assert not publish_movies(graph, 1).changed
    assert_serves_movies(graph, 1)


def test_new_nodes_replace_the_old(graph):
    publish_movies(graph, 1)

    assert publish_movies(graph, 2).changed
    assert_serves_movies(graph, 2)


def test_damaged_nodes_are_published_again(graph):
    publish_movies(graph, 1)
    graph.driver.execute_query("MATCH (n:SampleMovie {movie_id: 11}) DELETE n", database_=graph.database)

    assert publish_movies(graph, 1).changed
    assert_serves_movies(graph, 1)


def test_a_killed_loader_of_nodes_leaves_the_old_ones(graph, endpoints):
    publish_movies(graph, 1)

    kill_at(neo4j, "_point", "publish_movies", *address(endpoints), 2)

    assert_serves_movies(graph, 1)
    assert publish_movies(graph, 2).changed
    assert_serves_movies(graph, 2)


def test_publishes_relationships(with_nodes):
    load = publish_ratings(with_nodes, 1)

    assert (load.dataset, load.rows, load.version, load.changed) == (RATINGS.dataset, 300, samples.VERSIONS[1], True)
    assert_serves_ratings(with_nodes, 1)


def test_publishing_relationships_again_changes_nothing(with_nodes):
    publish_ratings(with_nodes, 1)

    assert not publish_ratings(with_nodes, 1).changed
    assert_serves_ratings(with_nodes, 1)
    assert in_the_store(with_nodes) == samples.ROWS


def test_new_relationships_replace_the_old(with_nodes):
    publish_ratings(with_nodes, 1)

    assert publish_ratings(with_nodes, 2).changed
    assert_serves_ratings(with_nodes, 2)
    assert in_the_store(with_nodes) == samples.ROWS


def test_damaged_relationships_are_published_again(with_nodes):
    publish_ratings(with_nodes, 1)
    damage = "MATCH (:SampleUser {user_id: 3})-[r:SAMPLE_RATED]->() DELETE r"
    with_nodes.driver.execute_query(damage, database_=with_nodes.database)

    assert publish_ratings(with_nodes, 1).changed
    assert_serves_ratings(with_nodes, 1)
    assert in_the_store(with_nodes) == samples.ROWS


@pytest.mark.parametrize(("step", "seen"), [("_switch", 1), ("_remove_all_but", 2)])
def test_a_killed_loader_of_relationships_shows_one_version_and_its_rubbish_goes(with_nodes, endpoints, step, seen):
    publish_ratings(with_nodes, 1)

    kill_at(neo4j, step, "publish_ratings", *address(endpoints), 2)

    assert_serves_ratings(with_nodes, seen)
    assert in_the_store(with_nodes) == 2 * samples.ROWS
    assert publish_ratings(with_nodes, 2).changed == (seen == 1)
    assert_serves_ratings(with_nodes, 2)
    assert in_the_store(with_nodes) == samples.ROWS


def test_two_loaders_at_once_publish_once(with_nodes, endpoints):
    with ThreadPoolExecutor(2) as pool:
        loads = list(pool.map(lambda _: samples.publish_ratings(*address(endpoints), 1), range(2)))

    assert sorted(load.changed for load in loads) == [False, True]
    assert_serves_ratings(with_nodes, 1)
    assert in_the_store(with_nodes) == samples.ROWS


def test_loaders_of_two_datasets_at_once_lose_nothing(with_nodes):
    seen = neo4j.RelationshipSpec("sample_seen", "SAMPLE_SEEN", USERS, MOVIES, "user_id", "movie_id")

    def publish(spec):
        for generation in (1, 2, 1):
            neo4j.publish_relationships(with_nodes, spec, samples.ratings(generation), samples.VERSIONS[generation])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(publish, (RATINGS, seen)))

    assert_serves_ratings(with_nodes, 1)
    assert len(neo4j.fetch_relationships(with_nodes, seen, samples.ratings(1))) == samples.ROWS


def test_a_reader_never_sees_less_than_a_version(with_nodes, endpoints):
    publish_ratings(with_nodes, 1)
    reading = f"{RATINGS.live('l')} MATCH ()-[r:SAMPLE_RATED]->() WHERE r.version = l.version RETURN count(r) AS rows"
    counts = set()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(lambda: [samples.publish_ratings(*address(endpoints), g) for g in (2, 1)])
        while not loading.done():
            counts.add(neo4j.query(with_nodes, reading)[0]["rows"])
        loading.result()

    assert counts == {samples.ROWS}


def test_the_version_before_stays_for_those_who_had_just_looked_up_the_pointer(with_nodes, monkeypatch):
    publish_ratings(with_nodes, 1)
    left = []

    def look(seconds):
        of_before = "MATCH ()-[r:SAMPLE_RATED]->() WHERE r.version = $version RETURN count(r) AS rows"
        rows = neo4j.query(with_nodes, of_before, {"version": samples.VERSIONS[1]})[0]["rows"]
        left.append((seconds, neo4j.live_version(with_nodes, RATINGS), rows))

    monkeypatch.setattr(neo4j, "time", SimpleNamespace(sleep=look, perf_counter=time.perf_counter))
    publish_ratings(with_nodes, 2)

    assert left == [(neo4j._GRACE_SECONDS, samples.VERSIONS[2], samples.ROWS)]
    assert in_the_store(with_nodes) == samples.ROWS


def test_streams_a_lazy_frame_in_batches(with_nodes, monkeypatch):
    monkeypatch.setattr(neo4j, "_MOST_OVER_BOLT", 70)
    monkeypatch.setattr(neo4j, "MOST_IN_BULK", 70)
    monkeypatch.setattr(neo4j, "_NODES_PER_REMOVAL", 7)
    publish_ratings(with_nodes, 1)

    neo4j.publish_relationships(with_nodes, RATINGS, samples.ratings(2).lazy(), samples.VERSIONS[2])

    assert_serves_ratings(with_nodes, 2)
    assert in_the_store(with_nodes) == samples.ROWS


def test_relationships_without_their_nodes_are_refused_and_leave_the_old_version(with_nodes):
    publish_ratings(with_nodes, 1)
    ratings = samples.ratings(2).with_columns(movie_id=pl.col("movie_id") + 1_000)

    with pytest.raises(InputError, match="SampleMovie"):
        neo4j.publish_relationships(with_nodes, RATINGS, ratings, samples.VERSIONS[2])

    assert_serves_ratings(with_nodes, 1)


@pytest.mark.parametrize(
    ("movies", "message"),
    [
        (samples.movies(2).drop("title"), "title"),
        (pl.concat([samples.movies(2), samples.movies(2).head(1)]), "twice"),
        (samples.movies(2).with_columns(movie_id=pl.lit(None, pl.Int32)), "null"),
    ],
    ids=["column missing", "key twice", "null"],
)
def test_bad_nodes_are_refused_and_leave_the_old_version(graph, movies, message):
    publish_movies(graph, 1)

    with pytest.raises(InputError, match=message):
        neo4j.publish_nodes(graph, MOVIES, movies, samples.VERSIONS[2])

    assert_serves_movies(graph, 1)


def test_relationships_without_properties(with_nodes):
    spec = neo4j.RelationshipSpec("sample_seen", "SAMPLE_SEEN", USERS, MOVIES, "user_id", "movie_id")
    pairs = pl.DataFrame({"user_id": [1, 2], "movie_id": [50, 50]})
    neo4j.publish_relationships(with_nodes, spec, pairs, "v1")

    assert neo4j.fetch_relationships(with_nodes, spec, pairs) == [
        {"user_id": 1, "movie_id": 50, "version": "v1"},
        {"user_id": 2, "movie_id": 50, "version": "v1"},
    ]


def test_properties_of_relationships_come_back_equal(with_nodes):
    """Hostile texts, a float32 that is no short float64, and nothing."""
    spec = neo4j.RelationshipSpec(
        "sample_said", "SAMPLE_SAID", USERS, MOVIES, "user_id", "movie_id", ("text", "score", "place")
    )
    said = (
        pl.DataFrame({"text": hostile.TEXTS})
        .with_row_index("place")
        .with_columns(user_id=pl.lit(1), movie_id=pl.lit(50), score=pl.lit(0.1, pl.Float32) * pl.col("place"))
    )
    said = said.with_columns(score=pl.when(pl.col("place") == 0).then(None).otherwise("score"))
    neo4j.publish_relationships(with_nodes, spec, said, "v1")

    asked = "MATCH ()-[r:SAMPLE_SAID]->() RETURN r.place AS place, r.text AS text, r.score AS score ORDER BY place"
    assert neo4j.query(with_nodes, asked) == said.select("place", "text", "score").to_dicts()


def test_a_query_cannot_write(graph):
    with pytest.raises((InputError, StoreRefusedError)):
        neo4j.query(graph, "CREATE (n:SampleMovie {movie_id: $id}) RETURN n", {"id": 1})

    assert neo4j.count(graph, MOVIES) == 0


def test_a_wrong_query_is_refused(graph):
    with pytest.raises(StoreRefusedError):
        neo4j.query(graph, "MATCH (n RETURN n")


def test_an_unreachable_server_is_named():
    with pytest.raises(StoreUnavailableError, match=r"bolt://127\.0\.0\.1:1.*TV5_NEO4J_URI"):
        neo4j.connect("bolt://127.0.0.1:1", "neo4j", "secret", "neo4j")


def test_a_wrong_password_is_refused(endpoints):
    with pytest.raises(StoreRefusedError, match="TV5_NEO4J_PASSWORD"):
        neo4j.connect(endpoints.neo4j_uri, endpoints.neo4j_user, "wrong", endpoints.neo4j_database)


def test_an_unknown_database_is_refused(endpoints):
    with pytest.raises(StoreRefusedError, match="TV5_NEO4J_DATABASE"):
        neo4j.connect(endpoints.neo4j_uri, endpoints.neo4j_user, endpoints.neo4j_password, "nosuch")


def test_what_is_no_address_is_an_input_error():
    with pytest.raises(InputError, match="TV5_NEO4J_URI"):
        neo4j.connect("http//nothing", "neo4j", "secret", "neo4j")


def test_nothing_can_be_published(with_nodes):
    publish_ratings(with_nodes, 1)

    assert neo4j.publish_relationships(with_nodes, RATINGS, samples.ratings(1).clear(), "none").rows == 0
    assert neo4j.publish_nodes(with_nodes, MOVIES, samples.movies(1).clear(), "none").rows == 0
    assert in_the_store(with_nodes) == 0
    assert not neo4j.publish_relationships(with_nodes, RATINGS, samples.ratings(1).clear(), "none").changed


def test_hostile_texts_come_back_equal_and_stay_values(graph):
    texts = pl.DataFrame({"title": hostile.TEXTS}).with_row_index("movie_id", offset=1)
    movies = texts.select(pl.col("movie_id").cast(pl.Int32), "title", year=pl.lit(1999))
    neo4j.publish_nodes(graph, MOVIES, movies, "hostile1")

    found = neo4j.fetch_nodes(graph, MOVIES, movies["movie_id"].to_list())
    assert [node["title"] for node in found] == list(hostile.TEXTS)
    asked = "UNWIND $titles AS title MATCH (n:SampleMovie {title: title}) RETURN n.movie_id AS movie_id"
    rows = neo4j.query(graph, asked, {"titles": list(hostile.TEXTS)})
    assert [row["movie_id"] for row in rows] == movies["movie_id"].to_list()
    assert not neo4j.publish_nodes(graph, MOVIES, movies, "hostile1").changed


def test_hostile_texts_are_keys(graph):
    """Genres and themes are known by their names."""
    named = neo4j.NodeSpec("sample_names", "SampleName", "name")
    has = neo4j.RelationshipSpec("sample_has", "SAMPLE_HAS", MOVIES, named, "movie_id", "name")
    names = pl.DataFrame({"name": hostile.TEXTS})
    publish_movies(graph, 1)
    neo4j.publish_nodes(graph, named, names, "hostile1")
    edges = names.with_columns(movie_id=pl.lit(20, pl.Int32))
    neo4j.publish_relationships(graph, has, edges, "hostile1")

    assert sorted(neo4j.ids(graph, named)) == sorted(hostile.TEXTS)
    found = neo4j.fetch_relationships(graph, has, edges)
    assert sorted(row["name"] for row in found) == sorted(hostile.TEXTS)
    neo4j.publish_nodes(graph, named, names.clear(), "none")


def test_a_number_that_the_graph_cannot_hold_is_an_input_error_and_leaves_the_old_version(with_nodes):
    publish_ratings(with_nodes, 1)
    poisoned = samples.ratings(2).with_columns(
        timestamp=pl.when(pl.col("user_id") == 30).then(2**63).otherwise("timestamp").cast(pl.UInt64)
    )

    with pytest.raises(InputError, match="sample_ratings"):
        neo4j.publish_relationships(with_nodes, RATINGS, poisoned, samples.VERSIONS[2])

    assert_serves_ratings(with_nodes, 1)
    assert publish_ratings(with_nodes, 2).changed
    assert_serves_ratings(with_nodes, 2)
    assert in_the_store(with_nodes) == samples.ROWS


@pytest.mark.parametrize("endpoints", ["bolt"], indirect=True)
def test_a_deadlock_is_retried_and_writes_nothing_twice(with_nodes, monkeypatch):
    """Each batch is rolled back once, having been written, before it is let through."""
    monkeypatch.setattr(neo4j, "_MOST_OVER_BOLT", 200)
    run, failures = neo4j._single, iter([True, False] * 2)

    def deadlocking(tx, statement, parameters):
        result = run(tx, statement, parameters)
        if "CREATE" in statement and next(failures):
            raise TransientError("a deadlock was detected")
        return result

    monkeypatch.setattr(neo4j, "_single", deadlocking)
    publish_ratings(with_nodes, 1)

    assert next(failures, None) is None
    assert_serves_ratings(with_nodes, 1)
    assert in_the_store(with_nodes) == samples.ROWS


def gone() -> Neo4jError:
    """What a server tells of a relationship that was removed while it was read."""
    return Neo4jError._hydrate_neo4j(code="Neo.ClientError.Statement.EntityNotFound", message="gone")


@pytest.mark.parametrize("error", [gone(), TransientError("a deadlock was detected")])
def test_a_question_is_asked_again_after_what_passes(with_nodes, monkeypatch, error):
    read, failures = neo4j._read, iter([error, error])

    def failing(*asked):
        if raised := next(failures, None):
            raise raised
        return read(*asked)

    monkeypatch.setattr(neo4j, "_read", failing)
    assert neo4j.query(with_nodes, "RETURN $given AS given", {"given": 7}) == [{"given": 7}]
    assert next(failures, None) is None


def test_a_question_that_never_gets_through_is_given_up(with_nodes, monkeypatch):
    asked = []

    def failing(*_):
        asked.append(1)
        raise gone()

    monkeypatch.setattr(neo4j, "_read", failing)
    with pytest.raises(StoreRefusedError, match="gone"):
        neo4j.query(with_nodes, "RETURN 1")
    assert len(asked) == 5
    with pytest.raises(StoreRefusedError, match="refused"):
        monkeypatch.undo()
        neo4j.query(with_nodes, "this is no question")


def test_two_loaders_of_different_versions_leave_one_of_them_whole(with_nodes, endpoints):
    with ThreadPoolExecutor(2) as pool:
        loads = list(pool.map(lambda generation: samples.publish_ratings(*address(endpoints), generation), (1, 2)))

    assert all(load.changed for load in loads)
    assert_serves_ratings(with_nodes, 1 if neo4j.live_version(with_nodes, RATINGS) == samples.VERSIONS[1] else 2)
    assert in_the_store(with_nodes) == samples.ROWS
