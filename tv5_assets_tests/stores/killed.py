"""A loader in a process of its own that is killed, as by kill -9, when it comes to a step."""

import json
import signal
import subprocess
import sys
from types import ModuleType
from typing import Any

_LOADER = """
import importlib, json, os, signal, sys

module, step, loader, arguments = json.loads(sys.stdin.read())
setattr(importlib.import_module(module), step, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
getattr(importlib.import_module("tv5_assets_tests.stores.samples"), loader)(*arguments)
"""


def kill_at(store: ModuleType, step: str, loader: str, *arguments: Any) -> None:
    """Run ``samples.<loader>(*arguments)`` and kill it when it calls ``store.<step>``."""
    assert callable(getattr(store, step))
    told = json.dumps([store.__name__, step, loader, arguments])
    ended = subprocess.run([sys.executable, "-c", _LOADER], input=told, text=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
