"""Recommendations by the two-tower: what was rated by now decides, and vectors of another training are not searched."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from upath import UPath

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.models.artifacts import write_model
from tv5_assets.models.two_tower import TwoTower, TwoTowerConfig
from tv5_assets.retrieval.recommend import recommend
from tv5_assets.retrieval.stores import Stores
from tv5_assets.retrieval.taste import served_tower
from tv5_assets.stores import milvus
from tv5_assets_tests.retrieval import made

CRIME = [11, 12, 13, 14]


def made_tower() -> TwoTower:
    """Return a two-tower in whose space crime is one direction and everything else another."""
    catalog = np.array([row[0] for row in made.CATALOGUE], dtype=np.int32)
    angles = torch.linspace(0, 0.1, len(catalog)) + torch.from_numpy(np.isin(catalog, CRIME)) * 1.2
    movies = torch.stack([angles.cos(), angles.sin(), torch.zeros(len(catalog))], dim=1)
    return TwoTower(
        TwoTowerConfig(dimension=3),
        catalog,
        movies,
        longest=torch.ones(()),
        anyone=torch.zeros(2),
        of_habits=torch.zeros(3, 2),
        newcomer=torch.zeros(2),
        trained_on={"fingerprint": "made"},
    )


@pytest.fixture(scope="module")
def tower(all_stores: Stores) -> Iterator[TwoTower]:
    tower = made_tower()
    vectors = Vectors(tower.catalog, tower.movie_vectors(), tower.name)
    milvus.publish(all_stores.need_milvus(), milvus.TOWER_MOVIES, vectors, made.movies(), made.VERSION)
    yield tower
    all_stores.need_milvus().drop_alias(milvus.TOWER_MOVIES.name)


def test_who_rated_crime_gets_the_crime_that_is_left(stores: Stores, tower: TwoTower):
    answer = recommend(stores, 3, k=len(made.CATALOGUE), tower=tower)

    assert answer.notes == ()
    assert not {movie.movie_id for movie in answer.movies} & set(made.RATINGS[3])
    closest = max(answer.movies, key=lambda movie: movie.contributions.similarity)
    cosines = tower.movie_vectors() @ tower.movie_vectors()[list(tower.catalog).index(13)]
    unseen = [movie for movie in np.argsort(-cosines) if tower.catalog[movie] not in made.RATINGS[3]]
    assert closest.movie_id == tower.catalog[unseen[0]]


def test_without_ratings_the_published_vector_is_searched_and_the_answer_says_so(stores: Stores, tower: TwoTower):
    answer = recommend(replace(stores, graph=None), 1, k=3, tower=tower)

    assert {movie.movie_id for movie in answer.movies} <= {1, 2, 3, 4, 5, 6}
    assert "the two-tower is not used: no ratings are known of movies that it knows" in answer.notes


def test_vectors_of_another_training_are_not_searched(stores: Stores, tower: TwoTower):
    other = replace(tower, movies=tower.movies.roll(1, 1), trained_on={"fingerprint": "other"})
    answer = recommend(stores, 1, k=3, tower=other)

    assert {movie.movie_id for movie in answer.movies} <= {4, 5, 6}
    assert "the two-tower is not used: milvus/tower_movies is of another training; materialize it" in answer.notes


def test_the_served_two_tower_is_that_of_the_dataset(tmp_path: Path):
    assert served_tower(UPath(tmp_path)) is None
    tower = made_tower()
    write_model(tower.to_folder(), tmp_path / "models" / "two_tower")
    served = served_tower(UPath(tmp_path))
    assert served is not None
    np.testing.assert_array_equal(served.movie_vectors(), tower.movie_vectors())
