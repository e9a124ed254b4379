from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import grpc
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymilvus import MilvusClient, MilvusException
from pymilvus.client.types import Status

from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.settings import Settings
from tv5_assets.stores import milvus
from tv5_assets_tests.stores import hostile, samples
from tv5_assets_tests.stores.killed import kill_at

SPEC = samples.COLLECTION


@pytest.fixture
def endpoints(milvus_server: tuple[Settings, Endpoints]) -> Endpoints:
    """Every server in turn."""
    return milvus_server[1]


@pytest.fixture
def client(endpoints: Endpoints) -> Iterator[MilvusClient]:
    client = milvus.connect(endpoints.milvus_uri, endpoints.milvus_token)
    for collection in collections(client):
        client.drop_collection(collection)
    yield client
    client.close()


def collections(client: MilvusClient) -> list[str]:
    return [name for name in client.list_collections() if name.startswith(SPEC.name)]


def publish(client: MilvusClient, generation: int) -> milvus.Load:
    version = samples.VERSIONS[generation]
    return milvus.publish(client, SPEC, samples.vectors(generation), samples.fields(generation), version)


def assert_serves(client: MilvusClient, generation: int) -> None:
    """Every row of the generation is there with every value, nothing else is, and it is found."""
    vectors, version = samples.vectors(generation), samples.VERSIONS[generation]
    found = milvus.fetch(client, SPEC, vectors.ids.tolist())
    expected = samples.fields(generation).with_columns(pl.col("movie_id").cast(pl.Int64), version=pl.lit(version))
    assert found.drop("vector").equals(expected)
    np.testing.assert_array_equal(np.array(found["vector"].to_list(), np.float32), vectors.matrix)
    assert milvus.ids(client, SPEC).tolist() == vectors.ids.tolist()
    assert milvus.count(client, SPEC.name) == samples.ROWS
    assert milvus.live_version(client, SPEC.name) == version
    assert milvus.search(client, SPEC, vectors.matrix[:20], k=1).ids[:, 0].tolist() == vectors.ids[:20].tolist()


def test_nothing_is_published_at_first(client):
    assert milvus.count(client, SPEC.name) == 0
    assert milvus.live_version(client, SPEC.name) is None
    with pytest.raises(InputError, match=SPEC.name):
        milvus.search(client, SPEC, samples.vectors(1).matrix[:1], k=1)


def test_publishes_rows_and_index(client):
    load = publish(client, 1)

    assert (load.dataset, load.rows, load.version, load.changed) == (SPEC.name, 300, samples.VERSIONS[1], True)
    assert_serves(client, 1)
    assert milvus.index_facts(client, SPEC.name) == {
        "index_type": "HNSW",
        "metric_type": "COSINE",
        "M": 16,
        "efConstruction": 200,
        "indexed_rows": 300,
        "pending_rows": 0,
    }


def test_publishing_again_changes_nothing(client):
    publish(client, 1)
    before = collections(client)

    assert not publish(client, 1).changed

    assert collections(client) == before
    assert_serves(client, 1)


def test_a_damaged_collection_is_published_again(client):
    publish(client, 1)
    client.delete(SPEC.name, ids=[11])

    assert publish(client, 1).changed
    assert_serves(client, 1)


def test_a_new_version_replaces_the_old(client):
    publish(client, 1)

    assert publish(client, 2).changed

    assert_serves(client, 2)
    assert len(collections(client)) == 1


@pytest.mark.parametrize("step", ["index", "_point"])
def test_a_killed_loader_loses_nothing_and_its_rubbish_goes(client, endpoints, step):
    publish(client, 1)

    kill_at(milvus, step, "publish_milvus", endpoints.milvus_uri, endpoints.milvus_token, 2)

    assert_serves(client, 1)
    assert len(collections(client)) == 2
    assert publish(client, 2).changed
    assert_serves(client, 2)
    assert len(collections(client)) == 1


def test_rubbish_goes_even_when_nothing_changed(client, endpoints):
    publish(client, 1)
    kill_at(milvus, "index", "publish_milvus", endpoints.milvus_uri, endpoints.milvus_token, 2)

    assert not publish(client, 1).changed

    assert len(collections(client)) == 1


def test_two_loaders_at_once_publish_once(client, endpoints):
    def load(_: int) -> milvus.Load:
        return samples.publish_milvus(endpoints.milvus_uri, endpoints.milvus_token, 1)

    with ThreadPoolExecutor(2) as pool:
        loads = list(pool.map(load, range(2)))

    assert sorted(load.changed for load in loads) == [False, True]
    assert_serves(client, 1)
    assert len(collections(client)) == 1


def test_a_released_collection_is_loaded_when_it_is_read(client):
    """After a restart of the server no collection is in memory."""
    publish(client, 1)
    client.release_collection(SPEC.name)

    assert_serves(client, 1)


@pytest.mark.parametrize(("failures", "answered"), [(4, True), (5, False)])
def test_a_question_that_met_a_dropped_collection_is_asked_again(client, monkeypatch, failures, answered):
    publish(client, 1)
    search, left = client.search, iter(range(failures))

    def dropping(*asked, **how):
        if next(left, None) is not None:
            raise MilvusException(code=65535, message="segment 8 belongs to partition 9, which is not in [7]")
        return search(*asked, **how)

    monkeypatch.setattr(client, "search", dropping)
    expected = nullcontext() if answered else pytest.raises(StoreRefusedError, match="partition 9")
    with expected:
        assert len(milvus.search_rows(client, SPEC, samples.vectors(1).matrix[0], k=3)) == 3
    assert next(left, None) is None


def test_filters_bind_their_parameters(client):
    publish(client, 1)
    vectors, fields = samples.vectors(1), samples.fields(1)

    def search(filter_expr: str, **params: milvus.Value) -> list[int]:
        hits = milvus.search(client, SPEC, vectors.matrix[:1], k=300, filter_expr=filter_expr, params=params, ef=300)
        return sorted(hits.ids[0][hits.ids[0] >= 0].tolist())

    drama = fields.filter(pl.col("genres").list.contains("Drama") & (pl.col("year") >= 1950))["movie_id"].to_list()
    assert search("array_contains(genres, {genre}) and year >= {since}", genre="Drama", since=1950) == drama
    assert search("title == {title}", title=fields["title"][4]) == [fields["movie_id"][4]]
    assert search("title == {title}", title='" or movie_id > 0 or title == "') == []
    assert search("movie_id in {ids}", ids=[12, 13, 9_999]) == [12, 13]


def test_hits_are_padded_where_a_filter_leaves_too_few(client):
    publish(client, 1)

    hits = milvus.search(client, SPEC, samples.vectors(1).matrix[:2], k=3, filter_expr="movie_id in [11, 12]")

    assert hits.ids[0].tolist() == [11, 12, -1]
    assert hits.scores[0][0] == pytest.approx(1)
    assert np.isnan(hits.scores[:, 2]).all()


@given(st.text())
def test_a_bound_text_stays_one_literal(text):
    bound = milvus.bind("title == {title}", {"title": text})

    literal = bound.removeprefix("title == ")
    assert literal[0] == literal[-1] == '"'
    assert not any(
        character == '"' and not escaped
        for character, escaped in zip(literal[1:-1], _escaped(literal[1:-1]), strict=True)
    )


def _escaped(text: str) -> list[bool]:
    flags, escaping = [], False
    for character in text:
        flags.append(escaping)
        escaping = character == "\\" and not escaping
    return flags


@pytest.mark.parametrize("params", [{}, {"title": None}, {"title": ["a", None]}, {"title": {"a": 1}}])
def test_a_filter_without_a_fitting_value_is_an_input_error(params):
    with pytest.raises(InputError, match="title"):
        milvus.bind("title == {title}", params)


def test_vectors_and_fields_of_different_loads_are_refused(client):
    publish(client, 1)

    with pytest.raises(InputError, match="movie_id"):
        milvus.publish(client, SPEC, samples.vectors(2), samples.fields(1), samples.VERSIONS[2])

    assert_serves(client, 1)


def test_an_unreachable_server_is_named_without_its_token():
    with pytest.raises(StoreUnavailableError, match=r"http://127\.0\.0\.1:1.*TV5_MILVUS_URI") as caught:
        milvus.connect("http://someone:secret@127.0.0.1:1", "someone:secret")

    assert "secret" not in str(caught.value)


@contextmanager
def answering(status: grpc.StatusCode) -> Iterator[str]:
    """A server that answers every call with a status; milvus-lite takes every token, so it cannot refuse one."""

    class Refusal(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(lambda _, context: context.abort(status, "no"))

    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, handlers=[Refusal()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"http://127.0.0.1:{port}"
        server.stop(None).wait()


def test_a_wrong_token_is_refused():
    with answering(grpc.StatusCode.UNAUTHENTICATED) as uri, pytest.raises(StoreRefusedError, match="TV5_MILVUS_TOKEN"):
        milvus.connect(uri, "someone:wrong")


def test_what_is_no_milvus_is_refused():
    with answering(grpc.StatusCode.UNIMPLEMENTED) as uri, pytest.raises(StoreRefusedError, match="TV5_MILVUS_URI"):
        milvus.connect(uri)


def test_a_version_that_could_not_be_part_of_a_name_is_refused(client):
    with pytest.raises(InputError, match="v-1"):
        milvus.publish(client, SPEC, samples.vectors(1), samples.fields(1), "v-1")

    assert collections(client) == []


def test_nothing_can_be_published(client):
    publish(client, 1)
    none = milvus.Vectors(np.empty(0, np.int32), np.empty((0, 16), np.float32), "sample")

    assert milvus.publish(client, SPEC, none, samples.fields(1).clear(), "none").rows == 0
    assert milvus.ids(client, SPEC).tolist() == []
    assert not milvus.publish(client, SPEC, none, samples.fields(1).clear(), "none").changed


def test_hostile_texts_come_back_equal_and_stay_values(client):
    texts = pl.DataFrame({"title": hostile.TEXTS}).with_row_index("movie_id", offset=1)
    fields = texts.select(
        pl.col("movie_id").cast(pl.Int32), "title", year=pl.lit(1999, pl.Int16), genres=pl.concat_list("title")
    )
    sample = samples.vectors(1)
    vectors = milvus.Vectors(fields["movie_id"].to_numpy(), sample.matrix[: len(fields)], sample.model)
    milvus.publish(client, SPEC, vectors, fields, "hostile1")

    found = milvus.fetch(client, SPEC, vectors.ids.tolist())
    assert found["title"].to_list() == list(hostile.TEXTS)
    assert found["genres"].to_list() == [[text] for text in hostile.TEXTS]
    for movie_id, title in zip(vectors.ids, hostile.TEXTS, strict=True):
        for condition in ("title == {title}", "array_contains(genres, {title})"):
            hits = milvus.search(client, SPEC, vectors.matrix[:1], 40, condition, {"title": title}, ef=300)
            assert hits.ids[hits.ids >= 0].tolist() == [movie_id], (condition, title)
    assert not milvus.publish(client, SPEC, vectors, fields, "hostile1").changed


def test_a_poisoned_row_is_refused_and_leaves_the_old_version(client):
    publish(client, 1)
    poisoned = samples.fields(2).with_columns(
        title=pl.when(pl.col("movie_id") == 300).then(pl.lit("x" * 5_000)).otherwise("title")
    )

    with pytest.raises(StoreRefusedError, match="length"):
        milvus.publish(client, SPEC, samples.vectors(2), poisoned, samples.VERSIONS[2])

    assert_serves(client, 1)
    assert publish(client, 2).changed
    assert_serves(client, 2)
    assert len(collections(client)) == 1


def test_two_loaders_of_different_versions_leave_one_of_them_whole(client, endpoints):
    def load(generation: int) -> milvus.Load:
        return samples.publish_milvus(endpoints.milvus_uri, endpoints.milvus_token, generation)

    with ThreadPoolExecutor(2) as pool:
        loads = list(pool.map(load, (1, 2)))

    assert all(load.changed for load in loads)
    assert_serves(client, 1 if milvus.live_version(client, SPEC.name) == samples.VERSIONS[1] else 2)
    assert len(collections(client)) == 1


def changed_a_little(**changes: pl.Expr) -> tuple[milvus.Vectors, pl.DataFrame]:
    """Generation 1 with some changes of rows 20 to 29, one new vector and one new row."""
    vectors, fields = samples.vectors(1), samples.fields(1)
    some = pl.col("movie_id").is_between(20, 29)
    fields = fields.with_columns(
        pl.when(some).then(change).otherwise(pl.col(name)).alias(name) for name, change in changes.items()
    )
    new = fields.head(1).with_columns(movie_id=pl.lit(999, pl.Int32))
    matrix = np.vstack([vectors.matrix, -vectors.matrix[:1]])
    matrix[5] = -matrix[6]
    return milvus.Vectors(np.append(vectors.ids, 999).astype(np.int32), matrix, "sample"), pl.concat([fields, new])


def test_only_changed_rows_are_written_where_few_are(client):
    publish(client, 1)
    before = collections(client)
    vectors, fields = changed_a_little(title=pl.lit("another"), year=pl.lit(None, pl.Int16))

    load = milvus.publish(client, SPEC, vectors, fields, samples.VERSIONS[2])

    assert (load.rows, load.changed, collections(client)) == (301, True, before)
    assert milvus.live_version(client, SPEC.name) == samples.VERSIONS[2]
    assert milvus.versions(client, SPEC.name) == (samples.VERSIONS[1], samples.VERSIONS[2])
    found = milvus.fetch(client, SPEC, vectors.ids.tolist())
    expected = fields.with_columns(pl.col("movie_id").cast(pl.Int64)).sort("movie_id")
    assert found.select(expected.columns).equals(expected)
    np.testing.assert_array_equal(np.array(found["vector"].to_list(), np.float32), vectors.matrix)
    written = found.filter(pl.col("version") == samples.VERSIONS[2])["movie_id"].to_list()
    assert written == [16, *range(20, 30), 999]
    assert milvus.search(client, SPEC, vectors.matrix[[5, 300]], k=1).ids[:, 0].tolist() == [16, 999]
    facts = milvus.index_facts(client, SPEC.name)
    assert facts["pending_rows"] == 0 and int(facts["indexed_rows"]) >= 301
    assert not milvus.publish(client, SPEC, vectors, fields, samples.VERSIONS[2]).changed


def test_a_killed_update_is_made_again(client, endpoints):
    """Killed after its message, it has shown the new rows without saying so; the next run only says so."""
    publish(client, 1)
    vectors, fields = changed_a_little(title=pl.lit("another"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "alter_collection_properties", killed)
        with pytest.raises(KeyboardInterrupt):
            milvus.publish(client, SPEC, vectors, fields, samples.VERSIONS[2])
    assert milvus.live_version(client, SPEC.name) == samples.VERSIONS[1]

    assert milvus.publish(client, SPEC, vectors, fields, samples.VERSIONS[2]).changed

    assert milvus.live_version(client, SPEC.name) == samples.VERSIONS[2]
    assert milvus.fetch(client, SPEC, [25])["title"].to_list() == ["another"]
    assert len(collections(client)) == 1


def killed(*_args: object, **_kwargs: object) -> None:
    raise KeyboardInterrupt


def test_many_changes_and_rows_that_went_are_written_whole(client):
    publish(client, 1)
    before = collections(client)
    vectors, fields = samples.vectors(1), samples.fields(1)

    milvus.publish(client, SPEC, vectors, fields.with_columns(title=pl.lit("all")), samples.VERSIONS[2])
    assert collections(client) != before and len(collections(client)) == 1

    before = collections(client)
    fewer = milvus.Vectors(vectors.ids[1:], vectors.matrix[1:], "sample")
    assert milvus.publish(client, SPEC, fewer, fields[1:], "cccccccccccccccc3").rows == 299
    assert collections(client) != before and len(collections(client)) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MilvusException(code=Status.CONNECT_FAILED, message="Fail connecting to server"), StoreUnavailableError),
        (MilvusException(code=1100, message="Retry run out of 75 retry times"), StoreUnavailableError),
        (MilvusException(code=1100, message="the dimension is wrong"), StoreRefusedError),
    ],
)
def test_what_passes_is_told_from_what_was_refused(error: MilvusException, kind: type[Exception]):
    with pytest.raises(kind, match=error.message), milvus._answering():
        raise error
