import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import psycopg
import pytest

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import postgres, postgres_copy
from tv5_assets_tests.stores import samples
from tv5_assets_tests.stores.killed import kill_at

TABLE = samples.TABLE


@pytest.fixture
def connection(endpoints: Endpoints) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with postgres.connect(endpoints.postgres_url) as connection:
        connection.execute("DROP TABLE IF EXISTS sample_steps")
        connection.execute("DROP TABLE IF EXISTS sample_visits")
        connection.execute("DROP TABLE IF EXISTS loads, load_parts")
        yield connection


def publish(connection: psycopg.Connection[dict[str, Any]], generation: int) -> postgres.Load:
    return postgres.publish(connection, TABLE, samples.steps(generation), samples.VERSIONS[generation])


def assert_serves(connection: psycopg.Connection[dict[str, Any]], generation: int) -> None:
    """Every row of the generation is there with every value, and nothing else is."""
    rows = samples.steps(generation)
    found = postgres.fetch(connection, TABLE, rows.select("row"))
    assert [(row["row"], row["state"], row["reward"], row["values"]["Drama"]) for row in found] == [
        (row, state, pytest.approx(reward), row) for row, state, reward, _ in rows.iter_rows()
    ]
    assert {row["version"] for row in found} == {samples.VERSIONS[generation]}
    assert postgres.live_version(connection, TABLE) == samples.VERSIONS[generation]
    assert postgres.count(connection, TABLE) == samples.ROWS
    assert postgres.ids(connection, TABLE)["row"].to_list() == rows["row"].to_list()


def relations(connection: psycopg.Connection[dict[str, Any]]) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'sample%'"
    )
    return sorted(row["relname"] for row in rows)


def test_nothing_is_published_at_first(connection):
    assert postgres.count(connection, TABLE) == 0
    assert postgres.live_version(connection, TABLE) is None


def test_publishes_values_key_and_indexes(connection):
    load = publish(connection, 1)

    assert (load.dataset, load.rows, load.version, load.changed) == (TABLE.name, 300, samples.VERSIONS[1], True)
    assert_serves(connection, 1)
    assert relations(connection) == ["sample_steps", "sample_steps_pkey", "sample_steps_state_row_idx"]


def test_publishing_again_changes_nothing(connection):
    publish(connection, 1)
    before = connection.execute("SELECT 'sample_steps'::regclass::oid AS oid").fetchone()

    assert not publish(connection, 1).changed

    assert connection.execute("SELECT 'sample_steps'::regclass::oid AS oid").fetchone() == before
    assert_serves(connection, 1)


def test_a_damaged_table_is_published_again(connection):
    publish(connection, 1)
    connection.execute("DELETE FROM sample_steps WHERE row = 50")

    assert publish(connection, 1).changed
    assert_serves(connection, 1)


def test_a_new_version_replaces_the_old(connection):
    publish(connection, 1)

    assert publish(connection, 2).changed

    assert_serves(connection, 2)
    assert relations(connection) == ["sample_steps", "sample_steps_pkey", "sample_steps_state_row_idx"]


@pytest.mark.parametrize("step", ["_add_key_and_indexes", "_swap"])
def test_a_killed_loader_loses_nothing_and_leaves_nothing(connection, endpoints, step):
    publish(connection, 1)

    kill_at(postgres, step, "publish_postgres", endpoints.postgres_url, 2)

    assert_serves(connection, 1)
    assert publish(connection, 2).changed
    assert_serves(connection, 2)
    assert relations(connection) == ["sample_steps", "sample_steps_pkey", "sample_steps_state_row_idx"]


def test_two_loaders_at_once_publish_once(connection, endpoints):
    with ThreadPoolExecutor(2) as pool:
        loads = list(pool.map(lambda _: samples.publish_postgres(endpoints.postgres_url, 1), range(2)))

    assert sorted(load.changed for load in loads) == [False, True]
    assert_serves(connection, 1)


def test_a_reader_never_sees_less_than_a_version(connection, endpoints):
    publish(connection, 1)
    counts = set()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(lambda: [samples.publish_postgres(endpoints.postgres_url, g) for g in (2, 1, 2, 1)])
        while not loading.done():
            counts.add(postgres.count(connection, TABLE))
        loading.result()

    assert counts == {samples.ROWS}


def test_streams_a_lazy_frame(connection, monkeypatch):
    monkeypatch.setattr(postgres_copy, "COPY_ROWS", 7)

    postgres.publish(connection, TABLE, samples.steps(1).lazy(), samples.VERSIONS[1])

    assert_serves(connection, 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (samples.steps(2).drop("reward"), "reward"),
        (pl.concat([samples.steps(2), samples.steps(2).head(1)]), r'\("row"\)=\(21\) is duplicated'),
        (samples.steps(2).with_columns(values=pl.lit("{")), "json"),
        (samples.steps(2).with_columns(reward=pl.lit(None)), "reward"),
    ],
    ids=["column missing", "key twice", "no JSON", "null"],
)
def test_bad_rows_are_refused_and_leave_the_old_version(connection, rows, message):
    publish(connection, 1)

    with pytest.raises(InputError, match=message):
        postgres.publish(connection, TABLE, rows, samples.VERSIONS[2])

    assert_serves(connection, 1)
    assert "sample_steps_loading" not in relations(connection)


def test_an_unreachable_server_is_named_without_its_password():
    with pytest.raises(StoreUnavailableError) as caught:
        postgres.connect("postgresql://someone:secret@127.0.0.1:1/tv5")

    assert "postgresql://127.0.0.1:1/tv5" in str(caught.value)
    assert "TV5_POSTGRES_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("part", "wrong"), [("password", "wrong"), ("path", "/no_such_database")])
def test_a_wrong_password_or_database_is_refused(endpoints, part, wrong):
    url = urlsplit(endpoints.postgres_url)
    bad = (
        endpoints.postgres_url.replace(f":{url.password}@", f":{wrong}@")
        if part == "password"
        else (url._replace(path=wrong).geturl())
    )

    with pytest.raises(StoreRefusedError, match="TV5_POSTGRES_URL") as caught:
        postgres.connect(bad)

    assert str(url.password) not in str(caught.value)


def test_what_is_no_address_is_an_input_error():
    with pytest.raises(InputError, match="TV5_POSTGRES_URL"):
        postgres.connect("no address")


def test_a_dropped_connection_is_transient(connection, endpoints):
    with postgres.connect(endpoints.postgres_url) as other:
        connection.execute("SELECT pg_terminate_backend(%s)", (other.info.backend_pid,))
        with pytest.raises(StoreUnavailableError):
            postgres.count(other, TABLE)


def test_policies_are_looked_up_by_user_and_state(connection):
    policies = pl.DataFrame(
        {
            "user_id": [1, 1],
            "state_hash": ["0" * 16, "1" * 16],
            "state": ["evening|weekend|Drama", "morning|weekday|none"],
            "archetype": ["casual", "casual"],
            "q_values": [
                [
                    {"action": "Drama", "mean": 0.5, "variance": 0.25, "visits": 3},
                    {"action": "War", "mean": -0.5, "variance": 1.0, "visits": 0},
                ],
                [{"action": "none", "mean": 0.0, "variance": 1.0, "visits": 1}],
            ],
            "exploration_rate": [0.5, 1.0],
            "total_visits": [3, 1],
            "average_reward": [0.5, 0.0],
            "updated_at": [datetime(2020, 1, 2, tzinfo=UTC)] * 2,
        }
    )
    postgres.publish(connection, postgres.POLICIES, postgres.policy_rows(policies), "v1")

    assert postgres.policy(connection, 1, "0" * 16) == {
        "user_id": 1,
        "state_hash": "0" * 16,
        "state": "evening|weekend|Drama",
        "q_values": {
            "Drama": {"mean": 0.5, "variance": 0.25, "visits": 3},
            "War": {"mean": -0.5, "variance": 1.0, "visits": 0},
        },
        "exploration_rate": 0.5,
        "total_visits": 3,
        "average_reward": 0.5,
        "version": "v1",
        "updated_at": datetime(2020, 1, 2, tzinfo=UTC),
    }
    assert postgres.policy(connection, 2, "0" * 16) is None


def test_several_key_columns_are_read_back(connection):
    spec = postgres.TableSpec("sample_pairs", {"a": "integer NOT NULL", "b": "text NOT NULL"}, key=("a", "b"))
    pairs = pl.DataFrame({"a": [1, 1, 2], "b": ["x", "y", "x"]}, schema_overrides={"a": pl.Int32})
    postgres.publish(connection, spec, pairs, "v1")

    assert postgres.ids(connection, spec).equals(pairs)
    assert postgres.fetch(connection, spec, pl.DataFrame({"a": [1, 2], "b": ["y", "y"]})) == [
        {"a": 1, "b": "y", "version": "v1"}
    ]
    connection.execute("DROP TABLE sample_pairs")


def test_episodes_keep_their_nulls(connection):
    episodes = pl.DataFrame(
        {
            "row": [0],
            "user_id": [1],
            "session": [0],
            "step": [0],
            "state": ["evening|weekend|none"],
            "action": ["Drama"],
            "movie_id": [296],
            "reward": [0.75],
            "next_state": [None],
            "terminal": [True],
            "occurred_at": [datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)],
        }
    )
    postgres.publish(connection, postgres.EPISODES, postgres.episode_rows(episodes), "v1")

    assert postgres.fetch(connection, postgres.EPISODES, episodes.select("row")) == [
        {**episodes.row(0, named=True), "version": "v1"}
    ]


def test_nothing_can_be_published(connection):
    publish(connection, 1)

    assert postgres.publish(connection, TABLE, samples.steps(1).clear(), "none").rows == 0
    assert postgres.ids(connection, TABLE).is_empty()


VISITS = postgres.TableSpec(
    "sample_visits",
    columns={
        "user_id": "integer NOT NULL",
        "step": "smallint NOT NULL",
        "score": "real NOT NULL",
        "sure": "boolean NOT NULL",
        "total": "double precision NOT NULL",
        "item": "bigint NOT NULL",
        "at": "timestamptz NOT NULL",
    },
    key=("user_id", "step"),
    owner="user_id",
    partitions=3,
)


def visits(users: int, **changed: Any) -> pl.DataFrame:
    """Make four visits of each user, in the types that are copied in binary."""
    rows = pl.select(row=pl.int_range(4 * users)).select(
        user_id=(pl.col("row") // 4 + 1).cast(pl.Int32),
        step=(pl.col("row") % 4).cast(pl.Int16),
        score=(pl.col("row") / 4).cast(pl.Float32),
        sure=pl.col("row") % 3 == 0,
        total=pl.col("row") / 7,
        item=pl.col("row") * 2**33,
        at=(pl.lit(-86_400_000) + pl.col("row") * 10_000_000_001).cast(pl.Datetime("ms", "UTC")),
    )
    return rows.with_columns(**changed)


def published(connection: psycopg.Connection[dict[str, Any]], rows: pl.DataFrame) -> list[dict[str, Any]]:
    return postgres.fetch(connection, VISITS, rows.select("user_id", "step"))


def test_a_divided_table_is_copied_in_binary_and_read_back_equal(connection):
    rows = visits(50)

    load = postgres.publish(connection, VISITS, rows)

    assert (load.rows, load.written, load.changed) == (200, 200, True)
    assert [{**row, "version": load.version} for row in rows.to_dicts()] == published(connection, rows)
    divided = connection.execute(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'sample_visits'::regclass"
    ).fetchall()
    assert sorted(row["name"] for row in divided) == [f"sample_visits_{number}" for number in range(3)]
    assert not [name for name in relations(connection) if "loading" in name]
    assert postgres.checksums(connection, VISITS).equals(postgres.checksums_of(VISITS, rows.lazy()))


def test_what_is_published_already_is_not_written_and_says_so(connection, caplog):
    postgres.publish(connection, VISITS, visits(50))
    with caplog.at_level("INFO"):
        again = postgres.publish(connection, VISITS, visits(50)[::-1])

    assert (again.changed, again.written) == (False, 0)
    assert "PostgreSQL sample_visits is as it was published: nothing is written" in caplog.text


def test_only_the_users_that_changed_are_written(connection):
    old = visits(50)
    postgres.publish(connection, VISITS, old)
    table = connection.execute("SELECT 'sample_visits'::regclass::oid AS oid").fetchone()
    other = visits(51, score=pl.when(pl.col("user_id") == 7).then(-1).otherwise("score").cast(pl.Float32)).filter(
        pl.col("user_id") != 9
    )

    load = postgres.publish(connection, VISITS, other)

    # Seven has other scores, nine is gone, fifty-one is new.
    assert (load.rows, load.written, load.changed) == (200, 8, True)
    assert [{**row, "version": load.version} for row in other.to_dicts()] == published(connection, visits(60))
    assert connection.execute("SELECT 'sample_visits'::regclass::oid AS oid").fetchone() == table
    assert postgres.live_version(connection, VISITS) == load.version
    assert not postgres.publish(connection, VISITS, other).changed
    assert postgres.publish(connection, VISITS, old).written == 8
    assert [{**row, "version": postgres.live_version(connection, VISITS)} for row in old.to_dicts()] == published(
        connection, visits(60)
    )


def test_where_much_changed_everything_is_loaded_anew(connection):
    postgres.publish(connection, VISITS, visits(50))
    assert postgres.publish(connection, VISITS, visits(50, score=pl.lit(0, pl.Float32))).written == 200
    assert postgres.publish(connection, VISITS, visits(50)).written == 200
    assert postgres.publish(connection, VISITS, visits(55)).written == 20
    connection.execute("DELETE FROM sample_visits WHERE user_id = 3")
    assert postgres.publish(connection, VISITS, visits(56)).written == 224


def test_a_table_that_is_declared_otherwise_is_loaded_anew(connection):
    postgres.publish(connection, VISITS, visits(50))
    indexed = replace(VISITS, indexes=(postgres.Index(("score",)),))
    assert postgres.publish(connection, indexed, visits(50)).written == 200


def test_a_load_of_some_users_that_fails_leaves_the_old_rows(connection):
    postgres.publish(connection, VISITS, visits(50))
    twice = visits(51).vstack(visits(51)[-1:])

    with pytest.raises(InputError, match="already exists"):
        postgres.publish(connection, VISITS, twice)

    assert len(published(connection, visits(60))) == 200
    assert postgres.publish(connection, VISITS, visits(51)).written == 4


def test_a_null_is_refused_where_rows_travel_in_binary(connection):
    with pytest.raises(InputError, match="nulls in score"):
        postgres.publish(connection, VISITS, visits(5, score=pl.lit(None, pl.Float32)))


def test_a_connection_that_is_dropped_during_a_load_leaves_the_old_version(connection, endpoints, monkeypatch):
    publish(connection, 1)
    add = postgres._add_key_and_indexes

    def dropped(cursor: psycopg.Cursor[dict[str, Any]], *arguments: Any) -> None:
        connection.execute("SELECT pg_terminate_backend(%s)", (cursor.connection.info.backend_pid,))
        add(cursor, *arguments)

    monkeypatch.setattr(postgres, "_add_key_and_indexes", dropped)
    with pytest.raises(StoreUnavailableError, match="does not answer any more"):
        samples.publish_postgres(endpoints.postgres_url, 2)
    monkeypatch.undo()

    assert_serves(connection, 1)
    assert publish(connection, 2).changed
    assert_serves(connection, 2)


HOSTILE = (
    "", " ", "'", '"', "\\", "\\N", "\\.", "'; DROP TABLE loads; --", "a,b\r\n\t", "\0", "before\0after", "\x1a", "%s",
    "{a,\"b}", "שלום", "\u202eשלם\u202c", "👩‍👩‍👧🎬", "\ufeff\uffff\U0010ffff", "é" * 500, "x" * 500,
)  # fmt: skip
TEXTS = postgres.TableSpec(
    "sample_texts",
    columns={
        "id": "integer NOT NULL",
        "text": "text NOT NULL",
        "list": "text[] NOT NULL",
        "document": "jsonb NOT NULL",
    },
    key=("id",),
)


def test_texts_come_back_as_they_were(connection):
    rows = pl.DataFrame(
        {
            "id": range(len(HOSTILE)),
            "text": HOSTILE,
            "list": [[text, "and", text] for text in HOSTILE],
            "document": [json.dumps({text: text, "n": 1}) for text in HOSTILE],
        },
        schema_overrides={"id": pl.Int32},
    )
    postgres.publish(connection, TEXTS, rows, "v1")

    found = postgres.fetch(connection, TEXTS, rows.select("id"))
    assert [(row["text"], row["list"], row["document"]) for row in found] == [
        (text, [text, "and", text], {text: text, "n": 1}) for text in HOSTILE
    ]
    assert connection.execute("SELECT to_regclass('loads') IS NOT NULL AS there").fetchone() == {"there": True}
    connection.execute("DROP TABLE sample_texts")
