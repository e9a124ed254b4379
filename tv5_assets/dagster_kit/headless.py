"""``tv5 run``: one run at a time in a home, on servers that are started for it or already there."""

import json
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from filelock import FileLock, Timeout

from tv5_assets.dagster_kit import fork_server
from tv5_assets.dagster_kit.following import Follow
from tv5_assets.dagster_kit.instance import open_instance, prepare
from tv5_assets.dagster_kit.runs import execute, select_assets
from tv5_assets.dagster_kit.summary import RunSummary
from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.movielens import archive
from tv5_assets.retrieval.stores import STORES, Name, connected
from tv5_assets.services.embedded import running
from tv5_assets.services.endpoints import ADDRESS_FIELDS, Endpoints, unset
from tv5_assets.settings import Settings
from tv5_assets.stores import postgres

logger = logging.getLogger(__name__)


def with_obtainable_dataset(settings: Settings) -> Settings:
    """Return the settings as they are where their dataset can be had, else with a simulated set of the same shape.

    Only for a dataset that nobody chose: one that was asked for by name is an error where it cannot be had.
    """
    try:
        archive.obtain(
            settings.dataset, settings.raw_folder, search=settings.archive_folders, download_url=settings.download_url
        )
    except archive.ArchiveUnavailableError as error:
        logger.warning("%s; running on a simulated set of the same shape instead", error)
        return settings.model_copy(update={"dataset": "simulated"})
    return settings


def run(
    defs: dg.Definitions,
    job: ReconstructableJob,
    settings: Settings,
    select: str | None,
    follow: Follow,
) -> RunSummary:
    """Materialize the selected assets (all if None) and return what came of it.

    A malformed selection and a store that does not answer are told before anything is done.

    Raises:
        InputError: another run is in progress in this home, or the selection is malformed.
        StoreUnavailableError: a server did not start, or a configured one does not answer.
    """
    selected = select_assets(defs, select)
    with _only_run(settings):
        prepare(settings)
        fork_server.start(text_models=selected.needs_text_models)
        with running(settings) as endpoints:
            _require_answers(settings, endpoints, selected.resources)
            with open_instance(settings) as instance:
                return execute(job, instance, settings.dataset, selected, follow)


def _require_answers(settings: Settings, endpoints: Endpoints, resources: Collection[str]) -> None:
    """Ask the configured stores that a run needs before it works for minutes; embedded ones have answered already.

    Raises:
        StoreUnavailableError: Dagster's storage does not answer, or stores do not; the message names each.
        StoreRefusedError: Dagster's storage refused.
    """
    configured = ADDRESS_FIELDS.keys() - unset(settings)
    if "dagster" in configured:
        postgres.connect_as_dagster(endpoints.dagster_pg_url).close()
    asked: list[Name] = [
        name for name, store in STORES.items() if store in configured and {name, "stores"} & {*resources}
    ]
    with connected(endpoints, asked) as stores:
        if stores.missing:
            raise StoreUnavailableError("; ".join(str(error) for error in stores.missing.values()))


@contextmanager
def _only_run(settings: Settings) -> Iterator[None]:
    """Hold the home's run lock, which the system releases however this process ends."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    holder = settings.home / "run.json"
    try:
        with FileLock(settings.home / "run.lock", blocking=False):
            holder.write_text(
                json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
            )
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except Timeout:
        about = json.loads(holder.read_text()) if holder.exists() else {"pid": "unknown", "since": "unknown"}
        raise InputError(
            f"another `tv5 run` is in progress in {settings.home} (process {about['pid']}, since {about['since']}); "
            "wait until it has ended, or set TV5_HOME to another folder"
        ) from None
