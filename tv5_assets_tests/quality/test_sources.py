from pathlib import Path

import polars as pl
import pytest

from tv5_assets.movielens import archive, parse
from tv5_assets.movielens.published import PUBLISHED
from tv5_assets.movielens.simulate import simulate
from tv5_assets.quality.sources import nothing_lost, rows_as_published, users_as_published


def manifest(dataset: str, source: str = "an archive") -> pl.DataFrame:
    return pl.DataFrame({"dataset": [dataset], "source": [source]})


def rows(count: int) -> pl.LazyFrame:
    return pl.LazyFrame({"user_id": pl.int_range(count, eager=True)})


@pytest.mark.parametrize("dataset", PUBLISHED)
@pytest.mark.parametrize("table", ["movies", "tags", "genome_tags", "demographics"])
def test_a_named_set_has_the_published_rows(dataset: str, table: str):
    expected = PUBLISHED[dataset].rows[table]
    right = rows_as_published(rows(expected), manifest(dataset), table)
    assert right.passed
    assert right.facts == {"rows": expected, "published_rows": expected}
    for wrong in (expected + 1, max(expected - 1, 1)):
        if wrong != expected:
            verdict = rows_as_published(rows(wrong), manifest(dataset), table)
            assert not verdict.passed
            assert verdict.description == f"{wrong} rows, {expected} published"


def test_a_named_set_has_the_published_users():
    ratings = pl.concat([rows(610), rows(610)])
    assert users_as_published(ratings, manifest("ml-latest-small")).passed
    verdict = users_as_published(rows(609), manifest("ml-latest-small"))
    assert not verdict.passed
    assert verdict.facts == {"users": 609, "published_users": 610}


def test_of_a_simulated_set_nothing_is_published_even_if_it_has_a_name():
    for dataset in ("simulated", "ml-25m"):
        simulated = manifest(dataset, "a folder (simulated)")
        assert rows_as_published(rows(3), simulated, "movies").passed
        assert users_as_published(rows(3), simulated).passed


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(
        tmp_path_factory.mktemp("sets") / "simulated", users=5, movies=40, ratings=150, tags=12, genome=False, seed=3
    )


def obtained(raw: Path, target: Path) -> pl.DataFrame:
    return archive.obtain("simulated", target, search=[raw.parent], download_url="")


def processed(raw: Path) -> tuple[dict[str, pl.LazyFrame], pl.DataFrame]:
    """Return the tables made from a raw folder, and the rejects."""
    tables = {
        "movies": parse.movies(
            raw, tags=parse.tags(raw), genome_tags=parse.genome_tags(raw), genome_scores=parse.genome_scores(raw)
        ).lazy(),
        "ratings": parse.ratings(raw),
        "tags": parse.tags(raw),
    }
    written = {name: table.select(pl.len()).collect().item() for name, table in tables.items()}
    return tables, parse.rejects(raw, written)


def test_every_raw_row_is_in_its_table(raw: Path, tmp_path: Path):
    there = tmp_path / "movielens"
    listed = obtained(raw, there)
    tables, rejects = processed(there)
    verdict = nothing_lost(there, listed, rejects, tables)
    assert verdict.passed
    assert verdict.facts["ratings.csv rows"] == 150
    assert verdict.facts["tags.csv rows"] == 12
    assert not any(value for fact, value in verdict.facts.items() if fact.endswith("unaccounted"))


def test_a_rejected_row_is_accounted_for(raw: Path, tmp_path: Path):
    there = tmp_path / "movielens"
    listed = obtained(raw, there)
    ratings = there / "ratings.csv"
    lines = ratings.read_text().splitlines()
    lines[3] = "nobody,1,4.0,1000000000"
    ratings.write_text("\r\n".join(lines) + "\r\n", newline="")
    tables, rejects = processed(there)
    assert rejects.select("file", "line").rows() == [("ratings.csv", 4)]
    assert nothing_lost(there, listed, rejects, tables).passed
    unseen = nothing_lost(there, listed, rejects.clear(), tables)
    assert not unseen.passed
    assert unseen.description == "neither in a table nor rejected: 1 of ratings.csv"


def test_rows_lost_or_made_up_are_named_by_their_file(raw: Path, tmp_path: Path):
    there = tmp_path / "movielens"
    listed = obtained(raw, there)
    tables, rejects = processed(there)
    tables["ratings"] = tables["ratings"].head(140)
    tables["tags"] = pl.concat([tables["tags"], tables["tags"].head(2)])
    verdict = nothing_lost(there, listed, rejects, tables)
    assert not verdict.passed
    assert verdict.facts["ratings.csv unaccounted"] == 10
    assert verdict.facts["tags.csv unaccounted"] == -2
    assert "10 of ratings.csv" in verdict.description
    assert "-2 of tags.csv" in verdict.description
