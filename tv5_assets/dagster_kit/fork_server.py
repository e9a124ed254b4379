"""The process that every step of a run is forked from, which imports once what most steps need.

Here are what it imports and how it treats memory; what else it does is in tv5_assets/preload.py.
"""

import multiprocessing
import os
from multiprocessing import forkserver

_ALWAYS = ("tv5_assets.preload",)
_TEXT_MODELS = ("sentence_transformers",)
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""How steps treat memory, in bytes, unless the environment says. glibc gives the pages of an array of some megabytes
back as soon as it is freed, and the next array gets others, which the kernel fills with zeros first. With pages kept,
training and judging the baselines of ml-latest-small took a tenth less of the processor's time, and drawing a number
for each of 162,541 users a quarter of it. A C library that is another takes no notice."""


def modules(*, text_models: bool) -> list[str]:
    """Return what it imports, with or without the libraries of text models."""
    return [*_ALWAYS, *(_TEXT_MODELS if text_models else ())]


def start(*, text_models: bool) -> None:
    """Start it, unless it runs. It imports while this process goes on, for instance while servers start.

    Its steps have the environment of this moment, and keep some of the memory that they free for what they need next,
    unless the environment says how much. It ends with this process.
    """
    for name, size in MEMORY.items():
        os.environ.setdefault(name, size)  # read by a process as it starts
    multiprocessing.get_context("forkserver").set_forkserver_preload(modules(text_models=text_models))
    forkserver.ensure_running()


def wait() -> None:
    """Return once it has imported all it should, which it does before it forks anything."""
    nothing = multiprocessing.get_context("forkserver").Process(target=os.getpid)
    nothing.start()
    nothing.join()
