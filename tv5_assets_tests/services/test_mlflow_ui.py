"""When MLflow's pages are served, and what is said when they are not; tests of `tv5 ui` look at them."""

import logging
import socket
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tv5_assets.services.mlflow_ui import served
from tv5_assets_tests.commands import closed_port

DATABASE = "postgresql+psycopg2://tv5:hunter2@127.0.0.1:1/mlflow"


def said(url: str, port: int, logs: Path, caplog: pytest.LogCaptureFixture) -> str:
    """Return what is said instead of serving."""
    with caplog.at_level(logging.INFO), served(url, port, logs):
        pass
    assert "hunter2" not in caplog.text
    return caplog.messages[-1]


def test_a_tracking_server_has_pages_of_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    assert said("https://me:hunter2@mlflow:443/", 5000, tmp_path, caplog) == "MLflow's UI is at https://mlflow:443/"


def test_a_port_in_use_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is in use" in said(DATABASE, port, tmp_path, caplog)


def test_pages_that_are_not_installed_are_told_how_to_get(tmp_path: Path, caplog, monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert "make ui" in said(DATABASE, closed_port(), tmp_path, caplog)


def test_pages_that_do_not_start_are_told_with_their_log(tmp_path: Path, caplog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "false")  # a program that fails at once, as a broken installation does
    with caplog.at_level(logging.INFO), served(DATABASE, closed_port(), tmp_path):
        pass
    assert caplog.messages[-1] == f"MLflow's UI did not start; see {tmp_path / 'mlflow.log'}"
