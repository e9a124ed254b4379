"""Children that do not outlive their parent, however that ends.

What does not belong here: stopping a child in good order, which is its parent's business while it lives.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def end_with_parent(number: signal.Signals | None) -> Callable[[], None] | None:
    """Return what a child runs before its program (``preexec_fn``), for the kernel to signal it when this process ends.

    Linux only; elsewhere None. A child for which ``number`` is None needs no help: it ends with its standard input.
    """
    if number is None or not sys.platform.startswith("linux"):
        return None
    set_process_option = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def in_child() -> None:
        set_process_option(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it was killed in between
            os._exit(1)

    return in_child
