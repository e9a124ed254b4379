from dataclasses import replace

import numpy as np
import polars as pl
from upath import UPath

from tv5_assets.embeddings.vectors import Vectors, write_vectors
from tv5_assets.errors import StoreUnavailableError
from tv5_assets.retrieval.provenance import provenance
from tv5_assets.retrieval.stores import Stores
from tv5_assets_tests.retrieval import made


def test_every_row_of_the_answer_is_of_the_live_load(stores: Stores, tmp_path):
    found = provenance(stores, 1, 8, UPath(tmp_path)).loads

    assert {(load.store, load.dataset) for load in found} == {
        *(("milvus", name) for name in ("movies", "users")),
        *(("neo4j", name) for name in ("movies", "users", "ratings", "movie_genres", "movie_themes", "similar")),
        *(("neo4j", name) for name in ("movie_moods", "directed", "influences")),
        *(("postgres", name) for name in ("episodes", "policies")),
        *(("redis", name) for name in ("policies", "platforms", "trends")),
    }
    assert {load.version for load in found} == {made.VERSION}
    # A movie on no platform has no document there.
    rows = [load for load in found if load.row and load.dataset != "platforms"]
    assert {load.row_version for load in rows} == {made.VERSION}


def test_a_row_that_is_not_there_is_shown_as_such(stores: Stores, tmp_path):
    found = provenance(stores, 5, 99, UPath(tmp_path)).loads

    assert {load.row_version for load in found if load.row and load.dataset != "trends"} == {None}


def test_it_ends_at_the_model_and_the_raw_files(stores: Stores, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "embeddings").mkdir()
    file = {
        "name": "ratings.csv",
        "dataset": "made",
        "bytes": 12,
        "md5": "0" * 32,
        "rows": 3,
        "source": "here",
        "licence": "free",
    }
    pl.DataFrame([file]).write_parquet(tmp_path / "raw" / "movielens.parquet")
    for name in ("movies", "users"):
        vectors = Vectors(np.array([1], np.int32), np.ones((1, 2), np.float32), model=f"model of {name}")
        write_vectors(vectors, tmp_path / "embeddings" / f"{name}.arrow")

    found = provenance(stores, 1, 8, UPath(tmp_path))

    assert found.models == {"embeddings/movies": "model of movies", "embeddings/users": "model of users"}
    assert [(raw.name, raw.md5, raw.source) for raw in found.files] == [("ratings.csv", "0" * 32, "here")]
    assert found.notes == ()


def test_what_cannot_be_followed_is_noted(stores: Stores, tmp_path):
    without = replace(stores, milvus=None, missing={"milvus": StoreUnavailableError("gone")})

    found = provenance(without, 1, 8, UPath(tmp_path))

    assert "milvus" not in {load.store for load in found.loads}
    assert found.notes[0] == "not followed into Milvus: gone"
    assert "checksums are unknown" in found.notes[-1]
