"""The code location: everything in defs/, put together."""

from pathlib import Path

import dagster as dg

from tv5_assets.defs.jobs import MAIN

defs = dg.load_from_defs_folder(path_within_project=Path(__file__))


def main_job() -> dg.JobDefinition:
    """Return the job of the whole graph; each step's process finds it again by this function's name."""
    return defs.resolve_job_def(MAIN)
