"""Explanation: what connects a user with a movie, in the graph and in the user's policy.

What does not belong here: how the graph is asked (paths.py) and which loads the answer comes from (provenance.py).
"""

from datetime import UTC, datetime

from tv5_assets.errors import InputError
from tv5_assets.ids import media_id
from tv5_assets.retrieval.answers import Answer, Movie, kept_by_version, require_user
from tv5_assets.retrieval.paths import (
    EDGES,
    Asked,
    Edge,
    Example,
    Influence,
    Shared,
    Similar,
    genres_of,
    influences_liked,
    shared_directors,
    shared_genres,
    shared_moods,
    shared_themes,
    similar_rated,
)
from tv5_assets.retrieval.policy import Opinion, current_state, opinion
from tv5_assets.retrieval.stores import STORE_ERRORS, Stores
from tv5_assets.retrieval.versions import Loads
from tv5_assets.stores import milvus, neo4j, postgres, redis
from tv5_assets.stores.documents import query_key
from tv5_assets.stores.neo4j import RATINGS, Graph

RESTS_ON = Loads(
    graph=(neo4j.MOVIES, neo4j.USERS, *EDGES.values()),
    agentdb=(postgres.EPISODES, postgres.POLICIES),
    cache=(redis.POLICIES,),
)


class Explanation(Answer, frozen=True):
    """What connects a user with a movie.

    Attributes:
        user_id: who.
        movie: what.
        stars: the user's own rating of it, where there is one.
        rated: how many movies the user has rated; None where the graph cannot tell.
        liked_from: the user's mean, and the stars from which a movie counts as liked; None without ratings.
        genres: shared genres, the most frequent among liked movies first.
        themes: shared themes, the most relevant to the movie first.
        moods: shared moods, the movie's strongest first; the moods are invented.
        directors: directors of liked movies too; the people are invented.
        similar: similar movies that the user rated, the most similar first.
        influences: liked movies that this one stands on, or that stand on it, the strongest first; they rest on the
            invented directors.
        opinion: what the user's policy says at this moment.
        edges: every relationship that is cited, once.
    """

    user_id: int
    movie: Movie
    stars: float | None
    rated: int | None
    liked_from: float | None
    genres: tuple[Shared, ...] = ()
    themes: tuple[Shared, ...] = ()
    moods: tuple[Shared, ...] = ()
    directors: tuple[Shared, ...] = ()
    similar: tuple[Similar, ...] = ()
    influences: tuple[Influence, ...] = ()
    opinion: Opinion | None
    edges: tuple[Edge, ...] = ()


def explain(
    stores: Stores, user_id: int, movie_id: int, *, at: datetime | None = None, fresh: bool = False
) -> Explanation:
    """Explain what connects a user with a movie, whether or not it would be recommended. Answers are kept for five
    minutes, as long as nothing is published anew.

    A movie counts as liked from the user's own mean on: users differ in how they use the scale. Without the graph there
    is no more to say than what the movie is and what the user's policy says.

    Args:
        stores: the graph, or Milvus where that is missing; Redis and AgentDB for the policy, where they are there.
        user_id: who.
        movie_id: what.
        at: the moment for the policy; now where it is None.
        fresh: do not take a kept answer.

    Raises:
        InputError: there is no such user or movie.
        StoreUnavailableError: neither the graph nor Milvus answers.
    """
    at = at or datetime.now(UTC)
    state = current_state(at, None)

    def find(version: str) -> Explanation:
        try:
            return _explained(stores, user_id, movie_id, at, version)
        except STORE_ERRORS as error:
            return _without_graph(stores, user_id, movie_id, at, version, error)

    return kept_by_version(
        stores,
        RESTS_ON,
        (),
        lambda version: query_key({"why": [user_id, movie_id], "at": state, "version": version}),
        Explanation,
        find,
        fresh=fresh,
    )


def _without_graph(
    stores: Stores, user_id: int, movie_id: int, at: datetime, version: str, reason: Exception
) -> Explanation:
    """Say what can be said of a user and a movie without any path between them."""
    try:
        rows = milvus.fetch(stores.need_milvus(), milvus.MOVIES, [movie_id])
    except STORE_ERRORS:
        raise reason from None
    if rows.is_empty():
        raise _unknown_movie(movie_id, "Milvus")
    (row,) = rows.select("title", "year", "genres").to_dicts()
    notes = [f"what connects the two is unknown: {str(reason).splitlines()[0]}"]
    return Explanation(
        version=version,
        user_id=user_id,
        movie=Movie(movie_id=movie_id, media_id=media_id(movie_id), **row),
        stars=None,
        rated=None,
        liked_from=None,
        opinion=opinion(stores, user_id, at, notes),
        notes=tuple(notes),
    )


def _explained(stores: Stores, user_id: int, movie_id: int, at: datetime, version: str) -> Explanation:
    graph = stores.need_graph()
    movie = _movie(graph, movie_id)
    require_user(graph, user_id)
    (ratings,) = neo4j.query(graph, _RATINGS, {"user_id": user_id, "movie_id": movie_id})
    notes = [] if ratings["rated"] else [f"the graph has no ratings of user {user_id}"]
    asked = Asked(user_id, movie_id, liked_from=ratings["mean"] or 0)
    genres, themes = shared_genres(graph, asked), shared_themes(graph, asked)
    moods, directors = shared_moods(graph, asked), shared_directors(graph, asked)
    similar, influences = similar_rated(graph, asked), influences_liked(graph, asked)
    own = [Edge(type="RATED", start=user_id, end=movie_id, value=ratings["stars"])] if ratings["stars"] else []
    paths: list[Shared | Similar | Influence] = [*genres, *themes, *moods, *directors, *similar, *influences]
    of_paths = (edge for path in paths for edge in path.edges)
    return Explanation(
        version=version,
        user_id=user_id,
        movie=movie,
        stars=ratings["stars"],
        rated=ratings["rated"],
        liked_from=ratings["mean"],
        genres=tuple(genres),
        themes=tuple(themes),
        moods=tuple(moods),
        directors=tuple(directors),
        similar=tuple(similar),
        influences=tuple(influences),
        opinion=opinion(stores, user_id, at, notes),
        edges=tuple(dict.fromkeys([*own, *of_paths])),
        notes=tuple(notes),
    )


def in_words(explanation: Explanation) -> list[str]:
    """Return an explanation as lines for a person, the strongest reasons of each kind first."""
    lines = [_history(explanation)]
    for genre in explanation.genres:
        lines.append(f"Genre {genre.name}: {_liked(genre, explanation)}")
    for theme in explanation.themes:
        lines.append(f"Theme {theme.name} (relevance {theme.relevance:.2f}): {_liked(theme, explanation)}")
    for mood in explanation.moods:
        lines.append(f"Mood {mood.name} (invented): {_liked(mood, explanation)}")
    for director in explanation.directors:
        lines.append(f"Director {director.name} (invented): {_liked(director, explanation)}")
    for similar in explanation.similar:
        nearest = {"to": "among its nearest", "from": "has it among its nearest", "both": "among each other's nearest"}
        lines.append(
            f"Similar to {_starred(similar.example)}: cosine {similar.score:.2f}, {nearest[similar.direction]}"
        )
    for influence in explanation.influences:
        relation = "Influenced by" if influence.older else "Influenced"
        lines.append(f"{relation} {_starred(influence.example)} (invented): strength {influence.strength:.2f}")
    if len(lines) == 1:
        lines.append("Nothing in the graph connects the two")
    if explanation.opinion:
        lines.append(_policy(explanation.opinion, explanation.movie))
    return lines


def _history(explanation: Explanation) -> str:
    if explanation.rated is None:
        return f"What user {explanation.user_id} rated is unknown"
    rated = f"User {explanation.user_id} rated {explanation.rated} movies"
    if explanation.liked_from is not None:
        rated += f", {explanation.liked_from:.2f} stars on average"
    this = "not this one" if explanation.stars is None else f"this one with {explanation.stars} stars"
    return f"{rated}, {this}"


def _liked(shared: Shared, explanation: Explanation) -> str:
    examples = ", ".join(map(_starred, shared.examples))
    movies = "1 movie" if shared.liked == 1 else f"{shared.liked} movies"
    return f"{movies} with {explanation.liked_from:.2f} stars or more, such as {examples}"


def _starred(example: Example) -> str:
    return f"{example.name} [{example.stars} stars]"


def _policy(said: Opinion, movie: Movie) -> str:
    learnt = "" if said.learnt_in == said.state else f", by what was learnt in {said.learnt_in}"
    values = ", ".join(f"{genre} {value:+.2f}" for genre, value in said.values.items())
    shared = [genre for genre in said.values if genre in movie.genres]
    return (
        f"In {said.state}{learnt}, the policy prefers {values}; this movie has {' and '.join(shared) or 'none of them'}"
    )


_MOVIE = "MATCH (movie:Movie {movie_id: $movie_id}) RETURN movie.title AS title, movie.year AS year"
_RATINGS = f"""
{RATINGS.live("load")}
MATCH (:User {{user_id: $user_id}})-[rated:RATED]->(movie:Movie) WHERE rated.version = load.version
RETURN count(rated) AS rated, avg(rated.score) AS mean,
       max(CASE WHEN movie.movie_id = $movie_id THEN rated.score END) AS stars
"""


def _movie(graph: Graph, movie_id: int) -> Movie:
    rows = neo4j.query(graph, _MOVIE, {"movie_id": movie_id})
    if not rows:
        raise _unknown_movie(movie_id, "the graph")
    genres = tuple(genres_of(graph, movie_id))
    return Movie(movie_id=movie_id, media_id=media_id(movie_id), genres=genres, **rows[0])


def _unknown_movie(movie_id: int, store: str) -> InputError:
    return InputError(f"there is no movie {media_id(movie_id)} in {store}; `tv5 search` finds a movie's id")
