"""Paths in the graph from a user to a movie: through genres, themes, moods and directors, and through other movies.

Each one cites the relationships that it stands on, read in one version, so that anybody can look them up. What does
not belong here: what else an explanation says (explain.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import BaseModel

from tv5_assets.retrieval.answers import Titled
from tv5_assets.stores import neo4j
from tv5_assets.stores.neo4j import (
    DIRECTED,
    INFLUENCES,
    MOVIE_GENRES,
    MOVIE_MOODS,
    MOVIE_THEMES,
    RATINGS,
    SIMILAR,
    Graph,
    RelationshipSpec,
)

CONSIDERED_THEMES = 30
"""The movie's strongest themes, among which shared ones are looked for; with a genome, some movies have over 100."""
MOST_THEMES = 5
MOST_SIMILAR = 5
MOST_INFLUENCES = 5
MOST_EXAMPLES = 3
"""Movies that are named for one genre, theme, mood or director, those with the most stars."""

EDGES: Mapping[str, RelationshipSpec] = {
    spec.type: spec for spec in (RATINGS, MOVIE_GENRES, MOVIE_THEMES, MOVIE_MOODS, DIRECTED, SIMILAR, INFLUENCES)
}
"""The kinds of relationship that an explanation may cite, by type."""


MemberKind = Literal["HAS_GENRE", "HAS_THEME", "HAS_MOOD"]


class Edge(BaseModel, frozen=True):
    """A relationship of the graph.

    Attributes:
        type: such as ``RATED``, a key of EDGES.
        start: key of the node it starts from.
        end: key of the node it leads to.
        value: stars, relevance, cosine or strength; None where it has none.
    """

    type: Literal["RATED", "HAS_GENRE", "HAS_THEME", "HAS_MOOD", "DIRECTED", "SIMILAR_TO", "INFLUENCED_BY"]
    start: int
    end: int | str
    value: float | None = None


class Example(Titled, frozen=True):
    """A movie that the user rated."""

    stars: float


class Shared(BaseModel, frozen=True):
    """A genre, theme, mood or director of the movie that movies have which the user rated highly.

    Attributes:
        name: the genre, theme or mood, or the director's name.
        relevance: how well a theme fits the movie, from 0 to 1; None for the others.
        liked: how many such movies there are.
        examples: some of them, those with the most stars first.
        edges: what this stands on: the movie's own edge, and two for each example.
    """

    name: str
    relevance: float | None
    liked: int
    examples: tuple[Example, ...]
    edges: tuple[Edge, ...]


class Similar(BaseModel, frozen=True):
    """A movie that the user rated and that resembles the movie.

    Attributes:
        example: the movie, with the user's stars, which may be few.
        score: cosine of the two.
        direction: which of them has the other among its nearest: ``from`` the rated movie, ``to`` it, or ``both``.
        edges: what this stands on.
    """

    example: Example
    score: float
    direction: Literal["from", "to", "both"]
    edges: tuple[Edge, ...]


class Influence(BaseModel, frozen=True):
    """A movie that the user rated highly and that the movie stands on, or that stands on it.

    Attributes:
        example: the other movie, with the user's stars.
        strength: how strong the influence is, over 0 to 1.
        older: the other movie came first.
        edges: what this stands on.
    """

    example: Example
    strength: float
    older: bool
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Asked:
    """Between which user and movie, and what counts as liked.

    Attributes:
        user_id: the user.
        movie_id: the movie, which is no example of itself.
        liked_from: stars from which a rated movie counts as liked.
    """

    user_id: int
    movie_id: int
    liked_from: float


_HAS_GENRE = f"""
{MOVIE_GENRES.live("load")}
MATCH (:Movie {{movie_id: $movie_id}})-[has:HAS_GENRE]->(genre:Genre) WHERE has.version = load.version
RETURN genre.name AS name, null AS relevance ORDER BY name
"""

_HAS_THEME = f"""
{MOVIE_THEMES.live("load")}
MATCH (:Movie {{movie_id: $movie_id}})-[has:HAS_THEME]->(theme:Theme) WHERE has.version = load.version
RETURN theme.name AS name, has.relevance AS relevance ORDER BY relevance DESC, name LIMIT {CONSIDERED_THEMES}
"""

_HAS_MOOD = f"""
{MOVIE_MOODS.live("load")}
MATCH (:Movie {{movie_id: $movie_id}})-[has:HAS_MOOD]->(mood:Mood) WHERE has.version = load.version
RETURN mood.name AS name ORDER BY has.rank
"""

_DIRECTORS = f"""
{DIRECTED.live("load")}
MATCH (director:Person)-[did:DIRECTED]->(:Movie {{movie_id: $movie_id}}) WHERE did.version = load.version
RETURN director.person_id AS person_id, director.name AS name ORDER BY did.billing
"""

# Two queries, the movie's side and the user's: one pattern over both sides took ArcadeDB 18 s for a user with 2,698
# ratings, where these take 0.1 s.
_LIKED = """
%s %s
MATCH (:User {user_id: $user_id})-[rated:RATED]->(liked:Movie)-[has:%s]->(shared)
WHERE rated.version = ratings.version AND rated.score >= $liked_from AND liked.movie_id <> $movie_id
  AND has.version = load.version AND shared.name IN $names
WITH shared, has, rated, liked ORDER BY rated.score DESC, %s rated.timestamp DESC, liked.movie_id
RETURN shared.name AS name, count(*) AS liked, collect(
  {movie_id: liked.movie_id, title: liked.title, year: liked.year, stars: rated.score, value: %s}
)[0..$examples] AS examples
"""
_LIKED_BY_GENRE = _LIKED % (RATINGS.live("ratings"), MOVIE_GENRES.live("load"), "HAS_GENRE", "", "null")
_LIKED_BY_THEME = _LIKED % (
    *(RATINGS.live("ratings"), MOVIE_THEMES.live("load"), "HAS_THEME"),
    *("has.relevance DESC,", "has.relevance"),
)

_LIKED_BY_MOOD = _LIKED % (RATINGS.live("ratings"), MOVIE_MOODS.live("load"), "HAS_MOOD", "", "null")

_LIKED_BY_DIRECTOR = f"""
{RATINGS.live("ratings")} {DIRECTED.live("load")}
MATCH (:User {{user_id: $user_id}})-[rated:RATED]->(liked:Movie)<-[did:DIRECTED]-(director:Person)
WHERE rated.version = ratings.version AND rated.score >= $liked_from AND liked.movie_id <> $movie_id
  AND did.version = load.version AND director.person_id IN $people
WITH director, rated, liked ORDER BY rated.score DESC, rated.timestamp DESC, liked.movie_id
RETURN director.person_id AS person_id, count(*) AS liked, collect(
  {{movie_id: liked.movie_id, title: liked.title, year: liked.year, stars: rated.score}}
)[0..$examples] AS examples
"""

_INFLUENCE = f"""
{RATINGS.live("ratings")}
{INFLUENCES.live("load")}
MATCH (:Movie {{movie_id: $movie_id}})%s(other:Movie)
WHERE influence.version = load.version
MATCH (other)<-[rated:RATED]-(:User {{user_id: $user_id}})
WHERE rated.version = ratings.version AND rated.score >= $liked_from
RETURN other.movie_id AS movie_id, other.title AS title, other.year AS year, rated.score AS stars,
       influence.strength AS strength
"""

_SIMILAR = f"""
{RATINGS.live("ratings")}
{SIMILAR.live("similar")}
MATCH (:Movie {{movie_id: $movie_id}})%s(other:Movie)
WHERE near.version = similar.version
MATCH (other)<-[rated:RATED]-(:User {{user_id: $user_id}}) WHERE rated.version = ratings.version
RETURN other.movie_id AS movie_id, other.title AS title, other.year AS year, rated.score AS stars,
       startNode(near).movie_id AS start, endNode(near).movie_id AS end, near.score AS score
"""


def genres_of(graph: Graph, movie_id: int) -> list[str]:
    """Return a movie's genres, by name."""
    return [row["name"] for row in neo4j.query(graph, _HAS_GENRE, {"movie_id": movie_id})]


def shared_genres(graph: Graph, asked: Asked) -> list[Shared]:
    """Return the movie's genres that liked movies have too, the most frequent among them first."""
    genres: dict[str, float | None] = dict.fromkeys(genres_of(graph, asked.movie_id))
    shared = _shared(graph, "HAS_GENRE", genres, _LIKED_BY_GENRE, asked)
    return sorted(shared, key=lambda genre: (-genre.liked, genre.name))


def shared_themes(graph: Graph, asked: Asked) -> list[Shared]:
    """Return the MOST_THEMES themes of the movie that liked movies have too, the most relevant to it first."""
    rows = neo4j.query(graph, _HAS_THEME, {"movie_id": asked.movie_id})
    themes: dict[str, float | None] = {row["name"]: row["relevance"] for row in rows}
    shared = _shared(graph, "HAS_THEME", themes, _LIKED_BY_THEME, asked)
    return sorted(shared, key=lambda theme: (-(theme.relevance or 0), -theme.liked, theme.name))[:MOST_THEMES]


def shared_moods(graph: Graph, asked: Asked) -> list[Shared]:
    """Return the movie's moods that liked movies have too, its strongest first."""
    rows = neo4j.query(graph, _HAS_MOOD, {"movie_id": asked.movie_id})
    moods: dict[str, float | None] = dict.fromkeys(row["name"] for row in rows)
    shared = _shared(graph, "HAS_MOOD", moods, _LIKED_BY_MOOD, asked)
    return sorted(shared, key=lambda mood: list(moods).index(mood.name))


def shared_directors(graph: Graph, asked: Asked) -> list[Shared]:
    """Return the movie's directors who have directed liked movies too, as they are billed."""
    names = {row["person_id"]: row["name"] for row in neo4j.query(graph, _DIRECTORS, {"movie_id": asked.movie_id})}
    parameters = {**asdict(asked), "people": list(names), "examples": MOST_EXAMPLES}
    found = {row.pop("person_id"): row for row in neo4j.query(graph, _LIKED_BY_DIRECTOR, parameters)}
    return [
        Shared(**found[person], name=name, relevance=None, edges=_directed(person, found[person]["examples"], asked))
        for person, name in names.items()
        if person in found
    ]


def _directed(person: int, examples: Sequence[Mapping[str, Any]], asked: Asked) -> tuple[Edge, ...]:
    edges = [Edge(type="DIRECTED", start=person, end=asked.movie_id)]
    for example in examples:
        edges.append(_rated(asked, example))
        edges.append(Edge(type="DIRECTED", start=person, end=example["movie_id"]))
    return tuple(edges)


def influences_liked(graph: Graph, asked: Asked) -> list[Influence]:
    """Return the MOST_INFLUENCES liked movies that the movie stands on, or that stand on it, the strongest first."""
    found = []
    for older, pattern in ((True, "-[influence:INFLUENCED_BY]->"), (False, "<-[influence:INFLUENCED_BY]-")):
        for row in neo4j.query(graph, _INFLUENCE % pattern, asdict(asked)):
            newer_id, older_id = (asked.movie_id, row["movie_id"]) if older else (row["movie_id"], asked.movie_id)
            edge = Edge(type="INFLUENCED_BY", start=newer_id, end=older_id, value=row["strength"])
            edges = (_rated(asked, row), edge)
            found.append(Influence(example=Example(**row), strength=row["strength"], older=older, edges=edges))
    return sorted(found, key=lambda one: (-one.strength, one.example.movie_id))[:MOST_INFLUENCES]


def _shared(
    graph: Graph, kind: MemberKind, relevance: Mapping[str, float | None], liked: str, asked: Asked
) -> list[Shared]:
    """Return those of the movie's genres, themes or moods, given with their relevance, that liked movies have too."""
    parameters = {**asdict(asked), "names": list(relevance), "examples": MOST_EXAMPLES}
    return [
        Shared(**row, relevance=relevance[row["name"]], edges=_cited(kind, row, relevance[row["name"]], asked))
        for row in neo4j.query(graph, liked, parameters)
    ]


def _cited(kind: MemberKind, row: Mapping[str, Any], relevance: float | None, asked: Asked) -> tuple[Edge, ...]:
    edges = [Edge(type=kind, start=asked.movie_id, end=row["name"], value=relevance)]
    for example in row["examples"]:
        edges.append(_rated(asked, example))
        edges.append(Edge(type=kind, start=example["movie_id"], end=row["name"], value=example["value"]))
    return tuple(edges)


def _rated(asked: Asked, example: Mapping[str, Any]) -> Edge:
    return Edge(type="RATED", start=asked.user_id, end=example["movie_id"], value=example["stars"])


def similar_rated(graph: Graph, asked: Asked) -> list[Similar]:
    """Return the MOST_SIMILAR rated movies that are among the movie's nearest, or have it among theirs."""
    found: dict[int, list[tuple[Edge, Mapping[str, Any]]]] = {}
    for pattern in ("-[near:SIMILAR_TO]->", "<-[near:SIMILAR_TO]-"):
        for row in neo4j.query(graph, _SIMILAR % pattern, asdict(asked)):
            edge = Edge(type="SIMILAR_TO", start=row["start"], end=row["end"], value=row["score"])
            found.setdefault(row["movie_id"], []).append((edge, row))
    similar = [
        Similar(
            example=Example(**edges[0][1]),
            score=edges[0][1]["score"],
            direction=_direction([edge for edge, _ in edges], asked.movie_id),
            edges=(_rated(asked, edges[0][1]), *(edge for edge, _ in edges)),
        )
        for edges in found.values()
    ]
    return sorted(similar, key=lambda one: (-one.score, one.example.movie_id))[:MOST_SIMILAR]


def _direction(edges: Sequence[Edge], movie_id: int) -> Literal["from", "to", "both"]:
    if len(edges) == 2:
        return "both"
    return "to" if edges[0].start == movie_id else "from"
