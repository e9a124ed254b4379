"""How many embeddings and trainings run at a time."""

import dagster as dg
import pytest

from tv5_assets.dagster_kit import pools
from tv5_assets.settings import Settings


@pytest.mark.parametrize(
    ("given", "driver", "steps"),
    [
        ({}, False, 2),
        ({}, True, 1),
        ({"device": "cpu"}, True, 2),
        ({"device": "cuda"}, False, 1),
        ({"device": "cuda", "model_steps": 3}, True, 3),
    ],
)
def test_a_gpu_belongs_to_one_step(monkeypatch: pytest.MonkeyPatch, given, driver: bool, steps: int):
    monkeypatch.setattr(pools.shutil, "which", lambda name: f"/usr/bin/{name}" if driver else None)
    assert pools.model_steps(Settings(**given)) == steps


def test_the_size_is_set_again_where_it_stands():
    with dg.instance_for_test() as instance:
        for steps in (2, 1, 3):
            pools.set_sizes(instance, Settings(model_steps=steps))
            (limit,) = instance.event_log_storage.get_pool_limits()
            assert (limit.name, limit.limit) == (pools.MODELS, steps)
