import os
from dataclasses import replace
from pathlib import Path

import pytest
from upath import UPath

from tv5_assets.errors import InputError
from tv5_assets.settings import Scale, Settings, Sizes, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TV5_")]:
        monkeypatch.delenv(name)


def test_every_setting_has_a_default_and_a_description() -> None:
    settings = load_settings()
    assert (settings.dataset, settings.engine, settings.seed) == ("ml-latest-small", "polars", 42)
    assert all(field.description for field in Settings.model_fields.values())


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TV5_DATASET", "ml-25m")
    monkeypatch.setenv("TV5_ARCHIVE_DIR", str(tmp_path))
    monkeypatch.setenv("TV5_SEED", "7")
    settings = load_settings()
    assert (settings.dataset, settings.archive_dir, settings.seed) == ("ml-25m", tmp_path, 7)


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TV5_ARCHIVE_DIR", "")
    monkeypatch.setenv("TV5_SEED", "")
    assert (load_settings().archive_dir, load_settings().seed) == (None, 42)


def test_a_wrong_value_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TV5_DATASET", "ml-9")
    monkeypatch.setenv("TV5_MAX_REJECT_SHARE", "2")
    with pytest.raises(InputError) as caught:
        load_settings()
    assert "TV5_DATASET" in str(caught.value) and "'ml-9'" in str(caught.value) and "ml-25m" in str(caught.value)
    assert "TV5_MAX_REJECT_SHARE" in str(caught.value) and "'2'" in str(caught.value)


@pytest.mark.parametrize(
    "secret", ["neo4j_password", "postgres_url", "redis_url", "milvus_token", "dagster_pg_url", "mlflow_url"]
)
def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv(f"TV5_{secret.upper()}", "hunter2")
    settings = load_settings()
    assert "hunter2" not in repr(settings)
    assert getattr(settings, secret).get_secret_value() == "hunter2"


def test_each_dataset_has_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TV5_HOME", str(tmp_path))
    monkeypatch.setenv("TV5_DATASET", "ml-1m")
    assert load_settings().dataset_root == UPath(tmp_path / "data/ml-1m")


def test_the_data_folder_may_be_an_object_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TV5_DATA_DIR", "memory://bucket/tv5")
    root = load_settings().dataset_root
    assert root.protocol == "memory"
    assert str(root) == "memory://bucket/tv5/ml-latest-small"


def test_tracked_models_lie_in_the_home_beside_remote_data_or_with_the_tracking_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TV5_HOME", str(tmp_path))
    assert load_settings().mlflow_artifacts == f"file://{tmp_path}/mlflow-artifacts"
    monkeypatch.setenv("TV5_DATA_DIR", "memory://bucket/tv5")
    assert load_settings().mlflow_artifacts == "memory://bucket/tv5/mlflow-artifacts"
    monkeypatch.setenv("TV5_MLFLOW_URL", "https://mlflow")
    assert load_settings().mlflow_artifacts == ""


@pytest.mark.parametrize(
    ("scale", "sizes"),
    [
        ("small", Sizes(contexts=5_000, segments=None, catalog_items=10_000, queries=1_000)),
        ("full", Sizes(contexts=100_000, segments=1_000_000, catalog_items=1_000_000, queries=10_000)),
    ],
)
def test_the_scale_sets_the_sizes_of_the_generated_world(monkeypatch: pytest.MonkeyPatch, scale: str, sizes: Sizes):
    assert load_settings().scale is Scale.small
    monkeypatch.setenv("TV5_SCALE", scale)
    assert load_settings().sizes == sizes


@pytest.mark.parametrize("name", ["contexts", "segments", "catalog_items", "queries"])
def test_a_size_that_is_set_stands_above_the_scale(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("TV5_SCALE", "full")
    others = load_settings().sizes
    monkeypatch.setenv(f"TV5_{name.upper()}", "77")
    assert load_settings().sizes == replace(others, **{name: 77})


def test_segments_grow_with_the_movies_unless_their_number_is_set(monkeypatch: pytest.MonkeyPatch):
    assert load_settings().sizes.segments_of(movies=9_742) == 4 * 9_742
    monkeypatch.setenv("TV5_SEGMENTS", "100")
    assert load_settings().sizes.segments_of(movies=9_742) == 100


@pytest.mark.parametrize(("name", "value"), [("SCALE", "huge"), ("CONTEXTS", "0"), ("CATALOG_ITEMS", "many")])
def test_a_wrong_size_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"TV5_{name}", value)
    with pytest.raises(InputError, match=rf"TV5_{name}: .*'{value}'"):
        load_settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().seed = 1
