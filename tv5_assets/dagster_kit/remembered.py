"""Steps that remember what they computed: with the same inputs, settings and code they hand on what stands already.

For what takes long, such as training or drawing, and comes out the same when it is done again. What does not belong
here: what a store holds already (stores/) and texts that have their vectors (embeddings/shards.py), which know more
exactly what of them is new.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import dagster as dg
import polars as pl
from pydantic import BaseModel, ValidationError
from upath import UPath

import tv5_assets
from tv5_assets.dagster_kit.io_managers import ModelIOManager, PageIOManager, TableIOManager
from tv5_assets.errors import InputError
from tv5_assets.files import replacing
from tv5_assets.fingerprint import fingerprint
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.reports.notebook import NOTEBOOKS
from tv5_assets.reports.page import Rendered
from tv5_assets.settings import Settings

_MANAGERS: dict[str | None, Callable[[], Any]] = {
    "tables": TableIOManager,
    "models": ModelIOManager,
    "pages": PageIOManager,
}
_SUFFIXES = (".parquet", ".arrow", "")  # of tables, vectors and models
_OF_NO_MATTER = {"home", "data_dir", "archive_dir", "download_url", "ui_port", "mlflow_port", "milvus_uri"}
_OF_NO_MATTER |= {"model_steps", "neo4j_uri", "neo4j_user", "neo4j_database", "spark_url"}
_OF_NO_MATTER |= {"neo4j_server", "milvus_server", "servers_dir"}
"""Settings that say where things are and which servers keep them; those that are secret say no more."""


class _Memory(BaseModel):
    """What a step came to.

    Attributes:
        key: of all that decided it.
        values: fingerprint of each output.
        pages: each output that is a page, of which its file is not all.
    """

    key: str
    values: dict[str, str]
    pages: dict[str, Rendered] = {}


def remembering(
    name: str, outs: Mapping[str, dg.AssetOut], ins: Iterable[str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Wrap the body of a step of tables, models and pages that takes ``context`` and ``settings``.

    What it computed is kept in the files of its outputs; a note in the home says from what. A note whose outputs are
    not what it says, since the step was killed before they were written or someone replaced one, is not believed.

    Args:
        name: of the step.
        outs: what it makes; a body that makes one thing returns it, others return a tuple.
        ins: keys of the assets whose files it is made from.
    """
    read_from = tuple(ins)
    keys = [dg.AssetKey.from_coercible(out.key) for out in outs.values() if out.key]
    managers = [_MANAGERS[out.io_manager_key]() for out in outs.values()]

    def decorate(body: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(body)
        def step(context: dg.AssetExecutionContext, settings: Any, **given: Any) -> Any:
            chosen = settings.get()
            note = chosen.home / "remembered" / chosen.dataset / f"{name}.json"
            key = _key(chosen, read_from)
            if (known := _recalled(note, key, keys, managers)) is not None:
                context.log.info(f"{name}: inputs, settings and code are those of what stands; nothing is computed")
                for out in outs:
                    context.add_output_metadata({"changed": False}, output_name=out)
                return known if len(outs) > 1 else known[0]
            made = body(context, settings, **given)
            values = dict(zip(map(_name, keys), made if len(outs) > 1 else (made,), strict=True))
            memory = _Memory(
                key=key,
                values={name: _fingerprint(value) for name, value in values.items()},
                pages={name: value for name, value in values.items() if isinstance(value, Rendered)},
            )
            note.parent.mkdir(parents=True, exist_ok=True)
            with replacing(note) as part:
                part.write_text(memory.model_dump_json(), encoding="utf-8")
            return made

        return step

    return decorate


def _key(settings: Settings, ins: Iterable[str]) -> str:
    """Return what depends on every input, every setting that can matter and every line of the platform's code."""
    public = settings.model_dump(mode="json", exclude=_OF_NO_MATTER)
    return fingerprint(
        json.dumps(public, sort_keys=True), version("torch"), _code(), *(_digest(settings, key) for key in ins)
    )


@functools.cache
def _code() -> str:
    return fingerprint(
        *(
            f"{path.relative_to(root)} {path.read_text('utf-8')}"
            for root in (Path(tv5_assets.__file__).parent, NOTEBOOKS)
            for path in sorted(root.rglob("*.py"))
        )
    )


def _digest(settings: Settings, key: str) -> str:
    """Return a digest of the file or folder of an input."""
    for suffix in _SUFFIXES:
        path = settings.dataset_root / f"{key}{suffix}"
        if path.exists():
            files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
            return " ".join(_of_file(file) for file in files)
    raise InputError(f"{key} is not there ({settings.dataset_root}); materialize it first")


def _of_file(path: UPath) -> str:
    with path.open("rb") as file:
        return f"{path.name} {hashlib.file_digest(cast(Any, file), 'blake2b').hexdigest()}"  # fsspec's type is too wide


def _recalled(note: Path, key: str, keys: list[dg.AssetKey], managers: list[Any]) -> tuple[Any, ...] | None:
    """Return the outputs where the note is of this key and they are what it says."""
    try:
        memory = _Memory.model_validate_json(note.read_text(encoding="utf-8"))
        if memory.key != key:
            return None
        found = {
            _name(one): manager.read(one, manager.path_of(one), pl.DataFrame)
            for one, manager in zip(keys, managers, strict=True)
        }
    except (FileNotFoundError, ValidationError, InputError):
        return None
    if any(memory.values.get(name) != _fingerprint(value) for name, value in found.items()):
        return None
    return tuple(memory.pages.get(name, value) for name, value in found.items())


def _fingerprint(value: pl.DataFrame | ModelFolder | Rendered | str) -> str:
    """Return the fingerprint of an output as it is made or as it is read."""
    if isinstance(value, Rendered):
        return fingerprint(value.html)
    if isinstance(value, str):
        return fingerprint(value)
    if isinstance(value, pl.DataFrame):
        return fingerprint(value)
    tensors = [part for name, tensor in sorted(value.tensors.items()) for part in (name, tensor)]
    return fingerprint(*tensors, json.dumps([value.config, value.metrics], sort_keys=True))


def _name(key: dg.AssetKey) -> str:
    return key.to_user_string()
