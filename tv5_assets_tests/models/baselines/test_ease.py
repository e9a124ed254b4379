"""EASE is the constrained least-squares solution, however it is computed and kept."""

import numpy as np
import numpy.typing as npt
import pytest

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.evaluation.ranking import rank
from tv5_assets.models.baselines import together
from tv5_assets.models.baselines.baseline import pooled
from tv5_assets.models.baselines.ease import decompose, ease_candidates, fit_ease, fit_leading
from tv5_assets_tests.evaluation.made import histories_of
from tv5_assets_tests.models.baselines.made import drawn

MORE_USERS = drawn(users=60, movies=25)
MORE_MOVIES = drawn(users=20, movies=50)


def solved(train: Histories, regularization: float) -> npt.NDArray[np.float64]:
    """Return the weights column by column: ridge regression of each movie on all others."""
    matrix = train.matrix().toarray().astype(np.float64)
    movies = matrix.shape[1]
    weights = np.zeros((movies, movies))
    for movie in range(movies):
        others = np.delete(np.arange(movies), movie)
        left = matrix[:, others].T @ matrix[:, others] + regularization * np.eye(movies - 1)
        weights[others, movie] = np.linalg.solve(left, matrix[:, others].T @ matrix[:, movie])
    return weights


def unseen(history: Histories) -> npt.NDArray[np.bool_]:
    return history.matrix().toarray() == 0


@pytest.mark.parametrize("train", [MORE_USERS, MORE_MOVIES], ids=["by movies", "by users"])
@pytest.mark.parametrize("regularization", [0.5, 20.0])
def test_scores_are_those_of_the_regressions(monkeypatch: pytest.MonkeyPatch, train: Histories, regularization: float):
    monkeypatch.setattr(together, "_ROWS_AT_ONCE", 8)
    asked = drawn(users=10, movies=len(train.catalog), seed=8)  # users whom the model has not seen
    scores = fit_ease(train, regularization).scores(asked)
    expected = asked.matrix().toarray() @ solved(train, regularization)
    new = unseen(asked)
    np.testing.assert_allclose(scores.numpy()[new], expected[new], atol=2e-5)


def test_every_lambda_follows_from_one_decomposition():
    decomposition = decompose(MORE_USERS)
    for regularization, model in zip((1.0, 300.0), ease_candidates(MORE_USERS, (1.0, 300.0)), strict=True):
        assert model.parameters == {"lambda": regularization}
        assert model.tensors["basis"].equal(decomposition.basis)
        assert model.scores(MORE_USERS).equal(fit_ease(MORE_USERS, regularization).scores(MORE_USERS))


def test_both_sides_are_ease_as_inner_products():
    model = fit_ease(MORE_MOVIES, 5.0)
    sides = model.sides()
    asked = drawn(users=10, movies=50, seed=8)
    users = pooled(asked, sides.history)
    np.testing.assert_allclose(users @ sides.movies.T, model.scores(asked), atol=1e-5)
    # They are tied: a movie's two vectors differ in length alone, and by this factor.
    factors = 1 / (1 - (sides.history**2).sum(dim=1, keepdim=True))
    np.testing.assert_allclose(sides.movies, sides.history * factors, rtol=1e-4, atol=1e-6)


def test_fewer_columns_are_the_first_ones_and_the_closest():
    model = fit_ease(MORE_MOVIES, 5.0)
    whole, exact = model.sides(), model.scores(MORE_MOVIES).numpy()
    errors = []
    for columns in (2, 8, model.rank):
        sides = model.sides(columns)
        np.testing.assert_array_equal(sides.history, whole.history[:, :columns])
        np.testing.assert_array_equal(sides.movies, whole.movies[:, :columns])
        errors.append(np.abs(MORE_MOVIES.matrix() @ sides.history.numpy() @ sides.movies.numpy().T - exact).mean())
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-5


def test_leading_columns_are_those_of_the_whole_decomposition():
    train = drawn(users=400, movies=200)
    whole, leading = fit_ease(train, 5.0, most_movies=150), fit_leading(train, 5.0, 40, seed=3, most_movies=150)
    assert leading.rank == 40 < whole.rank
    np.testing.assert_array_equal(leading.tensors["places"], whole.tensors["places"])
    np.testing.assert_allclose(leading.tensors["factors"], whole.tensors["factors"], rtol=1e-5)
    # The last of them differ, since eigenvalues that are close take many rounds to part; those before do not.
    found, right = (sides.history @ sides.movies.T for sides in (leading.sides(8), whole.sides(8)))
    np.testing.assert_allclose(found, right, atol=5e-3)
    again = fit_leading(train, 5.0, 40, seed=3, most_movies=150)
    assert again.tensors["basis"].equal(leading.tensors["basis"])


def test_where_there_are_no_more_columns_all_are_kept():
    exact = fit_ease(MORE_MOVIES, 5.0)
    assert fit_leading(MORE_MOVIES, 5.0, 1_000, seed=3).scores(MORE_MOVIES).equal(exact.scores(MORE_MOVIES))


def test_only_the_most_popular_movies_are_modelled_where_there_are_too_many():
    model = fit_ease(MORE_USERS, 5.0, most_movies=10)
    counts = np.bincount(MORE_USERS.items, minlength=25)
    kept = np.sort(np.argsort(-counts, kind="stable")[:10])
    assert model.tensors["places"].tolist() == kept.tolist()
    asked = drawn(users=10, movies=25, seed=8)
    scores = model.scores(asked).numpy()
    dropped = np.setdiff1d(np.arange(25), kept)
    assert (scores[:, dropped] == 0).all()
    # As if the others did not exist.
    of_kept = MORE_USERS.matrix()[:, kept].tolil()
    small = histories_of({user: np.flatnonzero(row).tolist() for user, row in enumerate(of_kept.toarray(), 1)}, 10)
    expected = asked.matrix()[:, kept] @ solved(small, 5.0)
    new = unseen(asked)[:, kept]
    np.testing.assert_allclose(scores[:, kept][new], expected[new], atol=2e-5)
    sides = model.sides(4)
    assert sides.movies.shape == sides.history.shape == (25, 4) and (sides.movies[dropped] == 0).all()


def test_a_movie_nobody_saw_and_a_user_without_history_score_nothing():
    train = histories_of({1: [0, 1], 2: [0, 1], 3: [1]}, movies=4)
    model = fit_ease(train, 1.0)
    scores = model.scores(histories_of({8: [0, 3], 9: []}, movies=4))
    assert scores[1].tolist() == [0, 0, 0, 0] and scores[0, 2:].tolist() == [0, 0] and scores[0, 1] > 0
    assert rank(model, histories_of({9: []}, movies=4), 2).tolist() == [[0, 1]]


def test_without_events_or_with_a_lambda_of_zero_there_is_no_model():
    with pytest.raises(InputError, match="no events"):
        fit_ease(histories_of({1: []}, movies=3), 1.0)
    with pytest.raises(InputError, match="above 0, not 0"):
        fit_ease(MORE_USERS, 0)
    with pytest.raises(InputError, match="above 0, not 0"):
        fit_leading(MORE_USERS, 0, rank=2, seed=3)
