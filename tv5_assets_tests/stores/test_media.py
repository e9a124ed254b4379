"""The media catalog in both engines: what is published, what refers to what, and that searches find the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import psycopg
import pytest

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import media, milvus, postgres
from tv5_assets.stores.hits import Hits

ITEMS, DIMENSION = 400, 24
START = datetime(2024, 1, 1, tzinfo=UTC)
TAGS = ['a "quoted" tag', "back\\slash", "with, comma", "{brace}", "é", "NULL"]


def catalog(first: int = 0) -> pl.DataFrame:
    number = np.arange(first, first + ITEMS)
    return pl.DataFrame(
        {
            "item_id": pl.Series(number, dtype=pl.Int32),
            "id": [f"00000000-0000-4000-8000-{n:012x}" for n in number],
            "type": pl.Series(["video", "image"] * (ITEMS // 2), dtype=pl.Enum(["video", "image"])),
            "title": [f"Title {n}, with a comma" for n in number],
            "description": ['A "description"\nof two lines'] * ITEMS,
            "tags": [TAGS[: n % 7] for n in number],
            "creator": ["Ann Example"] * ITEMS,
            "created_at": pl.Series([START + timedelta(days=int(n)) for n in number], dtype=pl.Datetime("ms", "UTC")),
            "content_text": [f"text {n}" for n in number],
            "iso": [100 if n % 2 else None for n in number],
            "topic": [None if n % 2 else 'so "called"' for n in number],
        }
    )


def vectors(first: int = 0) -> Vectors:
    matrix = np.random.default_rng(5).normal(size=(ITEMS, DIMENSION)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return Vectors(np.arange(first, first + ITEMS, dtype=np.int32), matrix, "made")


def exact(kind: str | None, since: datetime | None, until: datetime | None, query: np.ndarray, k: int) -> list[int]:
    items = catalog().with_row_index("row")
    if kind:
        items = items.filter(pl.col("type") == kind)
    if since and until:
        items = items.filter((pl.col("created_at") >= since) & (pl.col("created_at") < until))
    cosines = vectors().matrix[items["row"].to_numpy()] @ query
    return items["item_id"].to_numpy()[np.argsort(-cosines, kind="stable")[:k]].tolist()


@pytest.fixture(scope="module")
def connection(endpoints: Endpoints) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with postgres.connect(endpoints.postgres_url) as connection:
        yield connection
        connection.execute("DROP TABLE IF EXISTS media_embeddings, media_metadata")


@pytest.fixture
def published(connection: psycopg.Connection[dict[str, Any]]) -> psycopg.Connection[dict[str, Any]]:
    postgres.publish(connection, media.METADATA, media.metadata_rows(catalog().lazy()), "m1")
    media.publish_vectors(connection, vectors(), catalog().select("item_id", "id"), "v1")
    return connection


def test_arrays_objects_and_words_come_back_as_they_were_sent(published):
    rows = media.metadata_rows(catalog().lazy()).collect()
    found = postgres.fetch(published, media.METADATA, rows.select("id").head(14))
    assert [row["tags"] for row in found] == rows["tags"].head(14).to_list()
    assert [row["type_specific_data"] for row in found[:2]] == [{"topic": 'so "called"'}, {"iso": 100}]
    assert found[3]["description"] == 'A "description"\nof two lines'
    assert found[3]["creation_date"] == START + timedelta(days=3)
    assert found[3]["language"] is None


def test_vectors_come_back_as_they_were_sent(published):
    spec = media.embeddings(DIMENSION)
    ids = catalog().select("id")
    assert postgres.count(published, spec) == ITEMS
    assert postgres.ids(published, spec)["id"].to_list() == ids["id"].to_list()
    found = postgres.fetch(published, spec, ids.head(5))
    np.testing.assert_array_equal(np.float32([row["embedding"] for row in found]), vectors().matrix[:5])
    assert {(row["model_name"], row["version"]) for row in found} == {("made", "v1")}


def test_indexes_are_those_declared(published):
    assert media.index_facts(published) == {
        "method": "hnsw",
        "operators": "vector_cosine_ops",
        "valid": True,
        "m": 16,
        "ef_construction": 200,
    }
    rows = published.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'media_metadata'").fetchall()
    defined = " ".join(row["indexdef"] for row in rows)
    for part in ("gin (tags)", "gin (type_specific_data)", "btree (type)", "btree (creation_date)"):
        assert part in defined


def test_publishing_again_changes_nothing(published):
    assert not media.publish_vectors(published, vectors(), catalog().select("item_id", "id"), "v1").changed


def keys(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, int]:
    return postgres.foreign_key_facts(connection, media.embeddings(DIMENSION))


def test_the_foreign_key_survives_new_metadata(published):
    assert keys(published) == {"declared": 1, "there": 1, "valid": 1, "orphans": 0}
    postgres.publish(published, media.METADATA, media.metadata_rows(catalog().lazy()), "m2")
    assert keys(published) == {"declared": 1, "there": 1, "valid": 1, "orphans": 0}
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        published.execute("DELETE FROM media_metadata WHERE item_id = 3")


def test_vectors_of_an_older_catalog_are_let_be_until_the_new_ones_come(published):
    postgres.publish(published, media.METADATA, media.metadata_rows(catalog(first=9).lazy()), "m3")
    assert keys(published) == {"declared": 1, "there": 1, "valid": 0, "orphans": 9}
    with pytest.raises(InputError, match="foreign key"):
        media.publish_vectors(published, vectors(), catalog().select("item_id", "id"), "v2")

    media.publish_vectors(published, vectors(first=9), catalog(first=9).select("item_id", "id"), "v3")
    assert keys(published) == {"declared": 1, "there": 1, "valid": 1, "orphans": 0}


def test_vectors_without_metadata_are_refused(connection):
    connection.execute("DROP TABLE IF EXISTS media_embeddings, media_metadata")
    with pytest.raises(InputError, match="materialize agentdb/media_metadata first"):
        media.publish_vectors(connection, vectors(), catalog().select("item_id", "id"), "v4")


def test_vectors_of_other_items_are_refused(published):
    with pytest.raises(InputError, match="different loads"):
        media.publish_vectors(published, vectors(first=1), catalog().select("item_id", "id"), "v5")


def test_a_model_whose_vectors_cannot_be_indexed_is_named():
    with pytest.raises(InputError, match=r"at most 2000 dimensions, TV5_CATALOG_MODEL's have 4096"):
        media.embeddings(4096)


@pytest.fixture(scope="module")
def client(endpoints: Endpoints) -> Iterator[Any]:
    client = milvus.connect(endpoints.milvus_uri, endpoints.milvus_token)
    milvus.publish(client, milvus.CATALOG, vectors(), milvus.catalog_fields(catalog()), "aaa1")
    yield client
    collection = client.describe_alias("catalog")["collection_name"]
    client.drop_alias("catalog")
    client.drop_collection(collection)
    client.close()


FILTERS: list[tuple[str | None, datetime | None, datetime | None]] = [
    (None, None, None),
    ("image", None, None),
    ("video", START + timedelta(days=100), START + timedelta(days=130)),
    ("image", START + timedelta(days=10), START + timedelta(days=16)),
]


@pytest.mark.parametrize(("kind", "since", "until"), FILTERS)
@pytest.mark.parametrize("engine", ["milvus", "postgres"])
def test_a_search_finds_what_exact_search_finds(published, client, engine, kind, since, until):
    queries = vectors().matrix[:5]

    def search() -> Hits:
        if engine == "milvus":
            return milvus.search_catalog(client, queries, 10, kind, since, until)
        return media.search(published, queries, 10, kind, since, until)

    hits = search()
    expected = [exact(kind, since, until, query, 10) for query in queries]
    allowed = set(exact(kind, since, until, queries[0], ITEMS))
    assert {*hits.ids.ravel().tolist()} <= allowed | {-1}
    found = sum(len({*ids.tolist()} & {*wanted}) for ids, wanted in zip(hits.ids, expected, strict=True))
    assert found >= 0.95 * sum(map(len, expected))  # both indexes are approximate
    for query, ids, scores in zip(queries, hits.ids, hits.scores, strict=True):
        there = ids >= 0
        assert there.sum() == min(10, len(allowed))
        np.testing.assert_allclose(scores[there], vectors().matrix[ids[there]] @ query, atol=1e-4)
        assert (np.diff(scores[there]) <= 1e-5).all()
