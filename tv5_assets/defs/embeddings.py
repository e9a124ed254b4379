"""Embedding assets: movies and users as unit vectors, and the movies that are close to one another."""

from dataclasses import asdict

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import table_asset, vectors_asset
from tv5_assets.dagster_kit.metadata import facts
from tv5_assets.dagster_kit.resources import EncoderResource, SettingsResource
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.tables import embeddings

OWNER = "team:recommendations"


@vectors_asset(
    "embeddings/movies",
    about="One unit vector per movie: SBERT of its title, its genres and its ten strongest themes.",
    owner=OWNER,
    kinds={"torch", "huggingface"},
    ins={"movies": "processed/movies"},
)
def movies(context: dg.AssetExecutionContext, encoder: EncoderResource, movies: pl.DataFrame) -> Vectors:
    from tv5_assets.embeddings.encoder import embed_movies

    loaded = encoder.get()
    vectors = embed_movies(movies, loaded)
    context.add_output_metadata(
        facts(asdict(loaded.usage) | {"texts_per_second": round(loaded.usage.texts_per_second)})
    )
    return vectors


@vectors_asset(
    "embeddings/users",
    about="One unit vector per user: the mean of the movies they rated, weighted by (rating - 0.5) / 4.5.",
    owner=OWNER,
    kinds={"torch"},
    ins={"ratings": "processed/ratings", "movies": "embeddings/movies"},
)
def users(ratings: pl.LazyFrame, movies: Vectors) -> Vectors:
    from tv5_assets.embeddings.pooling import user_vectors

    return user_vectors(ratings, movies)


@table_asset(embeddings.SimilarMovies, kinds=("torch",), ins={"vectors": "embeddings/movies"})
def similar_movies(settings: SettingsResource, vectors: Vectors) -> pl.DataFrame:
    from tv5_assets.graph.similarity import similar_movies as similar

    chosen = settings.get()
    return similar(vectors, threshold=chosen.similar_threshold, k=chosen.similar_k)
