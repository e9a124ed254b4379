"""What is forked from the fork server finds what it needs imported."""

import os
import subprocess
import sys
from pathlib import Path

from tv5_assets.dagster_kit import fork_server

FORKING = """
import multiprocessing
import sys

from tv5_assets.dagster_kit import fork_server

if __name__ == "__main__":
    fork_server.start(text_models=False)
    step = multiprocessing.get_context("forkserver").Process(target=exec, args=(sys.argv[1],))
    step.start()
    step.join()
"""


def said_by_a_step(code: str, **environment: str) -> str:
    said = subprocess.run(
        [sys.executable, "-c", FORKING, code],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    return said.stdout


def test_a_step_finds_imported_what_most_steps_need():
    asked = "import sys; print('tv5_assets.preload' in sys.modules, 'sentence_transformers' in sys.modules)"

    assert said_by_a_step(asked) == "True False\n"


def test_a_step_keeps_freed_memory_unless_the_environment_says_how_much():
    asked = "import os; print(os.environ['MALLOC_MMAP_THRESHOLD_'], os.environ['MALLOC_TRIM_THRESHOLD_'])"

    assert said_by_a_step(asked, MALLOC_TRIM_THRESHOLD_="131072") == "67108864 131072\n"


NOWHERE = """
from tv5_assets.dagster_kit import storage

storage.resolve = lambda settings: None
storage.require = lambda endpoints, name: "postgresql://nobody@127.0.0.1:1/nothing"
storage.PooledPostgresStorage.from_config_value(None, {})
print("opened")
"""


def test_a_step_opens_dagsters_storage_without_asking_for_its_tables():
    """Nothing listens at the address, so that whoever asks fails, as a process that is no step does."""
    assert said_by_a_step(NOWHERE) == "opened\n"
    asked = subprocess.run([sys.executable, "-c", NOWHERE], capture_output=True, text=True, timeout=120)
    assert "Connection refused" in asked.stderr and not asked.stdout


WAITING = """
from pathlib import Path

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob

from tv5_assets.dagster_kit import fork_server
from tv5_assets.dagster_kit.executor import forking_executor

if __name__ == "__main__":
    fork_server._ALWAYS = ("slow",)
    config = {"max_concurrent": 1, "text_models": False}
    job = InMemoryJob(dg.GraphDefinition("nothing").to_job())
    with dg.DagsterInstance.ephemeral() as instance:
        forking_executor.executor_creation_fn(dg.InitExecutorContext(job, forking_executor, config, instance))
    print(Path("imported").exists())
"""

SLOW = """
import time
from pathlib import Path

time.sleep(2)
Path("imported").touch()
"""


def test_a_run_launches_no_step_before_steps_can_be_forked(tmp_path: Path):
    (tmp_path / "slow.py").write_text(SLOW)
    said = subprocess.run(
        [sys.executable, "-c", WAITING],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )

    assert said.stdout == "True\n"


def test_libraries_of_text_models_are_imported_where_they_are_needed():
    assert "sentence_transformers" in fork_server.modules(text_models=True)
    assert "sentence_transformers" not in fork_server.modules(text_models=False)
