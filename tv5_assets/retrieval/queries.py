"""How well search answers: queries of which it is known what they should find, asked of the published movies.

What does not belong here: the queries (synthetic/queries.py) and judging the figures (quality/queries.py).
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.encoder import Encoder
from tv5_assets.embeddings.languages import languages_of
from tv5_assets.retrieval.search import filter_of, live_version, require_dimension
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import milvus
from tv5_assets.tables.benchmarks import QueriesFound
from tv5_assets.tables.table import polars_schema

if TYPE_CHECKING:
    from pymilvus import MilvusClient

MOST_OF_A_LANGUAGE, MOST_OF_A_FOREIGN_LANGUAGE = 200, 50
"""Queries that are asked in each language, where the model understands it and where it does not: the first by number,
which are a fair sample of them."""


def queries_found(stores: Stores, encoder: Encoder, queries: pl.DataFrame) -> pl.DataFrame:
    """Ask some of the queries in each language, with their filters, and return how many found what they should.

    Args:
        stores: Milvus is needed.
        encoder: the model that the movies were embedded with.
        queries: rows of ``synthetic/queries``.

    Returns:
        Rows of tables.benchmarks.QueriesFound, sorted by language and kind.

    Raises:
        InputError: nothing is published yet, or the movies were embedded with a model of another dimension.
        StoreUnavailableError: Milvus does not answer.
    """
    live_version(stores, milvus.MOVIES)
    understood = pl.col("language").cast(pl.String).is_in(languages_of(encoder.model))
    most = pl.when(understood).then(MOST_OF_A_LANGUAGE).otherwise(MOST_OF_A_FOREIGN_LANGUAGE)
    asked = queries.sort("query_id").filter(pl.int_range(pl.len()).over("language") < most)
    vectors = encoder.encode(asked["text"].to_list())
    require_dimension(stores, encoder, vectors.shape[1])
    found = _found(stores.need_milvus(), asked, vectors)
    first = _first_places(asked, found)
    return (
        asked.select("language", "kind", first)
        .group_by("language", "kind")
        .agg(
            model=pl.lit(encoder.model),
            queries=pl.len(),
            hits=pl.col("first").count(),
            hit_rate=pl.col("first").is_not_null().mean(),
            mean_reciprocal_rank=(1 / pl.col("first")).fill_null(0).mean(),
        )
        .sort("language", "kind")
        .cast(polars_schema(QueriesFound))
    )


def _found(client: "MilvusClient", asked: pl.DataFrame, vectors: npt.NDArray[np.float32]) -> pl.Series:
    """Return the movies that each query finds, nearest first; queries of equal filters are one request."""
    found: list[list[int]] = [[]] * len(asked)
    for (filters,), queries in asked.with_row_index("query").group_by("filters", maintain_order=True):
        condition, parameters = filter_of(**(filters or {"genre": None, "since": None, "until": None}))
        places = queries["query"].to_numpy()
        most = int(queries["k"].to_numpy().max())
        hits = milvus.search(client, milvus.MOVIES, vectors[places], most, condition, parameters)
        for place, k, ids in zip(places, queries["k"], hits.ids, strict=True):
            found[place] = ids[:k][ids[:k] >= 0].tolist()
    return pl.Series(found, dtype=pl.List(pl.Int32))


def _first_places(asked: pl.DataFrame, found: pl.Series) -> pl.Series:
    """Return the place, counted from 1, of the first movie found that each query expects; null where there is none."""
    hits = pl.DataFrame({"movie_id": found}).with_row_index("query").explode("movie_id")
    expected = asked.select(movie_id="expected").with_row_index("query").explode("movie_id")
    places = (
        hits.with_columns(place=pl.int_range(1, pl.len() + 1).over("query"))
        .join(expected, on=["query", "movie_id"])
        .group_by("query")
        .agg(first=pl.col("place").min())
    )
    return asked.with_row_index("query").join(places, on="query", how="left", maintain_order="left")["first"]
