"""A step ends with the fork server that made it, even where that ends in the very moment of making it."""

import subprocess
import sys

import pytest

# The child lives on for a second and then says so, unless it is ended first.
FORKING = """
import os, sys, time

if "slow" in sys.argv:
    parent = os.getpid()

    def until_parent_is_gone():
        while os.getppid() == parent:
            time.sleep(0.01)

    os.register_at_fork(after_in_child=until_parent_is_gone)

if "tied" in sys.argv:
    import tv5_assets.preload

if os.fork() == 0:
    time.sleep(1)
    print("lives on", flush=True)
    os._exit(0)
if "waiting" in sys.argv:
    os.wait()
os._exit(0)
"""


def said(*arguments: str) -> str:
    """Return what a forked child says after its parent has ended; the pipe closes when the last of them ends."""
    return subprocess.run(
        [sys.executable, "-c", FORKING, *arguments], stdout=subprocess.PIPE, text=True, check=True, timeout=60
    ).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
@pytest.mark.parametrize("when", ["", "slow"], ids=["after it began", "before it began"])
def test_a_child_ends_with_its_parent(when: str):
    assert said("tied", when) == ""


def test_a_child_whose_parent_lives_is_left_alone():
    assert said("tied", "waiting") == "lives on\n"


def test_without_the_tie_it_would_live_on():
    assert said("slow") == "lives on\n"
