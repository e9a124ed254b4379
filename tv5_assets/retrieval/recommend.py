"""Recommendation: what a user should watch next, out of all four stores.

Milvus finds movies near the user's vector, the graph takes out what they have seen, and the rest is ranked by the
cosine, their policy at this moment, availability and trend. What does not belong here: the user's vector (taste.py),
where movies come from without Milvus (candidates.py) and the arithmetic (ranking.py).
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from tv5_assets.ids import media_id_expr, parse_media_id
from tv5_assets.retrieval.answers import Answer, Movie, kept_by_version
from tv5_assets.retrieval.candidates import candidates
from tv5_assets.retrieval.policy import Opinion, current_state, opinion
from tv5_assets.retrieval.ranking import COMPONENTS, rank
from tv5_assets.retrieval.search import require_k
from tv5_assets.retrieval.stores import Stores, optional
from tv5_assets.retrieval.versions import Loads
from tv5_assets.stores import milvus, neo4j, postgres, redis
from tv5_assets.stores.documents import TRENDS_NOW, platform_key, recommendations_key

if TYPE_CHECKING:
    from tv5_assets.models.two_tower import TwoTower

RESTS_ON = Loads(
    milvus=(milvus.MOVIES, milvus.USERS, milvus.TOWER_MOVIES),
    graph=(neo4j.RATINGS, neo4j.SIMILAR),
    agentdb=(postgres.EPISODES, postgres.POLICIES),
    cache=(redis.PLATFORMS, redis.TRENDS, redis.POLICIES),
)

_RATED = f"""
{neo4j.RATINGS.live("load")}
MATCH (:User {{user_id: $user_id}})-[rated:RATED]->(movie:Movie) WHERE rated.version = load.version
RETURN collect([movie.movie_id, rated.score]) AS rated
"""


class Contributions(BaseModel, frozen=True):
    """What each component adds to a score."""

    similarity: float
    policy: float
    availability: float
    trend: float


class Recommendation(Movie, frozen=True):
    """A movie, and why it ranks where it does.

    Attributes:
        score: sum of the contributions.
        contributions: what each component adds.
        platforms: where it can be watched.
    """

    score: float
    contributions: Contributions
    platforms: tuple[str, ...]


class RecommendationAnswer(Answer, frozen=True):
    """What a user should watch next, best first.

    Attributes:
        user_id: who.
        opinion: what their policy says at this moment; None where there is none.
        seen: movies they have rated, none of which is recommended; None where the graph could not tell.
        movies: the recommendations.
    """

    user_id: int
    opinion: Opinion | None
    seen: int | None
    movies: tuple[Recommendation, ...]


def recommend(
    stores: Stores,
    user_id: int,
    *,
    k: int = 10,
    at: datetime | None = None,
    fresh: bool = False,
    tower: "TwoTower | None" = None,
) -> RecommendationAnswer:
    """Recommend ``k`` unseen movies to a user. Answers are kept for five minutes, as long as nothing is published anew.

    One of Milvus, the graph and Redis is needed. What the others would have added is missing in the answer, and its
    notes say so.

    Args:
        stores: the connected stores.
        user_id: who.
        k: how many movies.
        at: the moment, with its time zone; now where it is None.
        fresh: do not take a kept answer.
        tower: the two-tower that is served (taste.served_tower); without it, movies with texts like those that the
            user liked are found.

    Raises:
        InputError: there is no such user, ``k`` is out of range, or nothing is published yet.
        StoreUnavailableError: none of these stores answers.
    """
    require_k(k)
    at = at or datetime.now(UTC)
    trained = "none" if tower is None else str(tower.trained_on["fingerprint"])
    return kept_by_version(
        stores,
        RESTS_ON,
        (current_state(at, None), str(k), trained),
        lambda version: recommendations_key(user_id, version),
        RecommendationAnswer,
        lambda version: _recommend(stores, user_id, k, at, version, tower),
        fresh=fresh,
    )


def _recommend(
    stores: Stores, user_id: int, k: int, at: datetime, version: str, tower: "TwoTower | None"
) -> RecommendationAnswer:
    notes: list[str] = []
    rated = _rated(stores, user_id, notes)
    found = candidates(stores, user_id, rated, tower, k, version, notes)
    said = opinion(stores, user_id, at, notes)
    platforms = _platforms(stores, found["movie_id"].to_list(), notes)
    ranked = rank(
        found,
        genre_values=said.values if said else {},
        available=platforms,
        trend=_trend(stores, notes),
        k=k,
    )
    return RecommendationAnswer(
        version=version,
        notes=tuple(notes),
        user_id=user_id,
        opinion=said,
        seen=None if rated is None else len(rated),
        movies=tuple(
            Recommendation(
                **row,
                contributions=Contributions(**{name: row[name] for name in COMPONENTS}),
                platforms=platforms.get(row["movie_id"], ()),
            )
            for row in ranked.with_columns(media_id_expr()).to_dicts()
        ),
    )


def _rated(stores: Stores, user_id: int, notes: list[str]) -> dict[int, float] | None:
    """Return a user's ratings by movie; None, with a note, where the graph cannot tell."""
    with optional(notes, "seen movies may be among these"):
        rows = neo4j.query(stores.need_graph(), _RATED, {"user_id": user_id})
        rated = {int(movie): float(score) for movie, score in rows[0]["rated"]} if rows else {}
        if not rated:
            notes.append(f"the graph has no ratings of user {user_id}, so that seen movies may be among these")
        return rated or None
    return None


def _platforms(stores: Stores, movie_ids: list[int], notes: list[str]) -> dict[int, tuple[str, ...]]:
    """Return the names of the platforms that carry each movie; movies on none are left out."""
    documents: dict[str, dict[str, Any]] = {}
    with optional(notes, "availability does not count"):
        documents = redis.fetch(stores.need_cache(), [platform_key(movie_id) for movie_id in movie_ids])
        if not documents and movie_ids:
            notes.append("availability does not count: Redis has no platforms of these movies, or they have expired")
    return {
        parse_media_id(document["media_id"]): tuple(offer["name"] for offer in document["platforms"])
        for document in documents.values()
    }


def _trend(stores: Stores, notes: list[str]) -> dict[int, float]:
    """Return the popularity of the movies that trend at this moment."""
    document: dict[str, Any] | None = None
    with optional(notes, "trends do not count"):
        document = redis.get(stores.need_cache(), TRENDS_NOW)
        if document is None:
            notes.append("trends do not count: Redis has none; they expire unless `trends_refresh` renews them")
    return {parse_media_id(movie["media_id"]): movie["score"] for movie in document["movies"]} if document else {}
