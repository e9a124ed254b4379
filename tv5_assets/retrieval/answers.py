"""What every answer has in common, and how finished answers are kept in Redis.

What does not belong here: how an answer is found.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tv5_assets.cadence import ANSWERS
from tv5_assets.errors import InputError
from tv5_assets.retrieval.stores import STORE_ERRORS, Stores
from tv5_assets.retrieval.versions import Loads, version_lately, version_of
from tv5_assets.stores import neo4j, redis
from tv5_assets.stores.neo4j import Graph

LARGEST_K = 1_000
"""Most results of one question: more is an export, not an answer."""


class Titled(BaseModel, frozen=True):
    """What a movie is called."""

    movie_id: int
    title: str
    year: int | None

    @property
    def name(self) -> str:
        """Title and year, as people write them."""
        return self.title if self.year is None else f"{self.title} ({self.year})"


class Movie(Titled, frozen=True):
    """A movie as answers name it."""

    media_id: str
    genres: tuple[str, ...]


class Answer(BaseModel, frozen=True):
    """What any answer says about itself.

    Attributes:
        version: fingerprint of what it was computed from.
        cached: it was computed earlier, and kept.
        notes: what it lacks, and why, one sentence each.
    """

    version: str
    cached: bool = False
    notes: tuple[str, ...] = ()


def unknown_user(user_id: int, users: int, least: int | None, greatest: int | None) -> InputError:
    """Return the error of a user that is not there, which says who is."""
    known = f"the {users} known users are from {least} to {greatest}" if users else "there are none yet, see `tv5 run`"
    return InputError(f"there is no user {user_id}; {known}")


_USER = "MATCH (user:User {user_id: $user_id}) RETURN count(user) AS found"
_USERS = "MATCH (user:User) RETURN count(user) AS users, min(user.user_id) AS least, max(user.user_id) AS greatest"


def require_user(graph: Graph, user_id: int) -> None:
    """Refuse a user whom the graph does not know.

    Raises:
        InputError: there is no such user; the message says who is there.
    """
    if not neo4j.query(graph, _USER, {"user_id": user_id})[0]["found"]:
        (known,) = neo4j.query(graph, _USERS)
        raise unknown_user(user_id, **known)


AnswerType = TypeVar("AnswerType", bound=Answer)


def kept(
    stores: Stores,
    key: str,
    kind: type[AnswerType],
    compute: Callable[[], AnswerType],
    *,
    fresh: bool = False,
) -> AnswerType:
    """Return the answer under ``key`` in Redis, or compute it and keep it there for five minutes.

    An answer with notes is not kept: what it lacks may be there for the next one. Without Redis, the answer is
    computed and says so.

    Args:
        stores: the connected stores.
        key: where it is kept; it depends on all that the answer depends on.
        kind: its type.
        compute: finds it.
        fresh: compute it in any case.
    """
    if not fresh and (answer := _taken(stores, key, kind)) is not None:
        return answer
    answer = compute()
    if answer.notes:
        return answer
    try:
        document = answer.model_dump(mode="json")
        redis.put(stores.need_cache(), key, document, answer.version, ANSWERS.ttl_seconds)
    except STORE_ERRORS as error:
        return answer.model_copy(update={"notes": (f"the answer is not cached: {error}",)})
    return answer


def kept_by_version(
    stores: Stores,
    loads: Loads,
    further: tuple[str, ...],
    key: Callable[[str], str],
    kind: type[AnswerType],
    compute: Callable[[str], AnswerType],
    *,
    fresh: bool = False,
) -> AnswerType:
    """Return the answer that is kept by the versions it rests on, or compute it and keep it, as :func:`kept` does.

    A kept answer may be one from before the latest publication for a second; one that is computed never is.

    Args:
        stores: the connected stores.
        loads: what it rests on.
        further: what else it depends on.
        key: returns where it is kept, given its version.
        kind: its type.
        compute: finds it, given its version.
        fresh: compute it in any case.
    """
    if not fresh and (lately := version_lately(stores, loads, *further)) is not None:
        answer = _taken(stores, key(lately), kind)
        if answer is not None:
            return answer
    version = version_of(stores, loads, *further)
    return kept(stores, key(version), kind, lambda: compute(version), fresh=fresh)


def _taken(stores: Stores, key: str, kind: type[AnswerType]) -> AnswerType | None:
    """Return the answer under ``key``, or None where there is none, or no Redis: keeping it will say so."""
    try:
        document = redis.get(stores.need_cache(), key)
        return None if document is None else kind.model_validate({**document, "cached": True})
    except ValidationError:
        return None  # kept by another release of the platform, and as good as absent
    except STORE_ERRORS:
        return None
