import dagster as dg
import pytest

from tv5_assets.dagster_kit import failures
from tv5_assets.dagster_kit.failures import translating_failures
from tv5_assets.errors import InputError, StoreRefusedError, StoreUnavailableError


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(failures, "FIRST_WAIT_SECONDS", 0)


def attempts_of(error: Exception, succeed_at: int | None = None) -> tuple[dg.ExecuteInProcessResult, int]:
    attempts = []

    def body() -> None:
        attempts.append(1)
        if succeed_at is None or len(attempts) < succeed_at:
            raise error

    result = dg.materialize([dg.asset(name="body")(translating_failures(body))], raise_on_error=False)
    return result, len(attempts)


@pytest.mark.parametrize("error", [InputError("movies.csv is empty"), StoreRefusedError("wrong password")])
def test_a_permanent_failure_is_tried_once_and_keeps_its_message(error):
    result, attempts = attempts_of(error)
    assert not result.success
    assert attempts == 1
    assert result.failure_data_for_node("body").user_failure_data.description == str(error)


def test_a_transient_failure_is_retried_and_may_succeed():
    result, attempts = attempts_of(StoreUnavailableError("no answer"), succeed_at=3)
    assert result.success
    assert attempts == 3


def test_a_lasting_transient_failure_gives_up_after_its_retries():
    result, attempts = attempts_of(StoreUnavailableError("no answer"))
    assert not result.success
    assert attempts == 1 + failures.RETRIES


def test_an_error_that_is_not_the_platforms_keeps_its_trace():
    with pytest.raises(ZeroDivisionError):
        dg.materialize([dg.asset(name="body")(translating_failures(lambda: 1 / 0))])
