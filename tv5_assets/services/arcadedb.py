"""Neo4j's protocol, embedded: ArcadeDB's Bolt server in a process of its own (arcadedb_process.py)."""

import sys

from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.server import HOST, Launch, Server

DATABASE = "tv5"
USER = "root"


class ArcadeDB(Server):
    """The server that speaks Bolt and Cypher. It recovers a database that was not closed by itself."""

    name = "neo4j"
    product = "arcadedb"
    stop_signal = None  # with a JVM inside, SIGTERM crashes the process and SIGINT does not wake its main thread
    ports_needed = 2  # Bolt, and HTTP, for loading in bulk

    def prepare(self) -> None:
        """Make the folder, and let the server take the password of the credentials file as its own."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # The server reads the password that it is given only where no user is known yet.
        (self.folder / "config" / "server-users.jsonl").unlink(missing_ok=True)

    def launch(self, ports: list[int]) -> Launch:
        """Return its command line; the password follows through standard input."""
        bolt, http = ports
        return Launch(
            [sys.executable, "-u", "-m", "tv5_assets.services.arcadedb_process", DATABASE, HOST, str(bolt), str(http)],
            self.folder,
            first_line=self.password,
        )

    def endpoints(self, ports: list[int]) -> dict[str, str]:
        """Return its addresses, user, password and database."""
        return {
            "neo4j_uri": f"bolt://{HOST}:{ports[0]}",
            "neo4j_user": USER,
            "neo4j_password": self.password,
            "neo4j_database": DATABASE,
            "neo4j_bulk_url": f"http://{HOST}:{ports[1]}",
        }

    @staticmethod
    def ask(endpoints: Endpoints) -> None:
        """Return a number through Cypher."""
        from neo4j import GraphDatabase

        with GraphDatabase.driver(
            endpoints.neo4j_uri,
            auth=(endpoints.neo4j_user, endpoints.neo4j_password),
            connection_timeout=3,
            connection_acquisition_timeout=3,
            max_transaction_retry_time=0,
        ) as driver:
            driver.execute_query("RETURN 1", database_=endpoints.neo4j_database)
