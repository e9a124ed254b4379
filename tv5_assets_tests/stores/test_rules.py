from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from pymilvus import MilvusClient
from redis import Redis

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import milvus, redis
from tv5_assets.stores.rules import RECALL_AT, expiring, index_built, search_finds
from tv5_assets_tests.stores import samples

COLLECTION = milvus.CollectionSpec("judged_movies", key="movie_id", scalars=milvus.MOVIES.scalars)
KEYS = redis.KeySpace("judged", "judged:", ttl_seconds=600)
VECTORS = samples.vectors(1)


@pytest.fixture(scope="module")
def collection(endpoints: Endpoints) -> Iterator[MilvusClient]:
    """A client of a server that serves the vectors."""
    client = milvus.connect(endpoints.milvus_uri, endpoints.milvus_token)
    milvus.publish(client, COLLECTION, VECTORS, samples.fields(1), samples.VERSIONS[1])
    yield client
    client.close()


def test_a_published_collection_is_indexed_over_every_row(collection: MilvusClient):
    verdict = index_built(collection, COLLECTION, VECTORS)
    assert verdict.passed
    assert verdict.facts["index_type"] == "HNSW"
    assert verdict.facts["indexed_rows"] == verdict.facts["rows"] == len(VECTORS)


def test_an_index_that_the_server_is_at_is_waited_for(collection: MilvusClient, monkeypatch: pytest.MonkeyPatch):
    pending = iter([120, 20, 0])
    built = milvus.index_facts
    monkeypatch.setattr(milvus, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(milvus, "index_facts", lambda *of: {**built(*of), "pending_rows": next(pending)})
    assert index_built(collection, COLLECTION, VECTORS).passed
    assert next(pending, None) is None


def test_rows_that_the_index_lacks_are_counted(collection: MilvusClient):
    one_more = Vectors(
        np.append(VECTORS.ids, np.int32(9_999)), np.concatenate([VECTORS.matrix, VECTORS.matrix[:1]]), "more"
    )
    verdict = index_built(collection, COLLECTION, one_more)
    assert not verdict.passed
    assert verdict.description == "300 of 301 rows indexed"


@pytest.mark.parametrize(("parameter", "value"), [("M", 8), ("efConstruction", 10)])
def test_an_index_of_other_parameters_is_told(
    collection: MilvusClient, monkeypatch: pytest.MonkeyPatch, parameter: str, value: int
):
    built = milvus.HNSW[parameter]
    monkeypatch.setitem(milvus.HNSW, parameter, value)
    verdict = index_built(collection, COLLECTION, VECTORS)
    assert not verdict.passed
    assert verdict.description == f"not as declared: {{'{parameter}': {built}}}"


def test_a_search_over_the_same_vectors_finds_them(collection: MilvusClient):
    verdict = search_finds(collection, COLLECTION, VECTORS, seed=0)
    assert verdict.passed
    assert verdict.facts["k"] == RECALL_AT
    assert verdict.facts["recall"] > 0.95
    assert verdict == search_finds(collection, COLLECTION, VECTORS, seed=0), "the same seed asks the same"


def test_a_search_over_other_vectors_finds_too_little(collection: MilvusClient):
    shuffled = replace(VECTORS, matrix=np.ascontiguousarray(VECTORS.matrix[::-1]))
    verdict = search_finds(collection, COLLECTION, shuffled, seed=0)
    assert not verdict.passed
    assert verdict.facts["recall"] < 0.5


@pytest.fixture
def cache(endpoints: Endpoints) -> Iterator[Redis]:
    """A client of a server that holds three documents of the key space."""
    with redis.connect(endpoints.redis_url) as client:
        documents = pl.DataFrame({"key": ["judged:1", "judged:2", "judged:3"], "value": ["{}"] * 3})
        redis.publish(client, KEYS, documents, "v1")
        yield client
        client.delete(KEYS.pointer, *documents["key"])


def test_published_keys_expire_within_the_declared_time(cache: Redis):
    verdict = expiring(cache, KEYS)
    assert verdict.passed
    assert verdict.facts["keys"] == 3
    assert verdict.facts["declared_seconds"] == 600
    assert 0 < verdict.facts["shortest_seconds"] <= verdict.facts["longest_seconds"] <= 600


def test_a_key_that_never_expires_is_counted(cache: Redis):
    cache.persist("judged:2")
    verdict = expiring(cache, KEYS)
    assert not verdict.passed
    assert (verdict.facts["keys"], verdict.facts["without_ttl"]) == (3, 1)


def test_a_key_that_lives_too_long_is_told(cache: Redis):
    cache.expire("judged:2", 900)
    verdict = expiring(cache, KEYS)
    assert not verdict.passed
    assert verdict.facts["without_ttl"] == 0
    assert 890 <= verdict.facts["longest_seconds"] <= 900


def test_of_no_keys_nothing_can_be_said(cache: Redis):
    assert not expiring(cache, redis.KeySpace("nothing", "nothing:", 600)).passed
