"""How fast whole recommendations come, by one client and by eight, computed and kept, and at fixed rates.

What does not belong here: how load is made (quality/load.py) and a recommendation itself.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tv5_assets.quality.load import Call, Loaded, at_rate, by_clients
from tv5_assets.retrieval.recommend import recommend
from tv5_assets.retrieval.stores import Stores
from tv5_assets.tables.benchmarks import RecommendationLoad
from tv5_assets.tables.table import polars_schema

if TYPE_CHECKING:
    from tv5_assets.models.two_tower import TwoTower

CLIENTS = (1, 8)
RUNS = 80
"""Measured recommendations of each kind, all clients together."""
RATES = (0.5, 0.9)
"""Fixed rates, as shares of what the most clients were answered: where nobody should wait, and where a queue shows."""
RATE_SECONDS = 2.0
USERS = 20
FURTHER_WARM_UP = 2
"""Calls that warm up a client after another has asked about all users."""


def under_load(
    connect: Callable[[], AbstractContextManager[Stores]], users: list[int], seed: int, tower: "TwoTower | None" = None
) -> pl.DataFrame:
    """Measure recommendations under load; return rows of tables.benchmarks.RecommendationLoad.

    Args:
        connect: connects the four stores, once for each client.
        users: those who may be asked about, of whom some are drawn.
        seed: of the draw.
        tower: what recommendations are made with.

    Raises:
        StoreUnavailableError: Milvus is not there.
    """
    asked = np.random.default_rng(seed).choice(users, size=min(USERS, len(users)), replace=False).tolist()
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        stores = [stack.enter_context(connect()) for _ in range(max(CLIENTS))]
        computed = [_client(one, asked, place, fresh=True, tower=tower) for place, one in enumerate(stores)]
        kept = [_client(one, asked, place, fresh=False, tower=tower) for place, one in enumerate(stores)]
        for answers, calls in (("computed", computed), ("kept", kept)):
            for clients in CLIENTS:
                # All users were asked about by some client: stores have their pages in memory, and answers are kept.
                warm_up = len(asked) if clients == 1 else FURTHER_WARM_UP
                loaded = by_clients(calls[:clients], max(1, RUNS // clients), warm_up=warm_up)
                rows.append(_row(loaded, answers, clients, None))
        most = rows[len(CLIENTS) - 1]["answered_per_second"]
        for share in RATES:
            loaded = at_rate(computed, share * most, RATE_SECONDS)
            rows.append(_row(loaded, "computed", len(computed), share * most))
    return pl.DataFrame(rows, schema=polars_schema(RecommendationLoad))


def _client(stores: Stores, users: list[int], place: int, *, fresh: bool, tower: "TwoTower | None") -> Call:
    """Return a call that recommends to one user after the other; each client begins with another one."""
    turn = cycle([*users[place:], *users[:place]])
    return lambda: recommend(stores, next(turn), fresh=fresh, tower=tower)


def _row(loaded: Loaded, answers: str, clients: int, rate: float | None) -> dict[str, Any]:
    return {
        "answers": answers,
        "clients": clients,
        "arrivals": "when answered" if rate is None else f"{round(rate)} a second",
        "asked_per_second": rate,
        "answered_per_second": loaded.per_second,
        **asdict(loaded.times),
    }
