from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tv5_assets.agentdb.offline import policy_values
from tv5_assets.agentdb.states import STATES
from tv5_assets.errors import InputError
from tv5_assets.quality.policies import not_worse
from tv5_assets.tables.features import ACTIONS, Episodes
from tv5_assets.tables.models import OFFLINE_POLICIES, PolicyValues
from tv5_assets.tables.table import polars_schema

NOON = datetime(2020, 1, 2, 12, tzinfo=UTC)
USERS, STEPS = 120, 50
HELD_OUT = STEPS // 5
DRAMA, WAR = ACTIONS.index("Drama"), ACTIONS.index("War")


def episodes(reward: np.ndarray, chosen: np.ndarray) -> pl.LazyFrame:
    """Make the episodes of users who choose and are rewarded so, shape (users, steps); every step ends its session."""
    user, step = np.indices(reward.shape)
    return pl.LazyFrame(
        {
            "row": np.arange(reward.size),
            "user_id": user.ravel().astype(np.int32) + 1,
            "session": step.ravel().astype(np.int32),
            "step": step.ravel().astype(np.int32),
            "state": [STATES[0]] * reward.size,
            "action": pl.Series(chosen.ravel().astype(np.uint8)).cat.to(pl.Enum(ACTIONS)),
            "movie_id": np.ones(reward.size, dtype=np.int32),
            "reward": reward.ravel().astype(np.float32),
            "next_state": pl.Series([None] * reward.size, dtype=pl.String),
            "terminal": [True] * reward.size,
            "occurred_at": pl.Series([NOON + timedelta(hours=int(one)) for one in step.ravel()]).cast(
                pl.Datetime("ms", "UTC")
            ),
        },
        schema=polars_schema(Episodes),
    )


def users(archetypes: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"user_id": range(1, len(archetypes) + 1), "archetype": archetypes}, schema_overrides={"user_id": pl.Int32}
    )


def chance() -> np.random.Generator:
    return np.random.default_rng(5)


def judged(reward: np.ndarray, chosen: np.ndarray) -> dict[str, dict[str, float]]:
    frame = policy_values(episodes(reward, chosen), users(["casual"] * len(reward)), seed=1)
    PolicyValues.validate(frame)
    assert tuple(frame["policy"]) == OFFLINE_POLICIES
    return {row.pop("policy"): row for row in frame.to_dicts()} | {"frame": frame}


@pytest.fixture(scope="module")
def tastes() -> tuple[np.ndarray, np.ndarray]:
    """Users who choose by chance, of whom every other one likes only dramas and the rest only war movies."""
    chosen = np.where(chance().random((USERS, STEPS)) < 0.5, DRAMA, WAR)
    likes = np.where(np.arange(USERS) % 2 == 0, DRAMA, WAR)[:, None]
    return np.where(chosen == likes, 0.5, -0.5), chosen


def test_what_users_differ_in_is_worth_what_it_is(tastes):
    values = judged(*tastes)

    # Of a user's genre the policy has learnt a value of 0.5 * 20 / 23 = 0.43, of the 18 untried ones 0: by the softmax
    # it takes it in four of five cases, and gets 0.5. An archetype that holds both kinds knows nothing, nor do others.
    assert values["learnt"]["value"] == pytest.approx(0.4, abs=0.04)
    assert values["prior"]["value"] == pytest.approx(0, abs=0.05)
    assert values["popularity"]["value"] == pytest.approx(0, abs=0.05)
    assert values["users"]["value"] == pytest.approx(tastes[0][:, -HELD_OUT:].mean())
    assert values["prior"]["learnt_better_low"] > 0.3
    assert values["learnt"]["low"] < values["learnt"]["value"] < values["learnt"]["high"]
    assert values["learnt"]["users"] == USERS and values["learnt"]["steps"] == USERS * HELD_OUT
    assert values["learnt"]["agreement"] == pytest.approx(0.5, abs=0.1)  # every other choice is the one it takes
    assert values["users"]["agreement"] == 1
    assert not_worse(values["frame"]).passed


def test_a_policy_that_is_surely_worse_is_held_back(tastes):
    reward, chosen = tastes[0].copy(), tastes[1]
    reward[:, -HELD_OUT:] *= -1  # everybody's taste turns when nobody looks

    verdict = not_worse(judged(reward, chosen)["frame"])

    assert not verdict.passed
    assert verdict.description == "learnt policies are worth less than prior and popularity"
    assert verdict.facts["better_than_prior"] < -0.3


def test_where_nothing_can_be_known_nothing_is_held_back():
    reward = chance().normal(scale=0.3, size=(USERS, STEPS)).clip(-1, 1)
    values = judged(reward, np.where(chance().random((USERS, STEPS)) < 0.5, DRAMA, WAR))

    assert abs(values["prior"]["learnt_better_by"]) < 0.05
    assert values["prior"]["learnt_better_low"] < 0 < values["prior"]["learnt_better_high"]
    assert not_worse(values["frame"]).passed


def test_judging_twice_gives_the_same(tastes):
    assert judged(*tastes)["frame"].equals(judged(*tastes)["frame"])


def test_users_with_too_few_steps_are_not_asked_about():
    reward = np.zeros((2, 4))
    with pytest.raises(InputError, match="no user"):
        judged(reward, np.full((2, 4), DRAMA))


def test_few_users_prove_nothing(tastes):
    worse = judged(*tastes)["frame"].with_columns(learnt_better_high=-0.1)

    assert not not_worse(worse).passed
    verdict = not_worse(worse.with_columns(users=99))
    assert verdict.passed and verdict.description == "99 users are too few to judge by"


def test_what_cannot_be_compared_does_not_pass(tastes):
    frame = judged(*tastes)["frame"]
    assert not not_worse(frame.filter(pl.col("policy") != "prior")).passed
    assert not not_worse(frame.with_columns(learnt_better_high=None)).passed
    assert not not_worse(frame.with_columns(learnt_better_high=float("nan"))).passed
    assert not not_worse(frame.clear()).passed
