"""Schedules: what runs by the clock."""

import dagster as dg

from tv5_assets.cadence import TRENDS
from tv5_assets.dagster_kit.instance import UNFINISHED
from tv5_assets.defs.jobs import MAIN, TRENDS_REFRESH, main, trends_refresh


@dg.schedule(
    job=trends_refresh, cron_schedule=TRENDS.cron, name=TRENDS_REFRESH, default_status=dg.DefaultScheduleStatus.RUNNING
)
def trends_refresh_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Renew the trends every 15 minutes; skip while a renewal, or a run of the whole graph, is still in progress."""
    for job in (TRENDS_REFRESH, MAIN):
        if context.instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNFINISHED), limit=1):
            return dg.SkipReason(f"a run of {job} is still in progress")
    if context.instance.get_latest_materialization_event(dg.AssetKey(["synthetic", "trends"])) is None:
        return dg.SkipReason("synthetic/trends has never been materialized; run the job `main` first")
    return dg.RunRequest()


nightly_refresh = dg.ScheduleDefinition(
    name="nightly_refresh",
    target=main,
    cron_schedule="0 3 * * *",
    description="Renew the whole graph every night. Stores whose source did not change are left as they are.",
)
