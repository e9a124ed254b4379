"""What the executor's fork server does once, so that no step pays for it again: imports that most steps need.

It also ties each step to the fork server, which ends with its run: a step of a killed run must not go on writing.
What does not belong here: anything that starts a thread, since a process with threads cannot be forked safely.
"""

import ctypes
import os
import signal
import sys

import dagster_postgres  # noqa: F401  imported so that the steps find it imported
import neo4j  # noqa: F401, TID253
import polars  # noqa: F401
import psycopg  # noqa: F401, TID253
import pyarrow  # noqa: F401
import redis  # noqa: F401, TID253
import sqlalchemy.dialects.postgresql.psycopg2  # noqa: F401

_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if sys.platform == "linux":
    os.register_at_fork(after_in_child=_end_with_parent)
