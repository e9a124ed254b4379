"""Dagster's own storage and the steps' output, without what costs every step most.

A run of the whole graph writes thousands of events from more than a hundred short processes. dagster.yaml names these
classes. The database is the settings'; its address, which holds a password, is in no file or variable of Dagster's.
"""

import multiprocessing
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.execution.compute_logs import redirect_to_file
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager
from dagster._serdes import ConfigurableClassData
from dagster._utils import ensure_file, touch_file
from dagster_postgres import DagsterPostgresStorage

from tv5_assets.services.endpoints import require, resolve
from tv5_assets.settings import load_settings

_STATEMENT_TIMEOUT_MS = 600_000
_SECONDS_UNTIL_RENEWED = 300  # a connection that the server has lost meanwhile is not kept for longer
_MORE_CONNECTIONS = 20


class PooledPostgresStorage(DagsterPostgresStorage):
    """PostgreSQL storage that keeps its connections.

    dagster-postgres opens one for each statement, except in the web server: 13 ms each with a password (SCRAM), where
    the statement on an open one takes 2 ms, and every event of a run is a statement or three.
    """

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Take nothing from dagster.yaml, which would otherwise be left unheeded."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """Make the storage that the settings name, or the one of the embedded PostgreSQL.

        Raises:
            StoreUnavailableError: it is neither set nor running.
        """
        # A step's run stands in the tables already. Asking whether they are there takes three connections more.
        is_a_step = multiprocessing.parent_process() is not None
        url = require(resolve(load_settings()), "dagster")
        storage = cls(url, should_autocreate_tables=not is_a_step, inst_data=inst_data)
        for part in (storage.run_storage, storage.event_log_storage, storage.schedule_storage):
            part.optimize_for_webserver(_STATEMENT_TIMEOUT_MS, _SECONDS_UNTIL_RENEWED, _MORE_CONNECTIONS)
        return storage


class FileComputeLogManager(LocalComputeLogManager):
    """Keeps what a step prints in files, which the web UI shows, and nowhere else.

    Dagster's own also mirrors it to the terminal, for which it starts four processes a step: two `tail`, and two Python
    interpreters that watch over them. ``tv5 run`` shows its own progress there.
    """

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "FileComputeLogManager":
        """Make the manager from what dagster.yaml says; the files go where Dagster's own would put them."""
        return cls(str(Path(config_value["base_dir"]) / "storage"), inst_data=inst_data)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Generator[CapturedLogContext, None, None]:
        """Send what this process and its children print to files until the step ends."""
        out, err = (
            self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[kind])
            for kind in (ComputeIOType.STDOUT, ComputeIOType.STDERR)
        )
        ensure_file(out)
        ensure_file(err)
        with redirect_to_file(sys.stdout, out), redirect_to_file(sys.stderr, err):
            yield CapturedLogContext(log_key)
        touch_file(self.complete_artifact_path(log_key))
