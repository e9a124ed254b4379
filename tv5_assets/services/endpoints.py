"""Where the stores are reached: one URL each, whether a production server's or an embedded one's.

What does not belong here: starting servers (embedded.py) and connecting to them (stores/).
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

from tv5_assets.errors import StoreUnavailableError
from tv5_assets.services.state import live_state
from tv5_assets.settings import Settings

Store = Literal["milvus", "neo4j", "postgres", "redis", "dagster", "mlflow"]

ADDRESS_FIELDS: dict[Store, str] = {
    "milvus": "milvus_uri",
    "neo4j": "neo4j_uri",
    "postgres": "postgres_url",
    "redis": "redis_url",
    "dagster": "dagster_pg_url",
    "mlflow": "mlflow_url",
}
"""The field of Endpoints, and of Settings, that holds each store's address."""


@dataclass(frozen=True)
class Endpoints:
    """Addresses and credentials of the four stores, of Dagster's storage and of MLflow's.

    An empty address means that the store is neither set nor running, and an empty ``neo4j_bulk_url`` that the graph's
    server is no ArcadeDB, whose HTTP address it is; credentials never appear in ``repr``.
    """

    milvus_uri: str = ""
    milvus_token: str = field(default="", repr=False)
    neo4j_uri: str = ""
    neo4j_user: str = ""
    neo4j_password: str = field(default="", repr=False)
    neo4j_database: str = ""
    neo4j_bulk_url: str = ""
    postgres_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    dagster_pg_url: str = field(default="", repr=False)
    mlflow_url: str = field(default="", repr=False)


def resolve(settings: Settings) -> Endpoints:
    """Return each store's address: the setting where there is one, else the running embedded server's, else empty.

    It reads one small file and connects to nothing.
    """
    addresses = configured(settings)
    state = live_state(settings.home)
    if state is None or state.phase != "ready":
        return addresses
    embedded: set[str] = set(unset(settings))
    served = {
        name: value
        for server in state.servers.values()
        for name, value in server.endpoints.items()
        if name.partition("_")[0] in embedded  # every field's name starts with its store's
    }
    return dataclasses.replace(addresses, **served)


def configured(settings: Settings) -> Endpoints:
    """Return the addresses that the settings hold; those of embedded servers stay empty."""
    return Endpoints(
        milvus_uri=settings.milvus_uri,
        milvus_token=settings.milvus_token.get_secret_value(),
        neo4j_uri=settings.neo4j_uri,
        neo4j_user=settings.neo4j_user if settings.neo4j_uri else "",
        neo4j_password=settings.neo4j_password.get_secret_value(),
        neo4j_database=settings.neo4j_database if settings.neo4j_uri else "",
        postgres_url=settings.postgres_url.get_secret_value(),
        redis_url=settings.redis_url.get_secret_value(),
        dagster_pg_url=settings.dagster_pg_url.get_secret_value(),
        mlflow_url=settings.mlflow_url.get_secret_value(),
    )


def unset(settings: Settings) -> list[Store]:
    """Return the stores whose address no setting holds, so that an embedded server has to serve them."""
    addresses = configured(settings)
    return [store for store, name in ADDRESS_FIELDS.items() if not getattr(addresses, name)]


def require(endpoints: Endpoints, store: Store) -> str:
    """Return the address of ``store``.

    Raises:
        StoreUnavailableError: it is neither set nor running; the message says what to do.
    """
    name = ADDRESS_FIELDS[store]
    address: str = getattr(endpoints, name)
    if not address:
        raise StoreUnavailableError(
            f"there is no {store} server: start the embedded ones with `tv5 services up`, or set TV5_{name.upper()}"
        )
    return address
