import pytest

from tv5_assets.quality.latency import Percentiles, measure, under_target


def test_warm_up_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0
    calls = 0

    def call() -> None:
        nonlocal clock, calls
        calls += 1
        clock += 900_000_000 if calls <= 5 else (calls - 5) * 1_000_000  # 900 ms cold, then 1, 2, 3, ... ms

    monkeypatch.setattr("time.perf_counter_ns", lambda: clock)
    times = measure(call, runs=101, warm_up=5)
    assert calls == 106
    assert times == Percentiles(p50_ms=51.0, p95_ms=96.0, p99_ms=100.0, runs=101)


def test_an_error_of_the_call_is_not_hidden() -> None:
    def call() -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        measure(call)


def test_a_slow_query_fails() -> None:
    times = Percentiles(p50_ms=1.0, p95_ms=4.0, p99_ms=10.0, runs=200)
    assert under_target("vector search", times, target_ms=10.1).passed
    verdict = under_target("vector search", times, target_ms=10)
    assert not verdict.passed
    assert verdict.facts["p99_ms"] == 10.0
    assert "vector search: p99 is 10.00 ms over 200 runs, target under 10 ms" in verdict.description
