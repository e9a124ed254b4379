"""The code location: everything in defs/, put together."""

from pathlib import Path

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository

from tv5_assets.defs.jobs import MAIN

defs = dg.load_from_defs_folder(path_within_project=Path(__file__))


def main_job() -> dg.JobDefinition:
    """Return the job of the whole graph."""
    return defs.resolve_job_def(MAIN)


def main_job_for_steps() -> ReconstructableJob:
    """Return where the process of each step finds the job of the whole graph again.

    That is in the definitions, as for runs that the web UI launches: they keep the job, where one that
    ``dagster.reconstructable`` finds is put together and checked anew, twice for each step.
    """
    return ReconstructableRepository.for_module(__name__, "defs").get_reconstructable_job(MAIN)
