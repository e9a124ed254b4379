"""Trainings in MLflow: parameters, curves, metrics and the model folder of each, for a person to compare in its UI.

A training opens a run, logs into it epoch by epoch, and closes it by ending: finished, failed, or killed, which the
next training of the experiment notes where the killed one no longer could. A training that is repeated is another run.
What does not belong here: what is measured (evaluation/), how models are kept (artifacts.py), and the UI
(dagster_kit/web.py).
"""

import json
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tv5_assets.errors import InputError, StoreUnavailableError, TV5Error
from tv5_assets.models import locks
from tv5_assets.models.tuning import Pruned

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

SETTING = "TV5_MLFLOW_URL"
PRUNED_TAG = "tv5.pruned"
"""Tag of a training that tuning ended early."""

_SECRET_WORDS = ("password", "secret", "credential", "api_key")
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Makes the UI open with what concerns models; it is made for conversations with language models as well."""
_METRICS_PER_CALL = 1_000  # MLflow takes no more at once
_PARAMETERS_PER_CALL = 100
_ANSWER_SECONDS = 10.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tracker:
    """Where trainings are tracked.

    Attributes:
        url: of a PostgreSQL database of MLflow's own, ``postgresql+psycopg2://...``, or of a tracking server, ``http://...``.
        artifacts: URI of the folder that model folders are copied to; empty where the tracking server keeps them.
    """

    url: str = field(repr=False)
    artifacts: str = ""

    @contextmanager
    def training(
        self, experiment: str, name: str, parameters: Mapping[str, Any], tags: Mapping[str, str] | None = None
    ) -> Iterator["Training"]:
        """Open a run for a training, and close it when that ends: failed if it raises, killed if it is interrupted.

        Args:
            experiment: what the run is compared within, such as ``ml-latest-small/user-80-20``; made if it is new.
            name: of the run, such as ``two_tower``.
            parameters: what the training was asked to do; values that are not text are kept as JSON.
            tags: what else describes the run: the data's fingerprint, the Dagster run.

        Raises:
            InputError: a parameter or a tag looks like a secret, or the address is none that MLflow has.
            StoreUnavailableError: MLflow's store does not answer.
        """
        texts = {key: _text(value) for key, value in parameters.items()}
        _refuse_secrets({**texts, **(tags or {})})
        with ExitStack() as alive:
            with _unavailable():
                client = _client(self.url, self.artifacts)
                experiment_id = self._experiment(client, experiment)
                # One opens at a time: between its being made and its lock, a run would be taken for a killed one.
                with self._held("opening", experiment_id):
                    self._bury_dead(client, experiment_id)
                    run = client.create_run(experiment_id, tags=dict(tags or {}), run_name=name)
                    training = Training(client, run.info.run_id, experiment_id)
                    alive.enter_context(self._held(training.run_id))
            with _closing(training):
                training._log_parameters(texts)
                yield training

    def record(
        self,
        experiment: str,
        name: str,
        parameters: Mapping[str, Any],
        *,
        curve: Sequence[Mapping[str, float]] = (),
        metrics: Mapping[str, float] | None = None,
        artifact: Path | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Track a training that is over, or has no epochs, and return the run's id; see :meth:`training`.

        Args:
            experiment: what the run is compared within.
            name: of the run.
            parameters: what the training was asked to do.
            curve: figures after each epoch, the first epoch first.
            metrics: figures of the whole training.
            artifact: the model's folder.
            tags: what else describes the run.
        """
        with self.training(experiment, name, parameters, tags) as training:
            for epoch, figures in enumerate(curve, start=1):
                training.log(epoch, figures)
            training.measured(metrics or {})
            if artifact is not None:
                training.keep(artifact)
        return training.run_id

    def _experiment(self, client: "MlflowClient", name: str) -> str:
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        from mlflow.exceptions import MlflowException

        folder = f"{self.artifacts}/{name.replace('/', '-')}" if self.artifacts else None
        try:
            return str(client.create_experiment(name, artifact_location=folder, tags=_EXPERIMENT_TAGS))
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another training was faster
            if found is None:
                raise
            return str(found.experiment_id)

    def _bury_dead(self, client: "MlflowClient", experiment_id: str) -> None:
        """Mark runs as killed whose process is gone; a tracking server does not tell which those are."""
        if not _is_database(self.url):
            return
        for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'"):
            run_id = run.info.run_id
            with locks.held_if_free(self.url, "mlflow", run_id) as gone:
                # It may have ended by itself since the search, and says so before it gives its lock back.
                if gone and client.get_run(run_id).info.status == "RUNNING":
                    client.set_terminated(run_id, "KILLED")
                    logger.info("run %s of a training that was killed is marked so", run_id)

    def _held(self, *names: str) -> AbstractContextManager[None]:
        """Hold a lock in MLflow's database; a tracking server offers none."""
        return locks.held(self.url, "mlflow", *names) if _is_database(self.url) else nullcontext()


class Training:
    """One run, open; made by :meth:`Tracker.training`.

    Attributes:
        run_id: MLflow's id of it.
    """

    def __init__(self, client: "MlflowClient", run_id: str, experiment_id: str):
        self.run_id = run_id
        self._client = client
        self._experiment_id = experiment_id
        self._logged: set[int] = set()

    @property
    def path(self) -> str:
        """The run's page, to follow the UI's address."""
        return f"/#/experiments/{self._experiment_id}/runs/{self.run_id}"

    def log(self, step: int, figures: Mapping[str, float]) -> None:
        """Add a point to each figure's curve.

        A step that was logged is left as it is, so that a training that was resumed can log its whole curve in the end.
        """
        if step in self._logged:
            return
        self._log(_metrics(figures, step))
        self._logged.add(step)

    def measured(self, metrics: Mapping[str, float]) -> None:
        """Log figures of the whole training, such as those of the test set; ``@`` becomes ``_at_`` in their names."""
        self._log(_metrics(metrics, 0))

    def keep(self, folder: Path) -> None:
        """Copy the model's folder to the run's artifacts.

        Raises:
            InputError: there is no such folder.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}, the model that MLflow should keep, is no folder")
        with _unavailable():
            self._client.log_artifacts(self.run_id, str(folder), "model")

    def _log(self, metrics: "list[Metric]") -> None:
        with _unavailable():
            for batch in _batches(metrics, _METRICS_PER_CALL):
                self._client.log_batch(self.run_id, metrics=batch)

    def _log_parameters(self, texts: Mapping[str, str]) -> None:
        from mlflow.entities import Param

        with _unavailable():
            for batch in _batches([Param(*item) for item in texts.items()], _PARAMETERS_PER_CALL):
                self._client.log_batch(self.run_id, params=batch)

    def _close(self, status: str) -> None:
        with _unavailable():
            self._client.set_terminated(self.run_id, status)

    def _mark_pruned(self) -> None:
        with _unavailable():
            self._client.set_tag(self.run_id, PRUNED_TAG, "true")


def ask(url: str) -> None:
    """Ask whether MLflow's store answers, without loading MLflow.

    Raises:
        InputError: the address is none that MLflow has.
        StoreUnavailableError: it does not.
    """
    if _is_database(url):
        with locks.connected(url) as connection:
            connection.execute("SELECT 1")
        return
    import httpx

    try:
        httpx.get(f"{url.rstrip('/')}/health", timeout=_ANSWER_SECONDS).raise_for_status()
    except httpx.HTTPError as error:
        raise StoreUnavailableError(f"MLflow does not answer, correct {SETTING}: {type(error).__name__}") from error


def environment(url: str) -> dict[str, str]:
    """Return the variables that MLflow's server needs; the credentials in ``url`` travel so, never as an argument."""
    return {"MLFLOW_BACKEND_STORE_URI": url, **_QUIET}


_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # for work with language models, in a process of its own
}


def _client(url: str, artifacts: str) -> "MlflowClient":
    """Return a client whose store is there; the first one ever makes its tables, which takes seconds."""
    os.environ.update(_QUIET)
    from mlflow import MlflowClient

    if not _is_database(url):
        return MlflowClient(url)
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    started = time.monotonic()
    with locks.held(url, "mlflow", "tables"):  # two that made them at once would both fail
        SqlAlchemyStore(url, artifacts)
    logger.info("MLflow's store answered after %.1f s", time.monotonic() - started)
    return MlflowClient(url)


@contextmanager
def _closing(training: Training) -> Iterator[None]:
    try:
        yield
    except Pruned:
        training._mark_pruned()
        training._close("FINISHED")
        raise
    except Exception:  # whatever it was: MLflow is told that the training failed, and the error goes on its way
        training._close("FAILED")
        raise
    except BaseException:  # interrupted
        training._close("KILLED")
        raise
    training._close("FINISHED")


@contextmanager
def _unavailable() -> Iterator[None]:
    """Turn what MLflow raises where its store does not answer into the platform's error."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except TV5Error:
        raise
    except MlflowException as error:
        wrong = error.error_code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST")
        kind = InputError if wrong else StoreUnavailableError
        raise kind(f"MLflow's store ({SETTING}) does not take this training: {error}") from error
    except OperationalError as error:
        raise StoreUnavailableError(f"MLflow's store ({SETTING}) does not answer: {error.orig}") from error


def _is_database(url: str) -> bool:
    """Tell a database from a tracking server.

    Raises:
        InputError: it is neither.
    """
    scheme = url.partition("://")[0]
    if scheme in ("http", "https"):
        return False
    if scheme.partition("+")[0] == "postgresql":
        return True
    raise InputError(f"{SETTING} is neither a tracking server's http(s):// address nor a postgresql:// database")


def _metrics(figures: Mapping[str, float], step: int) -> "list[Metric]":
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [Metric(name.replace("@", "_at_"), float(value), now, step) for name, value in figures.items()]


def _batches(items: list[Any], size: int) -> Iterable[list[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _refuse_secrets(texts: Mapping[str, str]) -> None:
    """Refuse what a person who may look at trainings should not see.

    Raises:
        InputError: a name speaks of a secret, or a value is an address with a password.
    """
    for name, text in texts.items():
        _, separator, rest = text.partition("://")
        address = separator and "@" in rest.partition("/")[0]
        if address or any(word in name.lower() for word in _SECRET_WORDS):
            raise InputError(f"{name} is not logged to MLflow, since it looks like a secret; leave it out")
