import json
from pathlib import Path

import numpy as np
import pytest

from tv5_assets.errors import InputError
from tv5_assets.models.artifacts import ModelFolder, read_model, write_model

MODEL = ModelFolder(
    tensors={"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "visits": np.array([[1], [2]], dtype=np.int64)},
    config={"axes": ["a", "b"], "discount": 0.5},
    metrics={"loss": [0.5, 0.25]},
)


def assert_equal(left: ModelFolder, right: ModelFolder) -> None:
    assert (left.config, left.metrics, left.tensors.keys()) == (right.config, right.metrics, right.tensors.keys())
    for name, tensor in left.tensors.items():
        np.testing.assert_array_equal(tensor, right.tensors[name])
        assert tensor.dtype == right.tensors[name].dtype


def test_a_folder_gives_back_what_was_written(tmp_path: Path) -> None:
    write_model(MODEL, tmp_path / "models" / "prior")
    assert_equal(read_model(tmp_path / "models" / "prior"), MODEL)


def test_tensors_that_are_views_are_written_as_they_look(tmp_path: Path) -> None:
    transposed = np.arange(6, dtype=np.float32).reshape(2, 3).T
    write_model(ModelFolder({"t": transposed}), tmp_path / "m")
    np.testing.assert_array_equal(read_model(tmp_path / "m").tensors["t"], transposed)


def test_the_folder_holds_three_plain_files(tmp_path: Path) -> None:
    write_model(MODEL, tmp_path / "m")
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "config.json", "metrics.json", "model.safetensors",
    ]  # fmt: skip
    assert json.loads((tmp_path / "m" / "config.json").read_text()) == MODEL.config


@pytest.mark.parametrize("bad", [float("nan"), np.float32(1), {1, 2}])
def test_what_json_has_not_is_refused(tmp_path: Path, bad: object) -> None:
    with pytest.raises(InputError, match=r"metrics\.json"):
        write_model(ModelFolder({}, metrics={"loss": bad}), tmp_path / "m")


@pytest.mark.parametrize("damaged", ["model.safetensors", "config.json", "metrics.json"])
def test_a_damaged_folder_is_named(tmp_path: Path, damaged: str) -> None:
    write_model(MODEL, tmp_path / "m")
    (tmp_path / "m" / damaged).write_bytes(b"{")
    with pytest.raises(InputError, match="m is not a folder of a model"):
        read_model(tmp_path / "m")
    (tmp_path / "m" / damaged).unlink()
    with pytest.raises(InputError, match="m is not a folder of a model"):
        read_model(tmp_path / "m")
