from tv5_assets.retrieval import two_hops
from tv5_assets.retrieval.two_hops import interests, like_the_best
from tv5_assets_tests.retrieval import made


def test_interests_are_those_of_the_liked_movies(stores):
    genres, themes = interests(stores.need_graph(), 1)

    assert [(genre.name, genre.movies) for genre in genres] == [("Sci-Fi", 3), ("Adventure", 2), ("Action", 1)]
    assert [(theme.name, theme.movies) for theme in themes] == [("robots", 3), ("space opera", 3), ("aliens", 2)]


def test_the_second_hop_starts_from_the_best_only(stores, monkeypatch):
    monkeypatch.setattr(two_hops, "MOST_LIKED", 1)
    genres, _ = interests(stores.need_graph(), 1)
    assert {genre.name for genre in genres} == {"Sci-Fi", "Adventure"}


def test_neighbours_of_the_best_come_by_their_cosine(stores):
    found = like_the_best(stores.need_graph(), 1)

    assert found
    assert [movie.score for movie in found] == sorted((movie.score for movie in found), reverse=True)
    assert {movie.movie_id for movie in found} <= {movie_id for movie_id, *_ in made.CATALOGUE}
    assert len({movie.movie_id for movie in found}) == len(found)


def test_a_stranger_has_no_interests(stores):
    assert interests(stores.need_graph(), 5) == ([], [])
    assert like_the_best(stores.need_graph(), 5) == []
