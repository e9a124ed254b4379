"""What runs by itself: schedules, the sensor, freshness and pools, as the definitions have them."""

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._utils.schedules import cron_string_iterator  # as its daemon reads a cron expression

from tv5_assets.cadence import PLATFORMS, POLICIES, TRENDS
from tv5_assets.dagster_kit.instance import UNFINISHED
from tv5_assets.definitions import defs
from tv5_assets.defs.jobs import MAIN, TRENDS_REFRESH
from tv5_assets.defs.schedules import trends_refresh_schedule
from tv5_assets.defs.sensors import new_archive
from tv5_assets.stores import redis
from tv5_assets.tables.table import all_tables

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
REPOSITORY = defs.get_repository_def()
SPECS = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


@pytest.fixture(scope="module")
def local_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    # On disk, because the context of a tick opens an instance by its reference, which one in memory does not have.
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance"))) as instance:
        yield instance


@pytest.fixture
def instance(local_instance: dg.DagsterInstance) -> Iterator[dg.DagsterInstance]:
    """An instance in which nothing has happened yet."""
    yield local_instance
    local_instance.wipe()


def ticks(cron: str, count: int) -> list[datetime]:
    """Return the first times from noon on at which a cron expression fires."""
    return list(islice(cron_string_iterator(NOON.timestamp(), cron, "UTC"), count))


def tick(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=NOON)
    return trends_refresh_schedule(context)


def materialize_trends(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(["synthetic", "trends"]))


def begin(instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus) -> None:
    instance.add_run(dg.DagsterRun(job_name=job, status=status))


# --- The trends, every 15 minutes ---


def test_trends_are_renewed_every_15_minutes_without_anybody_asking():
    schedule = REPOSITORY.get_schedule_def(TRENDS_REFRESH)
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == TRENDS_REFRESH
    assert ticks(schedule.cron_schedule, 4) == [NOON + timedelta(minutes=15 * n) for n in range(4)]


def test_a_renewal_computes_the_ranking_and_what_is_published_of_it():
    keys = REPOSITORY.get_job(TRENDS_REFRESH).asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in keys} == {
        "synthetic/trends_now",
        "synthetic/trending_topics",
        "redis/trends",
    }


def test_a_tick_requests_a_run_once_there_are_trends(instance: dg.DagsterInstance):
    skipped = tick(instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "never been materialized" in str(skipped.skip_message)
    materialize_trends(instance)
    assert isinstance(tick(instance), dg.RunRequest)


@pytest.mark.parametrize("job", [TRENDS_REFRESH, MAIN])
@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_a_tick_is_skipped_while_a_run_is_in_progress(instance: dg.DagsterInstance, job: str, status: str):
    materialize_trends(instance)
    begin(instance, job, dg.DagsterRunStatus[status])
    skipped = tick(instance)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == f"a run of {job} is still in progress"


def test_a_run_is_in_progress_until_it_has_ended():
    # A queued run is one too; only a daemon can make one, so that no test above begins one.
    ended = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
    elsewhere = {dg.DagsterRunStatus.MANAGED, dg.DagsterRunStatus.SUSPENDED}  # of Dagster's own service
    assert {*UNFINISHED, *ended, *elsewhere} == set(dg.DagsterRunStatus)
    assert ended.isdisjoint(UNFINISHED)


@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "CANCELED"])
def test_ended_runs_hold_nothing_up(instance: dg.DagsterInstance, status: str):
    materialize_trends(instance)
    for job in (TRENDS_REFRESH, MAIN):
        begin(instance, job, dg.DagsterRunStatus[status])
    assert isinstance(tick(instance), dg.RunRequest)


def test_a_run_of_another_job_holds_nothing_up(instance: dg.DagsterInstance):
    materialize_trends(instance)
    begin(instance, "__ASSET_JOB", dg.DagsterRunStatus.STARTED)
    assert isinstance(tick(instance), dg.RunRequest)


def test_schedule_freshness_and_time_to_live_agree():
    assert REPOSITORY.get_schedule_def(TRENDS_REFRESH).cron_schedule == TRENDS.cron
    assert redis.TRENDS.ttl_seconds == TRENDS.ttl_seconds == 15 * 60
    for asset in ("synthetic/trends_now", "synthetic/trending_topics"):
        policy = SPECS[asset].freshness_policy
        assert policy.fail_window.to_timedelta() == TRENDS.fail_after == timedelta(minutes=45)
        assert policy.warn_window.to_timedelta() == TRENDS.warn_after == timedelta(minutes=20)
    for cadence in (TRENDS, PLATFORMS, POLICIES):
        first, second = ticks(cadence.cron, 2)
        assert second - first == cadence.every == timedelta(seconds=cadence.ttl_seconds), "a key lives until renewed"


# --- The whole graph, every night ---


def test_the_whole_graph_is_renewed_every_night():
    schedule = REPOSITORY.get_schedule_def("nightly_refresh")
    assert schedule.job_name == MAIN
    assert ticks(schedule.cron_schedule, 2) == [NOON + timedelta(hours=15), NOON + timedelta(hours=39)]
    assert REPOSITORY.get_job(MAIN).asset_layer.executable_asset_keys == {spec.key for spec in SPECS.values()}
    assert redis.PLATFORMS.ttl_seconds == redis.POLICIES.ttl_seconds == 24 * 60 * 60


def test_every_gate_runs_with_the_whole_graph():
    assert REPOSITORY.get_job(MAIN).asset_layer.asset_graph.asset_check_keys == set(
        defs.resolve_asset_graph().asset_check_keys
    )


# --- A new archive ---


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "archives"
    folder.mkdir()
    monkeypatch.setenv("TV5_ARCHIVE_DIR", str(folder))
    monkeypatch.setenv("TV5_DATASET", "ml-latest-small")
    monkeypatch.setenv("TV5_HOME", str(tmp_path / "home"))
    return folder


def put(folder: Path, text: str, dataset: str = "ml-latest-small") -> Path:
    archive = folder / f"{dataset}.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{dataset}/README.txt", text)
    return archive


def look(instance: dg.DagsterInstance, cursor: str | None) -> tuple[dg.RunRequest | dg.SkipReason, str | None]:
    """Return what the sensor does, and its cursor after it."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    return new_archive(context), context.cursor


def test_a_new_archive_starts_one_run_and_a_changed_one_another(instance: dg.DagsterInstance, archives: Path):
    skipped, cursor = look(instance, None)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == f"there is no ml-latest-small in {archives}"

    put(archives, "first")
    first, cursor = look(instance, cursor)
    assert isinstance(first, dg.RunRequest)

    unchanged, same = look(instance, cursor)
    assert isinstance(unchanged, dg.SkipReason)
    assert "has not changed" in str(unchanged.skip_message)
    assert same == cursor

    put(archives, "another size")
    second, _ = look(instance, cursor)
    assert isinstance(second, dg.RunRequest)
    assert second.run_key != first.run_key


def test_the_same_archive_never_starts_two_runs(instance: dg.DagsterInstance, archives: Path):
    put(archives, "first")
    (first, _), (again, _) = look(instance, None), look(instance, None)
    assert first.run_key == again.run_key, "the run key stands even where the cursor was lost"


def test_another_dataset_starts_nothing(instance: dg.DagsterInstance, archives: Path):
    put(archives, "not asked for", dataset="ml-1m")
    skipped, _ = look(instance, None)
    assert isinstance(skipped, dg.SkipReason)


def test_without_a_folder_there_is_nothing_to_watch(
    instance: dg.DagsterInstance, archives: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("TV5_ARCHIVE_DIR")
    skipped, _ = look(instance, None)
    assert isinstance(skipped, dg.SkipReason)
    assert "TV5_ARCHIVE_DIR is not set" in str(skipped.skip_message)


def test_the_sensor_runs_the_whole_graph():
    assert REPOSITORY.get_sensor_def("new_archive").job_name == MAIN


# --- Pools ---


def test_every_store_asset_is_in_the_pool_of_its_store_and_every_model_on_the_gpu():
    stores = {"milvus", "neo4j", "agentdb", "redis"}
    graph = defs.resolve_asset_graph()
    for key in SPECS:
        asset = graph.get(dg.AssetKey(key.split("/"))).assets_def
        layer = key.split("/")[0]
        of_vectors = layer == "embeddings" and key not in all_tables()
        counted = {f"models/{name}" for name in ("policies", "policy_prior", "policy_values", "leaderboard")}
        trained = layer == "models" and key not in counted
        expected = {layer} if layer in stores else {"gpu"} if of_vectors or trained else set()
        assert asset.node_def.pools == expected, key


def test_one_load_at_a_time_writes_into_a_store():
    config = yaml.safe_load((Path(__file__).parents[2] / "dagster.yaml").read_text())
    assert config["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
