"""What recommenders reached, user by user, as rows: what trainings hand on to the leaderboard.

What does not belong here: evaluating (evaluate.py) and comparing (leaderboard.py).
"""

import polars as pl

from tv5_assets.evaluation.evaluate import COVERAGE, NOVELTY, Evaluation
from tv5_assets.evaluation.leaderboard import Entry
from tv5_assets.evaluation.metrics import METRICS
from tv5_assets.tables.models import Results
from tv5_assets.tables.table import polars_schema

_COSTS = ("kind", "train_seconds", "parameters", "size_bytes")
_PER_USER = (*METRICS, NOVELTY)


def results(
    evaluation: Evaluation, *, kind: str, split: int, train_seconds: float, parameters: int, size_bytes: int
) -> pl.DataFrame:
    """Return an evaluation as rows of tables.models.Results, by cut-off and user; see there for the arguments."""
    frames = [
        pl.DataFrame(
            {
                "user_id": evaluation.user_ids,
                **{metric: evaluation.per_user[metric, k] for metric in _PER_USER},
            }
        ).with_columns(k=pl.lit(k), coverage=pl.lit(share))
        for k, share in evaluation.coverage.items()
    ]
    rows = pl.concat(frames).with_columns(
        protocol=pl.lit(evaluation.protocol),
        split=pl.lit(split),
        model=pl.lit(evaluation.model),
        kind=pl.lit(kind),
        train_seconds=pl.lit(train_seconds),
        rank_seconds=pl.lit(evaluation.seconds),
        parameters=pl.lit(parameters),
        size_bytes=pl.lit(size_bytes),
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in polars_schema(Results).items())


def entries(rows: pl.DataFrame) -> list[Entry]:
    """Return what the leaderboard compares: an entry for each recommender and protocol of such rows."""
    found = []
    for _, of_model in rows.sort("protocol", "model", "split", "k", "user_id").group_by(
        "protocol", "model", maintain_order=True
    ):
        splits = of_model.partition_by("split", maintain_order=True)
        costs = of_model.select(_COSTS).row(0, named=True)
        seconds = [part["train_seconds"][0] for part in splits]
        found.append(
            Entry(
                kind=costs["kind"],
                evaluations=[_evaluation(part) for part in splits],
                train_seconds=sum(seconds) / len(seconds),
                parameters=costs["parameters"],
                size_bytes=costs["size_bytes"],
            )
        )
    return found


def _evaluation(rows: pl.DataFrame) -> Evaluation:
    by_k = {int(part["k"][0]): part for part in rows.partition_by("k", maintain_order=True)}
    first = rows.row(0, named=True)
    return Evaluation(
        model=first["model"],
        protocol=first["protocol"],
        user_ids=next(iter(by_k.values()))["user_id"].to_numpy(),
        per_user={(metric, k): part[metric].to_numpy() for metric in _PER_USER for k, part in by_k.items()},
        coverage={k: float(part[COVERAGE][0]) for k, part in by_k.items()},
        seconds=first["rank_seconds"],
    )
