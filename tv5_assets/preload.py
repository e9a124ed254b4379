"""What the executor's fork server does once, so that no step pays for it again: imports that most steps need, and
resolving the job of the whole graph and what it may be configured with, which takes a second.

It also ties each step to the fork server, which ends with its run: a step of a killed run must not go on writing.
What does not belong here: anything that starts a thread, since a process with threads cannot be forked safely.
"""

import gc
import os
import signal
from collections.abc import Callable

import dagster_postgres  # noqa: F401  imported so that the steps find it imported
import neo4j  # noqa: F401, TID253
import polars  # noqa: F401
import psycopg  # noqa: F401, TID253
import psycopg2.extras  # type: ignore[import-untyped]  # noqa: F401
import pyarrow  # noqa: F401
import redis  # noqa: F401, TID253
import sqlalchemy.dialects.postgresql.psycopg2  # noqa: F401
import upath.implementations.local  # noqa: F401

import tv5_assets.dagster_kit.storage  # noqa: F401
from tv5_assets.definitions import main_job
from tv5_assets.services.parent import end_with_parent

_in_child: Callable[[], None] | None = None


def _before_fork() -> None:
    global _in_child
    _in_child = end_with_parent(signal.SIGKILL)
    gc.freeze()  # what is here is shared with the step; a collection there would touch, and so copy, all of it


def _after_fork() -> None:
    if _in_child is not None:
        _in_child()


os.register_at_fork(before=_before_fork, after_in_child=_after_fork)

_ = main_job().run_config_schema  # the definitions keep the job, and the job this
