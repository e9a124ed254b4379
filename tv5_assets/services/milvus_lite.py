"""Milvus, embedded: milvus-lite's server process.

It has no authentication: whoever may open a loopback connection on this machine may use it.
"""

import sys

from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.server import HOST, Launch, Server


class MilvusLite(Server):
    """The server that speaks Milvus's protocol; its lock on the data is released by the system when it ends."""

    name = "milvus"
    product = "milvus-lite"

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def launch(self, ports: list[int]) -> Launch:
        """Return its command line."""
        return Launch(
            [
                sys.executable,
                "-u",
                "-m",
                "tv5_assets.services.milvus_lite_process",
                "server",
                "--data-dir",
                str(self.folder),
                "--host",
                HOST,
                "--port",
                str(ports[0]),
            ],
            self.folder,
        )

    def endpoints(self, ports: list[int]) -> dict[str, str]:
        """Return its address."""
        return {"milvus_uri": f"http://{HOST}:{ports[0]}"}

    @staticmethod
    def ask(endpoints: Endpoints) -> None:
        """List the collections."""
        from pymilvus import MilvusClient

        from tv5_assets.stores.milvus import KEEPALIVE

        client = MilvusClient(endpoints.milvus_uri, token=endpoints.milvus_token, timeout=3, grpc_options=KEEPALIVE)
        try:
            client.list_collections(timeout=3)
        finally:
            client.close()
