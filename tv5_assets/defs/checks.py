"""Every gate of the platform, layer by layer. A gate blocks what is downstream unless it says that it only warns."""

from functools import partial

import dagster as dg
import polars as pl

from tv5_assets.cadence import TRENDS
from tv5_assets.dagster_kit.checks import Gate, build_checks, rule_gate, table_gate
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.dagster_kit.store_gates import documents_gates, published_gate, search_gates
from tv5_assets.quality import frames, latency, sources
from tv5_assets.quality import vectors as vector_rules
from tv5_assets.quality.reconcile import reconciled
from tv5_assets.quality.verdict import Verdict
from tv5_assets.stores import milvus, publications, redis
from tv5_assets.tables.synthetic import ARCHETYPE_SHARES, ARCHETYPES
from tv5_assets.tables.table import all_tables

MANIFEST, MOVIES, RATINGS, TAGS = "raw/movielens", "processed/movies", "processed/ratings", "processed/tags"
PROCESSED = ("movies", "ratings", "tags", "genome_tags", "genome_scores", "demographics")
LEAST_YEAR_SHARE = 0.95
AVAILABLE_SHARE = (0.55, 0.65)
ARCHETYPE_TOLERANCE = 0.05
"""With 610 users a share of 30 % has a standard deviation of 1.9 %."""


def processed_gates() -> list[Gate]:
    """Return the gates of the raw and processed layers beside those of their schemas."""
    return [
        *(
            rule_gate(
                f"processed/{name}",
                "published_rows",
                "A named set has as many rows as GroupLens publishes.",
                partial(sources.rows_as_published, table=name),
                reads={"frame": f"processed/{name}", "manifest": MANIFEST},
            )
            for name in PROCESSED
        ),
        rule_gate(
            RATINGS,
            "published_users",
            "A named set has as many users as GroupLens publishes.",
            sources.users_as_published,
            reads={"ratings": RATINGS, "manifest": MANIFEST},
        ),
        rule_gate(
            MOVIES,
            "year_found",
            f"A year was found in at least {LEAST_YEAR_SHARE:.0%} of the titles.",
            lambda movies: frames.share_at_least(
                movies, pl.col("year").is_not_null(), LEAST_YEAR_SHARE, "movies with a year"
            ),
            reads={"movies": MOVIES},
        ),
        *(
            rule_gate(
                asset,
                "times",
                "Nothing happened before 1990 or in the future.",
                partial(frames.times_between, column=column),
                reads={"frame": asset},
            )
            for asset, column in ((RATINGS, "rated_at"), (TAGS, "tagged_at"))
        ),
        _known_movies(RATINGS),
        # On movies, not on the table that points there: movies are made from these, so they cannot wait for movies.
        *(
            rule_gate(
                MOVIES,
                f"{name}_known",
                f"Every movie of processed/{name} is there.",
                partial(frames.no_orphans, column="movie_id"),
                reads={"frame": f"processed/{name}", "parent": MOVIES},
            )
            for name in ("tags", "genome_scores")
        ),
        _foreign_key("processed/genome_scores", "tag_id", "processed/genome_tags"),
        rule_gate(
            "processed/rejects",
            "share",
            "At most TV5_MAX_REJECT_SHARE of the raw rows (0.1 % unless set) could not be understood.",
            _few_rejects,
            reads={"rejects": "processed/rejects", "manifest": MANIFEST},
            resources=["settings"],
        ),
        rule_gate(
            "processed/rejects",
            "nothing_lost",
            "Every raw row is in its table or among the rejects.",
            _nothing_lost,
            reads={
                "rejects": "processed/rejects",
                "manifest": MANIFEST,
                **{name: f"processed/{name}" for name in PROCESSED},
            },
            resources=["settings"],
        ),
    ]


def synthetic_gates() -> list[Gate]:
    """Return the gates of the synthetic layer beside those of its schemas."""
    return [
        _known_users("synthetic/users", of=RATINGS),
        rule_gate(
            "synthetic/users",
            "every_rater",
            "Every user who rated has a profile.",
            partial(frames.no_orphans, column="user_id"),
            reads={"frame": RATINGS, "parent": "synthetic/users"},
        ),
        rule_gate(
            "synthetic/users",
            "archetype_shares",
            "Archetypes come in the shares that the table registry declares.",
            partial(
                frames.shares_near,
                column="archetype",
                expected=dict(zip(ARCHETYPES, ARCHETYPE_SHARES, strict=True)),
                tolerance=ARCHETYPE_TOLERANCE,
            ),
            reads={"frame": "synthetic/users"},
        ),
        *(_known_movies(f"synthetic/{name}") for name in ("platforms", "trends", "trends_now")),
        rule_gate(
            "synthetic/platforms",
            "available_share",
            "About 60 % of the movies can be watched somewhere.",
            _available_share,
            reads={"platforms": "synthetic/platforms", "movies": MOVIES},
        ),
        rule_gate(
            "synthetic/trends",
            "every_day",
            "Every tracked movie has a row for every day.",
            partial(frames.complete_grid, rows="movie_id", columns="date"),
            reads={"frame": "synthetic/trends"},
        ),
        rule_gate(
            "synthetic/trends_now",
            "fresh",
            f"The ranking is at most {TRENDS.fail_after.total_seconds() / 60:.0f} minutes old.",
            partial(frames.no_older_than, column="as_of", age=TRENDS.fail_after),
            reads={"frame": "synthetic/trends_now"},
        ),
    ]


def learning_gates() -> list[Gate]:
    """Return the gates of features, embeddings and models beside those of their schemas."""
    return [
        rule_gate(
            "features/episodes",
            "one_per_rating",
            "There is one step for every rating.",
            lambda episodes, ratings: frames.row_count_is(episodes, ratings.select(pl.len()).collect().item()),
            reads={"episodes": "features/episodes", "ratings": RATINGS},
        ),
        _known_movies("features/episodes"),
        _vectors_gate("embeddings/movies", "movie_id", MOVIES),
        _vectors_gate("embeddings/users", "user_id", "synthetic/users"),
        _known_movies("embeddings/similar_movies"),
        _foreign_key("embeddings/similar_movies", "similar_id", MOVIES, "movie_id"),
        _known_users("models/policies", of="synthetic/users"),
        rule_gate(
            "models/policies",
            "every_user",
            "Every user has a policy.",
            partial(frames.no_orphans, column="user_id"),
            reads={"frame": "synthetic/users", "parent": "models/policies"},
        ),
        rule_gate(
            "models/policy_prior",
            "finite",
            "Every value of the prior is a number.",
            lambda prior: vector_rules.finite_tensors(prior.tensors),
            reads={"prior": "models/policy_prior"},
        ),
    ]


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
        *search_gates("milvus/users", milvus.USERS, "embeddings/users"),
        published_gate("neo4j/movies", "graph", publications.movie_nodes, {"movies": MOVIES}),
        published_gate("neo4j/users", "graph", publications.user_nodes, {"users": "synthetic/users"}),
        published_gate("neo4j/genres", "graph", publications.genres, {"movies": MOVIES}),
        published_gate("neo4j/themes", "graph", publications.themes, {"movies": MOVIES}),
        published_gate("neo4j/platforms", "graph", publications.availability, {"platforms": "synthetic/platforms"}),
        published_gate("neo4j/ratings", "graph", publications.rated, {"ratings": RATINGS}),
        published_gate("neo4j/similar", "graph", publications.similar, {"similar": "embeddings/similar_movies"}),
        published_gate("agentdb/episodes", "agentdb", publications.episodes, {"episodes": "features/episodes"}),
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


def latency_gates() -> list[Gate]:
    """Return the warnings on how fast the stores answer, one per kind of query."""
    return [
        rule_gate(
            "benchmarks/latency",
            f"p99_{query}",
            f"The 99th percentile of {query.replace('_', ' ')} stays under {target:g} ms.",
            partial(_fast_enough, query=query),
            reads={"measured": "benchmarks/latency"},
            warning=True,
        )
        for query, target in latency.TARGETS_MS.items()
    ]


@dg.definitions
def gates() -> dg.Definitions:
    """All gates, those of the table schemas first."""
    return dg.Definitions(
        asset_checks=build_checks(
            [
                *(table_gate(table) for table in all_tables().values()),
                *processed_gates(),
                *synthetic_gates(),
                *learning_gates(),
                *store_gates(),
                *latency_gates(),
            ]
        )
    )


def _foreign_key(asset: str, column: str, parent: str, parent_column: str | None = None) -> Gate:
    return rule_gate(
        asset,
        f"{column}_known",
        f"Every {column} is in {parent}.",
        partial(frames.no_orphans, column=column, parent_column=parent_column),
        reads={"frame": asset, "parent": parent},
    )


def _known_movies(asset: str) -> Gate:
    return _foreign_key(asset, "movie_id", MOVIES)


def _known_users(asset: str, of: str) -> Gate:
    return _foreign_key(asset, "user_id", of)


def _vectors_gate(asset: str, id_column: str, source: str) -> Gate:
    return Gate(
        asset,
        {
            "ids": f"There is a vector for every id of {source}, and for no other.",
            "normalized": "Every vector has length 1, within a thousandth.",
            "finite": "No value is NaN or infinite.",
            "no_zero_vector": "No vector is all zero.",
            "mostly_unique": "At least 95 % of the vectors are distinct.",
        },
        lambda vectors, source: vector_rules.all_rules(
            vectors, source.select(pl.col(id_column).sort()).collect().to_series().to_numpy()
        ),
        reads={"vectors": asset, "source": source},
    )


def _few_rejects(rejects: pl.DataFrame, manifest: pl.DataFrame, settings: SettingsResource) -> Verdict:
    return frames.rejects_within(len(rejects), int(manifest["rows"].sum()), settings.get().max_reject_share)


def _nothing_lost(
    rejects: pl.DataFrame, manifest: pl.DataFrame, settings: SettingsResource, **tables: pl.LazyFrame
) -> Verdict:
    return sources.nothing_lost(settings.get().raw_folder, manifest, rejects, tables)


def _available_share(platforms: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    return frames.share_between(
        platforms.select(pl.col("movie_id").n_unique()).collect().item(),
        movies.select(pl.len()).collect().item(),
        AVAILABLE_SHARE,
        "movies on a platform",
    )


def _fast_enough(measured: pl.DataFrame, query: str) -> Verdict:
    row = measured.row(by_predicate=pl.col("query") == query, named=True)
    times = latency.Percentiles(row["p50_ms"], row["p95_ms"], row["p99_ms"], row["runs"])
    return latency.under_target(query, times, row["target_ms"])
