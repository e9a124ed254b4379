"""Ends a command with all its descendants when its parent ends: ``python -m tv5_assets.services.guard COMMAND...``.

For a command whose own children do not notice that it was killed, such as ``dagster dev``. What does not belong here:
the embedded servers, which supervisor.py ends in an order of their own.
"""

import signal
import subprocess
import sys
from contextlib import suppress
from types import FrameType

import psutil

SECONDS_TO_END = 10.0
"""What is left of the command after that is killed."""


def main(command: list[str]) -> int:
    """Run a command until it ends or this process gets SIGTERM or SIGINT; return its exit status."""
    with subprocess.Popen(command) as process:  # noqa: S603  the parent's own arguments

        def end(_number: int, _frame: FrameType | None) -> None:
            descendants = psutil.Process().children(recursive=True)
            process.terminate()
            _, alive = psutil.wait_procs(descendants, SECONDS_TO_END)
            for survivor in (*alive, *psutil.Process().children(recursive=True)):  # some were started meanwhile
                with suppress(psutil.NoSuchProcess):  # the end of one can be the end of another
                    survivor.kill()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
