"""How busy the GPU is while something runs, as a figure beside texts per second.

What does not belong here: which device a model runs on (encoder.py).
"""

import threading
from types import TracebackType

from pynvml import NVMLError

_SECONDS_BETWEEN_LOOKS = 0.2


class GpuWatch:
    """Looks at the GPU every fifth of a second while its block runs; without a GPU, or without NVML, it sees nothing.

    Attributes:
        busy_share: share of the time in which the GPU computed, from 0 to 1; None where nothing was seen.
    """

    def __init__(self, device: str) -> None:
        self.busy_share: float | None = None
        self._seen: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True) if device == "cuda" else None

    def __enter__(self) -> "GpuWatch":
        if self._thread:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
        if self._seen:
            self.busy_share = sum(self._seen) / (100 * len(self._seen))

    def _look(self) -> None:
        import torch

        while not self._over.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                self._seen.append(torch.cuda.utilization())
            # A driver, or a slice of a GPU, that offers no such figure; another maker's GPU, whose library is missing.
            except (NVMLError, RuntimeError, ImportError):
                return
