"""Popularity is a count; of late, the count of a window."""

from tv5_assets.evaluation.ranking import rank
from tv5_assets.models.baselines.popularity import fit_popularity, fit_recent, recent_candidates
from tv5_assets_tests.evaluation.made import histories_of
from tv5_assets_tests.models.baselines.made import HAND_MADE

DAY = 86_400


def test_popularity_counts_events_whoever_asks():
    scores = fit_popularity(HAND_MADE).scores(histories_of({1: [0], 9: []}, movies=6))
    assert scores.tolist() == [[4, 3, 2, 2, 1, 0]] * 2


def test_equally_popular_movies_are_ranked_by_id():
    model = fit_popularity(histories_of({1: [3, 1], 2: [3, 1, 2]}, movies=5))
    assert rank(model, histories_of({7: [], 8: [1]}, movies=5), 5).tolist() == [[1, 3, 2, 0, 4], [3, 2, 0, 4, -1]]


def test_recent_popularity_counts_the_window_and_breaks_ties_by_all_events():
    train = histories_of(
        {
            1: [(0, 4.0, 0), (1, 4.0, 70 * DAY), (2, 4.0, 100 * DAY)],
            2: [(0, 4.0, 0), (3, 4.0, 69 * DAY), (2, 4.0, 99 * DAY)],
            3: [(0, 4.0, 0), (3, 4.0, 71 * DAY)],
        },
        movies=5,
    )
    model = fit_recent(train, days=30)  # from day 70 on, that day included
    # Movies 1 and 3 have one recent event each, 3 has two in all; 0 has three, none of them recent; 4 has none.
    assert rank(model, histories_of({9: []}, movies=5), 5).tolist() == [[2, 3, 1, 0, 4]]
    assert model.scores(histories_of({9: []}, movies=5))[0, 0] < 1  # what is old never counts as a recent event


def test_each_window_is_tried():
    train = histories_of({1: [(0, 4.0, 0), (1, 4.0, 40 * DAY)]}, movies=2)
    short, long = recent_candidates(train, windows=(30, 90))
    assert [model.parameters for model in (short, long)] == [{"days": 30}, {"days": 90}]
    assert short.tensors["counts"].int().tolist() == [0, 1] and long.tensors["counts"].int().tolist() == [1, 1]
