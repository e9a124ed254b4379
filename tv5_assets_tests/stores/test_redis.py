import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import polars as pl
import pytest
from redis import Redis

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import redis
from tv5_assets.stores.redis_bulk import Block
from tv5_assets_tests.stores import samples
from tv5_assets_tests.stores.killed import kill_at

SPACE = samples.KEYS


@pytest.fixture
def client(endpoints: Endpoints) -> Iterator[Redis]:
    with redis.connect(endpoints.redis_url) as client:
        client.delete(SPACE.pointer, *client.scan_iter(f"{SPACE.prefix}*"))
        yield client


def publish(client: Redis, generation: int) -> redis.Load:
    return redis.publish(client, SPACE, samples.documents(generation), samples.VERSIONS[generation])


def assert_serves(client: Redis, generation: int) -> None:
    """Every document of the generation is there, nothing else is, and every key expires."""
    version = samples.VERSIONS[generation]
    keys = samples.documents(generation)["key"].to_list()
    assert redis.ids(client, SPACE) == sorted(keys)
    assert redis.fetch(client, keys) == {
        key: {"version": version, "generation": generation, "text": f'"é" {key.removeprefix("sample:")}'}
        for key in keys
    }
    assert redis.count(client, SPACE) == samples.ROWS
    assert redis.live_version(client, SPACE) == version
    facts = redis.ttl_facts(client, SPACE)
    assert (facts.keys, facts.without_ttl) == (samples.ROWS, 0)
    assert 0 < facts.shortest_seconds <= facts.longest_seconds <= SPACE.ttl_seconds
    assert 0 < client.ttl(SPACE.pointer) <= SPACE.ttl_seconds


def test_nothing_is_published_at_first(client):
    assert redis.count(client, SPACE) == 0
    assert redis.live_version(client, SPACE) is None
    assert redis.ttl_facts(client, SPACE) == redis.TtlFacts(0, 0, 0, 0)


def test_publishes_documents_that_expire(client):
    load = publish(client, 1)

    assert (load.dataset, load.rows, load.version, load.changed) == ("samples", 300, samples.VERSIONS[1], True)
    assert_serves(client, 1)


def test_publishing_again_writes_nothing_but_starts_the_time_to_live_anew(client):
    publish(client, 1)
    client.expire("sample:11", 5)

    assert not publish(client, 1).changed

    assert client.ttl("sample:11") > 5
    assert_serves(client, 1)


def test_what_has_expired_is_published_again(client):
    publish(client, 1)
    client.delete("sample:11")

    assert publish(client, 1).changed
    assert_serves(client, 1)


def test_a_new_version_replaces_the_old(client):
    publish(client, 1)

    assert publish(client, 2).changed

    assert_serves(client, 2)


def test_a_killed_loader_loses_nothing_and_leaves_nothing(client, endpoints):
    publish(client, 1)

    kill_at(redis, "_removal", "publish_redis", endpoints.redis_url, 2)

    assert_serves(client, 1)
    assert publish(client, 2).changed
    assert_serves(client, 2)


def between(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once, when documents were sent but not yet published."""
    happenings, removal = iter([happens]), redis._removal

    def removing(stale: pl.Series) -> Iterator[Block]:
        next(happenings, lambda: None)()
        yield from removal(stale)

    monkeypatch.setattr(redis, "_removal", removing)


def test_a_loader_that_another_overtakes_starts_over(client, endpoints, monkeypatch):
    publish(client, 2)
    between(monkeypatch, lambda: samples.publish_redis(endpoints.redis_url, 1))

    assert publish(client, 1).changed is False  # what the other one published is what this one wanted
    assert_serves(client, 1)


def test_two_loaders_of_different_versions_publish_one_after_the_other(client, endpoints):
    with ThreadPoolExecutor(2) as pool:
        loads = list(pool.map(lambda generation: samples.publish_redis(endpoints.redis_url, generation), (1, 2)))

    assert [load.changed for load in loads] == [True, True]
    generation = {version: generation for generation, version in samples.VERSIONS.items()}
    assert_serves(client, generation[redis.live_version(client, SPACE)])


def test_a_connection_that_is_dropped_during_a_load_leaves_the_old_version(client, endpoints, monkeypatch):
    publish(client, 1)
    with redis.connect(endpoints.redis_url) as other:
        between(monkeypatch, lambda: other.client_kill_filter(_type="normal", skipme=True))

        with pytest.raises(StoreUnavailableError, match="does not answer any more"):
            publish(client, 2)

    assert_serves(client, 1)
    assert publish(client, 2).changed
    assert_serves(client, 2)


def test_a_server_without_room_refuses_and_keeps_the_old_version(client, monkeypatch):
    publish(client, 1)
    client.config_set("maxmemory", client.info("memory")["used_memory"] // 2)
    try:
        with pytest.raises(StoreRefusedError, match="maxmemory"):
            publish(client, 2)
        assert_serves(client, 1)
    finally:
        client.config_set("maxmemory", 0)
    assert publish(client, 2).changed
    assert_serves(client, 2)


def test_only_documents_that_changed_are_sent(client, monkeypatch):
    publish(client, 1)
    sent: list[int] = []
    set_commands = redis.set_commands
    monkeypatch.setattr(redis, "set_commands", lambda rows, *how: sent.append(len(rows)) or set_commands(rows, *how))
    client.expire("sample:11", 5)
    changed = samples.documents(1).with_columns(
        value=pl.when(pl.col("key") == "sample:20").then(pl.lit('{"generation":1,"text":"other"}')).otherwise("value")
    )[1:]

    load = redis.publish(client, SPACE, changed, samples.VERSIONS[2])

    assert (load.rows, load.written, load.changed) == (299, 1, True)
    assert sent == [1, 1]  # a document, and the pointer
    documents = redis.fetch(client, redis.ids(client, SPACE))
    assert {document["version"] for document in documents.values()} == {samples.VERSIONS[2]}
    assert documents["sample:20"]["text"] == "other" and documents["sample:21"]["text"] == '"é" 21'
    facts = redis.ttl_facts(client, SPACE)
    assert facts.keys == 299 and facts.shortest_seconds > SPACE.ttl_seconds - 60


@pytest.mark.parametrize(
    "text", ["", "\0", "\r\n$5\r\n", '"}', "\\", "שלום", "👩‍👩‍👧", "é" * 500, "*3\r\n$3\r\nDEL\r\n"]
)
def test_texts_come_back_as_they_were(client, text):
    document = pl.DataFrame({"key": [f"sample:{text}"], "value": [json.dumps({"text": text})]})

    redis.publish(client, SPACE, document, "v1")

    assert redis.fetch(client, [f"sample:{text}"]) == {f"sample:{text}": {"version": "v1", "text": text}}
    assert redis.contents(client, [f"sample:{text}"]).rows() == [(f"sample:{text}", json.dumps({"text": text}))]
    assert redis.count(client, SPACE) == 1


@pytest.mark.parametrize(
    "documents",
    [
        pl.DataFrame({"key": ["other:1"], "value": ["{}"]}),
        pl.DataFrame({"key": ["sample:1", "sample:1"], "value": ["{}", "{}"]}),
        pl.DataFrame({"key": ["sample:1"], "value": ["[1]"]}),
        pl.DataFrame({"key": ["sample:1"], "value": [None]}, schema_overrides={"value": pl.String}),
    ],
    ids=["other key space", "key twice", "no object", "null"],
)
def test_bad_documents_are_refused_and_leave_the_old_version(client, documents):
    publish(client, 1)

    with pytest.raises(InputError, match="samples"):
        redis.publish(client, SPACE, documents, samples.VERSIONS[2])

    assert_serves(client, 1)


def test_an_empty_object_gets_its_version(client):
    redis.publish(client, SPACE, pl.DataFrame({"key": ["sample:1"], "value": ["{}"]}), "v1")

    assert redis.get(client, "sample:1") == {"version": "v1"}


def test_one_document_is_kept_for_its_time(client):
    redis.put(client, "sample:query", {"ids": [1, 2], "text": "é"}, version="v1", ttl_seconds=300)

    assert redis.get(client, "sample:query") == {"ids": [1, 2], "text": "é", "version": "v1"}
    assert 0 < client.ttl("sample:query") <= 300
    assert redis.get(client, "sample:none") is None


def test_an_unreachable_server_is_named_without_its_password():
    with pytest.raises(StoreUnavailableError, match=r"redis://127\.0\.0\.1:1/0.*TV5_REDIS_URL") as caught:
        redis.connect("redis://:secret@127.0.0.1:1/0")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused(endpoints, password):
    right = str(urlsplit(endpoints.redis_url).password)

    with pytest.raises(StoreRefusedError, match="TV5_REDIS_URL") as caught:
        redis.connect(endpoints.redis_url.replace(f":{right}@", f":{password}@"))

    assert right not in str(caught.value)


def test_what_is_no_address_is_an_input_error():
    with pytest.raises(InputError, match="TV5_REDIS_URL"):
        redis.connect("http://127.0.0.1")


def test_nothing_can_be_published(client):
    publish(client, 1)

    assert redis.publish(client, SPACE, samples.documents(1).clear(), "none").rows == 0
    assert redis.ids(client, SPACE) == []
