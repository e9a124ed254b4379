from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tv5_assets.agentdb import qlearning
from tv5_assets.agentdb.qlearning import Learnt, Parameters, learn
from tv5_assets.agentdb.states import STATE_HASHES, STATES
from tv5_assets.errors import InputError
from tv5_assets.tables.features import ACTIONS, Episodes
from tv5_assets.tables.models import Policies
from tv5_assets.tables.synthetic import ARCHETYPES
from tv5_assets.tables.table import polars_schema

START = datetime(2000, 1, 1, tzinfo=UTC)
DRAMA, WAR = ACTIONS.index("Drama"), ACTIONS.index("War")
EVENING, MORNING = "evening|weekday|none", "morning|weekday|none"


def users_of(*archetypes: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"user_id": range(1, len(archetypes) + 1), "archetype": archetypes},
        schema={"user_id": pl.Int32, "archetype": pl.Enum(ARCHETYPES)},
    )


def steps_of(user_id: int, *steps: tuple[str, str, float, bool]) -> pl.LazyFrame:
    """Make one user's episodes from state, action, reward and whether the session ends."""
    states = [state for state, *_ in steps]
    return pl.LazyFrame(
        [
            {
                "row": user_id * 1_000 + i, "user_id": user_id, "session": 0, "step": i, "state": state,
                "action": action, "movie_id": 1, "reward": reward, "terminal": terminal,
                "next_state": None if terminal else states[i + 1], "occurred_at": START + timedelta(days=i),
            }
            for i, (state, action, reward, terminal) in enumerate(steps)
        ],
        schema=polars_schema(Episodes),
    )  # fmt: skip


def q_of(learnt: Learnt, user_id: int, state: str) -> dict[str, dict[str, float]]:
    row = learnt.policies.filter(pl.col("user_id") == user_id, pl.col("state") == state)
    return {value["action"]: value for value in row["q_values"].item()}


def made_world(seed: int = 0, users: int = 60, steps: int = 400) -> tuple[pl.LazyFrame, pl.DataFrame, dict[str, str]]:
    """Users who choose at random in four states, each of which has one best genre: reward .8 against -.2, and noise."""
    rng = np.random.default_rng(seed)
    best = {
        "evening|weekday|none": "Drama", "evening|weekend|none": "War",
        "morning|weekday|none": "Comedy", "morning|weekend|none": "Horror",
    }  # fmt: skip
    genres = ["Drama", "War", "Comedy", "Horror"]
    state = rng.choice(list(best), (users, steps))
    action = rng.choice(genres, (users, steps))
    right = action == np.vectorize(best.get)(state)
    reward = np.clip(np.where(right, 0.8, -0.2) + rng.normal(0, 0.3, right.shape), -1, 1)
    frame = pl.DataFrame(
        {
            "user_id": np.repeat(np.arange(1, users + 1), steps),
            "step": np.tile(np.arange(steps), users),
            "state": state.ravel(),
            "action": action.ravel(),
            "reward": reward.ravel(),
        }
    ).with_columns(
        terminal=pl.col("step") % 10 == 9,
        row=pl.int_range(pl.len()),
        session=pl.col("step") // 10,
        movie_id=1,
        occurred_at=pl.lit(START) + pl.duration(days=pl.col("step")),
        next_state=pl.when(pl.col("step") % 10 != 9).then(pl.col("state").shift(-1)),
    )
    schema = polars_schema(Episodes)
    episodes = frame.lazy().select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    return episodes, users_of(*(ARCHETYPES[user % len(ARCHETYPES)] for user in range(users))), best


def test_a_single_visit_by_hand() -> None:
    parameters = Parameters(discount=0.5, epochs=1, prior_visits=3, shrinkage=2)
    learnt = learn(steps_of(1, (EVENING, "Drama", 0.9, True)), users_of("casual"), parameters)
    Policies.validate(learnt.policies)
    # Mean of everything .9. Drama over everybody: (.9 + 2 * .9) / 3 = .9, in the cell the same; the others as well.
    # The visit was worth .9, as the prior said: nothing changes, and one visit joins the prior's three.
    drama = q_of(learnt, 1, EVENING)["Drama"]
    assert drama["mean"] == pytest.approx(0.9)
    assert drama["visits"] == 1
    assert drama["variance"] == pytest.approx(0.0, abs=1e-12)
    row = learnt.policies.row(0, named=True)
    assert row["exploration_rate"] == pytest.approx(1 / 2**0.5)
    assert row["average_reward"] == pytest.approx(0.9)
    assert row["total_visits"] == 1
    assert row["archetype"] == "casual"
    assert row["state_hash"] == STATE_HASHES[STATES.index(EVENING)]
    assert row["updated_at"] == START


def test_prior_and_visits_weigh_as_documented() -> None:
    parameters = Parameters(discount=0, epochs=5, prior_visits=3, shrinkage=2)
    steps = [(EVENING, "Drama", 1.0, True), (EVENING, "Drama", 0.4, True), (EVENING, "War", -0.5, True)]
    learnt = learn(steps_of(1, *steps), users_of("family"), parameters)
    # Mean of everything .3. Drama: (1.4 + 2 * .3) / 4 = .5; in the cell (1.4 + 2 * .5) / 4 = .6.
    # War: (-.5 + 2 * .3) / 3 = 1/30; in the cell (-.5 + 2 / 30) / 3. Any other genre: .3.
    prior = learnt.prior.tensors["value"][ARCHETYPES.index("family"), STATES.index(EVENING)]
    war = (-0.5 + 2 / 30) / 3
    np.testing.assert_allclose(prior[[DRAMA, WAR, 0]], [0.6, war, 0.3], rtol=1e-6)
    # After any number of epochs: the mean of the visits and of three more at the prior.
    q_values = q_of(learnt, 1, EVENING)
    assert q_values["Drama"]["mean"] == pytest.approx((1.4 + 3 * 0.6) / 5)
    assert q_values["War"]["mean"] == pytest.approx((-0.5 + 3 * war) / 4)
    assert q_values["Action"]["mean"] == pytest.approx(0.3)
    noise = ((1 - 0.6) ** 2 + (0.4 - 0.6) ** 2 + (-0.5 - war) ** 2) / 3
    assert learnt.prior.metrics["noise_variance"] == pytest.approx(noise, rel=1e-5)
    assert [q_values[a]["variance"] for a in ("Drama", "War", "Action")] == pytest.approx(
        [noise / 5, noise / 4, noise / 3], rel=1e-5
    )
    assert [q_values[a]["visits"] for a in ("Drama", "War", "Action")] == [2, 1, 0]


def test_what_follows_counts_discounted_within_a_session_only() -> None:
    def value_of_drama(terminal: bool) -> float:
        steps = [(EVENING, "Drama", 0.0, terminal), ("morning|weekday|Drama", "War", 1.0, True)] * 50
        learnt = learn(steps_of(1, *steps), users_of("senior"), Parameters(discount=0.5, shrinkage=0.1, epochs=20))
        return q_of(learnt, 1, EVENING)["Drama"]["mean"]

    assert value_of_drama(terminal=False) == pytest.approx(0.5, abs=0.02)
    assert value_of_drama(terminal=True) == pytest.approx(0.0, abs=0.02)


def test_the_best_action_of_each_state_is_found() -> None:
    episodes, users, best = made_world()
    policies = learn(episodes, users).policies
    Policies.validate(policies)
    chosen = policies.select("state", pl.col("q_values").list.first().struct.field("action").cast(pl.String))
    right = chosen["action"] == chosen["state"].replace_strict(best)
    assert right.mean() > 0.97  # 25 visits of each state and genre, noise .3


def test_a_new_user_gets_what_others_of_the_archetype_like() -> None:
    episodes, users, best = made_world(users=20)
    newcomer = steps_of(21, (EVENING, "none", 0.0, True))
    both = pl.concat([episodes, newcomer])
    users = pl.concat([users, users_of(*["casual"] * 21).tail(1)])
    assert learn(both, users).policies.filter(pl.col("user_id") == 21)["q_values"].item()[0]["action"] == best[EVENING]


def test_archetypes_learn_apart() -> None:
    likes_drama = [(EVENING, "Drama", 0.9, True), (EVENING, "War", -0.9, True)] * 200
    likes_war = [(EVENING, "Drama", -0.9, True), (EVENING, "War", 0.9, True)] * 200
    learnt = learn(pl.concat([steps_of(1, *likes_drama), steps_of(2, *likes_war)]), users_of("cinephile", "family"))
    value = learnt.prior.tensors["value"][:, STATES.index(EVENING)]
    assert value[ARCHETYPES.index("cinephile"), DRAMA] > 0.8 > 0 > value[ARCHETYPES.index("cinephile"), WAR]
    assert value[ARCHETYPES.index("family"), WAR] > 0.8 > 0 > value[ARCHETYPES.index("family"), DRAMA]


def test_q_values_are_best_first_and_complete() -> None:
    episodes, users, _ = made_world(users=5, steps=30)
    for q_values in learn(episodes, users).policies["q_values"].to_list():
        means = [value["mean"] for value in q_values]
        assert means == sorted(means, reverse=True)
        assert {value["action"] for value in q_values} == set(ACTIONS)


def test_visits_add_up() -> None:
    episodes, users, _ = made_world(users=7, steps=50)
    policies = learn(episodes, users).policies
    assert policies["total_visits"].sum() == 7 * 50
    by_action = policies["q_values"].list.eval(pl.element().struct.field("visits").sum()).list.first()
    assert by_action.to_list() == policies["total_visits"].to_list()
    counted = episodes.group_by("user_id", "state").agg(
        n=pl.len(), reward=pl.col("reward").mean(), last=pl.col("occurred_at").max()
    )
    joined = policies.join(counted.collect(), on=["user_id", "state"], how="full", coalesce=True)
    assert len(joined) == len(policies)
    assert (joined["total_visits"] == joined["n"]).all()
    assert (joined["updated_at"] == joined["last"]).all()
    np.testing.assert_allclose(joined["average_reward"], joined["reward"], atol=1e-6)


def test_exploration_falls_with_visits() -> None:
    steps = [(EVENING, "Drama", 0.5, True)] * 99 + [(MORNING, "Drama", 0.5, True)] * 3
    policies = learn(steps_of(1, *steps), users_of("casual")).policies
    rate = dict(policies.select("state", "exploration_rate").iter_rows())
    assert rate[EVENING] == pytest.approx(0.1)
    assert rate[MORNING] == pytest.approx(0.5)


def test_changes_shrink_and_learning_is_deterministic_in_any_row_order(monkeypatch: pytest.MonkeyPatch) -> None:
    episodes, users, _ = made_world(users=10)
    first = learn(episodes, users)
    by_epoch = first.prior.metrics["mean_change_by_epoch"]
    assert by_epoch == sorted(by_epoch, reverse=True)
    assert first.prior.metrics["prior_change_by_sweep"][-1] < 1e-6
    monkeypatch.setattr(qlearning, "_ROWS_AT_ONCE", 7)
    again = learn(episodes.reverse(), users.reverse())
    assert again.policies.equals(first.policies)
    assert again.prior.metrics == first.prior.metrics


def test_users_abreast_learn_what_each_learns_by_loop() -> None:
    episodes, users, _ = made_world(users=6, steps=60)
    parameters = Parameters(epochs=3)
    learnt = learn(episodes, users, parameters)
    prior = learnt.prior.tensors["value"]
    for user_id, archetype in users.rows():
        steps = episodes.filter(pl.col("user_id") == user_id).sort("step").collect().rows(named=True)
        q = prior[ARCHETYPES.index(archetype)].astype(np.float64)
        seen = np.zeros_like(q)
        for _ in range(parameters.epochs):
            for step in steps:
                cell = STATES.index(step["state"]), ACTIONS.index(step["action"])
                follows = 0 if step["terminal"] else q[STATES.index(step["next_state"])].max()
                seen[cell] += 1
                rate = 1 / (parameters.epochs * parameters.prior_visits + seen[cell])
                q[cell] += rate * (step["reward"] + parameters.discount * follows - q[cell])
        for state in {step["state"] for step in steps}:
            values = q_of(learnt, user_id, state)
            np.testing.assert_allclose(
                [values[action]["mean"] for action in ACTIONS], q[STATES.index(state)], atol=1e-5
            )


def test_no_episodes_give_no_policies() -> None:
    learnt = learn(steps_of(1), users_of("casual"))
    Policies.validate(learnt.policies)
    assert learnt.policies.is_empty()


def test_a_user_without_profile_is_named() -> None:
    with pytest.raises(InputError, match="1 users with episodes are not in synthetic/users, the first is 9"):
        learn(steps_of(9, (EVENING, "Drama", 0.5, True)), users_of("casual"))


def test_a_missing_step_is_an_error() -> None:
    steps = steps_of(1, (EVENING, "Drama", 0.5, False), (EVENING, "War", 0.5, False), (EVENING, "War", 0.5, True))
    with pytest.raises(InputError, match="do not count"):
        learn(steps.filter(pl.col("step") != 1), users_of("casual"))
