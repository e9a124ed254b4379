"""What is forked from the fork server finds what it needs imported."""

import subprocess
import sys

from tv5_assets.dagster_kit import fork_server

FORKING = """
import multiprocessing

from tv5_assets.dagster_kit import fork_server

SAY = "import sys; print('tv5_assets.preload' in sys.modules, 'sentence_transformers' in sys.modules)"

if __name__ == "__main__":
    fork_server.start(text_models=False)
    step = multiprocessing.get_context("forkserver").Process(target=exec, args=(SAY,))
    step.start()
    step.join()
"""


def test_a_step_finds_imported_what_most_steps_need():
    said = subprocess.run([sys.executable, "-c", FORKING], stdout=subprocess.PIPE, text=True, check=True, timeout=120)

    assert said.stdout == "True False\n"


def test_libraries_of_text_models_are_imported_where_they_are_needed():
    assert "sentence_transformers" in fork_server.modules(text_models=True)
    assert "sentence_transformers" not in fork_server.modules(text_models=False)
