"""docker-compose.yml gives the platform what its settings ask for, and nothing that they do not know."""

import re
from pathlib import Path

import pytest
import yaml

from tv5_assets.services.endpoints import ADDRESS_FIELDS
from tv5_assets.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
IMAGE = [name for name, service in COMPOSE["services"].items() if "build" in service]
PLATFORM = [name for name in IMAGE if name != "mlflow"]
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|AUTH|_URL$")


def test_the_platform_runs_as_code_server_webserver_and_daemon():
    assert set(PLATFORM) == {"code", "webserver", "daemon"}


def test_mlflow_shows_the_store_that_the_platform_writes_and_its_models():
    mlflow, code = (COMPOSE["services"][name] for name in ("mlflow", "code"))
    assert mlflow["environment"]["MLFLOW_BACKEND_STORE_URI"] == code["environment"]["TV5_MLFLOW_URL"]
    assert mlflow["volumes"] == code["volumes"]


@pytest.mark.parametrize("service", PLATFORM)
def test_every_variable_is_a_setting_and_every_store_is_set(service: str):
    given = {name for name in COMPOSE["services"][service]["environment"] if name.startswith("TV5_")}
    known = {f"TV5_{field.upper()}" for field in Settings.model_fields}
    assert given <= known
    assert {f"TV5_{field.upper()}" for field in ADDRESS_FIELDS.values()} <= given


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_no_secret_is_written_down(service: str):
    for name, value in COMPOSE["services"][service].get("environment", {}).items():
        without_references = re.sub(r"\$\{[^}]*\}", "", str(value))
        if name.endswith(("_URL", "_URI")):
            assert not re.search(r"://[^@/]*:[^@/]+@", without_references), name
        elif SECRET.search(name):
            assert re.fullmatch(r"(neo4j/)?", without_references), name
    assert not re.search(r"password\s+[A-Za-z0-9]", str(COMPOSE["services"][service].get("command", "")))


def test_ports_are_open_to_this_machine_only():
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_example_names_every_variable_with_the_default_that_holds_without_it():
    used = dict(re.findall(r"\$\{(TV5_\w+)(?::-([^}]*))?", TEXT)[::-1])  # the first mention of a name wins
    example = dict(re.findall(r"^#?(TV5_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert example == used
