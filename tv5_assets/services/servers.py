"""The list of embedded servers, by the name that logs, folders and commands use."""

from tv5_assets.services.arcadedb import ArcadeDB
from tv5_assets.services.endpoints import Store
from tv5_assets.services.milvus_lite import MilvusLite
from tv5_assets.services.milvus_server import MilvusServer
from tv5_assets.services.neo4j_server import Neo4jServer
from tv5_assets.services.postgresql import PostgreSQL
from tv5_assets.services.redis_server import RedisServer
from tv5_assets.services.server import Server
from tv5_assets.settings import Settings

SERVERS: dict[Store, type[Server]] = {server.name: server for server in (MilvusLite, ArcadeDB, PostgreSQL, RedisServer)}
"""The server of each store that comes with the platform."""
_INSTALLED: tuple[type[Server], ...] = (MilvusServer, Neo4jServer)
PRODUCTS: dict[str, type[Server]] = {server.product: server for server in (*SERVERS.values(), *_INSTALLED)}
"""Every server that can be embedded, by product."""


def chosen(settings: Settings) -> dict[Store, type[Server]]:
    """Return the server of each store that the settings choose."""
    return SERVERS | {"milvus": PRODUCTS[settings.milvus_server], "neo4j": PRODUCTS[settings.neo4j_server]}
