"""Publications that take a second or two, so that there is time to kill whoever loads or serves them; as in samples.py,
each generation differs from the other in values, and by what is gone and new.
"""

import numpy as np
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.stores import milvus, neo4j, postgres, redis
from tv5_assets.stores.load import Load

VERSIONS = {1: "aaaaaaaaaaaaaaa1", 2: "bbbbbbbbbbbbbbb2"}
VECTORS, DIMENSION = 8_000, 64
NODES, RATINGS_EACH = 200, 100

COLLECTION = milvus.CollectionSpec("large_movies", key="movie_id", scalars=(milvus.Scalar("title", "VARCHAR"),))
NODE = neo4j.NodeSpec("large_nodes", "LargeNode", "node_id")
EDGE = neo4j.RelationshipSpec("large_edges", "LARGE_EDGE", NODE, NODE, "start_id", "end_id", ("generation",))


TABLE = postgres.TableSpec(
    "large_rows",
    columns={"user_id": "integer NOT NULL", "step": "integer NOT NULL", "generation": "integer NOT NULL"},
    key=("user_id", "step"),
    owner="user_id",
    partitions=4,
)
TABLE_ROWS = 400_000
KEYS = redis.KeySpace("large", "large:", ttl_seconds=3600)
DOCUMENTS, DOCUMENT_BYTES = 20_000, 1_000


def rows(generation: int) -> pl.DataFrame:
    """A hundred steps of each user; the generations share all users but ten."""
    row = pl.int_range(TABLE_ROWS, dtype=pl.Int32)
    steps = pl.select(user_id=row // 100 + 10 * generation, step=row % 100)
    return steps.with_columns(generation=pl.lit(generation, pl.Int32))


def documents(generation: int) -> pl.DataFrame:
    """Documents of which the generations share all keys but ten."""
    return pl.select(number=pl.int_range(DOCUMENTS) + 10 * generation).select(
        key=pl.format("large:{}", "number"),
        value=pl.struct(generation=pl.lit(generation), text=pl.lit("x" * DOCUMENT_BYTES)).struct.json_encode(),
    )


def vectors(generation: int) -> Vectors:
    matrix = np.random.default_rng(generation).standard_normal((VECTORS, DIMENSION), dtype=np.float32)
    ids = np.arange(VECTORS, dtype=np.int32) + 10 * generation
    return Vectors(ids, matrix / np.linalg.norm(matrix, axis=1, keepdims=True), "large")


def fields(generation: int) -> pl.DataFrame:
    ids = pl.Series("movie_id", vectors(generation).ids)
    return pl.DataFrame({"movie_id": ids}).with_columns(title=pl.lit(f"of generation {generation}"))


def edges(generation: int) -> pl.DataFrame:
    """A hundred edges from each of 200 nodes; the generations share all but one end of each start."""
    rows = pl.select(row=pl.int_range(NODES * RATINGS_EACH))
    return rows.select(
        start_id=pl.col("row") // RATINGS_EACH,
        end_id=(pl.col("row") % RATINGS_EACH) + generation,
        generation=pl.lit(generation),
    )


class MilvusLoader:
    """Loads the collection through a connection of its own."""

    def __init__(self, uri: str, token: str):
        self.client = milvus.connect(uri, token)
        self.made = {generation: (vectors(generation), fields(generation)) for generation in VERSIONS}

    def publish(self, generation: int) -> Load:
        return milvus.publish(self.client, COLLECTION, *self.made[generation], VERSIONS[generation])

    def seen(self) -> int:
        """Return the generation that readers see, having looked at every row of it."""
        versions = {version: generation for generation, version in VERSIONS.items()}
        generation = versions[str(milvus.live_version(self.client, COLLECTION.name))]
        sent, sent_fields = self.made[generation]
        found = milvus.fetch(self.client, COLLECTION, sent.ids.tolist())
        assert found.drop("vector", "version")["title"].to_list() == sent_fields["title"].to_list()
        assert found["movie_id"].to_list() == sent.ids.tolist()
        assert set(found["version"]) == {VERSIONS[generation]}
        np.testing.assert_array_equal(np.array(found["vector"].to_list(), np.float32), sent.matrix)
        assert milvus.count(self.client, COLLECTION.name) == VECTORS
        return generation

    def leftovers(self) -> int:
        """Return how much there is that readers do not see."""
        return len([name for name in self.client.list_collections() if name.startswith(COLLECTION.name)]) - 1


class GraphLoader:
    """Loads the edges through a connection of its own."""

    def __init__(self, uri: str, user: str, password: str, database: str, bulk_url: str):
        self.graph = neo4j.connect(uri, user, password, database, bulk_url)
        neo4j.publish_nodes(self.graph, NODE, pl.DataFrame({"node_id": range(NODES + 2)}), "always")

    def publish(self, generation: int) -> Load:
        return neo4j.publish_relationships(self.graph, EDGE, edges(generation), VERSIONS[generation])

    def seen(self) -> int:
        """Return the generation that readers see, having looked at every edge of it."""
        versions = {version: generation for generation, version in VERSIONS.items()}
        generation = versions[str(neo4j.live_version(self.graph, EDGE))]
        sent = edges(generation)
        found = pl.DataFrame(neo4j.fetch_relationships(self.graph, EDGE, sent))
        assert found.drop("version").equals(sent.cast(pl.Int64).select(found.drop("version").columns))
        assert neo4j.count(self.graph, EDGE) == len(sent)
        return generation

    def leftovers(self) -> int:
        """Return how much there is that readers do not see."""
        rows = neo4j.query(self.graph, "MATCH ()-[r:LARGE_EDGE]->() RETURN count(r) AS rows")[0]["rows"]
        if self.graph.bulk:
            with self.graph.bulk.connected() as bulk:
                rows = max(rows, bulk.count(EDGE.type))
        return int(rows) - NODES * RATINGS_EACH


class TableLoader:
    """Loads the table through a connection of its own."""

    def __init__(self, url: str):
        self.url = url

    def publish(self, generation: int) -> Load:
        with postgres.connect(self.url) as connection:
            return postgres.publish(connection, TABLE, rows(generation), VERSIONS[generation])

    def seen(self) -> int:
        """Return the generation that readers see, having looked at every row of it."""
        with postgres.connect(self.url) as connection:
            version = postgres.live_version(connection, TABLE)
            generation = {version: generation for generation, version in VERSIONS.items()}[str(version)]
            sent = rows(generation)
            assert postgres.checksums(connection, TABLE).equals(postgres.checksums_of(TABLE, sent.lazy()))
            found = connection.execute("SELECT DISTINCT generation, version FROM large_rows").fetchall()
            assert found == [{"generation": generation, "version": version}]
            return generation

    def leftovers(self) -> int:
        """Return how much there is that readers do not see."""
        query = "SELECT count(*) AS tables FROM pg_class WHERE starts_with(relname, 'large_rows_loading')"
        with postgres.connect(self.url) as connection:
            found = connection.execute(query).fetchone()
            return int(found["tables"]) if found else 0


class DocumentLoader:
    """Loads the documents through a connection of its own."""

    def __init__(self, url: str):
        self.url = url

    def publish(self, generation: int) -> Load:
        with redis.connect(self.url) as client:
            return redis.publish(client, KEYS, documents(generation), VERSIONS[generation])

    def seen(self) -> int:
        """Return the generation that readers see, having looked at every document of it."""
        with redis.connect(self.url) as client:
            version = redis.live_version(client, KEYS)
            generation = {version: generation for generation, version in VERSIONS.items()}[str(version)]
            sent = documents(generation)["key"].to_list()
            assert redis.ids(client, KEYS) == sorted(sent)
            found = redis.fetch(client, sent).values()
            assert {(document["generation"], document["version"]) for document in found} == {(generation, version)}
            return generation

    def leftovers(self) -> int:
        """Return how much there is that readers do not see: nothing ever is."""
        return 0


LOADERS = {"milvus": MilvusLoader, "neo4j": GraphLoader, "postgres": TableLoader, "redis": DocumentLoader}
