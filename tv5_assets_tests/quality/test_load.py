import time

import pytest

from tv5_assets.quality.load import at_rate, by_clients


def slow() -> None:
    time.sleep(0.02)


def test_clients_that_wait_see_no_queue():
    loaded = by_clients([slow], runs=10, warm_up=1)

    assert loaded.times.runs == 10
    assert 20 <= loaded.times.p50_ms < 60
    assert loaded.per_second <= 50


def test_clients_work_side_by_side():
    loaded = by_clients([slow] * 4, runs=10, warm_up=0)

    assert loaded.times.runs == 40
    assert loaded.per_second > 60


def test_arrivals_that_are_too_many_wait():
    # A call takes 20 ms and one is due every 10 ms: the last of 40 waits for 40 * 20 - 39 * 10 ms.
    loaded = at_rate([slow], per_second=100, seconds=0.4)

    assert loaded.times.runs == 40
    assert loaded.times.p99_ms > 350
    assert loaded.per_second <= 50


def test_arrivals_that_are_few_do_not_wait():
    loaded = at_rate([slow] * 2, per_second=20, seconds=0.5)

    assert loaded.times.runs == 10
    assert loaded.times.p50_ms < 60
    assert loaded.per_second == pytest.approx(20, rel=0.3)


def test_a_call_that_fails_is_no_measurement():
    def failing() -> None:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        by_clients([failing], runs=1, warm_up=0)
    with pytest.raises(ValueError, match="no answer"):
        at_rate([failing], per_second=100, seconds=0.1)
