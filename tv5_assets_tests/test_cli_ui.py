"""The life of ``tv5 ui``: it serves the whole graph, and however it ends, nothing of it stays."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tv5_assets.definitions import defs
from tv5_assets_tests.commands import TINY, Tv5, closed_port

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tv5() -> Iterator[Tv5]:
    with tempfile.TemporaryDirectory(prefix="tv5-") as folder:
        yield Tv5(Path(folder) / "home", TINY)


def address_of(ui: "subprocess.Popen[str]", pages: str) -> str:
    assert ui.stdout is not None
    said = []
    for line in ui.stdout:
        said.append(line)
        if f"{pages} is at" in line:
            return line.split()[-1]
    raise AssertionError("".join(said))


def ask(address: str, query: str) -> Any:
    answer = httpx.post(f"{address}/graphql", json={"query": query}, timeout=60).raise_for_status().json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.faults)], ids=lambda number: number.name
)
def test_nothing_of_it_stays_however_it_ends(tv5: Tv5, number: signal.Signals):
    port, mlflow_port = closed_port(), closed_port()
    with tv5.started("ui", "--port", str(port), TV5_MLFLOW_PORT=str(mlflow_port)) as ui:
        address = address_of(ui, "The web UI")
        assert address == f"http://127.0.0.1:{port}"
        nodes = ask(address, "{ assetNodes { assetKey { path } groupName description owners { __typename } } }")
        keys = {"/".join(node["assetKey"]["path"]) for node in nodes["assetNodes"]}
        assert keys == {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
        assert all(node["groupName"] and node["description"] and node["owners"] for node in nodes["assetNodes"])
        mlflow = address_of(ui, "MLflow's UI")
        assert mlflow == f"http://127.0.0.1:{mlflow_port}"
        assert "<title>MLflow</title>" in httpx.get(mlflow, timeout=60).raise_for_status().text
        ui.send_signal(number)
        status = ui.wait(timeout=180)
    assert status == (-number if number == signal.SIGKILL else 130)
    assert tv5.left_running() == []
