import subprocess
import sys

import numpy as np
import numpy.typing as npt
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.draws.choices import Ballots, Pools, choose
from tv5_assets.draws.streams import stream, uniform, uniform_of_rows
from tv5_assets_tests.synthetic.statistics import fits


def test_a_stream_is_the_same_in_another_process() -> None:
    code = "from tv5_assets.draws.streams import stream; print(stream(7, 'users', 3).integers(10**9))"
    elsewhere = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    }
    assert elsewhere == {f"{stream(7, 'users', 3).integers(10**9)}\n"}


def test_streams_of_different_seeds_and_names_differ() -> None:
    streams = [
        stream(1, "a"),
        stream(2, "a"),
        stream(1, "b"),
        stream(1, "a", "b"),
        stream(1, "ab"),
        stream(1, 1),
        stream(1, "1"),
    ]
    assert len({one.integers(2**62) for one in streams}) == len(streams)


@given(
    ids=st.lists(st.integers(0, 2**40), min_size=1, max_size=50, unique=True),
    cut=st.integers(0, 50),
    seed=st.integers(0, 2**63),
)
def test_what_an_id_draws_does_not_depend_on_its_company(ids: list[int], cut: int, seed: int) -> None:
    def draws(some: list[int]) -> npt.NDArray[np.float64]:
        return uniform(seed, some, "what")

    together = draws(ids)
    assert np.array_equal(together, np.concatenate([draws(ids[:cut]), draws(ids[cut:])]))
    assert ((together >= 0) & (together < 1)).all()


@given(
    start=st.integers(0, 2**40),
    cut=st.integers(0, 50),
    rows=st.integers(0, 50),
    seed=st.integers(0, 2**63),
)
def test_what_a_row_draws_does_not_depend_on_the_rows_before_it(start: int, cut: int, rows: int, seed: int) -> None:
    def draws(begin: int, end: int) -> npt.NDArray[np.float32]:
        return uniform_of_rows(seed, range(begin, end), "what")

    end = start + cut + rows
    together = draws(start, end)
    assert together.shape == (cut + rows,)
    assert np.array_equal(together, np.concatenate([draws(start, start + cut), draws(start + cut, end)]))
    assert ((together >= 0) & (together < 1)).all()


def test_uniform_draws_are_uniform_and_independent() -> None:
    ids = np.arange(200_000)
    one, other = uniform(42, ids, "one"), uniform(42, ids, "other")
    rows, other_rows = (uniform_of_rows(42, range(len(ids)), name) for name in ("one", "other"))
    tenths = {f"{tenth}": 0.1 for tenth in range(10)}
    for draws in (one, rows):
        assert fits(pl.Series((draws * 10).astype(int)), tenths)
    # Neighbouring ids and other names tell nothing: pairs fill the unit square evenly.
    for pairs in ((one[1:], one[:-1]), (one, other), (rows[1:], rows[:-1]), (rows, other_rows), (one, rows)):
        cells = (pairs[0] * 4).astype(int) * 4 + (pairs[1] * 4).astype(int)
        assert fits(pl.Series(cells), {f"{cell}": 1 / 16 for cell in range(16)})


def test_choose_by_common_shares_and_by_a_row_of_shares_for_each() -> None:
    draws = np.array([0.0, 0.29, 0.3, 0.99])
    assert choose(draws, [0.3, 0.7]).tolist() == [0, 0, 1, 1]
    assert choose(draws, np.array([[0.0, 1.0], [0.3, 0.7], [0.3, 0.7], [1.0, 0.0]])).tolist() == [1, 0, 1, 0]


def test_members_of_pools_of_different_sizes() -> None:
    pools = [["a"], ["b", "c"], ["d"]]
    assert Pools(pools).gather(np.array([0, 1, 1, 2]), np.array([0.99, 0.49, 0.5, 0.0])).to_list() == [
        "a",
        "b",
        "c",
        "d",
    ]


def test_ballots_choose_as_often_as_choices_weigh() -> None:
    ballots = Ballots(*np.array([[0, 7, 1], [0, 8, 3], [1, 3, 2], [1, 4, 0], [1, 5, 2]]).T)  # kind, choice and weight
    draws = np.array([0.0, 0.2499, 0.25, 0.9999] * 2, dtype=np.float32)
    assert ballots.cast(np.repeat([0, 1], 4), draws).tolist() == [7, 7, 8, 8, 3, 3, 3, 5]
    # The largest draw below 1 must not fall out of its kind, however many ballots there are.
    weights = np.arange(1, 5_000)
    many = Ballots(np.arange(len(weights)), np.arange(len(weights)), weights)
    last = np.full(len(weights), np.nextafter(np.float32(1), np.float32(0)))
    assert np.array_equal(many.cast(np.arange(len(weights)), last), np.arange(len(weights)))
