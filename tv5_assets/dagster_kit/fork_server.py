"""The process that every step of a run is forked from, which imports once what most steps need.

What it does beside importing is in tv5_assets/preload.py.
"""

import multiprocessing
import os
from multiprocessing import forkserver

_ALWAYS = ("tv5_assets.preload",)
_TEXT_MODELS = ("sentence_transformers",)


def modules(*, text_models: bool) -> list[str]:
    """Return what it imports, with or without the libraries of text models."""
    return [*_ALWAYS, *(_TEXT_MODELS if text_models else ())]


def start(*, text_models: bool) -> None:
    """Start it, unless it runs. It imports while this process goes on, for instance while servers start.

    Its steps have the environment of this moment. It ends with this process.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(modules(text_models=text_models))
    forkserver.ensure_running()


def wait() -> None:
    """Return once it has imported all it should, which it does before it forks anything."""
    nothing = multiprocessing.get_context("forkserver").Process(target=os.getpid)
    nothing.start()
    nothing.join()
