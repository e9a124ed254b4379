"""Milvus itself, embedded: the standalone server that a pip package carries, as `make milvus` installs it.

The package's own starter is not used, since it unpacks the server into every home. As milvus-lite, the server has no
authentication: whoever may open a loopback connection on this machine may use it.
"""

import re
import shutil
import signal
import sys
from pathlib import Path

from tv5_assets.errors import StoreUnavailableError
from tv5_assets.services import installed
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.milvus_lite import MilvusLite
from tv5_assets.services.server import HOST, Launch, Server

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)(?:\(\w+\))?\s*(?::\s*(.*?))?\s*\}\}")
"""``{{ name(type): default }}`` of the package's template of a configuration."""
_QUERY_NODE = "\nqueryNode:\n"
_RARE_COLLECTIONS = "  gchelper:\n    maximumGoGC: 2000\n"
"""Go collects its garbage when the heap has grown by so many percent, as long as memory is plenty. With the server's
own 200 that was four times a second while it was searched, and of 3,000 searches the slowest hundredth took more than
8.4 ms; now it is every four seconds, and 4.2 ms. Medians of three times each."""


class MilvusServer(Server):
    """A standalone Milvus with its own etcd and message queue, in a network of its own (milvus_process.py)."""

    name = "milvus"
    product = "milvus"
    folder_name = "milvus-server"
    stop_signal = signal.SIGTERM

    @classmethod
    def require_installed(cls) -> None:
        """Raise where the server is not installed.

        Raises:
            InputError: it is not.
        """
        installed.require(cls.product)

    def prepare(self) -> None:
        """Make the folder."""
        for folder in (self.folder, *(self.folder / part for part in ("configs", "logs", "data"))):
            folder.mkdir(mode=0o700, exist_ok=True)

    def launch(self, ports: list[int]) -> Launch:
        """Write the configuration and return the command line."""
        package = next(installed.require(self.product).glob("lib/python3*/site-packages/milvus/data"))
        programs = installed.require(self.product) / "server" / "bin"
        values = {
            "proxy_port": str(ports[0]),
            "etcd_log_path": str(self.folder / "logs" / "etcd.log"),
            "system_log_path": str(self.folder / "logs"),
            "etcd_data_dir": str(self.folder / "data" / "etcd.data"),
            "local_storage_dir": str(self.folder / "data"),
            "rocksmq_data_dir": str(self.folder / "data" / "rocksmq"),
        }
        template = package / "config.yaml.template"
        filled = _PLACEHOLDER.sub(lambda match: values.get(match[1], match[2] or ""), template.read_text())
        (self.folder / "configs" / "milvus.yaml").write_text(_own_settings(filled, template))
        shutil.copy(package / "glog.conf", self.folder / "configs")
        return Launch(
            [
                *(sys.executable, "-u", "-m", "tv5_assets.services.milvus_process", str(ports[0])),
                *(str(programs / "milvus"), "run", "standalone"),
            ],
            self.folder,
            environment={
                "DEPLOY_MODE": "STANDALONE",
                "MILVUS_RUN_DIR": str(self.folder / "run"),
                "LD_LIBRARY_PATH": str(programs),
            },
        )

    def endpoints(self, ports: list[int]) -> dict[str, str]:
        """Return its address."""
        return {"milvus_uri": f"http://{HOST}:{ports[0]}"}

    @staticmethod
    def ask(endpoints: Endpoints) -> None:
        """List the collections."""
        MilvusLite.ask(endpoints)  # the same protocol and client


def _own_settings(configuration: str, template: Path) -> str:
    """Return a configuration whose addresses are of loopback, and which collects garbage seldom.

    Raises:
        StoreUnavailableError: it is laid out in another way.
    """
    if _QUERY_NODE not in configuration:
        raise StoreUnavailableError(f"{template} has no section queryNode; run `make milvus` for the release that has")
    configuration = re.sub(r"(?m)^  ip:.*$", f"  ip: {HOST}", configuration)
    return configuration.replace(_QUERY_NODE, _QUERY_NODE + _RARE_COLLECTIONS)
