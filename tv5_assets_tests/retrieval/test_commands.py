import json

import pytest
from typer.testing import CliRunner, Result

from tv5_assets.cli import app
from tv5_assets.retrieval.stores import Stores
from tv5_assets.services.endpoints import Endpoints


@pytest.fixture
def tv5(servers: Endpoints, stores: Stores, monkeypatch, tmp_path):
    """Run a command on the servers as if they were production's: by their addresses."""
    monkeypatch.setenv("TV5_HOME", str(tmp_path))
    for name, value in vars(servers).items():
        monkeypatch.setenv(f"TV5_{name.upper()}", value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})

    return run


def test_search_prints_titles(tv5):
    result = tv5("search", "space opera with robots", "-k", "2", "--genre", "sci-fi")

    assert result.exit_code == 0, result.output
    assert "Galaxy" in result.stdout


def test_search_prints_json(tv5):
    result = tv5("search", "two weddings in paris", "-k", "1", "--json")

    assert json.loads(result.stdout)["hits"][0]["media_id"] == "ml_8"


def test_recommend_shows_what_a_score_is_made_up_of(tv5):
    result = tv5("recommend", "user_00000001", "-k", "3")

    assert result.exit_code == 0, result.output
    assert "5 seen movies left out" in result.stdout
    assert "similarity" in result.stdout


def test_recommend_prints_json(tv5):
    first, again = (json.loads(tv5("recommend", "1", "-k", "3", "--json").stdout) for _ in range(2))

    assert len(first["movies"]) == 3
    assert not first["cached"] and again["cached"]
    assert not json.loads(tv5("recommend", "1", "-k", "3", "--json", "--fresh").stdout)["cached"]


def test_explain_gives_reasons_and_where_they_come_from(tv5):
    result = tv5("explain", "1", "ml_6", "--provenance")

    assert result.exit_code == 0, result.output
    assert "Genre Sci-Fi: 3 movies" in result.stdout
    assert "movie_themes" in result.stdout
    assert "checksums are unknown" in result.stderr


def test_explain_prints_json(tv5):
    document = json.loads(tv5("explain", "1", "6", "--provenance", "--json").stdout)

    assert {edge["type"] for edge in document["edges"]} >= {"RATED", "HAS_GENRE", "HAS_THEME"}
    assert document["provenance"]["loads"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", ""), "nothing to search for"),
        (("search", "a", "--genre", "opera"), "no genre 'opera'"),
        (("recommend", "bob"), "'bob' is not a user id"),
        (("recommend", "5"), "no user 5; the 5 known users are from 1 to 6"),
        (("recommend", "1", "-k", "0"), "k is 0"),
        (("explain", "1", "tt99"), "'tt99' is not a media id"),
        (("explain", "1", "99"), "no movie ml_99"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_1(tv5, arguments, message):
    result = tv5(*arguments)

    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
