"""A small made data set, and its publication into all four stores through the platform's own functions."""

from datetime import UTC, datetime, timedelta
from typing import cast

import narwhals as nw
import polars as pl

from tv5_assets.agentdb.episodes import episodes
from tv5_assets.agentdb.qlearning import learn
from tv5_assets.embeddings.encoder import Encoder
from tv5_assets.embeddings.pooling import user_vectors
from tv5_assets.embeddings.texts import movie_texts
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.engine import PolarsEngine
from tv5_assets.graph import edges, nodes
from tv5_assets.graph.similarity import similar_movies
from tv5_assets.movielens.moments import with_moment
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import documents, milvus, neo4j, postgres, redis
from tv5_assets.tables.processed import Movies, Ratings
from tv5_assets.tables.table import polars_schema

VERSION = "made1"
LAST_DAY = datetime(2024, 5, 31, 20, tzinfo=UTC)  # a Friday evening

_SPACE = [("space opera", 0.95), ("robots", 0.9), ("aliens", 0.7)]
_LOVE = [("wedding", 0.9), ("paris", 0.8)]
_CRIME = [("heist", 0.95), ("detective", 0.8)]

CATALOGUE = [
    (1, "Robots of the Galaxy", 1999, ["Sci-Fi", "Adventure"], _SPACE),
    (2, "Return of the Galaxy Robots", 2002, ["Sci-Fi", "Adventure"], _SPACE),
    (3, "Star Fleet Uprising", 2005, ["Sci-Fi", "Action"], _SPACE[:2]),
    (4, "The Last Android", 1985, ["Sci-Fi", "Drama"], _SPACE[1:]),
    (5, "Alien Harvest", 1992, ["Sci-Fi", "Horror"], _SPACE[2:]),
    (6, "Space Pirates of Orion", 2011, ["Sci-Fi", "Comedy"], _SPACE),
    (7, "A Wedding in Paris", 1995, ["Romance", "Comedy"], _LOVE),
    (8, "Two Weddings in Paris", 1998, ["Romance", "Comedy"], _LOVE),
    (9, "Love Letters from Lyon", 2003, ["Romance", "Drama"], _LOVE[1:]),
    (10, "The Bride Said Maybe", 2009, ["Romance"], _LOVE[:1]),
    (11, "The Bank Job at Midnight", 1974, ["Crime", "Thriller"], _CRIME),
    (12, "Midnight Heist", 1996, ["Crime", "Thriller"], _CRIME),
    (13, "Inspector Lenoir", 1968, ["Crime", "Mystery"], _CRIME[1:]),
    (14, "The Quiet Detective", 2014, ["Crime", "Drama"], _CRIME[1:]),
    (15, "Untitled Reel", None, [], []),
    (16, "Penguins of the South", 2005, ["Documentary"], []),
]
"""movie_id, title, year, genres and themes."""

RATINGS = {
    1: {1: 5.0, 2: 4.5, 3: 4.0, 7: 1.0, 11: 2.0},
    2: {7: 5.0, 8: 4.5, 9: 4.0, 5: 0.5},
    3: {11: 4.5, 12: 4.0, 13: 5.0, 14: 3.5, 10: 2.0},
    4: {1: 3.0, 7: 3.0, 16: 3.0},
    6: {4: 0.5},
}
"""Stars by movie, by user. There is no user 5."""

MOODS = {1: ["exciting", "funny"], 2: ["exciting"], 4: ["eerie"], 6: ["funny", "exciting"], 16: ["contemplative"]}
"""Moods, by movie, the strongest first."""
DIRECTORS = {1: ("Ada Orion", [1, 2, 6]), 2: ("Blaise Lune", [7, 8]), 3: ("Ada Orion", [6, 5])}
"""Name and movies, by person; two people share a name."""
INFLUENCES = [(6, 1, 0.5), (6, 2, 0.75), (2, 1, 0.25), (8, 7, 0.625)]
"""A movie, the older one that it stands on, and how strongly."""

ARCHETYPES = {1: "cinephile", 2: "casual", 3: "senior", 4: "casual", 6: "family"}
OFFERS = {2: ["MUBI"], 4: ["Netflix", "TV5MONDE"], 8: ["Netflix"], 12: ["Criterion Channel"], 16: ["TV5MONDE"]}
"""Platforms, by movie."""
TREND = {6: 0.9, 8: 0.7, 12: 0.4, 1: 0.2}
"""Popularity at this moment, by movie, highest first."""


def movies() -> pl.DataFrame:
    """Return the catalogue as processed/movies has it."""
    rows = [
        {
            "movie_id": movie_id,
            "title": title,
            "original_title": title if year is None else f"{title} ({year})",
            "title_sort": title,
            "year": year,
            "genres": genres,
            "themes": [{"tag": tag, "relevance": relevance} for tag, relevance in themes],
            "imdb_id": None,
            "tmdb_id": None,
        }
        for movie_id, title, year, genres, themes in CATALOGUE
    ]
    return pl.DataFrame(rows, schema=polars_schema(Movies))


def ratings() -> pl.LazyFrame:
    """Return the ratings as processed/ratings has them: each user's an hour apart, the last one on LAST_DAY."""
    rows = [
        {"user_id": user_id, "movie_id": movie_id, "rating": rating, "rated_at": LAST_DAY - timedelta(hours=age)}
        for user_id, rated in RATINGS.items()
        for age, (movie_id, rating) in zip(range(len(rated) - 1, -1, -1), rated.items(), strict=True)
    ]
    frame = pl.LazyFrame(rows).with_columns(pl.col("rated_at").dt.epoch("s"))
    timed = cast(pl.LazyFrame, nw.to_native(with_moment(nw.from_native(frame), PolarsEngine(), seconds="rated_at")))
    schema = polars_schema(Ratings)
    return timed.with_row_index("row").cast({"row": pl.Int64}).select(schema.names()).cast(dict(schema))


def users() -> pl.DataFrame:
    """Return what the graph and the learner read of synthetic/users."""
    return pl.DataFrame({"user_id": list(ARCHETYPES), "archetype": list(ARCHETYPES.values()), "country": "FR"})


def platforms() -> pl.DataFrame:
    """Return what an answer reads of synthetic/platforms."""
    offers = [
        {"movie_id": movie_id, "platform_id": name.lower(), "name": name, "region": "FR"}
        for movie_id, names in OFFERS.items()
        for name in names
    ]
    return pl.DataFrame(offers)


def trends() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what an answer reads of synthetic/trends_now and synthetic/trending_topics."""
    ranked = pl.DataFrame({"movie_id": list(TREND), "score": list(TREND.values())}).with_row_index("rank", offset=1)
    topic = {"kind": "genre", "rank": 1, "topic": "Sci-Fi", "score": 1.1, "movies": 2}
    return ranked.with_columns(scope=pl.lit("global"), as_of=pl.lit(LAST_DAY)), pl.DataFrame([topic])


def details() -> pl.DataFrame:
    """Return what the graph reads of synthetic/media_details."""
    return pl.DataFrame({"movie_id": list(MOODS), "moods": list(MOODS.values())})


def directors() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what the graph reads of synthetic/people and synthetic/credits."""
    people = [
        {"person_id": person, "name": name, "country": "FR", "born": 1950} for person, (name, _) in DIRECTORS.items()
    ]
    credited = [
        {"person_id": person, "movie_id": movie, "role": "director", "billing": 2 if person == 3 else 1}
        for person, (_, directed) in DIRECTORS.items()
        for movie in directed
    ]
    return pl.DataFrame(people), pl.DataFrame(credited)


def influences() -> pl.DataFrame:
    """Return what the graph reads of synthetic/influences."""
    return pl.DataFrame(INFLUENCES, schema=["newer_id", "older_id", "strength"], orient="row")


def publish(stores: Stores) -> None:
    """Publish all that the query side reads."""
    catalogue = movies()
    encoder, texts = Encoder(), movie_texts(catalogue.lazy()).sort("id").collect()
    vectors = Vectors(texts["id"].to_numpy(), encoder.encode(texts["text"].to_list()), encoder.model)
    client = stores.need_milvus()
    milvus.publish(client, milvus.MOVIES, vectors, catalogue, VERSION)
    of_users = user_vectors(ratings(), vectors)
    milvus.publish(client, milvus.USERS, of_users, pl.DataFrame({"user_id": of_users.ids}), VERSION)

    graph = stores.need_graph()
    people, credited = directors()
    for node, frame in (
        (neo4j.MOVIES, nodes.movie_nodes(catalogue)),
        (neo4j.USERS, nodes.user_nodes(users())),
        (neo4j.GENRES, nodes.genre_nodes(catalogue)),
        (neo4j.THEMES, nodes.theme_nodes(catalogue)),
        (neo4j.MOODS, nodes.mood_nodes(details())),
        (neo4j.PEOPLE, nodes.person_nodes(people)),
    ):
        neo4j.publish_nodes(graph, node, frame, VERSION)
    for relationship, rows in (
        (neo4j.RATINGS, edges.rated(ratings())),
        (neo4j.MOVIE_GENRES, edges.has_genre(catalogue)),
        (neo4j.MOVIE_THEMES, edges.has_theme(catalogue)),
        (neo4j.SIMILAR, edges.similar_to(similar_movies(vectors, threshold=0.6, k=2))),
        (neo4j.MOVIE_MOODS, edges.has_mood(details())),
        (neo4j.DIRECTED, edges.credited(credited, "director")),
        (neo4j.INFLUENCES, edges.influenced_by(influences())),
    ):
        neo4j.publish_relationships(graph, relationship, rows, VERSION)

    steps = nw.to_native(episodes(nw.from_native(ratings()), catalogue, PolarsEngine()))
    policies = learn(steps, users()).policies
    connection, cache = stores.need_agentdb(), stores.need_cache()
    postgres.publish(connection, postgres.EPISODES, postgres.episode_rows(steps), VERSION)
    postgres.publish(connection, postgres.POLICIES, postgres.policy_rows(policies), VERSION)
    redis.publish(cache, redis.PLATFORMS, documents.platform_documents(platforms()), VERSION)
    redis.publish(cache, redis.TRENDS, documents.trend_documents(*trends()), VERSION)
    redis.publish(cache, redis.POLICIES, documents.policy_documents(policies), VERSION)
