"""Corruptions for the gates of the four stores."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import polars as pl

from tv5_assets.stores import milvus, neo4j, redis
from tv5_assets.stores.milvus_rows import DIGEST
from tv5_assets.stores.publications import sampled_rows
from tv5_assets_tests.defs.corruptions.corruption import (
    NOBODY,
    Corrupt,
    Corruption,
)
from tv5_assets_tests.defs.platform import Platform


def in_store(asset: str, damage: Corrupt) -> Corrupt:
    """Return what damages a store, whose asset is published anew in the end."""

    def corrupt(platform: Platform) -> None:
        platform.publish_again(asset)
        damage(platform)

    return corrupt


def store_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the four stores."""
    found = [*_milvus(), *_graph_nodes(), *_graph_relationships(), *_agentdb(), *_media(), *_redis()]
    return [replace(corruption, corrupt=in_store(corruption.asset, corruption.corrupt)) for corruption in found]


def _milvus() -> Iterable[Corruption]:
    for spec in (milvus.MOVIES, milvus.TOWER_MOVIES, milvus.USERS, milvus.SUBTITLE_SEGMENTS, milvus.CATALOG):
        asset = f"milvus/{spec.name}"
        filtered = ("filtered",) * (spec is milvus.CATALOG)
        yield Corruption(asset, "count", _delete_entity(spec), ("index_built", "read_back"))
        yield Corruption(asset, "read_back", _change_vector(spec))
        yield Corruption(asset, "index_built", _other_index(spec))
        yield Corruption(asset, "recall", _shift_vectors(spec), ("read_back", *filtered))
    yield Corruption("milvus/catalog", "filtered", _other_types, ("read_back",))


def _entities(platform: Platform, spec: milvus.CollectionSpec) -> pl.DataFrame:
    """Return all rows as they can be written back: with the digest of what they should hold, whatever they get."""
    client = platform.stores.need_milvus()
    return milvus.fetch(client, spec, milvus.ids(client, spec).tolist()).with_columns(pl.lit(0).alias(DIGEST))


def _sampled_entity(platform: Platform, spec: milvus.CollectionSpec) -> dict[str, Any]:
    """Return an entity that is read back."""
    entities = _entities(platform, spec)
    return entities.row(int(sampled_rows(len(entities))[0]), named=True)


def _delete_entity(spec: milvus.CollectionSpec) -> Corrupt:
    return lambda platform: platform.stores.need_milvus().delete(
        spec.name, ids=[_sampled_entity(platform, spec)[spec.key]]
    )


def _other_types(platform: Platform) -> None:
    """Give every item of the catalog the type of another."""
    entities = _entities(platform, milvus.CATALOG)
    types = dict(zip(("video", "image", "audio", "document"), ("image", "audio", "document", "video"), strict=True))
    changed = entities.with_columns(pl.col("type").replace(types))
    platform.stores.need_milvus().upsert("catalog", changed.to_dicts())


def _change_vector(spec: milvus.CollectionSpec) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        entity = _sampled_entity(platform, spec)
        entity["vector"] = entity["vector"][::-1]
        platform.stores.need_milvus().upsert(spec.name, [entity])

    return corrupt


def _shift_vectors(spec: milvus.CollectionSpec) -> Corrupt:
    """Return what gives every row the vector of another one, so that a search finds the wrong rows."""

    def corrupt(platform: Platform) -> None:
        entities = _entities(platform, spec)
        shifted = pl.concat([entities["vector"][7:], entities["vector"][:7]])
        platform.stores.need_milvus().upsert(spec.name, entities.with_columns(vector=shifted).to_dicts())

    return corrupt


def _other_index(spec: milvus.CollectionSpec) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        client = platform.stores.need_milvus()
        collection = client.describe_alias(spec.name)["collection_name"]
        client.release_collection(collection)
        client.drop_index(collection, milvus.VECTOR)
        index = client.prepare_index_params()
        index.add_index(
            milvus.VECTOR,
            "HNSW",
            index_name=milvus.VECTOR,
            metric_type=milvus.METRIC,
            params={"params": {**milvus.HNSW, "M": 2 * milvus.HNSW["M"]}},
        )
        client.create_index(collection, index)
        client.load_collection(collection)

    return corrupt


def _graph_nodes() -> Iterable[Corruption]:
    stranger = {"movie_id": NOBODY, "user_id": NOBODY, "person_id": NOBODY}
    text = {"Movie": "title", "User": "country", "Platform": "name", "Person": "name"}
    for asset, node in (
        ("neo4j/movies", neo4j.MOVIES),
        ("neo4j/users", neo4j.USERS),
        ("neo4j/genres", neo4j.GENRES),
        ("neo4j/themes", neo4j.THEMES),
        ("neo4j/platforms", neo4j.PLATFORMS),
        ("neo4j/people", neo4j.PEOPLE),
        ("neo4j/moods", neo4j.MOODS),
    ):
        create = f"CREATE (:{node.label} {{{node.key}: $key, version: 'stale'}})"
        yield Corruption(asset, "count", _cypher(create, key=stranger.get(node.key, "stranger")), name="node")
        if node.properties:
            change = f"MATCH (n:{node.label}) SET n.{text[node.label]} = 'changed'"
            yield Corruption(asset, "read_back", _cypher(change), name="node")


def _graph_relationships() -> Iterable[Corruption]:
    relink = (
        "MATCH (m:Movie)-[r:HAS_GENRE]->(:Genre {name: $one}), (other:Genre {name: $other}) "
        "WHERE NOT (m)-[:HAS_GENRE]->(other) CREATE (m)-[:HAS_GENRE {version: r.version}]->(other) DELETE r"
    )
    change = {
        "neo4j/genres": _cypher(relink, one="Drama", other="Western"),
        "neo4j/themes": _cypher("MATCH ()-[r:HAS_THEME]->() SET r.relevance = 0.25"),
        "neo4j/platforms": _cypher("MATCH ()-[r:AVAILABLE_ON]->() SET r.region = 'nowhere'"),
        "neo4j/ratings": _cypher("MATCH ()-[r:RATED]->() SET r.score = 0.75"),
        "neo4j/similar": _cypher("MATCH ()-[r:SIMILAR_TO]->() SET r.score = 0.25"),
        "neo4j/people": _cypher("MATCH ()-[r:ACTED_IN]->() SET r.billing = 9"),
        "neo4j/moods": _cypher("MATCH ()-[r:HAS_MOOD]->() SET r.rank = 9"),
        "neo4j/influences": _cypher("MATCH ()-[r:INFLUENCED_BY]->() SET r.strength = 0.015625"),
    }
    types = {
        "genres": "HAS_GENRE", "themes": "HAS_THEME", "platforms": "AVAILABLE_ON", "ratings": "RATED",
        "people": "DIRECTED", "moods": "HAS_MOOD", "influences": "INFLUENCED_BY",
    }  # fmt: skip
    for asset, changed in change.items():
        kind = types.get(asset.removeprefix("neo4j/"), "SIMILAR_TO")
        yield Corruption(asset, "count", _cypher(f"MATCH ()-[r:{kind}]->() DELETE r"), ("read_back",), "relationships")
        yield Corruption(asset, "read_back", changed, name="relationships")


def _cypher(statement: str, **parameters: Any) -> Corrupt:
    return lambda platform: platform.cypher(statement, **parameters)


def _agentdb() -> Iterable[Corruption]:
    for name, change in (
        ("episodes", "reward = reward / 2 + 0.1"),
        ("state_action_rewards", "reward = reward / 2 + 0.1"),
        ("policies", "q_values = '{}'"),
    ):
        asset = f"agentdb/{name}"
        yield Corruption(asset, "count", _sql(f"DELETE FROM {name}"), ("read_back",), "emptied")  # noqa: S608  our own names
        one = f"DELETE FROM {name} WHERE user_id = (SELECT max(user_id) FROM {name})"  # noqa: S608  our own names
        yield Corruption(asset, "count", _sql(one), ("read_back",), "one user")
        yield Corruption(asset, "read_back", _sql(f"UPDATE {name} SET {change}"))  # noqa: S608  our own names


def _media() -> Iterable[Corruption]:
    metadata, embeddings = "agentdb/media_metadata", "agentdb/media_embeddings"
    lost = "DELETE FROM media_metadata WHERE item_id % 5 = 0"
    yield Corruption(metadata, "count", _unchecked(lost), ("read_back",))
    yield Corruption(metadata, "read_back", _sql("UPDATE media_metadata SET tags = tags || ARRAY['changed']"))
    found = ("read_back", "recall", "filtered")
    yield Corruption(embeddings, "count", _sql("DELETE FROM media_embeddings"), found, "emptied")
    yield Corruption(embeddings, "read_back", _sql("UPDATE media_embeddings SET model_name = 'another'"))
    yield Corruption(embeddings, "recall", _sql(_SHIFT_EMBEDDINGS), ("read_back", "filtered"))
    yield Corruption(embeddings, "index_built", _sql(_OTHER_VECTOR_INDEX))
    drop = "ALTER TABLE media_embeddings DROP CONSTRAINT media_embeddings_id_fkey"
    yield Corruption(embeddings, "foreign_key", _sql(drop), name="dropped")
    yield Corruption(embeddings, "foreign_key", _with_metadata(_unchecked(lost)), ("recall", "filtered"), "orphans")
    swap = "UPDATE media_metadata SET type = CASE type WHEN 'video' THEN 'image' ELSE 'video' END"
    yield Corruption(embeddings, "filtered", _with_metadata(_sql(swap)))


_SHIFT_EMBEDDINGS = """
WITH numbered AS (SELECT id, embedding, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS rows
                  FROM media_embeddings)
UPDATE media_embeddings SET embedding = other.embedding FROM numbered AS own JOIN numbered AS other
ON other.n = 1 + (own.n + 6) % own.rows WHERE media_embeddings.id = own.id
"""
_OTHER_VECTOR_INDEX = """
DROP INDEX media_embeddings_embedding_idx;
CREATE INDEX media_embeddings_embedding_idx ON media_embeddings USING hnsw (embedding vector_cosine_ops)
WITH (m = 8, ef_construction = 200)
"""


def _unchecked(statement: str) -> Corrupt:
    """Return what runs a statement for which foreign keys are not looked at."""

    def corrupt(platform: Platform) -> None:
        connection = platform.stores.need_agentdb()
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)
        connection.execute("RESET session_replication_role")

    return corrupt


def _with_metadata(damage: Corrupt) -> Corrupt:
    """Return what damages media_metadata to be seen by a gate of media_embeddings, and publishes both anew."""

    def corrupt(platform: Platform) -> None:
        platform.publish_again("agentdb/media_metadata")
        damage(platform)

    return corrupt


def _sql(statement: str) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        platform.stores.need_agentdb().execute(statement)

    return corrupt


def _redis() -> Iterable[Corruption]:
    for space in (redis.PLATFORMS, redis.TRENDS, redis.POLICIES):
        asset = f"redis/{space.dataset}"
        yield Corruption(asset, "count", _lose_key(space), ("read_back",), "lost")
        yield Corruption(asset, "count", _surplus_key(space), name="surplus")
        yield Corruption(asset, "read_back", _change_document(space))
        yield Corruption(asset, "ttl", _expire(space, None), name="never")
        yield Corruption(asset, "ttl", _expire(space, 2 * space.ttl_seconds), name="late")


def _lose_key(space: redis.KeySpace) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        client = platform.stores.need_cache()
        client.delete(redis.ids(client, space)[0])

    return corrupt


def _surplus_key(space: redis.KeySpace) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        platform.stores.need_cache().set(f"{space.prefix}stranger", "{}", ex=60)

    return corrupt


def _change_document(space: redis.KeySpace) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        client = platform.stores.need_cache()
        key = redis.ids(client, space)[0]
        client.set(key, json.dumps({**redis.fetch(client, [key])[key], "changed": True}), keepttl=True)

    return corrupt


def _expire(space: redis.KeySpace, seconds: int | None) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        client = platform.stores.need_cache()
        key = redis.ids(client, space)[0]
        if seconds is None:
            client.persist(key)
        else:
            client.expire(key, seconds)

    return corrupt
