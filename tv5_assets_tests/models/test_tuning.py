"""The search for hyperparameters, on figures that need no training."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import polars as pl
import psycopg
import pytest

from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.models import locks, tuning
from tv5_assets.models.tuning import Choice, Outcome, Range, Report, Study, tune
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.tables.models import Trials

SPACE = {"dim": Choice((64, 128, 256)), "rate": Range(1e-4, 1e-2, log=True)}

# A search that is killed in the second epoch of its fourth trial.
KILLED = """
import json, os, signal, sys
from tv5_assets_tests.models import test_tuning

trials = 0

def killed_in_the_fourth(parameters, report):
    global trials
    trials += 1
    def told(epoch, value):
        report(epoch, value)
        if (trials, epoch) == (4, 2):
            os.kill(os.getpid(), signal.SIGKILL)
    return test_tuning.figure(parameters, told)

test_tuning.search(json.loads(sys.stdin.read()), "killed", killed_in_the_fourth)
"""


def figure(parameters: Mapping[str, Any], report: Report) -> Outcome:
    """A smooth figure, best at 128 dimensions and a rate of .001, that rises for five epochs."""
    best = parameters["dim"] / 256 if parameters["dim"] < 256 else 0.4
    best -= abs(parameters["rate"] - 1e-3) * 100
    for epoch in range(1, 6):
        report(epoch, best * epoch / 5)
    return Outcome(best, {"half": parameters["dim"] / 2})


def search(url: str, name: str, objective: Any = figure, *, trials: int = 7, seed: int = 1, **given: Any) -> Study:
    return tune(objective, SPACE, trials=trials, storage_url=url, study_name=name, seed=seed, **given)


@pytest.fixture(scope="module")
def url(databases: Endpoints) -> str:
    return databases.postgres_url


@pytest.fixture(scope="module")
def whole(url: str) -> Study:
    """A study of seven trials that nothing disturbed."""
    return search(url, "whole")


def tried(study: Study) -> list[tuple[str, float | None]]:
    """Hyperparameters and figure of the trials that were not interrupted, in order."""
    return study.trials.filter(pl.col("state") != "interrupted").select("parameters", "value").rows()


def test_the_best_trial_is_told_and_every_trial_is_in_the_table(whole: Study):
    assert Trials.validate(whole.trials)["state"].to_list() == ["complete"] * 7
    assert whole.trials["number"].to_list() == list(range(7))
    best = whole.trials.filter(pl.col("value") == whole.trials["value"].max())
    assert (json.loads(best["parameters"][0]), best["value"][0]) == (whole.best, whole.best_value)
    for parameters in map(json.loads, whole.trials["parameters"]):
        assert parameters["dim"] in (64, 128, 256) and 1e-4 <= parameters["rate"] <= 1e-2
        assert parameters["half"] == parameters["dim"] / 2  # what the trial settled


def test_the_same_seed_tries_the_same_and_another_seed_something_else(url: str, whole: Study):
    assert tried(search(url, "again")) == tried(whole)
    assert tried(search(url, "another", seed=2)) != tried(whole)


def test_a_killed_search_goes_on_as_if_it_had_not_been(url: str, whole: Study):
    ended = subprocess.run([sys.executable, "-c", KILLED], input=json.dumps(url), text=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL

    calls = []
    resumed = search(url, "killed", lambda *given: (calls.append(given[0]), figure(*given))[1])

    assert tried(resumed) == tried(whole)
    assert resumed.trials["state"].to_list() == ["complete"] * 3 + ["interrupted"] + ["complete"] * 4
    parameters = [json.loads(text) for text in resumed.trials["parameters"]]
    assert [call | {"half": call["dim"] / 2} for call in calls] == parameters[4:]
    assert parameters[3] == calls[0]  # which was interrupted before it settled anything


def test_a_finished_study_is_not_searched_again_and_a_longer_one_goes_on(url: str, whole: Study):
    assert tried(search(url, "whole", lambda *_: pytest.fail("it was tried again"))) == tried(whole)
    assert len(search(url, "longer", trials=3).trials) == 3
    assert tried(search(url, "longer")) == tried(whole)


def test_a_fault_ends_the_search_and_its_trial_is_made_again(url: str, whole: Study):
    def faulty(parameters: Mapping[str, Any], report: Report) -> float:
        raise StoreUnavailableError("it went away")

    with pytest.raises(StoreUnavailableError, match="it went away"):
        search(url, "faulty", faulty)
    assert tried(search(url, "faulty")) == tried(whole)


def test_hyperparameters_that_cannot_be_trained_fail_alone(url: str):
    def diverging(parameters: Mapping[str, Any], report: Report) -> float:
        if parameters["dim"] == 256:
            raise InputError("the loss is not finite")
        return figure(parameters, report)

    study = search(url, "diverging", diverging)

    states = {state: set() for state in ("complete", "failed")}
    for parameters, state in study.trials.select("parameters", "state").rows():
        states[state].add(json.loads(parameters)["dim"])
    assert states["failed"] == {256} and states["complete"] <= {64, 128}
    assert len(study.trials) == 7


def test_a_search_in_which_nothing_can_be_trained_says_why(url: str):
    def hopeless(parameters: Mapping[str, Any], report: Report) -> float:
        raise InputError("the loss is not finite")

    with pytest.raises(InputError, match=r"hopeless.*the loss is not finite"):
        search(url, "hopeless", hopeless, trials=2)


def test_a_trial_worse_than_the_median_is_pruned(url: str):
    reported: list[int] = []

    def worse_and_worse(parameters: Mapping[str, Any], report: Report) -> Outcome:
        reported.append(0)
        value = -float(len(reported))
        for epoch in range(1, 9):
            reported[-1] = epoch
            report(epoch, value)
        return Outcome(value)

    study = search(url, "pruned", worse_and_worse, trials=10)

    assert study.trials["state"].to_list() == ["complete"] * 8 + ["pruned"] * 2
    assert reported == [8] * 8 + [4] * 2  # after the epochs in which no trial is ended
    assert study.trials["value"].to_list()[8:] == [-9.0, -10.0]


def test_what_is_given_is_tried_first_then_what_is_drawn(url: str):
    given = [{"dim": 128, "rate": 1e-3}, {"dim": 64, "rate": 5e-3}]
    study = search(url, "given", first=given, trials=4)
    parameters = [json.loads(text) for text in study.trials["parameters"]]
    assert parameters[:2] == [one | {"half": one["dim"] / 2} for one in given]
    assert parameters[2]["rate"] not in {one["rate"] for one in given}
    assert study.best == parameters[0]


def test_the_sampler_learns_from_the_trials(url: str):
    study = search(url, "learning", trials=30)
    by_index = study.trials["value"].to_list()
    drawn_at_random, drawn_by_estimate = by_index[:8], by_index[8:]
    assert max(drawn_by_estimate) > max(drawn_at_random)


def test_two_processes_do_not_search_one_study(url: str, whole: Study, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tuning, "_PATIENCE_S", 0.2)
    with locks.held(url, "optuna", whole.name), pytest.raises(InputError, match="another process"):
        search(url, "whole", trials=8)


def test_studies_lie_in_a_schema_of_their_own(url: str, whole: Study):
    with psycopg.connect(url) as connection:
        schemas = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename IN ('studies', 'trials')")
        assert {schema for (schema,) in schemas} == {"optuna"}


def test_a_store_that_is_no_postgresql_is_refused():
    with pytest.raises(InputError, match="PostgreSQL"):
        search("sqlite:///studies.db", "any")
