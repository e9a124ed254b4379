"""Rankings hold no seen movie, are the same whatever the blocks, and break ties by id."""

import numpy as np
import pytest
import torch

from tv5_assets.errors import InputError
from tv5_assets.evaluation.ranking import rank, top_unseen
from tv5_assets_tests.evaluation.made import Fixed, histories_of


def test_a_seen_movie_is_never_ranked_however_high_its_score():
    scores = torch.tensor([[9.0, 8.0, 1.0, 2.0], [9.0, 8.0, 1.0, 2.0]])
    ranked = top_unseen(scores, histories_of({1: [0, 1], 2: [3]}, movies=4), 2)
    assert ranked.tolist() == [[3, 2], [0, 1]]


def test_equal_scores_lower_movie_id_first_also_where_the_cut_falls_among_them():
    scores = torch.zeros((2, 500))
    scores[:, 321] = 1.0
    scores[1, [400, 17]] = 0.5
    ranked = top_unseen(scores, histories_of({1: [0, 2], 2: []}, movies=500), 4)
    assert ranked.tolist() == [[321, 1, 3, 4], [321, 17, 400, 0]]


def test_places_are_empty_where_fewer_movies_are_left():
    scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [-torch.inf, 2.0, -torch.inf]])
    ranked = top_unseen(scores, histories_of({1: [1], 2: [0, 1, 2], 3: []}, movies=3), 4)
    assert ranked.tolist() == [[2, 0, -1, -1], [-1, -1, -1, -1], [1, -1, -1, -1]]
    assert top_unseen(scores, histories_of({1: [1], 2: [0, 1, 2], 3: []}, movies=3), 1).tolist() == [[2], [-1], [1]]


@pytest.mark.parametrize(("movies", "k"), [(1, 1), (1, 3), (7, 1), (12, 4), (12, 12), (12, 14), (40, 5)])
def test_agrees_with_sorting_everything(movies: int, k: int):
    rng = np.random.default_rng(movies * 100 + k)
    scores = torch.from_numpy(rng.choice([0.0, -0.0, 1.0, 2.0, -3.5, -np.inf], (100, movies)).astype(np.float32))
    scores[50:] += torch.from_numpy(rng.random((50, movies), dtype=np.float32))  # half of the users without ties
    seen = {user: np.flatnonzero(rng.random(movies) < user / 100).tolist() for user in range(100)}
    before = scores.clone()
    ranked = top_unseen(scores, histories_of(seen, movies), k)
    torch.testing.assert_close(scores, before)
    for user, row in enumerate(scores.tolist()):
        left = [movie for movie in range(movies) if movie not in seen[user] and row[movie] > -np.inf]
        expected = sorted(left, key=lambda movie: (-row[movie], movie))[:k]
        assert ranked[user].tolist() == expected + [-1] * (k - len(expected))


def test_one_row_of_scores_that_stands_for_all_users_is_masked_for_each():
    popularity = torch.tensor([3.0, 2.0, 1.0])
    ranked = top_unseen(popularity.expand(2, -1), histories_of({1: [0], 2: [1]}, movies=3), 2)
    assert ranked.tolist() == [[1, 2], [0, 2]]
    assert popularity.tolist() == [3, 2, 1]


def test_blocks_are_as_small_as_the_memory_allows_and_change_nothing():
    scores = torch.from_numpy(np.random.default_rng(3).integers(0, 9, (7, 30)).astype(np.float32))
    history = histories_of({user: [user, user + 3] for user in range(7)}, movies=30)
    whole, bounded, smallest = Fixed(scores), Fixed(scores), Fixed(scores)
    expected = rank(whole, history, 5)
    assert torch.equal(rank(bounded, history, 5, memory_bytes=2 * 30 * 32), expected)
    assert torch.equal(rank(smallest, history, 5, memory_bytes=1, device="cpu"), expected)
    assert (whole.most_users, bounded.most_users, smallest.most_users) == (7, 2, 1)
    assert expected.dtype == torch.int32 and expected.shape == (7, 5)


def test_nobody_to_rank_for():
    assert rank(Fixed(torch.zeros((0, 3))), histories_of({}, movies=3), 2).shape == (0, 2)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_scores_that_cannot_be_ranked_are_an_error_that_names_the_user(wrong: float):
    scores = torch.zeros((3, 4))
    scores[2, 3] = wrong
    history = histories_of({0: [1], 1: [1], 2: [1]}, movies=4)
    with pytest.raises(InputError, match=r"fixed: the scores of user 2 hold NaN or infinity"):
        rank(Fixed(scores), history, 2)
    assert scores.isfinite().sum() == 11  # what was masked is back


def test_scores_of_another_catalog_are_refused():
    with pytest.raises(InputError, match=r"fixed gave scores of shape \(1, 3\) for 1 users and 4 movies"):
        rank(Fixed(torch.zeros((1, 3))), histories_of({0: []}, movies=4), 2)
