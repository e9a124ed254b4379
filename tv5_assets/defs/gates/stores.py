"""Gates of the four stores: content, index, what searches find, expiry, and all of them together."""

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.dagster_kit.store_gates import catalog_gates, documents_gates, published_gate, search_gates
from tv5_assets.defs.gates.common import MOVIES, RATINGS
from tv5_assets.quality.reconcile import reconciled
from tv5_assets.stores import milvus, publications, redis

CATALOG, CATALOG_VECTORS = "synthetic/catalog", "embeddings/catalog"
SEGMENT_VECTORS = "embeddings/subtitle_segments"


def store_gates() -> list[Gate]:
    """Return the gates of the four stores: content, index, what searches find, expiry, and all of them together."""
    return [
        published_gate(
            "milvus/movies",
            "milvus",
            publications.movie_vectors,
            {"vectors": "embeddings/movies", "movies": MOVIES},
        ),
        published_gate("milvus/users", "milvus", publications.user_vectors, {"vectors": "embeddings/users"}),
        *search_gates("milvus/movies", milvus.MOVIES, "embeddings/movies"),
        published_gate(
            "milvus/tower_movies",
            "milvus",
            publications.tower_vectors,
            {"vectors": "embeddings/tower_movies", "movies": MOVIES},
        ),
        *search_gates("milvus/tower_movies", milvus.TOWER_MOVIES, "embeddings/tower_movies"),
        *search_gates("milvus/users", milvus.USERS, "embeddings/users"),
        published_gate(
            "milvus/subtitle_segments",
            "milvus",
            publications.segment_vectors,
            {"vectors": SEGMENT_VECTORS, "segments": "synthetic/subtitle_segments"},
        ),
        *search_gates("milvus/subtitle_segments", milvus.SUBTITLE_SEGMENTS, SEGMENT_VECTORS),
        published_gate(
            "milvus/catalog",
            "milvus",
            publications.catalog_vectors,
            {"vectors": CATALOG_VECTORS, "catalog": CATALOG},
        ),
        *search_gates("milvus/catalog", milvus.CATALOG, CATALOG_VECTORS),
        *catalog_gates("milvus/catalog", "milvus", CATALOG_VECTORS, CATALOG),
        published_gate("agentdb/media_metadata", "agentdb", publications.media_metadata, {"catalog": CATALOG}),
        published_gate(
            "agentdb/media_embeddings",
            "agentdb",
            publications.media_embeddings,
            {"vectors": CATALOG_VECTORS, "catalog": CATALOG},
        ),
        *catalog_gates("agentdb/media_embeddings", "agentdb", CATALOG_VECTORS, CATALOG),
        published_gate("neo4j/movies", "graph", publications.movie_nodes, {"movies": MOVIES}),
        published_gate("neo4j/users", "graph", publications.user_nodes, {"users": "synthetic/users"}),
        published_gate("neo4j/genres", "graph", publications.genres, {"movies": MOVIES}),
        published_gate("neo4j/themes", "graph", publications.themes, {"movies": MOVIES}),
        published_gate("neo4j/platforms", "graph", publications.availability, {"platforms": "synthetic/platforms"}),
        published_gate("neo4j/ratings", "graph", publications.rated, {"ratings": RATINGS}),
        published_gate("neo4j/similar", "graph", publications.similar, {"similar": "embeddings/similar_movies"}),
        published_gate(
            "neo4j/people",
            "graph",
            publications.people,
            {"people": "synthetic/people", "made_by": "synthetic/credits"},
        ),
        published_gate("neo4j/moods", "graph", publications.moods, {"details": "synthetic/media_details"}),
        published_gate("neo4j/influences", "graph", publications.influences, {"influences": "synthetic/influences"}),
        published_gate("agentdb/episodes", "agentdb", publications.episodes, {"episodes": "features/episodes"}),
        published_gate(
            "agentdb/state_action_rewards",
            "agentdb",
            publications.state_action_rewards,
            {"rewards": "features/state_action_rewards", "movies": MOVIES},
        ),
        published_gate("agentdb/policies", "agentdb", publications.policies, {"policies": "models/policies"}),
        *documents_gates(
            "redis/platforms", redis.PLATFORMS, publications.platform_documents, {"platforms": "synthetic/platforms"}
        ),
        *documents_gates(
            "redis/trends",
            redis.TRENDS,
            publications.trend_documents,
            {"trends_now": "synthetic/trends_now", "topics": "synthetic/trending_topics"},
        ),
        *documents_gates(
            "redis/policies", redis.POLICIES, publications.policy_documents, {"policies": "models/policies"}
        ),
        rule_gate(
            "reports/reconciliation",
            "reconciled",
            "All stores together hold exactly what they were sent: ids, rows and sampled values.",
            reconciled,
            reads={"comparisons": "reports/reconciliation"},
        ),
    ]
