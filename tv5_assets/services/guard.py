"""Ends a command with all its descendants when its parent ends: ``python -m tv5_assets.services.guard COMMAND...``.

For a command whose own children do not notice that it was killed, such as ``dagster dev``. What does not belong here:
the embedded servers, which supervisor.py ends in an order of their own.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import FrameType

import psutil

SECONDS_TO_END = 10.0
"""What is left of the command after that is killed."""
_SECONDS_OF_GRACE = 10.0


def end(guard: "subprocess.Popen[bytes]") -> None:
    """End a guard, and with it everything that it guards; what does not end in time is killed.

    Args:
        guard: the process of a guard that was started in a session, and so in a group, of its own.
    """
    guard.terminate()
    try:
        guard.wait(SECONDS_TO_END + _SECONDS_OF_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(guard.pid, signal.SIGKILL)
        guard.wait()


def main(command: list[str]) -> int:
    """Run a command until it ends or this process gets SIGTERM or SIGINT; return its exit status."""
    with subprocess.Popen(command) as process:  # noqa: S603  the parent's own arguments

        def end_all(_number: int, _frame: FrameType | None) -> None:
            descendants = psutil.Process().children(recursive=True)
            process.terminate()
            _, alive = psutil.wait_procs(descendants, SECONDS_TO_END)
            for survivor in (*alive, *psutil.Process().children(recursive=True)):  # some were started meanwhile
                with suppress(psutil.NoSuchProcess):  # the end of one can be the end of another
                    survivor.kill()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end_all)
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
