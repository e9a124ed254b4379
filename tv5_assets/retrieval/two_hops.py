"""What lies two hops from a user: the genres and themes of what they liked, and movies like their best.

A user may have rated tens of thousands of movies, so that the second hop starts from some of them only: the ones with
the most stars, the newest first. No hop leads back to users: a popular movie has 100,000 of them.
"""

from pydantic import BaseModel

from tv5_assets.stores import neo4j
from tv5_assets.stores.neo4j import MOVIE_GENRES, MOVIE_THEMES, RATINGS, SIMILAR, Graph

LIKED_FROM = 4.0
"""Stars from which a movie counts as liked."""
MOST_LIKED = 100
"""Liked movies whose genres and themes are counted."""
BEST = 10
"""Movies whose neighbours are looked up."""
MOST_FOUND = 20


class Interest(BaseModel, frozen=True):
    """A genre or theme, and how many of the liked movies have it."""

    name: str
    movies: int


class Neighbour(BaseModel, frozen=True):
    """A movie, and its cosine to the nearest of the user's best."""

    movie_id: int
    score: float


_LIKED = f"""
{RATINGS.live("ratings")} %s
MATCH (:User {{user_id: $user_id}})-[rated:RATED]->(liked:Movie)
WHERE rated.version = ratings.version AND rated.score >= $liked_from
WITH %s, liked, rated ORDER BY rated.score DESC, rated.timestamp DESC LIMIT $most
"""
# Both kinds in one query: what takes time is the first hop, to all that a user rated.
_INTERESTS = (
    _LIKED % (f"{MOVIE_GENRES.live('genres')} {MOVIE_THEMES.live('themes')}", "genres, themes")
    + """
MATCH (liked)-[has:HAS_GENRE|HAS_THEME]->(interest) WHERE has.version IN [genres.version, themes.version]
WITH type(has) AS kind, interest.name AS name, count(*) AS movies ORDER BY movies DESC, name
RETURN kind, collect({name: name, movies: movies})[0..$found] AS found
"""
)
_NEIGHBOURS = (
    _LIKED % (SIMILAR.live("similar"), "similar")
    + """
MATCH (liked)-[near:SIMILAR_TO]->(other:Movie) WHERE near.version = similar.version
RETURN other.movie_id AS movie_id, max(near.score) AS score ORDER BY score DESC, movie_id LIMIT $found
"""
)


def interests(graph: Graph, user_id: int) -> tuple[list[Interest], list[Interest]]:
    """Return the genres and the themes of a user's MOST_LIKED liked movies, the most frequent first."""
    asked = {"user_id": user_id, "liked_from": LIKED_FROM, "most": MOST_LIKED, "found": MOST_FOUND}
    found = {row["kind"]: [Interest(**one) for one in row["found"]] for row in neo4j.query(graph, _INTERESTS, asked)}
    return found.get(MOVIE_GENRES.type, []), found.get(MOVIE_THEMES.type, [])


def like_the_best(graph: Graph, user_id: int) -> list[Neighbour]:
    """Return the movies that are nearest to a user's BEST movies, the nearest first."""
    asked = {"user_id": user_id, "liked_from": LIKED_FROM, "most": BEST, "found": MOST_FOUND}
    return [Neighbour(**row) for row in neo4j.query(graph, _NEIGHBOURS, asked)]
