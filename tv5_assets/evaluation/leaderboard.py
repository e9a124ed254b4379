"""One table of all recommenders: what each reached, how sure that is, and what it cost.

What does not belong here: evaluating a recommender (evaluate.py) and judging the table (quality/leaderboard.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import COVERAGE, NOVELTY, Evaluation
from tv5_assets.evaluation.intervals import RESAMPLES, Intervals, bootstrap
from tv5_assets.tables.models import Leaderboard
from tv5_assets.tables.table import polars_schema

POPULARITY = "popularity"
EASE = "EASE"
MARKOV = "Markov"
HEADLINE = ("ndcg", 10)
"""The metric and the cut-off by which recommenders are put in order."""
_NOT_COMPARED = (NOVELTY, COVERAGE)  # more of these is not better


@dataclass(frozen=True)
class Entry:
    """One recommender under one protocol.

    Attributes:
        kind: one of tables.models.RECOMMENDER_KINDS.
        evaluations: one of each split, by the same protocol at the same cut-offs; those of all entries of a protocol
            are of the same splits in the same order.
        train_seconds: time to fit on one split, mean of the splits.
        parameters: numbers that were fitted.
        size_bytes: bytes of the model's tensors.
    """

    kind: str
    evaluations: Sequence[Evaluation]
    train_seconds: float
    parameters: int
    size_bytes: int

    def __post_init__(self) -> None:
        if len({(one.model, one.protocol, tuple(one.per_user)) for one in self.evaluations}) != 1:
            raise InputError(
                "an entry is of one recommender under one protocol at the same cut-offs, not of "
                f"{[(one.model, one.protocol) for one in self.evaluations] or 'none'}"
            )

    @property
    def model(self) -> str:
        """Name of the recommender."""
        return self.evaluations[0].model

    @property
    def protocol(self) -> str:
        """Name of the protocol."""
        return self.evaluations[0].protocol


def leaderboard(entries: Iterable[Entry], seed: int, resamples: int = RESAMPLES) -> pl.DataFrame:
    """Put all entries into one table; within a protocol and metric the best first.

    Args:
        entries: each recommender at most once per protocol.
        seed: of the draws of the intervals.
        resamples: draws of users per protocol.

    Returns:
        Rows of tables.models.Leaderboard, by protocol, metric, cut-off and value.

    Raises:
        InputError: there is no entry, a recommender comes twice, or entries of a protocol were asked about different
            users or at different cut-offs.
    """
    by_protocol: dict[str, list[Entry]] = {}
    for entry in entries:
        by_protocol.setdefault(entry.protocol, []).append(entry)
    if not by_protocol:
        raise InputError("a leaderboard needs an entry; evaluate a recommender first")
    frames = [_of_protocol(protocol, group, seed, resamples) for protocol, group in by_protocol.items()]
    schema = polars_schema(Leaderboard)
    return (
        pl.concat(frames)
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        .sort("protocol", "metric", "k", "value", "model", descending=[False, False, False, True, False])
    )


def _of_protocol(protocol: str, entries: Sequence[Entry], seed: int, resamples: int) -> pl.DataFrame:
    _require_comparable(protocol, entries)
    keys = list(entries[0].evaluations[0].per_user)
    draws = bootstrap(
        [
            (
                entries[0].evaluations[split].user_ids,
                np.stack([entry.evaluations[split].per_user[key] for entry in entries for key in keys], axis=1),
            )
            for split in range(len(entries[0].evaluations))
        ],
        seed,
        resamples,
    )
    columns = {"": draws.intervals()}
    for name, baseline in (("to_popularity", POPULARITY), ("to_ease", EASE)):
        place = next((place for place, entry in enumerate(entries) if entry.model == baseline), None)
        if place is not None:
            # The value of the same metric, at the place of the baseline, for each entry.
            columns[name] = draws.ratios(list(range(place * len(keys), (place + 1) * len(keys))) * len(entries))
    per_user = pl.DataFrame(
        {
            "model": [entry.model for entry in entries for _ in keys],
            "metric": [metric for metric, _ in keys] * len(entries),
            "k": [k for _, k in keys] * len(entries),
        }
    ).with_columns(_named(columns))
    coverage = pl.DataFrame(
        [
            {
                "model": entry.model,
                "metric": COVERAGE,
                "k": k,
                "value": _mean(one.coverage[k] for one in entry.evaluations),
            }
            for entry in entries
            for k in entry.evaluations[0].coverage
        ]
    )
    ratios = [f"{name}{end}" for name in ("to_popularity", "to_ease") for end in ("", "_low", "_high")]
    rows = pl.concat([per_user, coverage], how="diagonal")
    rows = rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ratios if name not in rows.columns)
    return rows.with_columns(
        pl.when(pl.col("metric").is_in(_NOT_COMPARED)).then(None).otherwise(pl.col(name).fill_nan(None)).alias(name)
        for name in ratios
    ).join(_costs(protocol, entries), on="model")


def _named(columns: dict[str, Intervals]) -> list[pl.Series]:
    return [
        pl.Series(name, values)
        for prefix, intervals in columns.items()
        for name, values in (
            (prefix or "value", intervals.value),
            (f"{prefix}_low" if prefix else "low", intervals.low),
            (f"{prefix}_high" if prefix else "high", intervals.high),
        )
    ]


def _costs(protocol: str, entries: Sequence[Entry]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "model": entry.model,
                "protocol": protocol,
                "kind": entry.kind,
                "users": len(np.unique(np.concatenate([one.user_ids for one in entry.evaluations]))),
                "splits": len(entry.evaluations),
                "train_seconds": entry.train_seconds,
                "rank_seconds": _mean(one.seconds for one in entry.evaluations),
                "parameters": entry.parameters,
                "size_bytes": entry.size_bytes,
            }
            for entry in entries
        ]
    )


def _require_comparable(protocol: str, entries: Sequence[Entry]) -> None:
    names = [entry.model for entry in entries]
    if len(set(names)) < len(names):
        raise InputError(f"{protocol}: {max(names, key=names.count)} is on the leaderboard twice")
    first = entries[0]
    for entry in entries[1:]:
        same = len(entry.evaluations) == len(first.evaluations) and all(
            np.array_equal(one.user_ids, other.user_ids) and list(one.per_user) == list(other.per_user)
            for one, other in zip(entry.evaluations, first.evaluations, strict=True)
        )
        if not same:
            raise InputError(
                f"{protocol}: {entry.model} and {first.model} were asked about different users or at different "
                "cut-offs; evaluate both on the same splits"
            )


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def standings(board: pl.DataFrame, protocol: str) -> pl.DataFrame:
    """Return one row per recommender of a protocol, best first by NDCG@10: what a person compares at a glance.

    Returns:
        ``model``, ``kind``, then NDCG@10 with ``low`` and ``high``, ``to_ease`` with its interval, recall@10, MAP@10,
        hit_rate@10, novelty@10, coverage@10, ``train_seconds`` and ``size_bytes``.
    """
    rows = board.filter(pl.col("protocol") == protocol).with_columns(pl.col("metric").cast(pl.String))
    metric, k = HEADLINE
    beside = [
        rows.filter((pl.col("metric") == name) & (pl.col("k") == k)).select(
            "model", pl.col("value").alias(f"{name}@{k}")
        )
        for name in ("recall", "map", "hit_rate", NOVELTY, COVERAGE)
    ]
    table = rows.filter((pl.col("metric") == metric) & (pl.col("k") == k)).select(
        "model", "kind", pl.col("value").alias(f"{metric}@{k}"), "low", "high",
        "to_ease", "to_ease_low", "to_ease_high", "train_seconds", "size_bytes",
    )  # fmt: skip
    for frame in beside:
        table = table.join(frame, on="model", how="left")
    costs = ["train_seconds", "size_bytes"]
    return table.select(pl.exclude(costs), *costs).sort(f"{metric}@{k}", "model", descending=[True, False])
