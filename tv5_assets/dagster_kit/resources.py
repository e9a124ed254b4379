"""Resources: what an asset body may ask for. Each connects when it is used, never when the code location loads.

What does not belong here: which resource an asset gets under which name (defs/resources.py).
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from tv5_assets.engine import Engine, engine_of
from tv5_assets.services.endpoints import Endpoints, require, resolve
from tv5_assets.settings import Scale, Settings, load_settings

if TYPE_CHECKING:
    from psycopg import Connection
    from pymilvus import MilvusClient
    from redis import Redis

    from tv5_assets.embeddings.encoder import Encoder
    from tv5_assets.models.tracking import Tracker
    from tv5_assets.retrieval.stores import Stores
    from tv5_assets.stores.neo4j import Graph


class SettingsResource(dg.ConfigurableResource):
    """The TV5_* settings, read from the environment of the process that runs the step.

    A field left empty follows its TV5_* setting; in the launchpad it holds for that run alone.
    """

    scale: Scale | None = Field(
        default=None, description="Size of the generated world in this run, small or full; empty means TV5_SCALE"
    )

    def get(self) -> Settings:
        """Return the settings.

        Raises:
            InputError: a TV5_* variable has a value that it may not have.
        """
        return load_settings(**({"scale": self.scale} if self.scale else {}))

    def engine(self) -> Engine:
        """Return the engine that interaction-scale frames run on, by TV5_ENGINE.

        Raises:
            InputError: a TV5_* variable has a value that it may not have, or Spark is not installed.
        """
        return engine_of(self.get())


class EncoderResource(dg.ConfigurableResource):
    """The text model on its device. A field left empty follows its TV5_* setting; the launchpad may override it."""

    text_model: str | None = None
    device: str | None = None
    dtype: str | None = None
    encode_batch_size: int | None = None

    def get(self) -> "Encoder":
        """Return the encoder, which loads its model at the first text.

        Raises:
            InputError: a field has a value that its setting may not have.
        """
        from tv5_assets.embeddings.encoder import Encoder

        given = {
            name: getattr(self, name)
            for name in ("text_model", "device", "dtype", "encode_batch_size")
            if getattr(self, name) is not None
        }
        settings = load_settings(**given)
        return Encoder(settings.text_model, settings.device, settings.dtype, settings.encode_batch_size)

    def for_catalog(self) -> "Encoder":
        """Return the encoder of the media catalog: TV5_CATALOG_MODEL, and where that is empty, the text model.

        Raises:
            InputError: a field has a value that its setting may not have.
        """
        encoder = self.get()
        model = load_settings().catalog_model
        return replace(encoder, model=model, setting="TV5_CATALOG_MODEL") if model else encoder


class TrackingResource(dg.ConfigurableResource):
    """MLflow's tracking store: every training is a run in it."""

    def get(self) -> "Tracker":
        """Return the tracker, which connects with the first training.

        Raises:
            StoreUnavailableError: MLflow's store is neither set nor running.
        """
        from tv5_assets.models.tracking import Tracker

        settings = load_settings()
        return Tracker(require(resolve(settings), "mlflow"), settings.mlflow_artifacts)

    def studies(self) -> str:
        """Return the address of the PostgreSQL database that keeps Optuna's studies, in a schema of their own.

        Raises:
            StoreUnavailableError: PostgreSQL is neither set nor running.
        """
        return require(resolve(load_settings()), "postgres")


class MilvusResource(dg.ConfigurableResource):
    """The vector database."""

    @contextmanager
    def connected(self) -> Iterator["MilvusClient"]:
        """Yield a connected client and close it."""
        from tv5_assets.stores import milvus

        at = _endpoints()
        with closing(milvus.connect(require(at, "milvus"), at.milvus_token)) as client:
            yield client


class GraphResource(dg.ConfigurableResource):
    """The graph database, over Bolt."""

    @contextmanager
    def connected(self) -> Iterator["Graph"]:
        """Yield a connected driver with its database and close it."""
        from tv5_assets.stores import neo4j

        at = _endpoints()
        uri = require(at, "neo4j")
        address = (uri, at.neo4j_user, at.neo4j_password, at.neo4j_database, at.neo4j_bulk_url)
        with closing(neo4j.connect(*address)) as graph:
            yield graph


class AgentDBResource(dg.ConfigurableResource):
    """The PostgreSQL database of episodes and policies."""

    @contextmanager
    def connected(self) -> Iterator["Connection[dict[str, Any]]"]:
        """Yield a connection and close it."""
        from tv5_assets.stores import postgres

        with closing(postgres.connect(require(_endpoints(), "postgres"))) as connection:
            yield connection


class CacheResource(dg.ConfigurableResource):
    """Redis."""

    @contextmanager
    def connected(self) -> Iterator["Redis"]:
        """Yield a connected client and close it."""
        from tv5_assets.stores import redis

        with closing(redis.connect(require(_endpoints(), "redis"))) as client:
            yield client


class StoresResource(dg.ConfigurableResource):
    """All four stores at once, as the query side connects them."""

    @contextmanager
    def connected(self) -> Iterator["Stores"]:
        """Yield the stores that can be reached and close them."""
        from tv5_assets.retrieval.stores import connected

        with connected(_endpoints()) as stores:
            yield stores


def _endpoints() -> Endpoints:
    return resolve(load_settings())
