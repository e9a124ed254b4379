import threading

import pytest
from pynvml import NVMLError_NotSupported

from tv5_assets.embeddings import gpu
from tv5_assets.embeddings.gpu import GpuWatch

NO_ERROR_IN_A_THREAD = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_SECONDS_BETWEEN_LOOKS", 0.001)


def test_the_share_is_the_mean_of_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    percentages, seen = iter([100, 40, 70]), threading.Event()

    def utilization() -> int:
        if (percentage := next(percentages, None)) is None:
            seen.set()
            raise RuntimeError("no more figures")
        return percentage

    monkeypatch.setattr("torch.cuda.utilization", utilization)
    with GpuWatch("cuda") as watch:
        assert seen.wait(timeout=30)
    assert watch.busy_share == pytest.approx(0.7)


@NO_ERROR_IN_A_THREAD
@pytest.mark.parametrize("error", [NVMLError_NotSupported(), RuntimeError("no driver"), ImportError("amdsmi")])
def test_a_gpu_that_does_not_tell_has_no_share(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    asked = threading.Event()

    def utilization() -> int:
        asked.set()
        raise error

    monkeypatch.setattr("torch.cuda.utilization", utilization)
    with GpuWatch("cuda") as watch:
        assert asked.wait(timeout=30)
    assert watch.busy_share is None


def test_without_a_gpu_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def utilization() -> int:
        asked.set()
        return 100

    monkeypatch.setattr("torch.cuda.utilization", utilization)
    with GpuWatch("cpu") as watch:
        assert not asked.wait(timeout=0.05)  # of which a look would take a thousandth
    assert watch.busy_share is None
