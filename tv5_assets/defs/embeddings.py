"""Embedding assets: movies, users, situations, lines of dialogue and catalog items as unit vectors, and the movies that
are close to one another.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import table_asset, vectors_asset
from tv5_assets.dagster_kit.io_managers import VectorsIOManager
from tv5_assets.dagster_kit.metadata import facts
from tv5_assets.dagster_kit.resources import EncoderResource, SettingsResource
from tv5_assets.embeddings.vectors import StreamedVectors, Vectors
from tv5_assets.tables import embeddings

if TYPE_CHECKING:
    from tv5_assets.embeddings.encoder import Encoder

OWNER = "team:recommendations"


@vectors_asset(
    "embeddings/movies",
    about="One unit vector per movie: SBERT of its title, its genres and its ten strongest themes.",
    owner=OWNER,
    kinds={"torch", "huggingface"},
    ins={"movies": "processed/movies"},
)
def movies(
    context: dg.AssetExecutionContext, settings: SettingsResource, encoder: EncoderResource, movies: pl.LazyFrame
) -> StreamedVectors:
    from tv5_assets.embeddings.texts import movie_texts

    return _streamed(context, settings, encoder.get(), movie_texts(movies))


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


@vectors_asset(
    "embeddings/contexts",
    about="One unit vector per viewing situation: SBERT of its mood, moment, company and purpose in words.",
    owner="team:audience",
    kinds={"torch", "huggingface"},
    ins={"contexts": "synthetic/contexts"},
)
def contexts(
    context: dg.AssetExecutionContext, settings: SettingsResource, encoder: EncoderResource, contexts: pl.LazyFrame
) -> StreamedVectors:
    from tv5_assets.embeddings.texts import context_texts

    return _streamed(context, settings, encoder.get(), context_texts(contexts))


@vectors_asset(
    "embeddings/subtitle_segments",
    about="One unit vector per line of dialogue: SBERT of what is said. Embedded shard by shard; lines that come back "
    "in many movies are embedded once, and a run that is killed goes on after its last finished shard.",
    owner="team:subtitles",
    kinds={"torch", "huggingface"},
    ins={"segments": "synthetic/subtitle_segments"},
)
def subtitle_segments(
    context: dg.AssetExecutionContext, settings: SettingsResource, encoder: EncoderResource, segments: pl.LazyFrame
) -> StreamedVectors:
    from tv5_assets.embeddings.texts import segment_texts

    return _streamed(context, settings, encoder.get(), segment_texts(segments))


@vectors_asset(
    "embeddings/catalog",
    about="One unit vector per item of the media catalog: title, type and tags, by the model that "
    "TV5_CATALOG_MODEL names (TV5_TEXT_MODEL unless set), whose dimension the vectors have. Embedded shard by shard; a "
    "run that is killed goes on after its last finished shard.",
    owner="team:catalog",
    kinds={"torch", "huggingface"},
    ins={"catalog": "synthetic/catalog"},
)
def catalog(
    context: dg.AssetExecutionContext, settings: SettingsResource, encoder: EncoderResource, catalog: pl.LazyFrame
) -> StreamedVectors:
    from tv5_assets.embeddings.texts import catalog_texts

    return _streamed(context, settings, encoder.for_catalog(), catalog_texts(catalog))


def _streamed(
    context: dg.AssetExecutionContext, settings: SettingsResource, encoder: "Encoder", texts: pl.LazyFrame
) -> StreamedVectors:
    """Embed the texts whose vectors the asset's file has not yet, shard by shard, and note how that went."""
    from tv5_assets.embeddings.shards import embed

    embedded = embed(
        texts,
        encoder,
        settings.get().work_folder(context.asset_key.to_user_string()),
        earlier=VectorsIOManager().local_path_of(context.asset_key),
    )
    figures = {
        **asdict(encoder.usage),
        "texts": embedded.rows,
        "distinct": embedded.distinct,
        "known": embedded.known,
        "resumed": embedded.resumed,
        "dtype": embedded.dtype,
        "texts_per_second": round(encoder.usage.texts_per_second),
    }
    context.add_output_metadata(facts(figures))
    return embedded.vectors


@table_asset(embeddings.SimilarMovies, kinds=("torch",), ins={"vectors": "embeddings/movies"})
def similar_movies(settings: SettingsResource, vectors: Vectors) -> pl.DataFrame:
    from tv5_assets.graph.similarity import similar_movies as similar

    chosen = settings.get()
    return similar(vectors, threshold=chosen.similar_threshold, k=chosen.similar_k)
