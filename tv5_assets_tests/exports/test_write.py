"""What is exported comes back equal, whatever the format; a file is there whole or not at all."""

import csv
import json
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
import pytest
from typer.testing import CliRunner
from upath import UPath

from tv5_assets.errors import InputError
from tv5_assets.exports.write import FORMATS, export, write
from tv5_assets.settings import Settings
from tv5_assets.synthetic.users import users
from tv5_assets.tables.processed import Tags
from tv5_assets.tables.table import polars_schema

USERS, TAGS = "synthetic/users", "processed/tags"
USER_COUNT = 500


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a home in which two tables were materialized."""
    settings = Settings(home=tmp_path / "home", dataset="simulated")
    tables = {USERS: users(np.arange(1, USER_COUNT + 1, dtype=np.int32), seed=1), TAGS: odd_tags()}
    for key, frame in tables.items():
        path = Path(str(settings.dataset_root / f"{key}.parquet"))
        path.parent.mkdir(parents=True)
        frame.write_parquet(path)
    return settings


def odd_tags() -> pl.DataFrame:
    odd = ["", ",", '"', "a\nb", "a\r\nb", "é", "\u2028", "{}", "null", "007", "\\n", "=1+1", "\x01", "},\n{"]
    moment = datetime(2001, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
    return pl.DataFrame(
        {
            "user_id": 1,
            "movie_id": 2,
            "tag": odd,
            "tag_normalized": odd,
            "tagged_at": moment,
            "row": range(len(odd)),
        },
        schema=polars_schema(Tags),
    )


def stored(settings: Settings, key: str) -> pl.DataFrame:
    return pl.read_parquet(str(settings.dataset_root / f"{key}.parquet"))


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows with times as text and single-precision numbers in their shortest form, as JSON has them."""
    return json.loads(frame.write_json())


def read(path: Path, file_format: str) -> list[dict[str, Any]]:
    match file_format:
        case "jsonl":
            return [json.loads(line) for line in path.read_bytes().removesuffix(b"\n").split(b"\n")]
        case "json":
            return json.loads(path.read_bytes())
        case "parquet":
            return plain(pl.read_parquet(path))
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: json.loads(cell) if cell[:1] in ("{", "[") and cell != "{}" else cell for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format_holds_the_same_documents(settings: Settings, tmp_path: Path, file_format: str):
    jsonl, other = tmp_path / "a.jsonl", tmp_path / f"b.{file_format}"
    export(USERS, settings, out=str(jsonl))
    exported = export(USERS, settings, out=str(other))
    documents = read(jsonl, "jsonl")
    assert read(other, file_format) == documents
    assert (exported.rows, exported.bytes) == (len(documents), other.stat().st_size) == (USER_COUNT, exported.bytes)
    assert documents[0]["demographics"]["location"]["country"] == stored(settings, USERS)["country"][0]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_flat_export_is_the_table_as_it_is_stored(settings: Settings, tmp_path: Path, file_format: str):
    table = stored(settings, USERS)
    path = tmp_path / f"users.{file_format}"
    export(USERS, settings, out=str(path), flat=True)
    if file_format == "csv":
        table = table.with_columns(cs.numeric().cast(pl.String))
    assert read(path, file_format) == plain(table)


@pytest.mark.parametrize("file_format", FORMATS)
def test_odd_texts_come_back_unchanged(settings: Settings, tmp_path: Path, file_format: str):
    path = tmp_path / f"tags.{file_format}"
    export(TAGS, settings, out=str(path))
    assert [row["tag"] for row in read(path, file_format)] == odd_tags()["tag"].to_list()
    assert {datetime.fromisoformat(row["timestamp"]) for row in read(path, file_format)} == {odd_tags()["tagged_at"][0]}


def test_a_null_is_not_an_empty_text_in_csv(tmp_path: Path):
    frame = pl.DataFrame({"text": ["", None], "list": [[], None], "struct": [{"a": None}, None]})
    write(frame.lazy(), "csv", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == 'text,list,struct\n"",[],"{""a"":null}"\n,,\n'


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_json_array_of_few_rows(tmp_path: Path, rows: int):
    write(pl.LazyFrame({"a": range(rows)}), "json", tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text()) == [{"a": row} for row in range(rows)]


def test_a_json_array_of_many_blocks(tmp_path: Path):
    rows = 300_000
    write(pl.LazyFrame({"a": range(rows)}), "json", tmp_path / "x.json")
    assert [row["a"] for row in json.loads((tmp_path / "x.json").read_text())] == list(range(rows))


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_limit_takes_the_first_rows(settings: Settings, tmp_path: Path, file_format: str):
    path = tmp_path / f"x.{file_format}"
    assert export(USERS, settings, out=str(path), limit=3).rows == 3
    ids = [f"user_{number:08d}" for number in (1, 2, 3)]
    assert [row["user_id"] for row in read(path, file_format)] == ids


def test_where_it_is_written(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert export(USERS, settings).path == UPath("users.jsonl")
    assert export(USERS, settings, "csv").path == UPath("users.csv")
    assert export(USERS, settings, "csv", out=str(settings.home)).path == UPath(settings.home / "users.csv")
    assert export(USERS, settings, "csv", out="new/").path == UPath("new/users.csv")
    assert export(USERS, settings, out="deep/er/x.parquet").path == UPath("deep/er/x.parquet")
    assert pl.read_parquet("deep/er/x.parquet").height == USER_COUNT
    remote = export(USERS, settings, out="memory://bucket/users.jsonl").path
    assert remote.read_bytes() == Path("users.jsonl").read_bytes()


def test_a_file_that_is_there_is_replaced_by_force_alone(settings: Settings, tmp_path: Path):
    path = tmp_path / "users.jsonl"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"is there already.*--force"):
        export(USERS, settings, out=str(path))
    assert path.read_text() == "mine"
    export(USERS, settings, out=str(path), force=True)
    assert len(read(path, "jsonl")) == USER_COUNT


def test_what_cannot_be_exported_is_told(settings: Settings, tmp_path: Path):
    (tmp_path / "users.jsonl").mkdir()
    (tmp_path / "file").write_text("")
    own = settings.dataset_root / f"{USERS}.parquet"
    for name, arguments, words in [
        ("users", {}, "there is no table 'users'; did you mean synthetic/users?"),
        ("synthetic/user", {}, "did you mean synthetic/users"),
        ("opera", {}, "the tables are raw/movielens, "),
        (
            "processed/movies",
            {},
            r"`tv5 run --dataset simulated --select '\+key:\"processed/movies\"'`",
        ),
        (USERS, {"file_format": "xml"}, "--format xml.*choose one of jsonl, csv, json, parquet"),
        (USERS, {"out": str(tmp_path)}, "is a folder"),
        (USERS, {"out": str(tmp_path / "file" / "x.csv")}, f"cannot write {tmp_path}/file/x.csv: File exists"),
        (USERS, {"out": str(own), "force": True}, "is the file of the asset synthetic/users itself"),
    ]:
        with pytest.raises(InputError, match=words):
            export(name, settings, **arguments)
    elsewhere = settings.model_copy(update={"dataset": "ml-1m"})
    with pytest.raises(InputError, match="or export that of simulated with --dataset"):
        export(USERS, elsewhere)


def test_a_full_disk_is_told_and_leaves_the_old_file(settings: Settings, tmp_path: Path):
    targets = [tmp_path / "out" / f"x.{file_format}" for file_format in FORMATS]
    for target in targets:
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(b"old")
    script = textwrap.dedent(
        f"""
        import resource, signal
        from pathlib import Path
        from tv5_assets.errors import InputError
        from tv5_assets.exports.write import export
        from tv5_assets.settings import Settings
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        settings = Settings(home=Path({str(settings.home)!r}), dataset="simulated")
        for target in {[str(target) for target in targets]}:
            try:
                export("{USERS}", settings, out=target, force=True)
            except InputError as error:
                print(error)
        """
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [line.partition(";")[0] for line in ran.stdout.splitlines()] == [
        f"cannot write {target}: File too large" for target in targets
    ]
    assert sorted(path.name for path in tmp_path.joinpath("out").iterdir()) == sorted(path.name for path in targets)
    assert all(target.read_bytes() == b"old" for target in targets)


def test_the_command_says_what_it_wrote(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from tv5_assets.cli import app

    monkeypatch.setenv("TV5_HOME", str(settings.home))
    monkeypatch.setenv("TV5_DATASET", "simulated")
    command = ["export", USERS, "--out", str(tmp_path / "u.csv"), "--limit", "20"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert f"{tmp_path}/u.csv: 20 rows" in done.output
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 1
    assert "--force" in again.stderr
