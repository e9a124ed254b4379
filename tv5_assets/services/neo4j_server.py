"""Neo4j itself, embedded: the community server that `make neo4j` installs, with Bolt on loopback and nothing else."""

import signal
import subprocess
from pathlib import Path

import psutil

from tv5_assets.errors import StoreUnavailableError
from tv5_assets.services import installed, neo4j_java
from tv5_assets.services.arcadedb import ArcadeDB
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.server import HOST, Launch, Server
from tv5_assets.services.state import write_private

DATABASE = "neo4j"
"""The one database that the community edition has."""
USER = "neo4j"
FOLDER = "neo4j-server"

_ADMIN_HEAP_MIB = 256
_HEAP_SHARE, _PAGE_CACHE_SHARE = 1 / 12, 1 / 8
"""Of the machine's memory: the embedded servers share it with the graph's own steps."""
_LARGEST_MIB = 8192


class Neo4jServer(Server):
    """A Neo4j that recovers by itself what a crash left; its shutdown hook closes the store on SIGTERM."""

    name = "neo4j"
    product = neo4j_java.PRODUCT
    folder_name = FOLDER
    stop_signal = signal.SIGTERM

    @classmethod
    def require_installed(cls) -> None:
        """Raise where the server or its Java is not installed.

        Raises:
            InputError: one of them is not.
        """
        installed.require(cls.product)
        neo4j_java.java()

    def prepare(self) -> None:
        """Make the folder, and let the server take the password of the credentials file as its first."""
        configure(self.folder)
        if not (self.folder / "data" / "databases" / "system").exists():
            set_password(self.folder, self.password)

    def launch(self, ports: list[int]) -> Launch:
        """Write the configuration and return the command line."""
        address = f"{HOST}:{ports[0]}"
        configure(self.folder, f"server.bolt.listen_address={address}", f"server.bolt.advertised_address={address}")
        return Launch(
            [
                *neo4j_java.command(neo4j_java.SERVER, _mib(_HEAP_SHARE)),
                f"--home-dir={self.folder}",
                f"--config-dir={self.folder / 'conf'}",
            ],
            self.folder,
        )

    def endpoints(self, ports: list[int]) -> dict[str, str]:
        """Return its address, user, password and database."""
        return {
            "neo4j_uri": f"bolt://{HOST}:{ports[0]}",
            "neo4j_user": USER,
            "neo4j_password": self.password,
            "neo4j_database": DATABASE,
        }

    @staticmethod
    def ask(endpoints: Endpoints) -> None:
        """Return a number through Cypher."""
        ArcadeDB.ask(endpoints)  # the same protocol and driver


def configure(folder: Path, *lines: str) -> None:
    """Make the home of a server and write its configuration.

    Args:
        folder: the home.
        lines: settings besides those that hold always.
    """
    (folder / "conf").mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_private(
        folder / "conf" / "neo4j.conf",
        "\n".join(
            [
                f"server.default_listen_address={HOST}",
                f"server.memory.pagecache.size={_mib(_PAGE_CACHE_SHARE)}m",
                "server.http.enabled=false",
                "server.https.enabled=false",
                "dbms.usage_report.enabled=false",
                "internal.dbms.bolt.local_enabled=false",
                # As it stands, it waits eleven seconds for connections that are closed already.
                "internal.dbms.bolt.netty_server_shutdown_quiet_period=0",
                "internal.dbms.bolt.netty_server_shutdown_timeout=1",
                "internal.server.bolt.thread_pool_shutdown_wait_time=1s",
                *lines,
                "",
            ]
        ),
    )


def set_password(folder: Path, password: str) -> None:
    """Set the first password of a home whose server has never run; it stands in no process's arguments.

    Raises:
        StoreUnavailableError: the server's admin tool failed.
    """
    arguments = folder / "conf" / "password"
    write_private(arguments, password)  # picocli, which parses the tool's arguments, takes those of a file
    try:
        # After --, since a password may begin with a dash.
        run_admin(folder, ["dbms", "set-initial-password", "--", f"@{arguments}"])
    finally:
        arguments.unlink()


def run_admin(folder: Path, arguments: list[str]) -> None:
    """Run the server's admin tool on a home and wait for its end.

    Raises:
        StoreUnavailableError: it failed; the message holds the end of what it said.
    """
    done = subprocess.run(  # noqa: S603  our own arguments
        [*neo4j_java.command(neo4j_java.ADMIN, _ADMIN_HEAP_MIB), *arguments],
        env=admin_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoreUnavailableError(f"Neo4j's admin tool failed: {(done.stderr or done.stdout).strip()[-2_000:]}")


def admin_environment(folder: Path) -> dict[str, str]:
    """Return the environment in which the admin tool works on a home."""
    return {"NEO4J_HOME": str(folder), "NEO4J_CONF": str(folder / "conf")}


def _mib(share: float) -> int:
    """Return a share of the memory, within bounds."""
    return min(max(int(psutil.virtual_memory().total * share) // 2**20, 512), _LARGEST_MIB)
