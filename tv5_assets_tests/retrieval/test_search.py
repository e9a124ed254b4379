from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from tv5_assets.cadence import ANSWERS
from tv5_assets.embeddings.encoder import Encoder
from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.retrieval.search import search
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import milvus
from tv5_assets_tests.retrieval import made

SCIENCE_FICTION = {1, 2, 3, 4, 5, 6}


def ids(answer) -> list[int]:
    return [hit.movie_id for hit in answer.hits]


def test_a_text_finds_what_it_is_about(stores: Stores, encoder: Encoder):
    answer = search(stores, encoder, "space opera with robots", k=3)

    assert set(ids(answer)) <= SCIENCE_FICTION
    assert [hit.score for hit in answer.hits] == sorted((hit.score for hit in answer.hits), reverse=True)
    assert answer.version == made.VERSION
    assert not answer.cached and not answer.notes


def test_a_hit_has_all_that_a_person_needs(stores: Stores, encoder: Encoder):
    (hit,) = search(stores, encoder, "two weddings in paris", k=1).hits

    assert (hit.movie_id, hit.media_id, hit.title, hit.year) == (8, "ml_8", "Two Weddings in Paris", 1998)
    assert hit.genres == ("Romance", "Comedy")
    assert hit.name == "Two Weddings in Paris (1998)"
    assert 0 < hit.score <= 1


def test_genre_and_years_filter(stores: Stores, encoder: Encoder):
    assert set(ids(search(stores, encoder, "anything", k=16, genre="sci-fi"))) == SCIENCE_FICTION
    assert set(ids(search(stores, encoder, "anything", k=16, genre="Sci-Fi", since=1992, until=2002))) == {1, 2, 5}
    assert set(ids(search(stores, encoder, "anything", k=16, until=1974))) == {11, 13}  # not 15, which has no year
    assert len(ids(search(stores, encoder, "anything", k=20))) == len(made.CATALOGUE)


def test_an_answer_is_kept_five_minutes_and_by_all_that_it_depends_on(stores: Stores, encoder: Encoder):
    first = search(stores, encoder, "robots", k=3)
    again = search(stores, encoder, "  robots ", k=3)

    assert again.cached and again.hits == first.hits
    (key,) = stores.need_cache().scan_iter("query:*")
    assert 0 < stores.need_cache().ttl(key) <= ANSWERS.ttl_seconds
    assert not search(stores, encoder, "robots", k=4).cached
    assert not search(stores, encoder, "robots", k=3, genre="Drama").cached
    assert not search(stores, encoder, "robots", k=3, since=1990).cached
    assert not search(stores, encoder, "wedding", k=3).cached


def test_a_kept_answer_that_cannot_be_read_is_found_anew(stores: Stores, encoder: Encoder):
    first = search(stores, encoder, "robots", k=3)
    (key,) = stores.need_cache().scan_iter("query:*")
    stores.need_cache().set(key, '{"version": "made1", "hits": [{"other": "release"}]}')

    answer = search(stores, encoder, "robots", k=3)

    assert not answer.cached and answer.hits == first.hits


def test_without_redis_the_answer_is_the_same_and_says_so(stores: Stores, encoder: Encoder):
    without = replace(stores, cache=None, missing={"cache": StoreUnavailableError("Redis does not answer")})

    answer = search(without, encoder, "robots", k=3)

    assert answer.hits == search(stores, encoder, "robots", k=3).hits
    assert answer.notes == ("the answer is not cached: Redis does not answer",)


def test_a_word_of_the_filter_language_is_only_a_word(stores: Stores, encoder: Encoder):
    with pytest.raises(InputError, match="no genre"):
        search(stores, encoder, "robots", genre='Drama") or array_contains(genres, "War')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": " \n"}, "nothing to search for"),
        ({"text": "a", "k": 0}, "k is 0"),
        ({"text": "a", "k": 1001}, "k is 1001"),
        ({"text": "a", "genre": "Opera"}, "no genre 'Opera'; choose one of Action"),
        ({"text": "a", "since": 2001, "until": 2000}, "2001 or later and 2000 or earlier"),
    ],
)
def test_what_makes_no_sense_is_refused(stores: Stores, encoder: Encoder, arguments, message):
    with pytest.raises(InputError, match=message):
        search(stores, encoder, **arguments)


def test_a_model_of_another_dimension_is_named(stores: Stores):
    class Shorter(Encoder):
        def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return super().encode(texts)[:, :100]

    with pytest.raises(InputError, match="in 384 dimensions, but TV5_TEXT_MODEL=all-MiniLM-L6-v2 has 100"):
        search(stores, Shorter(), "robots")


def test_without_milvus_titles_are_searched(stores: Stores, encoder: Encoder):
    without = replace(stores, milvus=None, missing={"milvus": StoreUnavailableError("Milvus does not answer")})

    answer = search(without, encoder, "PARIS wedding", k=3)

    assert ids(answer) == [7, 8]
    assert [hit.score for hit in answer.hits] == [1.0, 1.0]
    assert answer.hits[1].genres == ("Comedy", "Romance")
    assert answer.notes == ("only titles with these words are found: Milvus does not answer",)
    assert ids(search(without, encoder, "paris", k=3, since=1996)) == [8]
    assert ids(search(without, encoder, "the", k=9, genre="crime")) == [11, 14]
    assert ids(search(without, encoder, "'}) DETACH DELETE movie //", k=3)) == []
    assert not list(stores.need_cache().scan_iter("query:*"))


def test_as_long_as_milvus_holds_nothing_titles_are_searched(stores: Stores, encoder: Encoder, monkeypatch):
    monkeypatch.setattr(milvus, "live_version", lambda *_: None)

    answer = search(stores, encoder, "heist", k=3)

    assert ids(answer) == [12]
    assert answer.notes == (
        "only titles with these words are found: Milvus has no movies yet; publish them first, with `tv5 run`",
    )


def test_without_any_store_there_is_no_answer(encoder: Encoder):
    nothing = Stores(missing={"milvus": StoreUnavailableError("Milvus does not answer")})

    with pytest.raises(StoreUnavailableError, match="Milvus does not answer"):
        search(nothing, encoder, "robots")
