"""Which movies are ranked for a user: those near their vector or, where that store is missing, the next best.

Milvus knows what is near a user's vector. Without it, or as long as nothing is published there, the graph knows what
resembles the movies that they liked, and without that, Redis knows what everybody watches now. What does not belong
here: the order of what is found (ranking.py).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import polars as pl

from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.ids import media_id, parse_media_id
from tv5_assets.retrieval.answers import require_user
from tv5_assets.retrieval.stores import STORE_ERRORS, Stores
from tv5_assets.retrieval.taste import taste
from tv5_assets.stores import milvus, neo4j, redis
from tv5_assets.stores.documents import TRENDS_NOW
from tv5_assets.stores.neo4j import Graph

if TYPE_CHECKING:
    from pymilvus import MilvusClient

    from tv5_assets.models.two_tower import TwoTower

CANDIDATES = 200
"""Movies that are ranked: enough that the other components can change the order, few enough to look each one up."""
_SEEN_NEAR = 300
"""How many more are asked for of a user who has seen as many: most of what is near a user's vector they have seen."""
_EF = 1_024
"""Breadth of the search. Of the two-tower's 200 nearest of 62,423 movies it found 94 %, one of 512 87 %, in the same
time but for half a millisecond."""
LIKED = 30
"""Movies, those with the most stars and newest first, whose neighbours are looked for without Milvus."""

_SCHEMA = pl.Schema(
    {
        "movie_id": pl.Int64(),
        "title": pl.String(),
        "year": pl.Int16(),
        "genres": pl.List(pl.String()),
        "cosine": pl.Float32(),
    }
)

_NEAR_LIKED = f"""
{neo4j.RATINGS.live("ratings")} {neo4j.SIMILAR.live("similar")}
MATCH (:User {{user_id: $user_id}})-[rated:RATED]->(liked:Movie)
WHERE rated.version = ratings.version AND rated.score >= $liked_from
WITH similar, rated, liked ORDER BY rated.score DESC, rated.timestamp DESC, liked.movie_id LIMIT {LIKED}
MATCH (liked)-[near:SIMILAR_TO]-(movie:Movie) WHERE near.version = similar.version
RETURN movie.movie_id AS movie_id, movie.title AS title, movie.year AS year, max(near.score) AS cosine
ORDER BY cosine DESC, movie_id LIMIT $most
"""
_TITLES = """
MATCH (movie:Movie) WHERE movie.movie_id IN $ids
RETURN movie.movie_id AS movie_id, movie.title AS title, movie.year AS year
"""
_GENRES = f"""
{neo4j.MOVIE_GENRES.live("load")}
MATCH (movie:Movie)-[has:HAS_GENRE]->(genre:Genre) WHERE movie.movie_id IN $ids AND has.version = load.version
RETURN movie.movie_id AS movie_id, genre.name AS genre ORDER BY movie_id, genre
"""


def candidates(
    stores: Stores,
    user_id: int,
    rated: Mapping[int, float] | None,
    tower: "TwoTower | None",
    k: int,
    version: str,
    notes: list[str],
) -> pl.DataFrame:
    """Return movies that the user has not rated, as far as that is known.

    Args:
        stores: the connected stores; one of Milvus, the graph and Redis is needed.
        user_id: who.
        rated: their ratings by movie; None where they are not known.
        tower: the two-tower that is served.
        k: how many are wanted in the end, of which CANDIDATES are found if that is more.
        version: the answer's.
        notes: the answer's notes, to which is added what could not be asked.

    Returns:
        ``movie_id``, ``title``, ``year``, ``genres`` and ``cosine``, which is 0 where nothing is known of it.

    Raises:
        InputError: nothing is known of the user, or nothing is published yet.
        StoreUnavailableError: no store answers that could tell.
    """
    most = max(CANDIDATES, k)
    sources: tuple[tuple[Callable[[], pl.DataFrame | None], str], ...] = (
        (
            lambda: _near_vector(stores, user_id, rated, tower, k, version, notes),
            "movies like those that the user liked",
        ),
        (lambda: _near_liked(stores, user_id, rated, most), "movies that everybody watches now"),
        (lambda: _trending(stores, most, rated), ""),
    )
    failures: list[Exception] = []
    for find, instead in sources:
        try:
            found = find()
        except STORE_ERRORS as error:
            failures.append(error)
            reason = str(error).splitlines()[0]
        else:
            if found is not None and (len(found) or not instead):
                return found.select(_SCHEMA.names()).cast(_SCHEMA)
            reason = "nothing is published there yet" if found is None else "it has none that are near"
        if instead:
            notes.append(f"these are {instead}: {reason}")
    if failures:
        raise failures[0]
    raise InputError("nothing is published that could be recommended; publish it first, with `tv5 run`")


def _near_vector(
    stores: Stores,
    user_id: int,
    rated: Mapping[int, float] | None,
    tower: "TwoTower | None",
    k: int,
    version: str,
    notes: list[str],
) -> pl.DataFrame | None:
    """Return the movies nearest to the user's vector; None as long as there are none.

    What was seen is left out here and not by a filter of Milvus, with which HNSW found nothing at all for 2 of 102
    users, whatever the breadth: what is nearest to a user they have mostly seen. Of the 200 nearest unseen movies of
    62,423 it found 66 % on average, and 76 % without the filter at the same breadth.
    """
    client = stores.need_milvus()
    if not stores.once(version, "vectors", lambda: _has_vectors(client)):
        return None
    searched = taste(stores, user_id, rated, tower, version, notes)
    seen, most = list(rated or ()), max(CANDIDATES, k)

    def unseen(further: int) -> pl.DataFrame:
        wanted = min(most + further, milvus.MOST_HITS)
        near = milvus.search_rows(client, searched.collection, searched.vector, wanted, ef=_EF)
        return near.filter(~pl.col("movie_id").is_in(seen)).head(most).rename({"score": "cosine"})

    found = unseen(min(len(seen), _SEEN_NEAR))
    return unseen(len(seen)) if len(found) < k and len(seen) > _SEEN_NEAR else found


def _has_vectors(client: "MilvusClient") -> bool:
    return all(milvus.live_version(client, spec.name) is not None for spec in (milvus.MOVIES, milvus.USERS))


def _near_liked(stores: Stores, user_id: int, rated: Mapping[int, float] | None, most: int) -> pl.DataFrame | None:
    """Return the movies most similar to one that the user liked; None as long as there are no such edges."""
    graph = stores.need_graph()
    if any(neo4j.live_version(graph, spec) is None for spec in (neo4j.RATINGS, neo4j.SIMILAR)):
        return None
    if not rated:
        require_user(graph, user_id)
    # As in explanations, a movie counts as liked from the user's own mean on.
    liked_from = sum(rated.values()) / len(rated) if rated else 0
    asked = {"user_id": user_id, "liked_from": liked_from, "most": most + len(rated or ())}
    rows = neo4j.query(graph, _NEAR_LIKED, asked)
    found = pl.DataFrame(
        rows, schema={"movie_id": pl.Int64, "title": pl.String, "year": pl.Int64, "cosine": pl.Float64}
    )
    unseen = found.filter(~pl.col("movie_id").is_in(list(rated or ()))).head(most)
    return _with_genres(graph, unseen)


def _trending(stores: Stores, most: int, rated: Mapping[int, float] | None) -> pl.DataFrame | None:
    """Return what trends at this moment, under its id where the graph cannot tell its title."""
    document = redis.get(stores.need_cache(), TRENDS_NOW)
    if document is None:
        raise StoreUnavailableError("Redis has no trends; they expire unless `trends_refresh` renews them")
    ids = [parse_media_id(movie["media_id"]) for movie in document["movies"]]
    unseen = [movie_id for movie_id in ids if movie_id not in (rated or ())][:most]
    names = pl.DataFrame({"movie_id": unseen, "cosine": 0.0}, schema_overrides={"movie_id": pl.Int64})
    try:
        graph = stores.need_graph()
        titles = pl.DataFrame(
            neo4j.query(graph, _TITLES, {"ids": unseen}),
            schema={"movie_id": pl.Int64, "title": pl.String, "year": pl.Int64},
        )
        return _with_genres(graph, names.join(titles, on="movie_id"))
    except STORE_ERRORS:
        return names.with_columns(
            title=pl.Series([media_id(movie_id) for movie_id in unseen], dtype=pl.String),
            year=pl.lit(None),
            genres=pl.lit([], pl.List(pl.String)),
        )


def _with_genres(graph: Graph, movies: pl.DataFrame) -> pl.DataFrame:
    rows = neo4j.query(graph, _GENRES, {"ids": movies["movie_id"].to_list()})
    genres = (
        pl.DataFrame(rows, schema={"movie_id": pl.Int64, "genre": pl.String})
        .group_by("movie_id", maintain_order=True)
        .agg(genres="genre")
    )
    return movies.join(genres, on="movie_id", how="left", maintain_order="left").with_columns(
        pl.col("genres").fill_null([])
    )
