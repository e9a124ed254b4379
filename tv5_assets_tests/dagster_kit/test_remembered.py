"""What a step remembers, and everything that makes it compute again."""

from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from tv5_assets.dagster_kit import remembered
from tv5_assets.dagster_kit.assets import model_out, multi_asset, page_asset, table_out
from tv5_assets.dagster_kit.io_managers import ModelIOManager, PageIOManager, TableIOManager
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.models.artifacts import ModelFolder, write_model
from tv5_assets.reports.page import Rendered
from tv5_assets.tables.processed import GenomeTags

INPUT = "models/known"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TV5_HOME", str(tmp_path))
    monkeypatch.setenv("TV5_DATASET", "simulated")
    given(tmp_path, 1.0)
    return tmp_path


def given(home: Path, value: float) -> None:
    folder = home / "data/simulated" / INPUT
    if folder.exists():
        (folder / "model.safetensors").unlink()
        (folder / "config.json").unlink()
        (folder / "metrics.json").unlink()
        folder.rmdir()
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_model(ModelFolder({"value": np.array([value])}), folder)


def computed() -> tuple[list[float], dg.ExecuteInProcessResult]:
    """Materialize a training; return the inputs that it was computed of, none where it was not computed."""
    calls: list[float] = []

    @multi_asset(
        name="train",
        outs={
            "rows": table_out(GenomeTags),
            "model": model_out("models/made", about="Made.", owner="team:a", kinds=("torch",)),
        },
        ins={"known": INPUT},
        remembered=True,
    )
    def train(
        context: dg.AssetExecutionContext, settings: SettingsResource, known: ModelFolder
    ) -> tuple[pl.DataFrame, ModelFolder]:
        calls.append(float(known.tensors["value"][0]))
        texts = ["a text too long to lie in a view", "noir"]
        rows = pl.DataFrame({"tag_id": [2, 1], "tag": texts}, schema={"tag_id": pl.Int16, "tag": pl.String})
        rows = rows.sort("tag_id")  # which leaves texts lying otherwise than a file that is read
        config = {"trained": (1, 0.1), "name": "made"}  # of which the file makes a list
        tensors = {"b": np.arange(3), "a": known.tensors["value"], "scalar": np.array(0.5)}
        return rows, ModelFolder(tensors, config, {"loss": [0.3, None]})

    source = dg.AssetSpec(INPUT.split("/"), metadata={"dagster/io_manager_key": "models"})
    result = dg.materialize(
        [train, source],
        selection=[train],
        resources={"tables": TableIOManager(), "models": ModelIOManager(), "settings": SettingsResource()},
    )
    return calls, result


def drawn() -> tuple[list[float], dg.ExecuteInProcessResult]:
    """Materialize a page; return the inputs that it was drawn of, none where it was not drawn."""
    calls: list[float] = []

    @page_asset("reports/made", about="Made.", owner="team:a", kinds=("polars",), ins={"known": INPUT})
    def made(context: dg.AssetExecutionContext, settings: SettingsResource, **known: ModelFolder) -> Rendered:
        calls.append(float(known["known"].tensors["value"][0]))
        return Rendered(f"<p>{calls}</p>", {"known": f"**{calls}**"}, {"plots": 1, "mean": calls[-1]})

    source = dg.AssetSpec(INPUT.split("/"), metadata={"dagster/io_manager_key": "models"})
    result = dg.materialize(
        [made, source],
        selection=[made],
        resources={"pages": PageIOManager(), "models": ModelIOManager(), "settings": SettingsResource()},
    )
    return calls, result


def test_a_page_whose_tables_did_not_change_is_shown_as_it_was(home: Path) -> None:
    first, drawn_first = drawn()
    again, kept = drawn()
    assert (first, again) == ([1.0], [])
    assert (home / "data/simulated/reports/made.html").read_text() == "<p>[1.0]</p>"
    (before,), (after,) = (one.asset_materializations_for_node("reports__made") for one in (drawn_first, kept))
    shown = dict(after.metadata)
    assert shown.pop("changed").value is False
    assert {name for name in shown if shown[name] != before.metadata[name]} <= {"seconds", "write_seconds"}
    assert {"known", "plots", "mean"} <= shown.keys()


@pytest.mark.parametrize("fate", ["gone", "replaced"])
def test_a_page_that_is_not_there_is_drawn_again(home: Path, fate: str) -> None:
    drawn()
    page = home / "data/simulated/reports/made.html"
    page.unlink() if fate == "gone" else page.write_text("<p>mine</p>")
    assert drawn()[0] == [1.0]


def test_another_input_gives_another_page(home: Path) -> None:
    drawn()
    given(home, 2.0)
    assert drawn()[0] == [2.0]


def test_what_did_not_change_is_not_computed_again(home: Path) -> None:
    first, _ = computed()
    folder = home / "data/simulated/models/made"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again, result = computed()
    assert (first, again) == ([1.0], [])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    events = result.asset_materializations_for_node("train")
    assert all(event.metadata["changed"].value is False for event in events)


def test_an_input_a_setting_and_the_code_decide(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed()
    given(home, 2.0)
    assert computed()[0] == [2.0]
    monkeypatch.setenv("TV5_SEED", "7")
    assert computed()[0] == [2.0]
    monkeypatch.setattr(remembered, "_code", lambda: "another line")
    assert computed()[0] == [2.0]
    assert computed()[0] == []


def test_where_things_are_does_not_matter(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed()
    monkeypatch.setenv("TV5_UI_PORT", "3999")
    monkeypatch.setenv("TV5_MILVUS_URI", "http://localhost:1")
    assert computed()[0] == []


@pytest.mark.parametrize("output", ["models/made", "processed/genome_tags.parquet"])
@pytest.mark.parametrize("fate", ["gone", "replaced"])
def test_a_note_whose_outputs_are_not_there_is_not_believed(home: Path, output: str, fate: str) -> None:
    computed()
    place = home / "data/simulated" / output
    if fate == "gone":
        place.rename(home / "elsewhere")
    elif place.is_dir():
        (place / "config.json").write_text('{"name": "another"}')
    else:
        pl.DataFrame({"tag_id": [9], "tag": ["a"]}, schema={"tag_id": pl.Int16, "tag": pl.String}).write_parquet(place)
    assert computed()[0] == [1.0]


def test_a_note_that_cannot_be_read_is_not_believed(home: Path) -> None:
    computed()
    (home / "remembered/simulated/train.json").write_text('{"key": "half')
    assert computed()[0] == [1.0]
