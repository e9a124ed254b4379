import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.retrieval.ranking import (
    AVAILABILITY_WEIGHT,
    COMPONENTS,
    POLICY_WEIGHT,
    SIMILARITY_WEIGHT,
    TREND_WEIGHT,
    rank,
)
from tv5_assets.tables.processed import GENRES

SCHEMA = {"movie_id": pl.Int64, "genres": pl.List(pl.String), "cosine": pl.Float32}


def candidates(*rows: tuple[int, list[str], float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_a_score_is_the_weighted_sum_of_its_four_components():
    ranked = rank(
        candidates((7, ["Drama", "War"], 0.5)),
        genre_values={"War": 0.4, "Drama": 0.1},
        available={7},
        trend={7: 0.5},
        k=10,
    )

    row = ranked.row(0, named=True)
    assert row["similarity"] == pytest.approx(0.5 * SIMILARITY_WEIGHT)
    assert row["policy"] == pytest.approx(0.4 * POLICY_WEIGHT)  # of the best of its genres
    assert row["availability"] == pytest.approx(AVAILABILITY_WEIGHT)
    assert row["trend"] == pytest.approx(0.5 * TREND_WEIGHT)
    assert row["score"] == pytest.approx(0.5 + 0.04 + 0.02 + 0.015)


def test_what_is_not_known_of_a_movie_counts_nothing():
    ranked = rank(candidates((7, ["Drama"], 0.5)), genre_values={"War": 0.4}, available={8}, trend={9: 1.0}, k=10)

    assert ranked.select("policy", "availability", "trend").row(0) == (0, 0, 0)


def test_without_any_opinion_or_document_the_cosine_ranks():
    ranked = rank(candidates((1, [], 0.2), (2, [], 0.9)), genre_values={}, available=(), trend={}, k=10)

    assert ranked["movie_id"].to_list() == [2, 1]


def test_each_component_can_move_a_movie_up():
    near = (1, ["Drama"], 0.80), (2, ["War"], 0.79)

    def first(**known) -> int:
        nothing = {"genre_values": {}, "available": (), "trend": {}}
        return rank(candidates(*near), **{**nothing, **known}, k=2)["movie_id"][0]

    assert first() == 1
    assert first(genre_values={"War": 0.4}) == 2
    assert first(available={2}) == 2
    assert first(trend={2: 0.9}) == 2


def test_a_genre_the_policy_dislikes_is_not_worse_than_one_it_does_not_list():
    ranked = rank(
        candidates((1, ["War"], 0.5), (2, ["Drama"], 0.5)), genre_values={"War": -0.3}, available=(), trend={}, k=2
    )

    assert ranked["policy"].to_list() == [0, 0]


def test_a_movie_without_genres_has_the_action_none():
    ranked = rank(candidates((1, [], 0.5)), genre_values={"none": 0.2}, available=(), trend={}, k=1)

    assert ranked["policy"][0] == pytest.approx(0.2 * POLICY_WEIGHT)


def test_equal_scores_rank_by_id_and_k_cuts():
    ranked = rank(candidates((3, [], 0.5), (1, [], 0.5), (2, [], 0.5)), genre_values={}, available=(), trend={}, k=2)

    assert ranked["movie_id"].to_list() == [1, 2]


def test_no_candidates_give_no_rows():
    assert rank(candidates(), genre_values={"War": 0.4}, available={1}, trend={1: 0.5}, k=3).is_empty()


@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**9),
            st.lists(st.sampled_from(GENRES), unique=True, max_size=4),
            st.floats(-1, 1, width=32),
        ),
        max_size=20,
        unique_by=lambda row: row[0],
    ),
    st.dictionaries(st.sampled_from(GENRES), st.floats(-2, 2), max_size=3),
    st.integers(1, 25),
)
def test_components_always_add_up_and_scores_fall(rows, genre_values, k):
    available, trend = {row[0] for row in rows[::2]}, {row[0]: 0.5 for row in rows[::3]}

    ranked = rank(candidates(*rows), genre_values=genre_values, available=available, trend=trend, k=k)

    assert len(ranked) == min(k, len(rows))
    assert ranked["score"].is_sorted(descending=True)
    for row in ranked.to_dicts():
        assert row["score"] == pytest.approx(sum(row[name] for name in COMPONENTS))
        best = max((genre_values.get(genre, 0) for genre in row["genres"]), default=0)
        assert row["policy"] == pytest.approx(POLICY_WEIGHT * max(0, best))
