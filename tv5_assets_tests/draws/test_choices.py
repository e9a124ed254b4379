import numpy as np

from tv5_assets.draws.choices import at, choose, choose_in_row


def test_a_choice_by_a_row_of_a_table_is_that_by_its_shares() -> None:
    random = np.random.default_rng(0)
    weights = random.random((50, 7)) * (random.random((50, 7)) < 0.7)
    weights[:, 3] += 0.1  # no row is all 0
    row, draws = random.integers(0, 50, 20_000), random.random(20_000)
    shares = weights / weights.sum(axis=1, keepdims=True)
    chosen = choose_in_row(draws, weights, row)
    assert np.array_equal(chosen, choose(draws, shares[row]))
    assert (weights[row, chosen] > 0).all()


def test_a_row_that_weighs_nothing_chooses_the_last() -> None:
    weights = np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 2.0]])
    assert choose_in_row(np.array([0.4, 0.4, 0.0, 0.99]), weights, np.array([0, 1, 2, 0])).tolist() == [0, 1, 1, 1]


def test_the_largest_draw_stays_in_its_row_and_chooses_nothing_that_weighs_nothing() -> None:
    weights = np.tile([0.0, 1.0, 1.0, 0.0], (5_000, 1))
    row = np.arange(5_000)
    assert set(choose_in_row(np.full(5_000, 1 - 2.0**-53), weights, row).tolist()) == {2}
    assert set(choose_in_row(np.zeros(5_000), weights, row).tolist()) == {1}


def test_at_is_numpys_own_index() -> None:
    random = np.random.default_rng(0)
    table = random.random((7, 5)).astype(np.float32)
    row, column = random.integers(0, 7, 100), random.integers(0, 5, 100)
    assert np.array_equal(at(table, row, column), table[row, column])
    assert np.array_equal(at(np.asfortranarray(table), row, column), table[row, column])
