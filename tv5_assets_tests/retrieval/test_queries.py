from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from tv5_assets.embeddings.encoder import Encoder
from tv5_assets.errors import InputError
from tv5_assets.retrieval.queries import MOST_OF_A_FOREIGN_LANGUAGE, MOST_OF_A_LANGUAGE, queries_found
from tv5_assets.retrieval.search import search
from tv5_assets.retrieval.stores import Stores
from tv5_assets.synthetic.queries import queries
from tv5_assets.tables.benchmarks import QueriesFound
from tv5_assets_tests.retrieval import made


@pytest.fixture(scope="module")
def asked() -> pl.DataFrame:
    return queries(made.movies(), pl.Series([1, 2, 3], dtype=pl.Int32), seed=7, rows=30)


def test_the_figures_are_those_of_searching_for_each_query(stores: Stores, encoder: Encoder, asked: pl.DataFrame):
    asked = asked.with_columns(k=pl.lit(2, pl.Int16))  # of 16 movies: some queries should miss
    found = queries_found(stores, encoder, asked)

    QueriesFound.validate(found)
    assert found["queries"].sum() == len(asked)
    assert set(found["model"]) == {encoder.model}
    for language, kind, _, count, hits, hit_rate, mean_reciprocal_rank in found.iter_rows():
        ranks = []
        for query in asked.filter(pl.col("language") == language, pl.col("kind") == kind).to_dicts():
            answer = search(stores, encoder, query["text"], k=query["k"], **(query["filters"] or {}))
            places = [place for place, hit in enumerate(answer.hits, 1) if hit.movie_id in query["expected"]]
            ranks.append(1 / places[0] if places else 0.0)
        assert (count, hits) == (len(ranks), np.count_nonzero(ranks))
        assert hit_rate == pytest.approx(np.mean(np.array(ranks) > 0))
        assert mean_reciprocal_rank == pytest.approx(np.mean(ranks))
    assert 0 < found["hits"].sum() < len(asked)


def test_only_some_queries_of_a_language_are_asked(stores: Stores, encoder: Encoder, asked: pl.DataFrame):
    many = pl.concat([asked] * MOST_OF_A_LANGUAGE)
    by_language = dict(queries_found(stores, encoder, many).group_by("language").agg(pl.col("queries").sum()).rows())
    assert by_language.pop("en") == MOST_OF_A_LANGUAGE
    assert set(by_language.values()) == {MOST_OF_A_FOREIGN_LANGUAGE}


def test_filters_narrow_what_is_found(stores: Stores, encoder: Encoder, asked: pl.DataFrame):
    """Nothing passes a filter of years in which there is no movie."""
    nowhere = pl.lit({"genre": None, "since": 1900, "until": 1901}, dtype=asked.schema["filters"])
    assert queries_found(stores, encoder, asked.with_columns(filters=nowhere))["hits"].sum() == 0


def test_a_model_of_another_dimension_is_named(stores: Stores, asked: pl.DataFrame):
    class Shorter(Encoder):
        def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return super().encode(texts)[:, :100]

    with pytest.raises(InputError, match="in 384 dimensions, but TV5_TEXT_MODEL=all-MiniLM-L6-v2 has 100"):
        queries_found(stores, Shorter(), asked.head(3))
