"""What MLflow keeps of a training, in a store that two trainings make and use at once."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tv5_assets.dagster_kit.resources import TrackingResource
from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.models import locks, tracking
from tv5_assets.models.tracking import PRUNED_TAG, Tracker
from tv5_assets.models.tuning import Pruned
from tv5_assets.services.endpoints import Endpoints

AT_ONCE = "made by two at once"

# Opens a training, says so, and stays in it until it is killed.
TRAINING = """
import json, sys
from tv5_assets.models.tracking import Tracker

url, artifacts, experiment = json.loads(sys.stdin.readline())
with Tracker(url, artifacts).training(experiment, "killed", {}) as training:
    training.log(1, {"loss": 1.0})
    print(training.run_id, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def tracker(databases: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """A tracker whose store two trainings found empty, both at the same moment."""
    made = Tracker(databases.mlflow_url, tmp_path_factory.mktemp("artifacts").as_uri())
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: made.record(AT_ONCE, name, {"name": name}), ("one", "other")))
    return made


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "two_tower"
    folder.mkdir()
    (folder / "config.json").write_text('{"dim": 64}')
    return folder


def runs(tracker: Tracker, experiment: str) -> list[Run]:
    client = MlflowClient(tracker.url)
    return list(client.search_runs([client.get_experiment_by_name(experiment).experiment_id]))


def run(tracker: Tracker, experiment: str) -> Run:
    (only,) = runs(tracker, experiment)
    return only


@contextmanager
def another_training(tracker: Tracker, experiment: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A training in a process of its own, and its run's id."""
    with subprocess.Popen(
        [sys.executable, "-c", TRAINING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([tracker.url, tracker.artifacts, experiment]) + "\n")
        process.stdin.flush()
        yield process, process.stdout.readline().strip()
        process.kill()


def test_two_trainings_at_once_make_the_store_once(tracker: Tracker):
    made = {each.info.run_name: (each.data.params, each.info.status) for each in runs(tracker, AT_ONCE)}
    assert made == {"one": ({"name": "one"}, "FINISHED"), "other": ({"name": "other"}, "FINISHED")}


def test_trainings_that_open_and_end_beside_one_another_are_not_taken_for_killed(tracker: Tracker):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: tracker.record("beside", f"training {number}", {}), range(16)))
    assert [each.info.status for each in runs(tracker, "beside")] == ["FINISHED"] * 16


def test_a_training_leaves_parameters_curve_metrics_and_its_model(tracker: Tracker, model: Path):
    run_id = tracker.record(
        "whole", "two_tower", {"dim": 64, "layers": [256, 128], "loss": "softmax", "compile": False},
        curve=[{"loss": 2.0, "validation/ndcg@10": 0.1}, {"loss": 1.0, "validation/ndcg@10": 0.2}],
        metrics={"test/ndcg@10": 0.37}, artifact=model, tags={"dataset": "ml-latest-small"},
    )  # fmt: skip

    kept = run(tracker, "whole")
    assert (kept.info.run_id, kept.info.run_name, kept.info.status) == (run_id, "two_tower", "FINISHED")
    assert kept.data.params == {"dim": "64", "layers": "[256, 128]", "loss": "softmax", "compile": "false"}
    assert kept.data.metrics == {"loss": 1.0, "validation/ndcg_at_10": 0.2, "test/ndcg_at_10": 0.37}
    assert kept.data.tags["dataset"] == "ml-latest-small"
    curve = MlflowClient(tracker.url).get_metric_history(run_id, "validation/ndcg_at_10")
    assert [(point.step, point.value) for point in curve] == [(1, 0.1), (2, 0.2)]
    assert kept.info.artifact_uri.startswith(f"{tracker.artifacts}/whole/")
    copied = Path(unquote(urlsplit(kept.info.artifact_uri).path)) / "model" / "config.json"
    assert copied.read_text() == '{"dim": 64}'


def test_a_training_that_is_repeated_is_another_run(tracker: Tracker):
    ids = {tracker.record("repeated", "ease", {"lambda": 150}) for _ in range(2)}
    assert {each.info.run_id for each in runs(tracker, "repeated")} == ids
    assert len(ids) == 2


def test_a_resumed_training_may_log_its_whole_curve_in_the_end(tracker: Tracker):
    with tracker.training("resumed", "two_tower", {}) as training:
        training.log(2, {"loss": 1.0})
        for epoch, loss in enumerate([2.0, 1.0, 0.5], start=1):
            training.log(epoch, {"loss": loss})
    points = MlflowClient(tracker.url).get_metric_history(training.run_id, "loss")
    assert sorted((point.step, point.value) for point in points) == [(1, 2.0), (2, 1.0), (3, 0.5)]


@pytest.mark.parametrize(
    ("raised", "status", "pruned"),
    [(ValueError, "FAILED", None), (KeyboardInterrupt, "KILLED", None), (Pruned, "FINISHED", "true")],
)
def test_a_training_that_does_not_end_well_says_how(tracker: Tracker, raised, status: str, pruned: str | None):
    with pytest.raises(raised), tracker.training(f"ends in {status}", "two_tower", {}) as training:
        training.log(1, {"loss": 1.0})
        raise raised

    ended = run(tracker, f"ends in {status}")
    assert (ended.info.status, ended.data.metrics) == (status, {"loss": 1.0})
    assert ended.data.tags.get(PRUNED_TAG) == pruned


def test_the_next_training_marks_one_that_was_killed_and_none_that_lives(tracker: Tracker):
    with another_training(tracker, "killed") as (process, run_id):
        tracker.record("killed", "beside it", {})
        states = {each.info.run_id: each.info.status for each in runs(tracker, "killed")}
        assert states[run_id] == "RUNNING"
        process.kill()
        assert process.wait() == -signal.SIGKILL
    with locks.held(tracker.url, "mlflow", run_id):
        pass  # the server has noticed

    tracker.record("killed", "after it", {})
    states = {each.info.run_id: each.info.status for each in runs(tracker, "killed")}
    assert states.pop(run_id) == "KILLED"
    assert set(states.values()) == {"FINISHED"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("neo4j_password", "x"), ("data", "postgresql://tv5:hunter2@host/tv5"), ("client_secret", "x")],
)
def test_what_looks_like_a_secret_is_refused_and_not_shown(tracker: Tracker, name: str, value: str):
    for given in ({"parameters": {name: value}}, {"parameters": {}, "tags": {name: value}}):
        with pytest.raises(InputError, match=name) as caught:
            tracker.record("secrets", "two_tower", **given)
        assert "hunter2" not in str(caught.value)


def test_the_stores_password_is_nowhere_in_it(tracker: Tracker, model: Path):
    password = urlsplit(tracker.url).password
    assert password and password not in repr(tracker)
    tracker.record("clean", "two_tower", {"a": 1}, artifact=model)
    with psycopg.connect(tracker.url.replace("+psycopg2", "")) as connection:
        for table in ("runs", "experiments", "params", "tags", "experiment_tags"):
            rows = connection.execute(f"SELECT count(*), count(*) FILTER (WHERE t::text LIKE %s) FROM {table} t",  # noqa: S608
                                      [f"%{password}%"]).fetchone()  # fmt: skip
            assert rows is not None and rows[1] == 0
            assert rows[0] > 0 or table == "experiment_tags"


def test_a_name_that_mlflow_does_not_take_is_an_input_error(tracker: Tracker):
    with pytest.raises(InputError, match="loss!"), tracker.training("names", "two_tower", {}) as training:
        training.log(1, {"loss!": 1.0})


def test_a_model_that_is_not_there_is_named(tracker: Tracker, tmp_path: Path):
    with pytest.raises(InputError, match="nowhere"):
        tracker.record("no model", "two_tower", {}, artifact=tmp_path / "nowhere")
    assert run(tracker, "no model").info.status == "FAILED"


def test_a_store_that_does_not_answer_is_named_without_its_password():
    url = "postgresql+psycopg2://tv5:hunter2@127.0.0.1:1/mlflow"
    with pytest.raises(StoreUnavailableError) as tracked, Tracker(url, "file:///none").training("any", "any", {}):
        pass
    with pytest.raises(StoreUnavailableError) as asked:
        tracking.ask(url)
    assert "hunter2" not in str(tracked.value) + str(asked.value)


def test_a_store_that_answers_says_so(tracker: Tracker):
    tracking.ask(tracker.url)
    with pytest.raises(StoreUnavailableError, match="TV5_MLFLOW_URL"):
        tracking.ask("http://127.0.0.1:1")
    with pytest.raises(InputError, match="TV5_MLFLOW_URL"):
        tracking.ask("sqlite:///mlflow.db")


def test_the_resource_follows_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TV5_HOME", str(tmp_path))
    monkeypatch.setenv("TV5_MLFLOW_URL", "")
    with pytest.raises(StoreUnavailableError, match="TV5_MLFLOW_URL"):
        TrackingResource().get()
    monkeypatch.setenv("TV5_MLFLOW_URL", "postgresql+psycopg2://host/mlflow")
    assert TrackingResource().get() == Tracker(
        "postgresql+psycopg2://host/mlflow", f"file://{tmp_path}/mlflow-artifacts"
    )
