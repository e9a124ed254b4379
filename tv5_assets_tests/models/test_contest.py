"""What every family hands on to the leaderboard, from questions to entries."""

import logging

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from tv5_assets.engine import PolarsEngine
from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import evaluate
from tv5_assets.evaluation.leaderboard import leaderboard
from tv5_assets.evaluation.questions import Question, questions
from tv5_assets.evaluation.results import entries
from tv5_assets.features.splits import splits
from tv5_assets.models.baselines.popularity import fit_popularity
from tv5_assets.models.contest import Trained, compete
from tv5_assets.models.two_tower import TwoTowerConfig
from tv5_assets.models.two_tower_search import best_of, configured, weights_of
from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.models import Results, Trials
from tv5_assets.tables.table import polars_schema
from tv5_assets_tests.evaluation.test_histories import events_of

CATALOG = np.arange(1, 61, dtype=np.int32)
SEED = 11


def ratings_of(users: int) -> pl.LazyFrame:
    rng = np.random.default_rng(5)
    return events_of(
        *(
            (user, int(movie), float(rng.integers(1, 11) / 2), int(rng.integers(0, 5_000)))
            for user in range(1, users + 1)
            for movie in rng.permutation(CATALOG)[:25]
        )
    )


def parts_of(ratings: pl.LazyFrame) -> pl.LazyFrame:
    return nw.to_native(splits(nw.from_native(ratings), PolarsEngine(), SEED, 1, 1))


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    ratings = ratings_of(40)
    return list(questions(ratings, parts_of(ratings), CATALOG, splits=2, slices=2, seed=SEED))


def test_protocols_that_draw_are_asked_again_and_others_once(asked: list[Question]):
    found = {(one.problem.protocol, one.split): len(one.slices) for one in asked}
    assert found == {
        ("user-80-20", 0): 2,
        ("user-80-20", 1): 2,
        ("temporal", 0): 1,
        ("leave-last-out", 0): 1,
        ("strong-generalization", 0): 2,
        ("strong-generalization", 1): 2,
    }


def test_slices_hold_nothing_but_training_rows(asked: list[Question]):
    for one in asked:
        learnt = set(zip(*_pairs(one.problem.train), strict=True))
        for part in one.slices:
            assert set(zip(*_pairs(part.train), strict=True)) < learnt
            assert set(zip(*_pairs(part.truth), strict=True)) < learnt


def _pairs(histories) -> tuple[list[int], list[int]]:
    return histories.user_ids[histories.users_of_events()].tolist(), histories.items.tolist()


def test_a_protocol_for_which_the_set_is_too_small_is_left_out_and_told(caplog: pytest.LogCaptureFixture):
    ratings = ratings_of(1)  # with the only user held out, nobody is left to learn from
    with caplog.at_level(logging.WARNING):
        found = {
            one.problem.protocol
            for one in questions(ratings, parts_of(ratings), CATALOG, splits=1, slices=1, seed=SEED)
        }
    assert found and found < set(PROTOCOLS)
    assert all(f"{protocol}: the split leaves" in caplog.text for protocol in set(PROTOCOLS) - found)


def test_a_set_too_small_for_every_protocol_is_an_error():
    ratings = ratings_of(1).head(1)
    with pytest.raises(InputError, match="too small for each of user-80-20"):
        list(questions(ratings, parts_of(ratings), CATALOG, splits=1, slices=1, seed=SEED))


def test_rows_become_the_very_entries_that_the_leaderboard_compares(asked: list[Question]):
    told = []

    def train(question: Question):
        yield Trained(fit_popularity(question.problem.train), "baseline", 0.25, {})

    rows = compete(asked, train, lambda question, trained, _: told.append((question.split, trained.model.name)))

    assert rows.schema == polars_schema(Results)
    assert told == [(one.split, "popularity") for one in asked]
    found = {entry.protocol: entry for entry in entries(rows)}
    assert set(found) == set(PROTOCOLS)
    for protocol, entry in found.items():
        of_protocol = [one for one in asked if one.problem.protocol == protocol]
        assert entry.train_seconds == 0.25
        for one, evaluation in zip(of_protocol, entry.evaluations, strict=True):
            again = evaluate(fit_popularity(one.problem.train), one.problem)
            np.testing.assert_array_equal(evaluation.user_ids, again.user_ids)
            assert set(evaluation.per_user) == set(again.per_user)
            for key, values in again.per_user.items():
                np.testing.assert_allclose(evaluation.per_user[key], values)
            assert evaluation.coverage == pytest.approx(again.coverage)
    assert set(leaderboard(entries(rows), SEED, resamples=50)["protocol"]) == set(PROTOCOLS)


def test_the_best_completed_trial_configures_the_two_tower():
    trials = pl.DataFrame(
        {
            "number": [0, 1, 2],
            "state": ["complete", "complete", "pruned"],
            "value": [0.2, 0.3, 0.9],
            "parameters": [
                '{"l2": 1e-3}',
                '{"l2": 1e-4, "learning_rate": 0.5, "weights": {"EASE": 1.0}}',
                '{"l2": 7.0}',
            ],
            "seconds": [1.0, 1.0, 1.0],
        },
        schema=polars_schema(Trials),
    )
    best = best_of(trials)
    config = configured(TwoTowerConfig(), best)
    assert weights_of(best) == {"EASE": 1.0}
    assert (config.l2, config.train.learning_rate) == (1e-4, 0.5)
    assert config.train.epochs == TwoTowerConfig().train.epochs
    with pytest.raises(InputError, match="no trial"):
        best_of(trials.filter(pl.col("state") == "pruned"))
