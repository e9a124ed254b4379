"""The list of embedded servers, by the name that logs, folders and commands use."""

from tv5_assets.services.arcadedb import ArcadeDB
from tv5_assets.services.endpoints import Store
from tv5_assets.services.milvus_lite import MilvusLite
from tv5_assets.services.postgresql import PostgreSQL
from tv5_assets.services.redis_server import RedisServer
from tv5_assets.services.server import Server

SERVERS: dict[Store, type[Server]] = {server.name: server for server in (MilvusLite, ArcadeDB, PostgreSQL, RedisServer)}
