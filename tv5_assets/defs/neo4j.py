"""Neo4j assets: the knowledge graph, one kind of node or relationship each."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import store_asset
from tv5_assets.dagster_kit.metadata import published
from tv5_assets.dagster_kit.resources import GraphResource
from tv5_assets.fingerprint import fingerprint
from tv5_assets.graph import edges, nodes
from tv5_assets.stores import neo4j
from tv5_assets.stores.load import Load

OWNER = "team:knowledge-graph"


@store_asset(
    "neo4j/movies",
    about="The `Movie` nodes of the knowledge graph, with their edge id, title and year.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"movies": "processed/movies"},
)
def movies(graph: GraphResource, movies: pl.DataFrame) -> dg.MaterializeResult:
    return published(_publish_nodes(graph, neo4j.MOVIES, nodes.movie_nodes(movies)))


@store_asset(
    "neo4j/users",
    about="The `User` nodes of the knowledge graph, with their archetype and country.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"users": "synthetic/users"},
)
def users(graph: GraphResource, users: pl.DataFrame) -> dg.MaterializeResult:
    return published(_publish_nodes(graph, neo4j.USERS, nodes.user_nodes(users)))


@store_asset(
    "neo4j/genres",
    about="The `Genre` nodes and a `HAS_GENRE` relationship from every movie to each of its genres.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"movies": "processed/movies"},
    deps=["neo4j/movies"],
)
def genres(graph: GraphResource, movies: pl.DataFrame) -> dg.MaterializeResult:
    return published(
        _publish_nodes(graph, neo4j.GENRES, nodes.genre_nodes(movies)),
        _publish_relationships(graph, neo4j.MOVIE_GENRES, edges.has_genre(movies)),
    )


@store_asset(
    "neo4j/themes",
    about="The `Theme` nodes and a `HAS_THEME` relationship, with its relevance, from every movie to each theme of it.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"movies": "processed/movies"},
    deps=["neo4j/movies"],
)
def themes(graph: GraphResource, movies: pl.DataFrame) -> dg.MaterializeResult:
    return published(
        _publish_nodes(graph, neo4j.THEMES, nodes.theme_nodes(movies)),
        _publish_relationships(graph, neo4j.MOVIE_THEMES, edges.has_theme(movies)),
    )


@store_asset(
    "neo4j/platforms",
    about="The `Platform` nodes and an `AVAILABLE_ON` relationship, with region and kind of offer, from every movie to "
    "each platform that carries it.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"platforms": "synthetic/platforms"},
    deps=["neo4j/movies"],
)
def platforms(graph: GraphResource, platforms: pl.DataFrame) -> dg.MaterializeResult:
    return published(
        _publish_nodes(graph, neo4j.PLATFORMS, nodes.platform_nodes(platforms)),
        _publish_relationships(graph, neo4j.AVAILABILITY, edges.available_on(platforms)),
    )


@store_asset(
    "neo4j/ratings",
    about="A `RATED` relationship, with stars and time, from every user to each movie they rated.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"ratings": "processed/ratings"},
    deps=["neo4j/movies", "neo4j/users"],
)
def ratings(graph: GraphResource, ratings: pl.LazyFrame) -> dg.MaterializeResult:
    return published(_publish_relationships(graph, neo4j.RATINGS, edges.rated(ratings).collect()))


@store_asset(
    "neo4j/similar",
    about="A `SIMILAR_TO` relationship, with the cosine of their texts, from every movie to its close neighbours.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"similar": "embeddings/similar_movies"},
    deps=["neo4j/movies"],
)
def similar(graph: GraphResource, similar: pl.DataFrame) -> dg.MaterializeResult:
    return published(_publish_relationships(graph, neo4j.SIMILAR, edges.similar_to(similar)))


@store_asset(
    "neo4j/people",
    about="The `Person` nodes and a relationship with its billing from every person to each movie they made: "
    "`DIRECTED`, `WROTE`, `ACTED_IN` or `PRODUCED`.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"people": "synthetic/people", "made_by": "synthetic/credits"},
    deps=["neo4j/movies"],
)
def people(graph: GraphResource, people: pl.DataFrame, made_by: pl.DataFrame) -> dg.MaterializeResult:
    return published(
        _publish_nodes(graph, neo4j.PEOPLE, nodes.person_nodes(people)),
        *(_publish_relationships(graph, spec, edges.credited(made_by, role)) for role, spec in neo4j.CREDITS.items()),
    )


@store_asset(
    "neo4j/moods",
    about="The `Mood` nodes and a `HAS_MOOD` relationship, with its rank, from every movie to each mood of it.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"details": "synthetic/media_details"},
    deps=["neo4j/movies"],
)
def moods(graph: GraphResource, details: pl.DataFrame) -> dg.MaterializeResult:
    return published(
        _publish_nodes(graph, neo4j.MOODS, nodes.mood_nodes(details)),
        _publish_relationships(graph, neo4j.MOVIE_MOODS, edges.has_mood(details)),
    )


@store_asset(
    "neo4j/influences",
    about="An `INFLUENCED_BY` relationship, with its strength, from every movie to each older one that it stands on.",
    owner=OWNER,
    kinds={"neo4j"},
    ins={"influences": "synthetic/influences"},
    deps=["neo4j/movies"],
)
def influences(graph: GraphResource, influences: pl.DataFrame) -> dg.MaterializeResult:
    return published(_publish_relationships(graph, neo4j.INFLUENCES, edges.influenced_by(influences)))


def _publish_nodes(graph: GraphResource, spec: neo4j.NodeSpec, frame: pl.DataFrame) -> Load:
    with graph.connected() as connected:
        return neo4j.publish_nodes(connected, spec, frame, fingerprint(frame))


def _publish_relationships(graph: GraphResource, spec: neo4j.RelationshipSpec, frame: pl.DataFrame) -> Load:
    with graph.connected() as connected:
        return neo4j.publish_relationships(connected, spec, frame, fingerprint(frame))
