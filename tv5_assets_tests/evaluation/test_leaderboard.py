"""The leaderboard holds every value with its interval and compares on the same users only."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import COVERAGE, NOVELTY, Evaluation
from tv5_assets.evaluation.leaderboard import EASE, POPULARITY, Entry, leaderboard, standings
from tv5_assets.evaluation.metrics import METRICS
from tv5_assets.tables.models import RANKING_METRICS, Leaderboard

USERS = np.arange(1, 81, dtype=np.int32)


def evaluation_of(model: str, level: float, protocol: str = "user-80-20", split: int = 0) -> Evaluation:
    """Return an evaluation whose users do alike in all models, each in proportion to ``level``."""
    taste = np.random.default_rng(split).uniform(0.5, 1, len(USERS))
    names = [(name, k) for name in (*METRICS, NOVELTY) for k in (5, 10)]
    return Evaluation(
        model, protocol, USERS, dict.fromkeys(names, level * taste), {5: level / 10, 10: level / 5}, seconds=2.0
    )


def entry_of(model: str, level: float, kind: str = "baseline", protocol: str = "user-80-20", splits: int = 2) -> Entry:
    evaluations = [evaluation_of(model, level, protocol, split) for split in range(splits)]
    return Entry(kind, evaluations, train_seconds=3.0, parameters=10, size_bytes=40)


@pytest.fixture(scope="module")
def board() -> pl.DataFrame:
    entries = [entry_of(POPULARITY, 0.2), entry_of(EASE, 0.4), entry_of("towers", 0.5, "model")]
    return leaderboard([*entries, entry_of("towers", 0.1, "model", protocol="temporal")], seed=1, resamples=200)


def row_of(board: pl.DataFrame, model: str, metric: str, protocol: str = "user-80-20") -> dict:
    return board.row(
        by_predicate=(pl.col("model") == model)
        & (pl.col("metric") == metric)
        & (pl.col("protocol") == protocol)
        & (pl.col("k") == 10),
        named=True,
    )


def test_every_entry_has_every_metric_at_every_cut_off(board: pl.DataFrame):
    Leaderboard.validate(board)
    assert len(board) == 4 * 2 * len(RANKING_METRICS)
    assert set(RANKING_METRICS) == {*METRICS, NOVELTY, COVERAGE}


def test_values_are_means_of_the_splits_with_an_interval_around_them(board: pl.DataFrame):
    row = row_of(board, "towers", "ndcg")
    expected = np.mean([evaluation_of("towers", 0.5, split=split).per_user["ndcg", 10].mean() for split in (0, 1)])
    assert row["value"] == pytest.approx(expected)
    assert row["low"] < row["value"] < row["high"] < row["value"] + 0.05
    assert (row["users"], row["splits"], row["train_seconds"], row["rank_seconds"]) == (80, 2, 3, 2)
    assert (row["parameters"], row["size_bytes"], row["kind"]) == (10, 40, "model")


def test_ratios_are_to_the_baselines_of_the_same_protocol_metric_and_users(board: pl.DataFrame):
    row = row_of(board, "towers", "map")
    # Users differ much, but each of them by the same factor between models: a paired interval has no width.
    for end in ("", "_low", "_high"):
        assert row[f"to_popularity{end}"] == pytest.approx(2.5)
        assert row[f"to_ease{end}"] == pytest.approx(1.25)
    assert row_of(board, EASE, "ndcg")["to_ease"] == 1
    assert row_of(board, "towers", "ndcg", "temporal")["to_popularity"] is None


def test_more_novelty_or_coverage_is_not_called_better(board: pl.DataFrame):
    for metric in (NOVELTY, COVERAGE):
        row = row_of(board, "towers", metric)
        assert row["value"] > 0 and row["to_ease"] is None and row["to_popularity_low"] is None
    assert row_of(board, "towers", COVERAGE)["value"] == pytest.approx(0.1)
    assert row_of(board, "towers", COVERAGE)["low"] is None
    assert row_of(board, "towers", NOVELTY)["low"] is not None


def test_a_baseline_that_finds_nothing_gives_no_ratio():
    board = leaderboard([entry_of(EASE, 0.0), entry_of("towers", 0.5, "model")], seed=1, resamples=50)
    assert row_of(board, "towers", "ndcg")["to_ease"] is None


def test_the_best_is_first_and_the_seed_decides_everything_else(board: pl.DataFrame):
    top = board.filter((pl.col("metric") == "ndcg") & (pl.col("k") == 10) & (pl.col("protocol") == "user-80-20"))
    assert top["model"].to_list() == ["towers", EASE, POPULARITY]
    entries = [entry_of("towers", 0.5, "model"), entry_of(POPULARITY, 0.2), entry_of(EASE, 0.4)]
    again = leaderboard(entries, seed=1, resamples=200)
    expected = board.filter(pl.col("protocol") == "user-80-20")
    assert_frame_equal(again, expected)


def test_standings_are_one_row_per_recommender(board: pl.DataFrame):
    table = standings(board, "user-80-20")
    assert table["model"].to_list() == ["towers", EASE, POPULARITY]
    assert table["coverage@10"].to_list() == pytest.approx([0.1, 0.08, 0.04])
    assert table["recall@10"].is_sorted(descending=True) and table["to_ease"].to_list() == pytest.approx([1.25, 1, 0.5])


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="needs an entry"):
        leaderboard([], seed=1)
    with pytest.raises(InputError, match="user-80-20: EASE is on the leaderboard twice"):
        leaderboard([entry_of(EASE, 0.1), entry_of(POPULARITY, 0.1), entry_of(EASE, 0.2)], seed=1)
    with pytest.raises(InputError, match="towers and EASE were asked about different users"):
        leaderboard([entry_of(EASE, 0.1), entry_of("towers", 0.1, splits=1)], seed=1)
    others = [replace(one, user_ids=USERS + 1) for one in entry_of("towers", 0.1).evaluations]
    with pytest.raises(InputError, match="towers and EASE were asked about different users"):
        leaderboard([entry_of(EASE, 0.1), Entry("model", others, 0, 0, 0)], seed=1)
    with pytest.raises(InputError, match="an entry is of one recommender under one protocol"):
        Entry("model", [evaluation_of("a", 0.1), evaluation_of("a", 0.1, "temporal")], 0, 0, 0)
    with pytest.raises(InputError, match="not of none"):
        Entry("model", [], 0, 0, 0)
