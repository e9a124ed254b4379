"""What a run may set about its resources, as the launchpad of the web UI does."""

import dagster as dg
import pytest

from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.definitions import main_job
from tv5_assets.settings import Scale, Sizes

FULL = {"resources": {"settings": {"config": {"scale": "full"}}}}


def sizes_in_a_run(run_config: dict[str, object] | None) -> Sizes:
    seen: list[Sizes] = []

    @dg.asset
    def sized(settings: SettingsResource) -> None:
        seen.append(settings.get().sizes)

    resources = {"settings": SettingsResource.configure_at_launch()}
    assert dg.materialize([sized], resources=resources, run_config=run_config).success
    return seen[0]


@pytest.mark.parametrize(("run_config", "items"), [(None, 10_000), (FULL, 1_000_000)], ids=["as set", "in one run"])
def test_a_run_may_have_a_scale_of_its_own(monkeypatch: pytest.MonkeyPatch, run_config, items: int):
    monkeypatch.delenv("TV5_SCALE", raising=False)
    assert sizes_in_a_run(run_config).catalog_items == items


def test_a_run_without_a_scale_follows_the_setting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TV5_SCALE", Scale.full)
    assert sizes_in_a_run(None).catalog_items == 1_000_000


def test_the_graph_takes_the_scale_from_the_launchpad():
    assert dg.validate_run_config(main_job(), FULL)
    with pytest.raises(dg.DagsterInvalidConfigError, match="scale"):
        dg.validate_run_config(main_job(), {"resources": {"settings": {"config": {"scale": "huge"}}}})
