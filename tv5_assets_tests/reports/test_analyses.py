"""The platform's own notebooks on a small simulated set: every analysis is there, and what it quotes is right."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from upath import UPath

from tv5_assets.defs.gates.reports import EDA, EMBEDDINGS
from tv5_assets.embeddings.vectors import Vectors, write_vectors
from tv5_assets.errors import InputError
from tv5_assets.movielens import parse
from tv5_assets.movielens.simulate import simulate
from tv5_assets.quality.pages import every_chapter_is_shown, ratings_are_quoted, vectors_are_quoted
from tv5_assets.reports.chapters import page_of
from tv5_assets.reports.dataset import Dataset, local_files
from tv5_assets.reports.notebook import NOTEBOOKS, execute
from tv5_assets.reports.page import Page


def vectors(ids: pl.Series, name: str) -> Vectors:
    rows = np.random.default_rng(0).normal(0.2, 1, (len(ids), 16)).astype(np.float32)
    return Vectors(ids.sort().to_numpy(), rows / np.linalg.norm(rows, axis=1, keepdims=True), name)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data")
    raw, root = folder / "raw", folder / "made"
    simulate(raw, users=40, movies=120, ratings=1_500, seed=1, genome=False)
    (root / "processed").mkdir(parents=True)
    (root / "embeddings").mkdir()
    no_genome = {"genome_tags": parse.genome_tags(raw), "genome_scores": parse.genome_scores(raw)}
    movies = parse.movies(raw, tags=parse.tags(raw), **no_genome)
    ratings = parse.ratings(raw).collect()
    movies.write_parquet(root / "processed/movies.parquet")
    ratings.write_parquet(root / "processed/ratings.parquet")
    write_vectors(vectors(movies["movie_id"], "made"), root / "embeddings/movies.arrow")
    write_vectors(vectors(ratings["user_id"].unique(), "pooled"), root / "embeddings/users.arrow")
    return Dataset(str(root))


@pytest.fixture(scope="module")
def eda(data: Dataset) -> Page:
    return page_of(execute(NOTEBOOKS / "eda.py", {"root": data.root}))


def test_eda_has_its_seven_analyses_and_quotes_the_tables(data: Dataset, eda: Page):
    text = eda.as_html()
    assert every_chapter_is_shown(text, EDA).passed
    ratings, movies = data.table("processed/ratings"), data.table("processed/movies")
    assert ratings_are_quoted(text, ratings, movies).passed
    assert (
        eda.figures["users_with_under_20_ratings"]
        == ratings.group_by("user_id").len().filter(pl.col("len") < 20).collect().height
    )
    one_less = ratings_are_quoted(text, ratings.head(1_000), movies)
    assert not one_less.passed
    assert "ratings is 1000, the page says" in one_less.description


def test_it_is_small_enough_for_the_web_ui(eda: Page):
    assert sum(len(chapter.as_markdown()) for chapter in eda.sections) < 600_000


def test_embeddings_have_their_analyses_and_quote_the_vectors(data: Dataset):
    text = page_of(execute(NOTEBOOKS / "embedding_analysis.py", {"root": data.root, "seed": 3})).as_html()
    assert every_chapter_is_shown(text, EMBEDDINGS).passed
    movies, users = data.vectors("embeddings/movies"), data.vectors("embeddings/users")
    assert vectors_are_quoted(text, movies, users).passed
    assert not vectors_are_quoted(text, users, users).passed


def test_a_remote_dataset_is_copied_for_the_notebook_and_a_local_one_is_not(data: Dataset):
    local, keys = UPath(data.root), ("processed/movies", "embeddings/movies")
    with local_files(local, keys) as root:
        assert root == Path(data.root)
    remote = UPath("memory://bucket/made")
    for file in ("processed/movies.parquet", "embeddings/movies.arrow"):
        remote.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
        remote.joinpath(file).write_bytes(local.joinpath(file).read_bytes())
    with local_files(remote, keys) as root:
        copied = Dataset(str(root))
        assert root.name == "made"
        assert copied.table(keys[0]).collect().equals(data.table(keys[0]).collect())
        assert len(copied.vectors(keys[1])) == len(data.vectors(keys[1]))
    assert not root.exists()


def test_what_is_not_there_is_named(data: Dataset):
    with pytest.raises(InputError, match="processed/tags is not there"):
        data.table("processed/tags")
    with (
        pytest.raises(InputError, match="embeddings/contexts is not there"),
        local_files(UPath(data.root), ["embeddings/contexts"]),
    ):
        pass
