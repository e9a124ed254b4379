"""A trained model as a folder: its tensors, its configuration and its metrics.

The folder holds ``model.safetensors``, ``config.json`` and ``metrics.json``, which any language reads and none can
execute. What does not belong here: how a model is trained, and what its tensors mean.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tv5_assets.errors import InputError

_TENSORS = "model.safetensors"
_CONFIG = "config.json"
_METRICS = "metrics.json"


@dataclass(frozen=True)
class ModelFolder:
    """What a model consists of.

    Attributes:
        tensors: arrays by name.
        config: what is needed to build the model again and to read its tensors; JSON values.
        metrics: what was measured while and after training; JSON values.
    """

    tensors: dict[str, npt.NDArray[Any]]
    config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)


def write_model(model: ModelFolder, folder: Path) -> None:
    """Write a model into a new folder; files.replacing puts one in the place of another.

    Raises:
        InputError: the configuration or the metrics hold what JSON does not have, such as NaN or an array.
    """
    folder.mkdir(parents=True)
    save_file({name: np.asarray(tensor, order="C") for name, tensor in model.tensors.items()}, folder / _TENSORS)
    _write_json(model.config, folder / _CONFIG)
    _write_json(model.metrics, folder / _METRICS)


def read_model(folder: Path) -> ModelFolder:
    """Read a model written by :func:`write_model`.

    Raises:
        InputError: the folder is not there or not of this kind.
    """
    try:
        return ModelFolder(
            tensors=load_file(folder / _TENSORS),
            config=json.loads((folder / _CONFIG).read_text(encoding="utf-8")),
            metrics=json.loads((folder / _METRICS).read_text(encoding="utf-8")),
        )
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(f"{folder} is not a folder of a model ({error}); materialize its asset again") from error


def _write_json(values: dict[str, Any], path: Path) -> None:
    try:
        text = json.dumps(values, indent=2, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path.name} of a model holds something that JSON has not: {error}") from error
    path.write_text(text + "\n", encoding="utf-8")
