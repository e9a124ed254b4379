import pytest

from tv5_assets.stores.address import without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("bolt://neo4j:7687", "bolt://neo4j:7687"),
        ("http://user:secret@milvus:19530", "http://milvus:19530"),
        ("redis://:secret@127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("rediss://:s%40cret@cache/1?password=secret", "rediss://cache/1"),
        ("postgresql://user:p@secret@host/tv5", "postgresql://host/tv5"),
        ("postgresql://user:secret@/tv5?host=/run/pg&password=secret", "postgresql:///tv5?host=/run/pg"),
    ],
)
def test_an_address_is_shown_without_credentials(url, shown):
    assert without_credentials(url) == shown
