import os
from pathlib import Path

import pytest
from upath import UPath

from tv5_assets.errors import InputError
from tv5_assets.settings import Settings, load_settings


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


@pytest.mark.parametrize("secret", ["neo4j_password", "postgres_url", "redis_url", "milvus_token", "dagster_pg_url"])
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


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().seed = 1
