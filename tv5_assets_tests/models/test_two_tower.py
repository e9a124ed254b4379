from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.evaluation.evaluate import evaluate
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.artifacts import read_model, write_model
from tv5_assets.models.losses import LossName
from tv5_assets.models.train import Epoch, TrainConfig
from tv5_assets.models.two_tower import TwoTower, TwoTowerConfig, fit_two_tower
from tv5_assets.models.two_tower_batches import Batches
from tv5_assets.models.two_tower_inputs import TEXT_COLUMNS, movie_inputs
from tv5_assets.models.two_tower_network import HABITS, habits, longest, pool, served_movies, served_users
from tv5_assets.models.two_tower_start import spectral_start
from tv5_assets.tables.processed import GENRES
from tv5_assets_tests.models.towers import GROUPS, MOVIES, catalog, frame, histories_of, inputs, world

QUICK = TwoTowerConfig(
    dimension=16, users_per_batch=32, negatives=64, train=TrainConfig(epochs=12, learning_rate=0.03, patience=0)
)


def train(config: TwoTowerConfig = QUICK, **options: object) -> TwoTower:
    return fit_two_tower(world().train, inputs(), config, **options)  # type: ignore[arg-type]


def ndcg(model: TwoTower) -> float:
    return evaluate(model, world(), ks=(5,)).mean("ndcg", 5)


def losses_of(model: TwoTower) -> list[float]:
    return [epoch["loss"] for epoch in model.metrics["training"]["epochs"]]


def batches(train: Histories, seed: int = 0, half_life_days: float | None = None) -> Batches:
    return Batches(
        train, users_at_once=7, hidden=(0.05, 0.2), half_life_days=half_life_days, seed=seed, device="cpu"
    )  # fmt: skip


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax", "bpr", "combined"])
def test_it_finds_the_movies_of_a_users_group_by_every_loss_that_ranks(loss: LossName) -> None:
    assert ndcg(train(replace(QUICK, loss=loss))) > 0.35  # chance is .04, a group's 6 unseen movies in any order .36


def test_mse_reads_ratings_off_cosines() -> None:
    rng = np.random.default_rng(0)
    rows = [rng.permutation(MOVIES)[:20].tolist() for _ in range(60)]
    good = [[5.0 if place % GROUPS == user % GROUPS else 1.0 for place in row] for user, row in enumerate(rows)]
    model = fit_two_tower(
        histories_of(rows, good), inputs(), replace(QUICK, loss="mse", train=replace(QUICK.train, epochs=20))
    )
    assert losses_of(model)[-1] < losses_of(model)[0] / 2


def test_it_overfits_a_tiny_set() -> None:
    rows = [[user, user + 20, user + 40] for user in range(8)]
    config = replace(QUICK, l2=0.0, most_hidden=0.4, least_hidden=0.3, train=replace(QUICK.train, epochs=80))
    model = fit_two_tower(histories_of(rows), inputs(), config)
    asked = histories_of([row[:2] for row in rows])
    scores = model.scores(asked)
    scores[asked.users_of_events(), asked.items] = -2
    assert scores.argmax(dim=1).tolist() == [row[2] for row in rows]


def test_outputs_are_normalized_and_scores_their_inner_products() -> None:
    model, history = train(), world().history
    movies, users = model.movie_vectors(), model.user_vectors(history)
    assert movies.shape == (MOVIES, 16)
    assert users.shape == (len(history), 16)
    assert movies.dtype == users.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(movies, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(users, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(model.scores(history).numpy(), users @ movies.T, atol=1e-5)


def test_a_user_whom_training_never_saw_is_as_good_as_any_other() -> None:
    seen = train()
    strangers = world(users=40, seed=7)
    assert evaluate(seen, strangers, ks=(5,)).mean("ndcg", 5) > 0.35


def test_users_are_asked_one_by_one_or_together() -> None:
    model, history = train(), world().history
    together = model.user_vectors(history)
    alone = np.concatenate([model.user_vectors(history.of(user, user + 1)) for user in range(len(history))])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_a_user_without_history_gets_what_most_people_like() -> None:
    rng = np.random.default_rng(3)
    rows = [[0, 1, 2, *rng.permutation(np.arange(3, MOVIES))[:5].tolist()] for _ in range(60)]
    model = fit_two_tower(histories_of(rows), inputs(), QUICK)
    vectors = model.user_vectors(histories_of([[], [5]]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[1:], model.user_vectors(histories_of([[5]])), atol=1e-6)
    best = model.scores(histories_of([[]]))[0].topk(3).indices
    assert sorted(best.tolist()) == [0, 1, 2]


def test_pooling_and_habits_by_hand() -> None:
    items, offsets = torch.tensor([0, 1, 1, 1, 2]), torch.tensor([0, 4, 4, 5])
    read = habits(offsets, torch.tensor([0, 0, 0, 0, 2]), torch.tensor([3.0, 4, 4, 5, 2]))
    assert read.shape == (3, len(HABITS))
    assert read[0].tolist() == pytest.approx([np.log(5) / 5, 0.5, np.std([3, 4, 4, 5])])
    assert read[1].tolist() == [0, 0, 0]
    assert read[2].tolist() == pytest.approx([np.log(2) / 5, -1.5, 0])
    # Sums over the square root of 4, of none and of 1 movie.
    assert pool(torch.eye(3), items, offsets).tolist() == [[0.5, 1.5, 0], [0, 0, 0], [0, 0, 1]]


def test_vectors_are_served_with_length_one_and_rank_as_they_did() -> None:
    torch.manual_seed(0)
    movies, users = 3 * torch.randn(40, 5), torch.randn(7, 5)
    served, asked = served_movies(movies), served_users(users)
    torch.testing.assert_close(torch.linalg.vector_norm(served, dim=1), torch.ones(40))
    torch.testing.assert_close(torch.linalg.vector_norm(asked, dim=1), torch.ones(7))
    factor = torch.linalg.vector_norm(users, dim=1, keepdim=True) * longest(movies)
    torch.testing.assert_close(asked @ served.T * factor, users @ movies.T, atol=1e-4, rtol=0)


def test_a_spectral_start_is_ease_but_for_a_factor() -> None:
    train = world().train
    start = spectral_start(train, MOVIES - 1, seed=0)
    assert start.shape == (MOVIES, MOVIES - 1)
    matrix = train.matrix().toarray()
    kept = np.linalg.inv(matrix.T @ matrix + 150 * np.eye(MOVIES))
    # EASE's weights without the factor of each movie are the identity less lambda times P; the start lacks one column.
    np.testing.assert_allclose(start @ start.T / 36, np.eye(MOVIES) - 150 * kept, atol=1e-3)
    np.testing.assert_array_equal(start, spectral_start(train, MOVIES - 1, seed=0))
    lengths = np.linalg.norm(start, axis=0)
    assert (np.diff(lengths) <= 1e-5).all()
    assert spectral_start(histories_of([[1, 2]]), 8, seed=0).shape == (MOVIES, 0)


def test_a_random_start_learns_too() -> None:
    random = train(replace(QUICK, start="random"))
    assert ndcg(random) > 0.35
    assert not torch.equal(random.movies, train().movies)


def test_what_is_asked_was_never_told_and_together_they_are_the_history() -> None:
    train = world().train
    draw = batches(train)
    users_seen = 0
    for step in range(2 * draw.per_epoch):
        torch.manual_seed(step)
        batch = draw(step)
        told = set(zip(batch.owners.tolist(), batch.items.tolist(), strict=True))
        asked = set(zip(batch.targets.users.tolist(), batch.targets.movies.tolist(), strict=True))
        assert not told & asked
        assert {user for user, _ in asked} == set(range(len(batch.offsets) - 1))  # everyone is asked something
        assert batch.offsets.diff().tolist() == np.bincount(batch.owners, minlength=len(batch.offsets) - 1).tolist()
        assert float(batch.targets.weights.sum()) == pytest.approx(1)
        histories = [
            sorted(movie for user, movie in told | asked if user == place) for place in range(len(batch.offsets) - 1)
        ]
        rows = [sorted(train.of(user, user + 1).items.tolist()) for user in range(len(train))]
        assert all(history in rows for history in histories)
        users_seen += len(histories)
    assert users_seen == 2 * len(train)


def test_a_user_counts_as_the_square_root_of_what_is_asked() -> None:
    draw = Batches(
        histories_of([list(range(40)), list(range(10))]),
        users_at_once=2, hidden=(0.5, 0.5), half_life_days=None, seed=0, device="cpu",
    )  # fmt: skip
    torch.manual_seed(0)
    targets = draw(0).targets
    asked = torch.bincount(targets.users).double()
    weight = torch.zeros(2, dtype=torch.float64).index_add_(0, targets.users, targets.weights.double())
    torch.testing.assert_close(weight / weight.sum(), asked.sqrt() / asked.sqrt().sum(), atol=1e-6, rtol=0)


def test_old_events_count_less_as_targets_where_age_matters() -> None:
    draw = Batches(
        histories_of([list(range(30))]),
        users_at_once=1, hidden=(0.9, 0.9), half_life_days=10, seed=0, device="cpu",
    )  # fmt: skip
    torch.manual_seed(0)
    targets = draw(0).targets
    weights = dict(zip(targets.movies.tolist(), targets.weights.tolist(), strict=True))
    pair = next((day, day + 10) for day in weights if day + 10 in weights)  # a movie a day, so that places are days
    assert weights[pair[1]] == pytest.approx(2 * weights[pair[0]], rel=1e-5)


def test_same_seed_same_model_and_another_seed_another() -> None:
    first, again = train(seed=3), train(seed=3)
    assert torch.equal(first.movies, again.movies)
    assert losses_of(first) == losses_of(again)
    assert not torch.equal(first.movies, train(seed=4).movies)


def test_a_killed_training_goes_on_to_the_same_curve(tmp_path: Path) -> None:
    config = replace(QUICK, train=replace(QUICK.train, checkpoint_seconds=0))
    expected = train(config)

    class KilledError(Exception):
        pass

    def kill(epoch: Epoch) -> None:
        if epoch.number == 5:
            raise KilledError

    with pytest.raises(KilledError):
        train(config, checkpoint=tmp_path, on_epoch=kill)
    resumed = train(config, checkpoint=tmp_path)
    assert resumed.metrics["training"]["resumed_at"] == 14  # the last step before the epoch's end had a checkpoint
    assert losses_of(resumed) == losses_of(expected)
    assert torch.equal(resumed.movies, expected.movies)


def test_early_stopping_asks_the_validation() -> None:
    problem = world()
    config = replace(QUICK, train=replace(QUICK.train, epochs=40, patience=3))
    curve = fit_two_tower(problem.train, inputs(), config, validation=problem).metrics["training"]
    figures = [epoch["validation"] for epoch in curve["epochs"]]
    assert curve["stopped_early"]
    assert len(figures) < 40
    assert figures[curve["best_epoch"] - 1] == max(figures)


def test_a_model_survives_its_folder(tmp_path: Path) -> None:
    model = train(trained_on={"dataset": "made", "protocol": "user-80-20", "split_seed": 1})
    write_model(model.to_folder(), tmp_path / "model")
    folder = read_model(tmp_path / "model")
    again = TwoTower.from_folder(folder)
    history = world().history
    assert torch.equal(again.scores(history), model.scores(history))
    assert again.config == model.config
    assert folder.config["trained_on"]["dataset"] == "made"
    assert folder.config["trained_on"]["events"] == len(world().train.items)
    assert again.trained_on == model.trained_on
    with pytest.raises(InputError, match="bert4rec cannot be read as two-tower"):
        TwoTower.from_folder(replace(folder, config={"model": "bert4rec"}))


def test_other_catalogs_and_empty_histories_are_refused() -> None:
    model, problem = train(), world()
    other = replace(problem.history, catalog=catalog() + 1)
    with pytest.raises(InputError, match="train it again"):
        model.scores(other)
    with pytest.raises(InputError, match="do not fit a catalog"):
        fit_two_tower(other, inputs())
    with pytest.raises(InputError, match="no events"):
        fit_two_tower(histories_of([[]]), inputs())


@pytest.mark.parametrize("wrong", [{"least_hidden": 0.3, "most_hidden": 0.2}, {"temperature": 0}, {"dimension": 1}])
def test_settings_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"hidden|temperature|dimension"):
        replace(QUICK, **wrong)


def test_inputs_are_genres_groups_of_years_ranks_and_centred_text() -> None:
    movies = frame().with_columns(year=pl.when(pl.col("movie_id") == 11).then(None).otherwise("year"))
    numbers = pl.DataFrame(
        {"movie_id": catalog()[:3], "rating_count": [5, 1000, 7], "title": ["a", "b", "c"], "mean": [None, 1.0, 1.0]}
    )
    text = Vectors(catalog(), np.eye(MOVIES, 8, dtype=np.float32), "made")
    made = movie_inputs(catalog(), movies, numbers, text)
    column = {name: made.matrix[:, place] for place, name in enumerate(made.columns)}
    assert column[f"genre {GENRES[1]}"].tolist() == [float(place % GROUPS == 1) for place in range(MOVIES)]
    assert column["year 1950"].tolist() == [1, 0, 1, 1, 1] + [0] * (MOVIES - 5)
    assert column["no year"].tolist() == [0, 1] + [0] * (MOVIES - 2)
    third = 12**0.5 / 3
    assert column["rating_count"].tolist()[:4] == pytest.approx([-third, third, 0, 0])
    assert column["mean"].tolist()[:4] == pytest.approx([0, 0, 0, 0])
    assert "title" not in column
    vectors = np.stack([column[f"text {place}"] for place in range(8)], axis=1)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-6)
    assert np.square(vectors).sum(axis=1).mean() == pytest.approx(1, rel=1e-5)
    with pytest.raises(InputError, match="movie 69 of the catalog is not among"):
        movie_inputs(catalog(), movies.filter(pl.col("movie_id") != 69))


def test_of_long_text_vectors_the_components_that_tell_movies_apart_are_kept() -> None:
    generator = np.random.default_rng(1)
    spread = generator.standard_normal((MOVIES, 3)).astype(np.float32)
    wide = spread @ generator.standard_normal((3, 384)).astype(np.float32)
    made = movie_inputs(catalog(), frame(), text=Vectors(catalog(), wide, "made"))
    text = made.matrix[:, [name.startswith("text") for name in made.columns]]
    assert text.shape == (MOVIES, TEXT_COLUMNS)
    centred = wide - wide.mean(axis=0)
    expected = centred @ centred.T
    np.testing.assert_allclose(text @ text.T, expected * MOVIES / np.trace(expected), atol=1e-3)
