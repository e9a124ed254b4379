"""Publications that take a second or two, so that there is time to kill whoever loads or serves them; as in samples.py,
each generation differs from the other in values, and by what is gone and new.
"""

import numpy as np
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.stores import milvus, neo4j
from tv5_assets.stores.load import Load

VERSIONS = {1: "aaaaaaaaaaaaaaa1", 2: "bbbbbbbbbbbbbbb2"}
VECTORS, DIMENSION = 8_000, 64
NODES, RATINGS_EACH = 200, 100

COLLECTION = milvus.CollectionSpec("large_movies", key="movie_id", scalars=(milvus.Scalar("title", "VARCHAR"),))
NODE = neo4j.NodeSpec("large_nodes", "LargeNode", "node_id")
EDGE = neo4j.RelationshipSpec("large_edges", "LARGE_EDGE", NODE, NODE, "start_id", "end_id", ("generation",))


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

    def __init__(self, uri: str, user: str, password: str, database: str):
        self.graph = neo4j.connect(uri, user, password, database)
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
        return rows - NODES * RATINGS_EACH


LOADERS = {"milvus": MilvusLoader, "neo4j": GraphLoader}
