import socket
from importlib import metadata
from pathlib import Path

import pytest

from tv5_assets import doctor
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.settings import Settings
from tv5_assets_tests.servers import embedded_settings


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10), "problem"), ((3, 11), "ok"), ((3, 12), "ok"), ((3, 13), "problem")]
)
def test_python(version, state):
    assert doctor.python_version(version).state == state


def test_a_package_of_another_version_is_a_warning_and_a_missing_one_a_problem(tmp_path: Path):
    pins = tmp_path / "constraints.txt"
    pins.write_text("# comment\n" + "".join(f"{name}==1.0\n" for name in doctor.MAIN_PACKAGES))
    (finding,) = doctor.packages(pins, installed=lambda _: "1.0+cpu")
    assert finding.state == "ok"

    def one_wrong(name: str) -> str:
        if name == "redis":
            raise metadata.PackageNotFoundError
        return "2.0" if name == "polars" else "1.0"

    found = {finding.text: finding.state for finding in doctor.packages(pins, installed=one_wrong)}
    assert found == {"polars is 2.0, tested with 1.0": "warning", "redis is not installed": "problem"}
    (finding,) = doctor.packages(tmp_path / "none", installed=lambda _: "9")
    assert finding.state == "ok" and "no checkout" in finding.text


def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path):
    assert doctor.folder("home", tmp_path / "new" / "home").state != "problem"
    (tmp_path / "file").write_text("")
    finding = doctor.folder("home", tmp_path / "file" / "home")
    assert finding.state == "problem" and "TV5_HOME" in finding.remedy


@pytest.mark.parametrize(("free", "state"), [(1.0, "problem"), (5.0, "warning"), (50.0, "ok")])
def test_room_on_the_disk(monkeypatch, tmp_path: Path, free, state):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free * 1e9}))
    assert doctor.folder("data", tmp_path).state == state


def test_a_dataset_is_found_or_simulated_or_missed(tmp_path: Path):
    nowhere = "http://127.0.0.1:1"
    chosen = Settings(home=tmp_path, dataset="ml-1m", archive_dir=None, data_dir="", download_url=nowhere)
    assert doctor.dataset(chosen).state == "problem"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ml-1m.zip").write_bytes(b"")
    assert doctor.dataset(chosen).text == f"ml-1m is at {tmp_path / 'data' / 'ml-1m.zip'}"
    assert doctor.dataset(Settings(home=tmp_path, dataset="simulated")).state == "ok"


def test_a_text_model(tmp_path: Path):
    assert doctor.text_model("all-MiniLM-L6-v2").state == "ok"
    assert doctor.text_model(str(tmp_path)).state == "ok"
    assert doctor.text_model("no/model").state == "warning"


def test_a_server_that_does_not_answer_is_a_problem_and_names_its_setting(tmp_path: Path):
    dead = Endpoints(redis_url="redis://:secret@127.0.0.1:1/0")
    finding = doctor.server("redis", dead, "TV5_REDIS_URL", embedded=False)
    assert finding.state == "problem" and "TV5_REDIS_URL" in finding.remedy
    assert "secret" not in finding.text
    assert {finding.state for finding in doctor.stores(embedded_settings(tmp_path))} == {"ok"}


def test_a_package_of_an_embedded_server_that_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "EMBEDDED_PACKAGES", {"redis": "no-such-package"})
    finding = doctor.server("redis", Endpoints(), "TV5_REDIS_URL", embedded=True)
    assert finding.state == "problem" and "TV5_REDIS_URL" in finding.remedy


def test_a_port_in_use_is_a_warning():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert doctor.ui_port(taken.getsockname()[1]).state == "warning"


def test_a_setting_that_is_wrong_ends_the_examination(monkeypatch):
    monkeypatch.setenv("TV5_SEED", "abc")
    *_, last = doctor.examine()
    assert (last.check, last.state) == ("settings", "problem")
    assert "TV5_SEED" in last.text
