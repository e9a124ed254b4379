"""Recommender assets: trained, asked the same questions, compared on one leaderboard, and what of them is published."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit import pools
from tv5_assets.dagster_kit.assets import model_out, multi_asset, store_asset, table_asset, table_out, vectors_asset
from tv5_assets.dagster_kit.metadata import facts, published
from tv5_assets.dagster_kit.resources import MilvusResource, SettingsResource, TrackingResource
from tv5_assets.dagster_kit.training import TrainingRun, board_metadata
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.evaluation.problem import LEAVE_LAST_OUT
from tv5_assets.fingerprint import fingerprint
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.settings import PROTOCOLS
from tv5_assets.stores import milvus as store
from tv5_assets.tables import models

OWNER = "team:recommendations"
ASKED = {"ratings": "processed/ratings", "parts": "features/split", "movies": "processed/movies"}
WITH_TEXT = {**ASKED, "text": "embeddings/movies"}


@multi_asset(
    name="train_baselines",
    outs={
        "baseline_results": table_out(models.BaselineResults, kinds=("torch", "scipy")),
        "ease": model_out(
            "models/ease",
            about="EASE, the best of the baselines: a linear model of which movies go together, as the vectors of two "
            "towers, fitted on the training rows of TV5_PROTOCOL.",
            owner=OWNER,
            kinds=("torch",),
        ),
    },
    ins=WITH_TEXT,
    pool=pools.MODELS,
    remembered=True,
)
def train_baselines(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    tracking: TrackingResource,
    ratings: pl.LazyFrame,
    parts: pl.LazyFrame,
    movies: pl.DataFrame,
    text: Vectors,
) -> tuple[pl.DataFrame, ModelFolder]:
    from tv5_assets.models.contest import baselines, compete

    run = TrainingRun(context, settings, tracking)
    rows = compete(run.questions(ratings, parts, movies, PROTOCOLS), baselines(text, run.device), run.trained)
    return rows, run.kept["EASE"]


@table_asset(models.Trials, kinds=("optuna", "torch"), ins=WITH_TEXT, pool=pools.MODELS)
def tuning(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    tracking: TrackingResource,
    ratings: pl.LazyFrame,
    parts: pl.LazyFrame,
    movies: pl.DataFrame,
    text: Vectors,
) -> pl.DataFrame:
    from tv5_assets.models.presets import two_tower
    from tv5_assets.models.two_tower_search import search

    run, chosen = TrainingRun(context, settings, tracking), settings.get()
    start = two_tower(run.size(ratings), chosen.epochs)
    question = next(run.questions(ratings, parts, movies, [chosen.protocol], slices=1))
    study = search(
        question,
        movies,
        text,
        start,
        trials=chosen.tuning_trials,
        storage_url=tracking.studies(),
        study_name=f"two-tower/{chosen.dataset}/{fingerprint(question.problem.train.items, repr(start))}",
        device=run.device,
    )
    context.add_output_metadata(facts({"best": study.best, "best_ndcg": study.best_value, "study": study.name}))
    return study.trials


@multi_asset(
    name="train_two_tower",
    outs={
        "two_tower_results": table_out(models.TowerResults, kinds=("torch",)),
        "two_tower": model_out(
            "models/two_tower",
            about="The two-tower that is served, trained on the training rows of TV5_PROTOCOL: a vector for every "
            "movie from its id, genres, year and text, and for every user, known or not, from what they rated.",
            owner=OWNER,
            kinds=("torch",),
        ),
        "joined": model_out(
            "models/joined",
            about="The two-tower joined with EASE and with companions, which are movies that are watched side by "
            "side: vectors whose inner product ranks by all three at once.",
            owner=OWNER,
            kinds=("torch",),
        ),
    },
    ins={**WITH_TEXT, "trials": "models/tuning"},
    pool=pools.MODELS,
    remembered=True,
)
def train_two_tower(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    tracking: TrackingResource,
    ratings: pl.LazyFrame,
    parts: pl.LazyFrame,
    movies: pl.DataFrame,
    text: Vectors,
    trials: pl.DataFrame,
) -> tuple[pl.DataFrame, ModelFolder, ModelFolder]:
    from tv5_assets.models.contest import compete, two_towers
    from tv5_assets.models.joined import NAME as JOINED
    from tv5_assets.models.presets import two_tower
    from tv5_assets.models.two_tower_search import best_of, configured, weights_of

    run, chosen, best = TrainingRun(context, settings, tracking), settings.get(), best_of(trials)
    config = configured(two_tower(run.size(ratings), chosen.epochs), best)
    train = two_towers(movies, text, config, weights_of(best), device=run.device, checkpoints=run.checkpoints())
    rows = compete(run.model_questions(ratings, parts, movies), train, run.trained)
    run.discard_checkpoints()
    return rows, run.kept["two-tower"], run.kept[JOINED]


@multi_asset(
    name="train_sequences",
    outs={
        "sequence_results": table_out(models.SequenceResults, kinds=("torch",)),
        "sasrec": model_out(
            "models/sasrec",
            about="SASRec: a transformer that tells the next movie from those before it, in their order.",
            owner=OWNER,
            kinds=("torch",),
        ),
        "bert4rec": model_out(
            "models/bert4rec",
            about="BERT4Rec: a transformer that tells masked movies from those before and after them.",
            owner=OWNER,
            kinds=("torch",),
        ),
    },
    ins=ASKED,
    pool=pools.MODELS,
    remembered=True,
)
def train_sequences(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    tracking: TrackingResource,
    ratings: pl.LazyFrame,
    parts: pl.LazyFrame,
    movies: pl.DataFrame,
) -> tuple[pl.DataFrame, ModelFolder, ModelFolder]:
    from tv5_assets.models.contest import compete, sequences
    from tv5_assets.models.presets import sequence

    run, chosen = TrainingRun(context, settings, tracking, LEAVE_LAST_OUT), settings.get()
    train = sequences(sequence(run.size(ratings), chosen.epochs), run.device, run.checkpoints())
    rows = compete(run.model_questions(ratings, parts, movies), train, run.trained)
    run.discard_checkpoints()
    return rows, run.kept["sasrec"], run.kept["bert4rec"]


@table_asset(
    models.Leaderboard,
    kinds=("polars", "scipy"),
    ins={
        "baseline_rows": models.BaselineResults.key,
        "tower_rows": models.TowerResults.key,
        "sequence_rows": models.SequenceResults.key,
        "trials": models.Trials.key,
    },
)
def leaderboard(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    baseline_rows: pl.DataFrame,
    tower_rows: pl.DataFrame,
    sequence_rows: pl.DataFrame,
    trials: pl.DataFrame,
) -> pl.DataFrame:
    from tv5_assets.evaluation.leaderboard import leaderboard as compared
    from tv5_assets.evaluation.results import entries
    from tv5_assets.models.two_tower_search import best_of

    board = compared(entries(pl.concat([baseline_rows, tower_rows, sequence_rows])), settings.get().seed)
    context.add_output_metadata(board_metadata(board) | facts({"two-tower's hyperparameters": best_of(trials)}))
    return board


@vectors_asset(
    "embeddings/tower_movies",
    about="One unit vector per movie by the two-tower, of 128 numbers: movies that the same people watch are close.",
    owner=OWNER,
    kinds={"torch"},
    ins={"tower": "models/two_tower"},
)
def tower_movies(tower: ModelFolder) -> Vectors:
    from tv5_assets.models.two_tower import TwoTower

    model = TwoTower.from_folder(tower)
    return Vectors(model.catalog, model.movie_vectors(), model.name)


@vectors_asset(
    "embeddings/tower_users",
    about="One unit vector per user by the two-tower, from everything they rated, in the space of the movies'.",
    owner=OWNER,
    kinds={"torch"},
    ins={"tower": "models/two_tower", "ratings": "processed/ratings"},
)
def tower_users(tower: ModelFolder, ratings: pl.LazyFrame) -> Vectors:
    from tv5_assets.evaluation.histories import histories
    from tv5_assets.models.two_tower import TwoTower

    model = TwoTower.from_folder(tower)
    users = histories(ratings, model.catalog)
    return Vectors(users.user_ids, model.user_vectors(users), model.name)


@store_asset(
    "milvus/tower_movies",
    about="The collection `tower_movies`: the two-tower's vector per movie, with its title, year and genres to filter "
    "by. `tv5 recommend` searches it with a vector that it makes of what the user has rated by now.",
    owner="team:search",
    kinds={"milvus"},
    ins={"vectors": "embeddings/tower_movies", "movies": "processed/movies"},
)
def published_tower_movies(milvus: MilvusResource, vectors: Vectors, movies: pl.DataFrame) -> dg.MaterializeResult:
    fields = movies.select("movie_id", "title", "year", "genres")
    version = fingerprint(vectors.ids, vectors.matrix, fields)
    with milvus.connected() as client:
        return published(store.publish(client, store.TOWER_MOVIES, vectors, fields, version))
