"""How far a run is, told to whoever waits for it. What does not belong here: how it is shown (cli.py)."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from tv5_assets.progress import SECONDS_BETWEEN_LINES

ID_TAG = "tv5/id"
"""Tag of a run by which it is found before its id is known."""

_SECONDS_BETWEEN_LOOKS = 0.5
_LINES_READ = 50  # the newest ones; of two or three steps that run, each logs one in SECONDS_BETWEEN_LINES
_BEGINNINGS = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}
_OF_STEPS = {
    *_BEGINNINGS,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.STEP_UP_FOR_RETRY,
}


@dataclass(frozen=True)
class RunningStep:
    """A step that runs.

    Attributes:
        name: its key.
        seconds: for how long it has run, in this try.
        said: the line that it last logged, most often how far it is; it is looked up from time to time, and empty
            before that, or where the step has logged nothing among the newest lines of the run.
    """

    name: str
    seconds: float
    said: str = ""


@dataclass(frozen=True)
class Standing:
    """How far a run is.

    Attributes:
        done: steps that have ended.
        total: steps of the run; 0 until that is known.
        running: the steps that run, those that began first.
        failed: the steps that have failed since the last time.
    """

    done: int
    total: int
    running: Sequence[RunningStep] = ()
    failed: Sequence[str] = ()


Follow = Callable[[Standing], None]


@contextmanager
def followed(instance: dg.DagsterInstance, run_tag: str, follow: Follow | None) -> Iterator[None]:
    """Tell, from another thread and twice a second, how far a run is that is executed in this block.

    Args:
        instance: the open Dagster instance.
        run_tag: the value of ID_TAG that the run has or will have.
        follow: whom to tell; no one if None.
    """
    if follow is None:
        yield
        return
    ended = threading.Event()

    def look() -> None:
        observer = _Observer(instance, run_tag)
        last_look = False
        while not last_look:
            last_look = ended.wait(_SECONDS_BETWEEN_LOOKS)
            if (standing := observer.look()) is not None:
                follow(standing)

    thread = threading.Thread(target=look, name="run-follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run_id_of(instance: dg.DagsterInstance, run_tag: str) -> str | None:
    """Return the id of the run that has ``run_tag`` as its ID_TAG; None where there is none yet."""
    runs = instance.get_runs(dg.RunsFilter(tags={ID_TAG: run_tag}), limit=1)
    return runs[0].run_id if runs else None


class _Observer:
    """Reads what a run has logged since the last look."""

    def __init__(self, instance: dg.DagsterInstance, run_tag: str) -> None:
        self._instance, self._run_tag = instance, run_tag
        self._run_id: str | None = None
        self._cursor: str | None = None
        self._done, self._total = 0, 0
        self._began: dict[str, float] = {}  # when each of the running steps did
        self._said: dict[str, str] = {}
        self._read_at = 0.0

    def look(self) -> Standing | None:
        """Return how far the run is; None where there is none yet."""
        self._run_id = self._run_id or run_id_of(self._instance, self._run_tag)
        if self._run_id is None:
            return None
        self._total = self._total or self._steps_of(self._run_id)
        failed = self._read_steps(self._run_id)
        now = time.time()
        longest = now - min(self._began.values(), default=now)
        if longest >= SECONDS_BETWEEN_LINES and now - self._read_at >= SECONDS_BETWEEN_LINES:
            self._read_lines(self._run_id)
            self._read_at = now
        running = [RunningStep(name, now - since, self._said.get(name, "")) for name, since in self._began.items()]
        return Standing(self._done, self._total, running, failed)

    def _steps_of(self, run_id: str) -> int:
        """Return the number of steps of the run; 0 until that is known."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.step_keys_to_execute:
            return len(run.step_keys_to_execute or []) if run else 0
        if run.execution_plan_snapshot_id is None:
            return 0
        return len(self._instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id).step_keys_to_execute)

    def _read_steps(self, run_id: str) -> list[str]:
        """Note which steps have begun and ended since the last look, and return those that failed."""
        page = self._instance.get_records_for_run(run_id, self._cursor, of_type=_OF_STEPS)
        self._cursor, failed = page.cursor, []
        for record in page.records:
            event = record.event_log_entry.get_dagster_event()
            name = str(event.step_key)
            self._said.pop(name, None)  # of an earlier try
            if event.event_type in _BEGINNINGS:
                self._began[name] = record.timestamp
                continue
            self._began.pop(name, None)
            self._done += event.is_step_success or event.is_step_failure
            if event.is_step_failure:
                failed.append(name)
        return failed

    def _read_lines(self, run_id: str) -> None:
        """Note what each running step last logged."""
        page = self._instance.get_records_for_run(run_id, limit=_LINES_READ, ascending=False)
        for record in reversed(page.records):
            entry = record.event_log_entry
            if entry.dagster_event is None and entry.timestamp >= self._began.get(entry.step_key or "", float("inf")):
                *_, last = entry.user_message.strip().splitlines() or [""]
                self._said[str(entry.step_key)] = last
