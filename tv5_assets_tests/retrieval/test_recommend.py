import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import polars as pl
import pytest

from tv5_assets.cadence import ANSWERS
from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.ids import media_id
from tv5_assets.retrieval import answers, candidates, versions
from tv5_assets.retrieval.recommend import recommend
from tv5_assets.retrieval.stores import LATELY_SECONDS, Name, Stores, connected
from tv5_assets.services.endpoints import Endpoints
from tv5_assets.stores import documents, neo4j, redis
from tv5_assets_tests.retrieval import made

EVERYTHING = len(made.CATALOGUE)


def without(stores: Stores, *names: Name) -> Stores:
    return replace(
        stores, **dict.fromkeys(names), missing={name: StoreUnavailableError(f"no {name}") for name in names}
    )


@pytest.mark.parametrize("user_id", made.RATINGS)
def test_a_seen_movie_is_never_recommended(stores: Stores, user_id: int):
    answer = recommend(stores, user_id, k=EVERYTHING)

    seen = set(made.RATINGS[user_id])
    assert answer.seen == len(seen)
    assert {movie.movie_id for movie in answer.movies} == {row[0] for row in made.CATALOGUE} - seen


def test_who_has_seen_all_that_is_near_gets_what_comes_after_it(stores: Stores, monkeypatch: pytest.MonkeyPatch):
    near = max(recommend(stores, 1, k=EVERYTHING, fresh=True).movies, key=lambda movie: movie.contributions.similarity)
    monkeypatch.setattr(candidates, "CANDIDATES", 1)
    monkeypatch.setattr(candidates, "_SEEN_NEAR", 0)  # so that the first search finds nothing but what was seen
    answer = recommend(stores, 1, k=1, fresh=True)

    assert [movie.movie_id for movie in answer.movies] == [near.movie_id]
    assert not [note for note in answer.notes if note.startswith("these are")]


def test_a_lover_of_science_fiction_gets_more_of_it(stores: Stores):
    answer = recommend(stores, 1, k=3)

    assert {movie.movie_id for movie in answer.movies} <= {4, 5, 6}
    assert answer.notes == ()
    assert answer.opinion is not None


def test_every_score_is_the_sum_of_what_is_shown(stores: Stores):
    movies = recommend(stores, 2, k=EVERYTHING).movies

    assert [movie.score for movie in movies] == sorted((movie.score for movie in movies), reverse=True)
    for movie in movies:
        assert movie.score == pytest.approx(sum(movie.contributions.model_dump().values()))
        assert (movie.contributions.availability > 0) == bool(movie.platforms)
        assert movie.media_id == media_id(movie.movie_id)


def test_the_components_are_those_of_the_stores(stores: Stores):
    answer = recommend(stores, 2, k=EVERYTHING)

    cache = stores.need_cache()
    trend = redis.get(cache, documents.TRENDS_NOW)
    assert trend is not None and answer.opinion is not None
    popularity = {movie["media_id"]: movie["score"] for movie in trend["movies"]}
    assert any(movie.contributions.trend for movie in answer.movies)
    for movie in answer.movies:
        assert (movie.contributions.trend > 0) == (popularity.get(movie.media_id, 0) > 0)
        offers = redis.get(cache, documents.platform_key(movie.movie_id)) or {"platforms": []}
        assert list(movie.platforms) == [offer["name"] for offer in offers["platforms"]]
        preferred = any(answer.opinion.values.get(genre, 0) > 0 for genre in movie.genres or ("none",))
        assert (movie.contributions.policy > 0) == preferred


def test_an_answer_is_kept_five_minutes_unless_a_fresh_one_is_wanted(stores: Stores):
    first = recommend(stores, 1, k=3, at=made.LAST_DAY)
    again = recommend(stores, 1, k=3, at=made.LAST_DAY)

    assert again.cached and again.movies == first.movies and again.opinion == first.opinion
    (key,) = stores.need_cache().scan_iter("rec:*")
    assert key == documents.recommendations_key(1, first.version)
    assert 0 < stores.need_cache().ttl(key) <= ANSWERS.ttl_seconds
    assert not recommend(stores, 1, k=3, at=made.LAST_DAY, fresh=True).cached
    assert not recommend(stores, 1, k=4, at=made.LAST_DAY).cached
    assert not recommend(stores, 1, k=3, at=made.LAST_DAY.replace(hour=8)).cached
    assert not recommend(stores, 2, k=3, at=made.LAST_DAY).cached


def test_without_redis_platforms_and_trends_do_not_count(stores: Stores):
    answer = recommend(without(stores, "cache"), 1, k=3)

    assert {movie.movie_id for movie in answer.movies} <= {4, 5, 6}
    assert all(movie.contributions.trend == movie.contributions.availability == 0 for movie in answer.movies)
    assert answer.opinion is not None and answer.opinion.store == "postgres"
    assert answer.notes == (
        "no policy from Redis: no cache",
        "availability does not count: no cache",
        "trends do not count: no cache",
    )


def test_without_the_graph_seen_movies_may_come_back_and_the_answer_says_so(stores: Stores):
    answer = recommend(without(stores, "graph"), 1, k=3)

    assert answer.seen is None
    assert answer.notes == ("seen movies may be among these: no graph",)
    assert not list(stores.need_cache().scan_iter("rec:*"))  # the next one may have the graph again


def test_milvus_alone_is_enough(stores: Stores):
    answer = recommend(without(stores, "graph", "agentdb", "cache"), 1, k=3)

    assert len(answer.movies) == 3
    assert all(movie.score == pytest.approx(movie.contributions.similarity) for movie in answer.movies)
    assert answer.opinion is None


def test_without_milvus_movies_like_those_that_were_liked_are_ranked(stores: Stores):
    answer = recommend(without(stores, "milvus"), 1, k=3)

    assert {movie.movie_id for movie in answer.movies} <= {4, 5, 6}
    assert not {movie.movie_id for movie in answer.movies} & set(made.RATINGS[1])
    assert all(movie.genres and movie.title for movie in answer.movies)
    assert all(movie.contributions.similarity > 0 for movie in answer.movies)
    assert answer.notes == ("these are movies like those that the user liked: no milvus",)


def test_without_milvus_and_the_graph_there_is_what_trends(stores: Stores):
    answer = recommend(without(stores, "milvus", "graph"), 1, k=3)

    assert [movie.movie_id for movie in answer.movies] == [8, 12, 6]
    assert answer.movies[0].title == "ml_8"
    assert answer.notes == (
        "seen movies may be among these: no graph",
        "these are movies like those that the user liked: no milvus",
        "these are movies that everybody watches now: no graph",
    )


def test_where_only_ratings_are_missing_trends_have_titles(stores: Stores):
    graph = stores.need_graph()
    loads = "MATCH (load:Load {dataset: 'similar'}) RETURN load.version AS version"
    (kept,) = neo4j.query(graph, loads)
    change = "MATCH (load:Load {dataset: $old}) SET load.dataset = $new"
    graph.driver.execute_query(change, old="similar", new="gone", database_=graph.database)
    try:
        answer = recommend(without(stores, "milvus"), 2, k=2)
    finally:
        graph.driver.execute_query(change, old="gone", new="similar", database_=graph.database)

    assert [movie.title for movie in answer.movies] == ["Space Pirates of Orion", "Midnight Heist"]
    assert "these are movies that everybody watches now: nothing is published there yet" in answer.notes
    assert neo4j.query(graph, loads) == [kept]


def test_without_any_store_there_is_no_answer(stores: Stores):
    with pytest.raises(StoreUnavailableError, match="no milvus"):
        recommend(without(stores, "milvus", "graph", "agentdb", "cache"), 1)


@contextmanager
def other_trends(stores: Stores) -> Iterator[None]:
    cache, topics = stores.need_cache(), made.trends()
    ranked = topics[0].with_columns(score=1 - pl.col("score"))
    redis.publish(cache, redis.TRENDS, documents.trend_documents(ranked, topics[1]), "other1")
    try:
        yield
    finally:
        redis.publish(cache, redis.TRENDS, documents.trend_documents(*topics), made.VERSION)


def test_what_is_published_anew_is_answered_at_once_to_a_client_that_has_not_just_asked(
    stores: Stores, servers: Endpoints
):
    first = recommend(stores, 1, k=3, at=made.LAST_DAY)
    assert recommend(stores, 1, k=3, at=made.LAST_DAY).cached
    with other_trends(stores), connected(servers) as others:
        anew = recommend(others, 1, k=3, at=made.LAST_DAY)
        assert not anew.cached
        assert anew.version != first.version
        time.sleep(LATELY_SECONDS)  # and to one that has, a second later
        assert recommend(stores, 1, k=3, at=made.LAST_DAY).version == anew.version
    stores.lately.clear()
    assert recommend(stores, 1, k=3, at=made.LAST_DAY).version == first.version  # what was published before is back


def test_what_is_computed_rests_on_what_is_published_at_this_moment(stores: Stores):
    first = recommend(stores, 1, k=3, at=made.LAST_DAY)
    with other_trends(stores):
        assert recommend(stores, 2, k=3, at=made.LAST_DAY).version != first.version


def test_a_kept_answer_does_not_wait_for_the_versions_of_the_stores_each_time(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
):
    asked: list[object] = []
    ask = versions.version_of
    monkeypatch.setattr(answers, "version_of", lambda *given: (asked.append(given), ask(*given))[1])
    stores.lately.clear()

    assert [recommend(stores, 1, k=3, at=made.LAST_DAY).cached for _ in range(3)] == [False, True, True]
    assert len(asked) == 1


def test_expired_trends_are_noted(stores: Stores):
    cache = stores.need_cache()
    kept, left = cache.get(documents.TRENDS_NOW), cache.ttl(documents.TRENDS_NOW)
    cache.delete(documents.TRENDS_NOW)
    try:
        answer = recommend(stores, 1, k=3)
    finally:
        cache.set(documents.TRENDS_NOW, kept, ex=left)

    assert answer.notes == ("trends do not count: Redis has none; they expire unless `trends_refresh` renews them",)


def test_an_unknown_user_is_told_which_there_are(stores: Stores):
    with pytest.raises(InputError, match="no user 5; the 5 known users are from 1 to 6"):
        recommend(stores, 5)


def test_a_senseless_number_of_movies_is_refused(stores: Stores):
    with pytest.raises(InputError, match="k is 0"):
        recommend(stores, 1, k=0)
