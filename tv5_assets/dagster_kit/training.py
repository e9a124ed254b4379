"""What every training asset does beside training: hands its questions out, tracks each training, shows how it went.

What does not belong here: training (models/contest.py) and the assets (defs/recommenders.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np
import polars as pl

from tv5_assets.dagster_kit.metadata import facts
from tv5_assets.dagster_kit.resources import SettingsResource, TrackingResource
from tv5_assets.files import remove
from tv5_assets.models.artifacts import ModelFolder, write_model
from tv5_assets.settings import PROTOCOLS

if TYPE_CHECKING:
    from tv5_assets.evaluation.evaluate import Evaluation
    from tv5_assets.evaluation.questions import Question
    from tv5_assets.models.contest import Trained
    from tv5_assets.models.presets import Size

_SHOWN = (("ndcg", 10), ("recall", 10), ("hit_rate", 10))


@dataclass
class TrainingRun:
    """The trainings of one step.

    Attributes:
        context: the step's.
        settings: the platform's.
        tracking: where each training is tracked.
        protocol: the protocol whose first split gives the models that are kept; None means TV5_PROTOCOL.
        kept: the folder of each recommender that was trained for that split, by its name.
    """

    context: dg.AssetExecutionContext
    settings: SettingsResource
    tracking: TrackingResource
    protocol: str | None = None
    kept: dict[str, ModelFolder] = field(default_factory=dict)

    @property
    def main_protocol(self) -> str:
        """The protocol of the models that are kept."""
        return self.protocol or self.settings.get().protocol

    def questions(
        self,
        ratings: pl.LazyFrame,
        parts: pl.LazyFrame,
        movies: pl.DataFrame,
        protocols: Sequence[str],
        slices: int | None = None,
    ) -> "Iterator[Question]":
        """Yield what is asked under some protocols, over the catalog of all movies.

        Args:
            ratings: rows of ``processed/ratings``.
            parts: rows of ``features/split``.
            movies: rows of ``processed/movies``.
            protocols: which ones.
            slices: validation slices of each question; None means TV5_VALIDATION_SLICES.
        """
        from tv5_assets.evaluation.questions import questions

        chosen = self.settings.get()
        return questions(
            ratings,
            parts,
            movies["movie_id"].sort().to_numpy().astype(np.int32),
            splits=chosen.leaderboard_splits,
            slices=slices or chosen.validation_slices,
            seed=chosen.seed,
            most_users=chosen.asked_users,
            protocols=protocols,
        )

    def model_questions(self, ratings: pl.LazyFrame, parts: pl.LazyFrame, movies: pl.DataFrame) -> "Iterator[Question]":
        """Yield what models are asked, by TV5_LEADERBOARD; a slice shows that there is enough to be tuned on."""
        protocols = PROTOCOLS if self.settings.get().leaderboard == "full" else (self.main_protocol,)
        return self.questions(ratings, parts, movies, protocols, slices=1)

    @property
    def device(self) -> str:
        """Where to train: what TV5_DEVICE says."""
        from tv5_assets.embeddings.encoder import torch_device

        return torch_device(self.settings.get().device)

    def size(self, ratings: pl.LazyFrame) -> "Size":
        """How large models are and how long they are trained: what TV5_TRAINING says."""
        from tv5_assets.models.presets import size_of

        return size_of(self.settings.get().training, ratings.select(pl.len()).collect().item(), self.device)

    def checkpoints(self) -> Path:
        """Folder from which a killed training goes on."""
        return self.settings.get().work_folder(f"models/{self.context.op_execution_context.op.name}")

    def discard_checkpoints(self) -> None:
        """Remove that folder, once everything is trained."""
        remove(self.checkpoints())

    def trained(self, question: "Question", trained: "Trained", evaluation: "Evaluation") -> None:
        """Track a training that has epochs as a run of MLflow, log what it reached, and keep what will be served."""
        protocol, name = question.problem.protocol, trained.model.name
        reached = {f"{metric}@{k}": evaluation.mean(metric, k) for metric, k in _SHOWN}
        figures = ", ".join(f"{metric} {value:.4f}" for metric, value in reached.items())
        self.context.log.info(f"{name}, {protocol}, split {question.split}: {figures} ({trained.seconds:.1f} s)")
        if trained.curve:
            with TemporaryDirectory() as place:
                write_model(trained.model.to_folder(), Path(place) / "model")
                self.tracking.get().record(
                    f"{self.settings.get().dataset}/{protocol}",
                    name,
                    {**trained.asked, "split": question.split, "seed": question.seed},
                    curve=trained.curve,
                    metrics={**reached, "train_seconds": trained.seconds},
                    artifact=Path(place) / "model",
                    tags={"dagster_run": self.context.run.run_id},
                )
        if protocol == self.main_protocol and question.split == 0:
            self.kept[name] = trained.model.to_folder()


def board_metadata(board: pl.DataFrame) -> dict[str, Any]:
    """Return the leaderboard as the UI shows it: a table and a plot for each protocol, and figures that it plots."""
    from tv5_assets.reports.board import plots

    metadata: dict[str, Any] = {
        protocol: dg.MetadataValue.md(f"{plot.as_markdown()}\n\n{rows.as_markdown()}")
        for protocol, (plot, rows) in plots(board).items()
    }
    headline = board.filter(
        (pl.col("metric").cast(pl.String) == "ndcg") & (pl.col("k") == 10) & (pl.col("kind").cast(pl.String) == "model")
    ).select(pl.col("protocol").cast(pl.String), "model", "value")
    return metadata | facts({f"{model}, {protocol}": value for protocol, model, value in headline.iter_rows()})
