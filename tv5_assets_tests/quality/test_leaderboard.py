"""A model that is not worth having fails the rules on the leaderboard."""

from typing import get_args

import polars as pl
import pytest

from tv5_assets.evaluation.leaderboard import EASE, MARKOV, POPULARITY
from tv5_assets.models.baselines.every import BASELINES as BASELINES_BY_NAME
from tv5_assets.models.sequence import Kind
from tv5_assets.quality.leaderboard import OF_SEQUENCES, beats_popularity, best_beats_ease
from tv5_assets.tables.models import Leaderboard


def board_of(
    *rows: tuple[str, str, float, float | None], protocol: str = "user-80-20", users: int = 610
) -> pl.DataFrame:
    """Return the NDCG@10 rows of (model, kind, value, lower end of the ratio to EASE), and others that do not count."""
    kept = {"splits": 3, "train_seconds": 1.0, "rank_seconds": 1.0, "parameters": 1, "size_bytes": 4, "users": users}
    whole = [
        {"protocol": protocol, "model": model, "kind": kind, "metric": metric, "k": k, "value": worth, "to_ease": low,
         "to_ease_low": low, "to_ease_high": low, **kept}
        for model, kind, value, low in rows
        for metric, k, worth in (("ndcg", 10, value), ("ndcg", 5, 0.0), ("recall", 10, 0.0))
    ]  # fmt: skip
    return pl.concat([Leaderboard.create_empty(), pl.DataFrame(whole)], how="diagonal_relaxed").with_columns(
        pl.col(name).cast(dtype) for name, dtype in Leaderboard.create_empty().schema.items()
    )


BASELINES = [(POPULARITY, "baseline", 0.19, 0.5), ("content", "baseline", 0.05, 0.1), (EASE, "baseline", 0.37, 1.0)]


def test_models_above_popularity_pass_whatever_the_baselines_do():
    verdict = beats_popularity(board_of(*BASELINES, ("towers", "model", 0.38, 1.02), ("bert", "model", 0.2, 0.5)))
    assert verdict.passed
    assert verdict.facts["judged"] == 2 and verdict.facts["least_ratio"] == pytest.approx(0.2 / 0.19)


@pytest.mark.parametrize("value", [0.19, 0.1, float("nan")])
def test_one_model_not_above_popularity_fails_and_is_named(value: float):
    verdict = beats_popularity(board_of(*BASELINES, ("towers", "model", 0.38, 1.02), ("bert", "model", value, 0.5)))
    assert not verdict.passed
    assert "1 of 2 do not beat popularity by NDCG@10: bert (user-80-20)" in verdict.description


def test_the_models_of_sequences_are_those_that_are_trained():
    assert set(OF_SEQUENCES) == set(get_args(Kind))


def test_the_baselines_that_rules_name_are_baselines():
    assert {POPULARITY, EASE, MARKOV} <= set(BASELINES_BY_NAME)


@pytest.mark.parametrize("model", OF_SEQUENCES)
def test_models_of_sequences_are_judged_by_what_comes_next(model: str):
    behind = (*BASELINES, ("towers", "model", 0.38, 1.02), (model, "model", 0.1, 0.3))
    assert beats_popularity(board_of(*behind, protocol="user-80-20")).passed
    assert beats_popularity(board_of(*behind, protocol="user-80-20")).facts["judged"] == 1
    assert not beats_popularity(board_of(*behind, protocol="leave-last-out")).passed


@pytest.mark.parametrize("model", OF_SEQUENCES)
def test_models_of_sequences_are_not_judged_where_order_tells_nothing(model: str):
    def board(markov: float, *, towers: float = 0.38) -> pl.DataFrame:
        rows = [(MARKOV, "baseline", markov, 0.3), ("towers", "model", towers, 1.02), (model, "model", 0.1, 0.3)]
        return board_of(*BASELINES, *rows, protocol="leave-last-out")

    verdict = beats_popularity(board(0.19))
    assert verdict.passed and verdict.facts["judged"] == 1
    assert verdict.facts["without_order"] == "leave-last-out"
    assert "not judged" in verdict.description
    assert not beats_popularity(board(0.2)).passed
    assert not beats_popularity(board(float("nan"))).passed
    assert not beats_popularity(board(0.19, towers=0.1)).passed


def test_few_users_judge_nobody():
    few = board_of(*BASELINES, ("towers", "model", 0.1, 0.3), protocol="temporal", users=28)
    for rule in (beats_popularity, best_beats_ease):
        assert rule(few).passed
        assert "nothing is judged" in rule(few).description
        assert not rule(few, fewest_users=20).passed
    both = pl.concat([few, board_of(*BASELINES, ("towers", "model", 0.1, 0.3))])
    assert not beats_popularity(both).passed


def test_a_board_without_models_or_without_the_baseline_fails():
    for rule in (beats_popularity, best_beats_ease):
        assert rule(board_of(*BASELINES)).description == "the leaderboard has no model"
        assert not rule(board_of(*BASELINES)).passed
        assert not rule(board_of(("towers", "model", 0.38, None))).passed


def test_the_best_model_must_be_surely_above_ease():
    models = [("towers", "model", 0.36, 0.9), ("joined", "model", 0.385, 1.01)]
    verdict = best_beats_ease(board_of(*BASELINES, *models))
    assert verdict.passed
    assert verdict.facts["user-80-20/best"] == "joined" and verdict.facts["user-80-20/to_ease_low"] == 1.01
    unsure = best_beats_ease(board_of(*BASELINES, models[0], ("joined", "model", 0.373, 0.99)))
    assert not unsure.passed
    assert "joined (user-80-20)" in unsure.description
