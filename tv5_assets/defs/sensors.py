"""Sensors: what runs because something happened."""

import dagster as dg

from tv5_assets.defs.jobs import main
from tv5_assets.movielens import archive
from tv5_assets.settings import load_settings


@dg.sensor(job=main, minimum_interval_seconds=60)
def new_archive(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Run the whole graph when the archive of the dataset appears in TV5_ARCHIVE_DIR or changes there."""
    settings = load_settings()
    if settings.archive_dir is None:
        return dg.SkipReason("TV5_ARCHIVE_DIR is not set, so there is no folder to watch")
    found = archive.find(settings.dataset, [settings.archive_dir])
    if found is None:
        return dg.SkipReason(f"there is no {settings.dataset} in {settings.archive_dir}")
    state = found.stat()
    seen = f"{found}:{state.st_size}:{state.st_mtime_ns}"
    if seen == context.cursor:
        return dg.SkipReason(f"{found} has not changed")
    context.update_cursor(seen)
    return dg.RunRequest(run_key=seen)
