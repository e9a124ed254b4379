import signal
import subprocess
import sys
import time

import psutil
import pytest

_CHILDREN = 4
# Each child ends with its parent, so that who is killed may be gone already; and each lets SIGTERM pass.
_STUBBORN_FAMILY = f"""
import signal, subprocess, sys, time
from tv5_assets.services.parent import end_with_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range({_CHILDREN}):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], preexec_fn=end_with_parent(signal.SIGKILL))
time.sleep(60)
"""
_PARENT = """
import signal, subprocess, sys, time
from tv5_assets.services.parent import end_with_parent
subprocess.Popen([sys.executable, "-m", "tv5_assets.services.guard", sys.executable, "-c", sys.argv[1]],
                 preexec_fn=end_with_parent(signal.SIGTERM))
time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux signals a child when its parent ends")
def test_a_guarded_command_and_its_children_end_with_a_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, _STUBBORN_FAMILY]) as parent:
        family: list[psutil.Process] = []
        deadline = time.monotonic() + 30
        while len(family) < 2 + _CHILDREN and time.monotonic() < deadline:
            family = psutil.Process(parent.pid).children(recursive=True)
            time.sleep(0.1)
        assert len(family) == 2 + _CHILDREN  # the guard and the command beside them
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def test_an_interrupted_guard_ends_whatever_the_order_in_which_its_command_dies() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tv5_assets.services.guard", sys.executable, "-c", _STUBBORN_FAMILY],
        stderr=subprocess.PIPE,
    ) as guard:
        deadline = time.monotonic() + 30
        while len(psutil.Process(guard.pid).children(recursive=True)) < 1 + _CHILDREN:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        guard.terminate()
        _, said = guard.communicate(timeout=60)
    assert said == b""
    assert guard.returncode == 256 - signal.SIGKILL  # as a shell sees that its command was killed
