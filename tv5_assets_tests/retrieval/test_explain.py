from dataclasses import replace

import polars as pl
import pytest

from tv5_assets.cadence import ANSWERS
from tv5_assets.errors import InputError, StoreUnavailableError
from tv5_assets.retrieval.explain import Explanation, explain, in_words
from tv5_assets.retrieval.paths import EDGES, MOST_EXAMPLES, MOST_SIMILAR, MOST_THEMES, Edge
from tv5_assets.retrieval.recommend import recommend
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import neo4j
from tv5_assets_tests.retrieval import made

VALUES = {"RATED": "score", "HAS_THEME": "relevance", "SIMILAR_TO": "score", "INFLUENCED_BY": "strength"}


def assert_every_cited_edge_exists(stores: Stores, explanation: Explanation) -> None:
    """Read each cited edge again, by its own, and compare what it carries."""
    for edge in explanation.edges:
        spec = EDGES[edge.type]
        pair = pl.DataFrame({spec.start_column: [edge.start], spec.end_column: [edge.end]})
        (found,) = neo4j.fetch_relationships(stores.need_graph(), spec, pair)
        if edge.type in VALUES:
            assert found[VALUES[edge.type]] == pytest.approx(edge.value)
        assert found["version"] == made.VERSION


@pytest.mark.parametrize("user_id", made.RATINGS)
def test_every_cited_edge_exists(stores: Stores, user_id: int):
    for movie_id in (row[0] for row in made.CATALOGUE):
        explanation = explain(stores, user_id, movie_id)

        paths = (
            *(*explanation.genres, *explanation.themes, *explanation.moods, *explanation.directors),
            *(*explanation.similar, *explanation.influences),
        )
        assert set(explanation.edges) >= {edge for path in paths for edge in path.edges}
        assert_every_cited_edge_exists(stores, explanation)


def test_a_recommendation_is_explained_by_what_the_user_liked(stores: Stores):
    (best,) = recommend(stores, 1, k=1).movies

    explanation = explain(stores, 1, best.movie_id)

    assert "Sci-Fi" in [genre.name for genre in explanation.genres]
    assert explanation.stars is None
    assert explanation.movie.genres == tuple(sorted(best.genres))


def test_shared_genres_and_themes_are_those_of_liked_movies(stores: Stores):
    explanation = explain(stores, 1, 6)  # Sci-Fi, Comedy; mean of user 1 is 3.3, so that 1, 2 and 3 are liked

    (genre,) = explanation.genres
    assert (genre.name, genre.liked, genre.relevance) == ("Sci-Fi", 3, None)
    assert [(example.movie_id, example.stars) for example in genre.examples] == [(1, 5.0), (2, 4.5), (3, 4.0)]
    assert genre.edges[:3] == (
        Edge(type="HAS_GENRE", start=6, end="Sci-Fi"),
        Edge(type="RATED", start=1, end=1, value=5.0),
        Edge(type="HAS_GENRE", start=1, end="Sci-Fi"),
    )
    assert [(theme.name, theme.liked) for theme in explanation.themes] == [
        ("space opera", 3),
        ("robots", 3),
        ("aliens", 2),
    ]
    assert explanation.themes[0].relevance == pytest.approx(0.95)
    # The comedy that the user disliked (movie 7) is no reason.
    assert explanation.rated == 5
    assert explanation.liked_from == pytest.approx(3.3)


def test_shared_moods_are_those_of_liked_movies_the_strongest_first(stores: Stores):
    funny, exciting = explain(stores, 1, 6).moods

    assert (funny.name, funny.liked, funny.relevance) == ("funny", 1, None)
    assert (exciting.name, exciting.liked) == ("exciting", 2)
    assert [example.movie_id for example in exciting.examples] == [1, 2]
    assert Edge(type="HAS_MOOD", start=2, end="exciting") in exciting.edges


def test_directors_are_told_apart_by_who_they_are_not_by_their_name(stores: Stores):
    (director,) = explain(stores, 1, 6).directors  # the other Ada Orion has directed nothing that user 1 knows

    assert (director.name, director.liked) == ("Ada Orion", 2)
    assert director.edges == (
        Edge(type="DIRECTED", start=1, end=6),
        Edge(type="RATED", start=1, end=1, value=5.0),
        Edge(type="DIRECTED", start=1, end=1),
        Edge(type="RATED", start=1, end=2, value=4.5),
        Edge(type="DIRECTED", start=1, end=2),
    )


def test_influences_lead_to_liked_movies_in_both_directions(stores: Stores):
    stands_on = explain(stores, 1, 6).influences
    assert [(one.example.movie_id, one.strength, one.older) for one in stands_on] == [(2, 0.75, True), (1, 0.5, True)]
    assert stands_on[0].edges == (
        Edge(type="RATED", start=1, end=2, value=4.5),
        Edge(type="INFLUENCED_BY", start=6, end=2, value=0.75),
    )
    both = explain(stores, 1, 2).influences
    assert [(one.example.movie_id, one.older) for one in both] == [(1, True)]
    (below,) = explain(stores, 2, 7).influences
    assert (below.example.movie_id, below.older) == (8, False)
    # Movie 7 is one that user 1 disliked, so that what stands on it is no reason.
    assert explain(stores, 1, 8).influences == ()


def test_the_movie_itself_is_no_reason_for_itself(stores: Stores):
    explanation = explain(stores, 1, 1)

    assert explanation.stars == 5.0
    assert Edge(type="RATED", start=1, end=1, value=5.0) in explanation.edges
    paths = (*explanation.genres, *explanation.themes, *explanation.moods, *explanation.directors)
    assert all(example.movie_id != 1 for path in paths for example in path.examples)
    assert "this one with 5.0 stars" in in_words(explanation)[0]


def test_similar_movies_are_those_of_the_graph_in_both_directions(stores: Stores):
    near = {
        (row["a"], row["b"]): row["score"]
        for row in neo4j.query(
            stores.need_graph(),
            "MATCH (a:Movie)-[s:SIMILAR_TO]->(b:Movie) RETURN a.movie_id AS a, b.movie_id AS b, s.score AS score",
        )
    }
    directions = set()
    for user_id, rated in made.RATINGS.items():
        for movie_id in (row[0] for row in made.CATALOGUE):
            found = explain(stores, user_id, movie_id).similar
            linked = {other for other in rated if (movie_id, other) in near or (other, movie_id) in near}
            assert {one.example.movie_id for one in found} == linked
            assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
            for one in found:
                other = one.example.movie_id
                to, from_ = (movie_id, other) in near, (other, movie_id) in near
                assert one.direction == ("both" if to and from_ else "to" if to else "from")
                assert one.example.stars == rated[other]
                directions.add(one.direction)
    assert "both" in directions


def test_it_is_bounded(stores: Stores):
    for user_id in made.RATINGS:
        explanation = explain(stores, user_id, 6)
        assert len(explanation.themes) <= MOST_THEMES
        assert len(explanation.similar) <= MOST_SIMILAR
        assert all(len(genre.examples) <= MOST_EXAMPLES for genre in explanation.genres)


def test_nothing_in_common_is_said_plainly(stores: Stores):
    explanation = explain(stores, 6, 16)  # a drama with androids, which is all that user 6 knows, and penguins

    assert not explanation.genres and not explanation.themes and not explanation.similar
    assert "Nothing in the graph connects the two" in in_words(explanation)


def test_in_words_each_kind_of_reason_has_its_line(stores: Stores):
    lines = in_words(explain(stores, 1, 6, at=made.LAST_DAY))

    assert lines[0] == "User 1 rated 5 movies, 3.30 stars on average, not this one"
    assert lines[1] == (
        "Genre Sci-Fi: 3 movies with 3.30 stars or more, such as Robots of the Galaxy (1999) [5.0 stars], "
        "Return of the Galaxy Robots (2002) [4.5 stars], Star Fleet Uprising (2005) [4.0 stars]"
    )
    assert lines[2].startswith("Theme space opera (relevance 0.95): 3 movies with")
    assert (
        "Mood funny (invented): 1 movie with 3.30 stars or more, such as Robots of the Galaxy (1999) [5.0 stars]"
        in (lines)
    )
    assert any(line.startswith("Director Ada Orion (invented): 2 movies with 3.30 stars or more") for line in lines)
    assert "Influenced by Return of the Galaxy Robots (2002) [4.5 stars] (invented): strength 0.75" in lines
    assert lines[-1].startswith("In evening|weekday|Thriller")


def test_without_the_policy_the_graph_still_explains(stores: Stores):
    gone = StoreUnavailableError("gone")
    graph_only = Stores(graph=stores.graph, missing={"agentdb": gone, "cache": gone})

    explanation = explain(graph_only, 1, 6)

    assert explanation.genres and explanation.opinion is None
    assert "user 1 has no policy, so that all genres count alike" in explanation.notes


def test_unknown_users_and_movies_are_named(stores: Stores):
    with pytest.raises(InputError, match="no movie ml_99 in the graph"):
        explain(stores, 1, 99)
    with pytest.raises(InputError, match="no user 5; the 5 known users are from 1 to 6"):
        explain(stores, 5, 1)


def test_without_the_graph_there_is_the_movie_and_the_policy(stores: Stores):
    explanation = explain(replace(stores, graph=None, missing={"graph": StoreUnavailableError("no graph")}), 1, 6)

    assert (explanation.movie.title, explanation.movie.genres) == ("Space Pirates of Orion", ("Sci-Fi", "Comedy"))
    assert explanation.opinion is not None and explanation.opinion.values
    assert explanation.rated is None and not explanation.edges
    assert explanation.notes == ("what connects the two is unknown: no graph",)
    lines = in_words(explanation)
    assert lines[0] == "What user 1 rated is unknown" and "the policy prefers" in lines[-1]


def test_without_the_graph_and_milvus_there_is_no_explanation(stores: Stores):
    missing = {name: StoreUnavailableError(f"no {name}") for name in ("graph", "milvus")}
    with pytest.raises(StoreUnavailableError, match="no graph"):
        explain(replace(stores, graph=None, milvus=None, missing=missing), 1, 6)


def test_an_explanation_is_kept_five_minutes(stores: Stores):
    first = explain(stores, 1, 6, at=made.LAST_DAY)
    again = explain(stores, 1, 6, at=made.LAST_DAY)

    assert again.cached and again.genres == first.genres and again.edges == first.edges
    (key,) = stores.need_cache().scan_iter("query:*")
    assert 0 < stores.need_cache().ttl(key) <= ANSWERS.ttl_seconds
    assert not explain(stores, 1, 6, at=made.LAST_DAY, fresh=True).cached
    assert not explain(stores, 1, 2, at=made.LAST_DAY).cached
