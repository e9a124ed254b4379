"""Every size can be trained and searched from, and the size of a training follows from the set and the device."""

from dataclasses import fields
from typing import get_args

import pytest

from tv5_assets.models.presets import LARGE, Size, sequence, size_of, two_tower
from tv5_assets.models.train import TrainConfig
from tv5_assets.models.tuning import Choice
from tv5_assets.models.two_tower import TwoTowerConfig
from tv5_assets.models.two_tower_search import two_tower_space

SIZES: tuple[Size, ...] = get_args(Size)


def test_auto_goes_by_the_number_of_ratings_and_the_device():
    assert size_of("auto", LARGE - 1, "cpu") == size_of("auto", LARGE - 1, "cuda:0") == "small"
    assert size_of("auto", LARGE, "cpu") == "quick"
    assert size_of("auto", LARGE, "cuda:0") == "published"
    assert size_of("small", LARGE, "cuda:0") == "small"


@pytest.mark.parametrize("size", SIZES)
def test_a_number_of_epochs_replaces_that_of_a_size(size: Size):
    assert two_tower(size, 7).train.epochs == 7 != two_tower(size).train.epochs
    assert [config.train.epochs for config in sequence(size, 7)] == [7, 7]
    assert {config.kind for config in sequence(size)} == {"sasrec", "bert4rec"}


@pytest.mark.parametrize("size", SIZES)
def test_a_search_begins_inside_its_own_space(size: Size):
    start = two_tower(size)
    of_training = {field.name for field in fields(TrainConfig)}
    assert two_tower_space(start).keys() <= of_training | {field.name for field in fields(TwoTowerConfig)}
    for name, hyperparameter in two_tower_space(start).items():
        value = getattr(start.train if name in of_training else start, name)
        if isinstance(hyperparameter, Choice):
            assert value in hyperparameter.values
        else:
            assert hyperparameter.low <= value <= hyperparameter.high
