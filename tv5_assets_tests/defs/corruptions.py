"""One corruption or more for every gate of the graph: what is done to its subject, and which checks must see it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import dataframely as dy
import numpy as np
import polars as pl

from tv5_assets.movielens.published import PUBLISHED, Published
from tv5_assets.quality.latency import TARGETS_MS
from tv5_assets.settings import load_settings
from tv5_assets.stores import milvus, neo4j, redis
from tv5_assets.tables.table import Table, all_tables
from tv5_assets_tests.defs.platform import Platform

Corrupt = Callable[[Platform], None]
Change = Callable[[pl.DataFrame], pl.DataFrame]

NOBODY = 30_000  # no movie, user or tag has this id
TABLE_CHECKS = ("schema", "unique_key", "no_nulls", "values")
FOREIGN_KEYS = ("movie_id", "similar_id", "user_id", "tag_id")
PROCESSED = ("movies", "ratings", "tags", "genome_tags", "genome_scores", "demographics")


@dataclass(frozen=True)
class Corruption:
    """What is done to the subject of a gate.

    Attributes:
        asset: the gated asset.
        check: the check that must fail.
        corrupt: what is done.
        also: further checks of the asset that must fail too, because they see the same from another side.
        name: tells apart two corruptions for the same check.
    """

    asset: str
    check: str
    corrupt: Corrupt
    also: tuple[str, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.asset, self.check, self.name) if part)


def table(asset: str, change: Change) -> Corrupt:
    """Return what rewrites a table."""
    return lambda platform: platform.put_table(asset, change(platform.table(asset)))


def in_first_row(column: str, value: Any) -> Change:
    """Return what puts a value into the first row."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        first = pl.Series(column, [value], dtype=frame.schema[column])
        return frame.with_columns(pl.concat([first, frame[column][1:]]))

    return change


def without_first_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame[1:]


# --- Every table by its schema ---


def table_corruptions() -> list[Corruption]:
    """Return a corruption for each check that follows from a table's schema."""
    seen_by_count = {"features/episodes": ("one_per_rating",), "synthetic/trends": ("every_day",)}
    return [
        corruption
        for key, schema in all_tables().items()
        for corruption in (
            Corruption(
                key,
                "schema",
                _rows(schema, lambda frame: frame.with_columns(surplus=pl.lit(1))),
                also=TABLE_CHECKS[1:],
            ),
            Corruption(
                key, "unique_key", _rows(schema, lambda frame: frame.vstack(frame[:1])), seen_by_count.get(key, ())
            ),
            Corruption(key, "no_nulls", _rows(schema, in_first_row(_required(schema), None))),
            Corruption(key, "values", _rows(schema, in_first_row(*_out_of_bounds(schema)))),
        )
    ]


def _rows(schema: type[Table], change: Change) -> Corrupt:
    """Return what rewrites a table, with made rows where this set has none of the kind."""

    def corrupt(platform: Platform) -> None:
        frame = platform.table(schema.key)
        platform.put_table(schema.key, change(frame if len(frame) else made_rows(schema)))

    return corrupt


def made_rows(schema: type[Table]) -> pl.DataFrame:
    return schema.sample(2, generator=dy.random.Generator(seed=0))


def _required(schema: type[Table]) -> str:
    """Return the last column that has to have values and is not part of the key."""
    return [name for name, column in schema.columns().items() if not column.nullable and not column.primary_key][-1]


def _out_of_bounds(schema: type[Table]) -> tuple[str, Any]:
    """Return a column that has bounds, but for foreign keys if there is another, and a value outside of them."""
    outside = {
        name: value
        for name, column in schema.columns().items()
        if not column.primary_key
        and (value := _outside(column, set(column.validation_rules(pl.col(name))))) is not None
    }
    own = [name for name in outside if name not in FOREIGN_KEYS] or list(outside)
    return own[-1], outside[own[-1]]


def _outside(column: dy.Column, rules: set[str]) -> Any:
    match column:
        case dy.String() if rules & {"regex", "min_length"}:
            return ""
        case dy.Float32() | dy.Float64() | dy.Int16() | dy.Int32() | dy.Int64() if "min" in rules:
            return -2
    return None


# --- Raw and processed ---


def processed_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the processed layer."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    nobody = in_first_row("movie_id", NOBODY)
    return [
        *(Corruption(f"processed/{name}", "published_rows", _not_as_published(name)) for name in PROCESSED),
        Corruption("processed/ratings", "published_users", _another_user),
        Corruption(
            "processed/movies",
            "year_found",
            table("processed/movies", lambda frame: frame.with_columns(year=pl.lit(None, pl.Int16))),
        ),
        *(
            Corruption(asset, "times", table(asset, in_first_row(column, moment)), name=name)
            for asset, column in (("processed/ratings", "rated_at"), ("processed/tags", "tagged_at"))
            for name, moment in (("1970", datetime(1970, 1, 1, tzinfo=UTC)), ("future", tomorrow))
        ),
        Corruption("processed/ratings", "movie_id_known", table("processed/ratings", nobody)),
        Corruption("processed/movies", "tags_known", table("processed/tags", nobody)),
        Corruption("processed/movies", "genome_scores_known", table("processed/genome_scores", nobody)),
        Corruption(
            "processed/genome_scores", "tag_id_known", table("processed/genome_scores", in_first_row("tag_id", NOBODY))
        ),
        Corruption("processed/rejects", "share", _damaged_raw_file),
        Corruption("processed/rejects", "nothing_lost", table("processed/ratings", without_first_row)),
    ]


def named_set(platform: Platform) -> None:
    """Let the set be one of a name, of which exactly the figures that it has are published."""
    tables = {name: platform.table(f"processed/{name}") for name in PROCESSED}
    published = Published(
        rows={name: len(frame) for name, frame in tables.items()},
        users=tables["ratings"]["user_id"].n_unique(),
        licence="",
    )
    platform.undo.enter_context(mock.patch.dict(PUBLISHED, {load_settings().dataset: published}))
    table("raw/movielens", lambda manifest: manifest.with_columns(source=pl.lit("a published archive")))(platform)


def _not_as_published(name: str) -> Corrupt:
    """Return what takes a row from a table of a named set, or gives one to a table that has none."""
    asset = f"processed/{name}"

    def lose(frame: pl.DataFrame, tags: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
        if frame.is_empty():
            return made_rows(all_tables()[asset])
        if name == "movies":  # the movie must not be missed elsewhere
            unknown = frame.join(tags, on="movie_id", how="anti").join(scores, on="movie_id", how="anti")
            return frame.filter(pl.col("movie_id") != unknown["movie_id"][0])
        return without_first_row(frame)

    def corrupt(platform: Platform) -> None:
        named_set(platform)
        others = platform.table("processed/tags"), platform.table("processed/genome_scores")
        platform.put_table(asset, lose(platform.table(asset), *others))

    return corrupt


def _another_user(platform: Platform) -> None:
    named_set(platform)
    table("processed/ratings", in_first_row("user_id", NOBODY))(platform)


def _damaged_raw_file(platform: Platform) -> None:
    """Let a rating in ten be 7.0, and read the raw file again."""
    path = load_settings().raw_folder / "ratings.csv"
    lines = path.read_text().splitlines(keepends=True)
    assets = ("processed/ratings", "processed/rejects")
    platform.undo.callback(platform.materialize, *assets)
    platform.undo.callback(path.write_text, "".join(lines), newline="")
    for row in range(1, len(lines), 10):
        user, movie, _, time = lines[row].split(",")
        lines[row] = f"{user},{movie},7.0,{time}"
    path.write_text("".join(lines), newline="")
    platform.materialize(*assets)


# --- Synthetic, features, embeddings, models ---


def synthetic_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the synthetic layer."""
    users, platforms, trends, now = (f"synthetic/{name}" for name in ("users", "platforms", "trends", "trends_now"))
    return [
        Corruption(
            users,
            "user_id_known",
            table(users, lambda frame: frame.vstack(in_first_row("user_id", NOBODY)(frame[:1]))),
        ),
        Corruption(users, "every_rater", table(users, without_first_row)),
        Corruption(
            users,
            "archetype_shares",
            table(users, lambda frame: frame.with_columns(archetype=pl.lit("senior", frame.schema["archetype"]))),
        ),
        Corruption(platforms, "movie_id_known", table(platforms, in_first_row("movie_id", NOBODY))),
        Corruption(platforms, "available_share", table(platforms, lambda frame: frame[: len(frame) // 2])),
        Corruption(
            trends,
            "movie_id_known",
            table(trends, lambda frame: frame.with_columns(pl.col("movie_id").replace(frame["movie_id"][0], NOBODY))),
        ),
        Corruption(trends, "every_day", table(trends, without_first_row)),
        Corruption(now, "movie_id_known", table(now, in_first_row("movie_id", NOBODY))),
        Corruption(
            now, "fresh", table(now, lambda frame: frame.with_columns(pl.col("as_of") - pl.duration(minutes=46)))
        ),
    ]


def learning_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of features, embeddings and models."""
    similar, policies = "embeddings/similar_movies", "models/policies"
    return [
        Corruption("features/episodes", "one_per_rating", table("features/episodes", without_first_row)),
        Corruption("features/episodes", "movie_id_known", table("features/episodes", in_first_row("movie_id", NOBODY))),
        *(
            Corruption(similar, f"{column}_known", table(similar, in_first_row(column, NOBODY)))
            for column in ("movie_id", "similar_id")
        ),
        Corruption(policies, "user_id_known", table(policies, in_first_row("user_id", NOBODY))),
        Corruption(
            policies,
            "every_user",
            table(policies, lambda frame: frame.filter(pl.col("user_id") != frame["user_id"][0])),
        ),
        Corruption("models/policy_prior", "finite", _no_number_in_prior),
        *(
            Corruption(asset, check, _first_vector(asset, value), also)
            for asset in ("embeddings/movies", "embeddings/users")
            for check, value, also in (
                ("normalized", 0.5, ()),
                ("finite", np.nan, ("normalized",)),
                ("no_zero_vector", 0, ("normalized",)),
            )
        ),
        *(
            corruption
            for asset in ("embeddings/movies", "embeddings/users")
            for corruption in (
                Corruption(asset, "ids", _without_first_vector(asset)),
                Corruption(asset, "mostly_unique", _all_alike(asset)),
            )
        ),
    ]


def _first_vector(asset: str, value: float) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        vectors.matrix[0] = value
        platform.put_vectors(asset, vectors)

    return corrupt


def _without_first_vector(asset: str) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        platform.put_vectors(asset, replace(vectors, ids=vectors.ids[1:], matrix=vectors.matrix[1:]))

    return corrupt


def _all_alike(asset: str) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        vectors = platform.vectors(asset)
        vectors.matrix[:] = vectors.matrix[0]
        platform.put_vectors(asset, vectors)

    return corrupt


def _no_number_in_prior(platform: Platform) -> None:
    prior = platform.model("models/policy_prior")
    name, tensor = next((name, tensor) for name, tensor in prior.tensors.items() if tensor.dtype.kind == "f")
    damaged = tensor.copy()
    damaged.flat[0] = np.nan
    platform.put_model("models/policy_prior", replace(prior, tensors={**prior.tensors, name: damaged}))


# --- Stores ---


def in_store(asset: str, damage: Corrupt) -> Corrupt:
    """Return what damages a store, whose asset is published anew in the end."""

    def corrupt(platform: Platform) -> None:
        platform.publish_again(asset)
        damage(platform)

    return corrupt


def store_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the four stores."""
    found = [*_milvus(), *_graph_nodes(), *_graph_relationships(), *_agentdb(), *_redis()]
    return [replace(corruption, corrupt=in_store(corruption.asset, corruption.corrupt)) for corruption in found]


def _milvus() -> Iterable[Corruption]:
    for spec in (milvus.MOVIES, milvus.USERS):
        asset = f"milvus/{spec.name}"
        yield Corruption(asset, "count", _delete_entity(spec), ("index_built", "read_back"))
        yield Corruption(asset, "read_back", _change_vector(spec))
        yield Corruption(asset, "index_built", _other_index(spec))
        yield Corruption(asset, "recall", _shift_vectors(spec), ("read_back",))


def _entities(platform: Platform, spec: milvus.CollectionSpec) -> pl.DataFrame:
    client = platform.stores.need_milvus()
    return milvus.fetch(client, spec, milvus.ids(client, spec).tolist())


def _delete_entity(spec: milvus.CollectionSpec) -> Corrupt:
    return lambda platform: platform.stores.need_milvus().delete(
        spec.name, ids=_entities(platform, spec)[spec.key].to_list()[:1]
    )


def _change_vector(spec: milvus.CollectionSpec) -> Corrupt:
    def corrupt(platform: Platform) -> None:
        entity = _entities(platform, spec).row(0, named=True)
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
    stranger = {"movie_id": NOBODY, "user_id": NOBODY}
    text = {"Movie": "title", "User": "country", "Platform": "name"}
    for asset, node in (
        ("neo4j/movies", neo4j.MOVIES),
        ("neo4j/users", neo4j.USERS),
        ("neo4j/genres", neo4j.GENRES),
        ("neo4j/themes", neo4j.THEMES),
        ("neo4j/platforms", neo4j.PLATFORMS),
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
    }
    types = {"genres": "HAS_GENRE", "themes": "HAS_THEME", "platforms": "AVAILABLE_ON", "ratings": "RATED"}
    for asset, changed in change.items():
        kind = types.get(asset.removeprefix("neo4j/"), "SIMILAR_TO")
        yield Corruption(asset, "count", _cypher(f"MATCH ()-[r:{kind}]->() DELETE r"), ("read_back",), "relationships")
        yield Corruption(asset, "read_back", changed, name="relationships")


def _cypher(statement: str, **parameters: Any) -> Corrupt:
    return lambda platform: platform.cypher(statement, **parameters)


def _agentdb() -> Iterable[Corruption]:
    for name, change in (("episodes", "reward = reward / 2 + 0.1"), ("policies", "q_values = '{}'")):
        asset = f"agentdb/{name}"
        yield Corruption(asset, "count", _sql(f"DELETE FROM {name}"), ("read_back",), "emptied")  # noqa: S608  our own names
        one = f"DELETE FROM {name} WHERE user_id = (SELECT max(user_id) FROM {name})"  # noqa: S608  our own names
        yield Corruption(asset, "count", _sql(one), ("read_back",), "one user")
        yield Corruption(asset, "read_back", _sql(f"UPDATE {name} SET {change}"))  # noqa: S608  our own names


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


# --- Reports and benchmarks ---


def report_corruptions() -> list[Corruption]:
    """Return corruptions for the gate over all stores."""
    report = "reports/reconciliation"
    return [
        Corruption(report, "reconciled", table(report, in_first_row(column, 1)), name=column)
        for column in ("store_rows", "missing_ids", "surplus_ids", "differing")
    ]


def slow_queries() -> list[Corruption]:
    """Return corruptions for the gates that only warn."""
    return [
        Corruption(
            "benchmarks/latency",
            f"p99_{query}",
            table(
                "benchmarks/latency",
                lambda frame, query=query: frame.with_columns(
                    p99_ms=pl.when(pl.col("query") == query).then(60_000.0).otherwise("p99_ms")
                ),
            ),
        )
        for query in TARGETS_MS
    ]


BLOCKING = [
    *table_corruptions(),
    *processed_corruptions(),
    *synthetic_corruptions(),
    *learning_corruptions(),
    *store_corruptions(),
    *report_corruptions(),
]
WARNING = slow_queries()
