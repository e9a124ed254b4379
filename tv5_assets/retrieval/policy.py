"""What a user's policy says at this moment: the state they are in, and what they like best there.

What does not belong here: how policies are learnt (agentdb/) and what an opinion weighs (ranking.py).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache

import narwhals as nw
import polars as pl
from pydantic import BaseModel

from tv5_assets.agentdb.states import STATE_HASHES, STATES, state_code
from tv5_assets.engine import PolarsEngine
from tv5_assets.movielens.moments import with_moment
from tv5_assets.retrieval.stores import Stores, optional
from tv5_assets.stores import postgres, redis
from tv5_assets.stores.documents import POLICY_ACTIONS, policy_key
from tv5_assets.tables.features import ACTIONS

_STATE_OF_HASH = dict(zip(STATE_HASHES, STATES, strict=True))


class Opinion(BaseModel, frozen=True):
    """What a policy says in a state.

    Attributes:
        state: the state that the user is in: time of day, day type and last genre.
        learnt_in: the visited state that is nearest to it, where the values come from.
        values: value of the genres that the user likes best there, best first; about -1 to 1, 0 is neutral.
        store: where the policy was read, ``redis`` or ``postgres``.
        version: the load it belongs to.
    """

    state: str
    learnt_in: str
    values: dict[str, float]
    store: str
    version: str


def current_state(at: datetime, last_genre: str | None) -> str:
    """Return the state of a moment, such as ``evening|weekend|Drama``.

    Args:
        at: the moment, with its time zone; as in the ratings, the time of day is that of UTC.
        last_genre: what the user chose last; None where nothing is known of it.
    """
    # Times of day and days begin with an hour: of each hour of the week, one is worked out by the engine's own frames.
    return _state_of(int(at.timestamp()) // 3600 % (7 * 24), last_genre)


@cache
def _state_of(hour: int, last_genre: str | None) -> str:
    """Return the state of an hour of the week, counted from the Thursday that 1970 began with."""
    now = pl.DataFrame(
        {"at": [3600 * hour], "genre": [ACTIONS.index(last_genre) if last_genre else None]},
        schema={"at": pl.Int64, "genre": pl.Int32},
    )
    moment = with_moment(PolarsEngine().frame(now), PolarsEngine(), seconds="at")
    code = state_code(nw.col("time_of_day"), nw.col("day_of_week"), nw.col("genre"))
    return STATES[moment.select(code.alias("state")).collect().item()]


def nearest_state(state: str, visited: Iterable[str]) -> str | None:
    """Return the visited state that shares most of its three parts with ``state``; None where none was visited.

    A user has been in few of the 200 states, so that an exact match is the exception. Of equally near ones, the one
    with the same last genre is preferred, then the same time of day: what was watched last says more of what comes
    next than the clock.
    """

    def likeness(other: str) -> tuple[int, bool, bool, int]:
        time_of_day, day_type, genre = (a == b for a, b in zip(state.split("|"), other.split("|"), strict=True))
        return time_of_day + day_type + genre, genre, time_of_day, -STATES.index(other)

    return max(visited, key=likeness, default=None)


def opinion(stores: Stores, user_id: int, at: datetime | None, notes: list[str]) -> Opinion | None:
    """Return what the user's policy says at a moment; None, with a note, where there is no policy to be had.

    The last genre is that of the user's last rating, however long ago that was: in an archive everybody's is years
    old, and without it all would be in the state in which a session begins.

    Args:
        stores: Redis, where policies are read; AgentDB, for the last genre, and for the policy where Redis has none.
        user_id: whose policy.
        at: the moment; now where it is None.
        notes: gets a sentence for each thing that is missing.
    """
    last_genre = None
    with optional(notes, "the last genre is unknown"):
        episode = postgres.last_episode(stores.need_agentdb(), user_id)
        last_genre = episode["action"] if episode else None
    state = current_state(at or datetime.now(UTC), last_genre)

    found = None
    with optional(notes, "no policy from Redis"):
        found = _from_redis(stores, user_id)
    if found is None:
        with optional(notes, "no policy from PostgreSQL"):
            found = _from_postgres(stores, user_id)
    if found is None:
        notes.append(f"user {user_id} has no policy, so that all genres count alike")
        return None
    store, version, policy = found
    learnt_in = nearest_state(state, policy)
    if learnt_in is None:
        return None
    return Opinion(state=state, learnt_in=learnt_in, values=policy[learnt_in], store=store, version=version)


_Found = tuple[str, str, Mapping[str, dict[str, float]]]
"""The store, the version, and the best actions' values by state."""


def _from_redis(stores: Stores, user_id: int) -> _Found | None:
    document = redis.get(stores.need_cache(), policy_key(user_id))
    if document is None:
        return None
    states = {
        _STATE_OF_HASH[state_hash]: {value["action"]: value["mean"] for value in values}
        for state_hash, values in document["states"].items()
    }
    return "redis", document["version"], states


def _from_postgres(stores: Stores, user_id: int) -> _Found | None:
    """Read as many actions of each state as Redis keeps, so that both stores give the same opinion."""
    keys = pl.DataFrame({"user_id": user_id, "state_hash": STATE_HASHES})
    rows = postgres.fetch(stores.need_agentdb(), postgres.POLICIES, keys)
    if not rows:
        return None
    states = {row["state"]: _best({name: q["mean"] for name, q in row["q_values"].items()}) for row in rows}
    return "postgres", rows[0][postgres.VERSION], states


def _best(values: Mapping[str, float]) -> dict[str, float]:
    # Equal values in the order of ACTIONS, as in the learner.
    ordered = sorted(values.items(), key=lambda item: (-item[1], ACTIONS.index(item[0])))
    return dict(ordered[:POLICY_ACTIONS])
