import signal
import subprocess
import sys
import time

import psutil
import pytest

_FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
_PARENT = """
import signal, subprocess, sys, time
from tv5_assets.services.parent import end_with_parent
subprocess.Popen([sys.executable, "-m", "tv5_assets.services.guard", sys.executable, "-c", sys.argv[1]],
                 preexec_fn=end_with_parent(signal.SIGTERM))
time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux signals a child when its parent ends")
def test_a_guarded_command_and_its_children_end_with_a_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, f"{_STUBBORN}{_FAMILY}time.sleep(60)"]) as parent:
        family: list[psutil.Process] = []
        deadline = time.monotonic() + 30
        while len(family) < 3 and time.monotonic() < deadline:
            family = psutil.Process(parent.pid).children(recursive=True)
            time.sleep(0.1)
        assert len(family) == 3  # the guard, the command and its child
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
