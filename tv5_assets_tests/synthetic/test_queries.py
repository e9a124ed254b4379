import hashlib
import re

import numpy as np
import polars as pl
import pytest

from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.movielens.simulation.words import ADJECTIVES, NOUNS, THEMES
from tv5_assets.quality import frames
from tv5_assets.quality.queries import expected_matches
from tv5_assets.synthetic.phrases.search import SEARCH_WORDS
from tv5_assets.synthetic.queries import FILTER_SHARE, KIND_SHARES, LANGUAGE_SHARES, RULES, USER_SHARE, queries
from tv5_assets.tables.processed import GENRES, Movies
from tv5_assets.tables.queries import QUERY_KINDS, Queries
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import polars_schema
from tv5_assets_tests.synthetic.statistics import fits

MOVIES = 800
ROWS = 5_000
USERS = pl.Series("user_id", range(1, 101), dtype=pl.Int32)
COLUMNS = ("movie_id", "title", "title_sort", "year", "genres", "themes")


def catalogue(rows: list[dict]) -> pl.DataFrame:
    schema = polars_schema(Movies)
    defaults = {"title": "Some Title", "year": 1994, "genres": ["Drama"], "themes": []}
    filled = [{**defaults, **row} for row in rows]
    for row in filled:
        row["title_sort"] = re.sub(r"^(.*), The$", r"The \1", row["title"])
        row["themes"] = [{"tag": tag, "relevance": 0.9} for tag in row["themes"]]
    return pl.DataFrame(filled, schema={name: schema[name] for name in COLUMNS})


@pytest.fixture(scope="module")
def movies() -> pl.DataFrame:
    draws = stream(1, "movies of the query tests")
    tags = [tag for genre in GENRES for tag in THEMES[genre]]
    nouns = [noun for genre in GENRES for noun in NOUNS[genre]]
    rows = [
        {
            "movie_id": int(movie_id),
            "title": f"{draws.choice(ADJECTIVES)} {draws.choice(nouns)}{draws.choice(['', ', The'])}",
            "year": int(draws.integers(1930, 2020)) if draws.random() < 0.95 else None,
            "genres": [str(genre) for genre in draws.choice(GENRES, draws.integers(0, 4), replace=False)],
            "themes": [str(tag) for tag in draws.choice(tags, draws.integers(0, 6), replace=False)],
        }
        for movie_id in np.sort(draws.choice(np.arange(1, 20_000), MOVIES, replace=False))
    ]
    return catalogue(rows)


@pytest.fixture(scope="module")
def many(movies: pl.DataFrame) -> pl.DataFrame:
    return queries(movies, USERS, seed=42, rows=ROWS)


def digest(frame: pl.DataFrame) -> str:
    return hashlib.sha256(frame.write_ndjson().encode()).hexdigest()


def test_the_frame_is_as_its_schema_says(many: pl.DataFrame) -> None:
    Queries.validate(many)
    assert many["query_id"].to_list() == list(range(ROWS))


def test_every_rule_holds(many: pl.DataFrame, movies: pl.DataFrame) -> None:
    verdicts = [*frames.every_row(many.lazy(), RULES).values(), expected_matches(many, movies)]
    assert [verdict.description for verdict in verdicts if not verdict.passed] == []


def test_languages_kinds_users_and_filters_have_their_shares(many: pl.DataFrame) -> None:
    assert fits(many["language"], dict(zip(LANGUAGES, LANGUAGE_SHARES, strict=True)))
    assert fits(many["kind"], dict(zip(QUERY_KINDS, KIND_SHARES, strict=True)))
    assert fits(many["user_id"].is_null(), {"false": USER_SHARE, "true": 1 - USER_SHARE})
    assert fits(many["filters"].is_null(), {"false": FILTER_SHARE, "true": 1 - FILTER_SHARE})
    assert set(many["user_id"].drop_nulls()) == set(USERS)


def test_what_is_expected_has_what_is_asked_for(many: pl.DataFrame, movies: pl.DataFrame) -> None:
    """The rule once more, row by row and in plain Python."""
    known = {row["movie_id"]: row for row in movies.to_dicts()}
    for query in many.head(400).to_dicts():
        asks, filters = query["asks_for"], query["filters"] or {"genre": None, "since": None, "until": None}

        def answers(movie: dict, asks: dict = asks, filters: dict = filters) -> bool:
            tags, year, genres = {theme["tag"] for theme in movie["themes"]}, movie["year"], movie["genres"]
            return (
                asks["title"] in (None, movie["title_sort"])
                and (asks["genre"] is None or asks["genre"] in genres)
                and (asks["decade"] is None or (year is not None and asks["decade"] == year // 10 * 10))
                and set(asks["themes"]) <= tags
                and (filters["genre"] is None or filters["genre"] in genres)
                and (filters["since"] is None or (year is not None and filters["since"] <= year <= filters["until"]))
            )

        assert query["expected"] == [movie_id for movie_id, movie in known.items() if answers(movie)]


def test_the_text_names_what_is_asked_for_in_its_language(many: pl.DataFrame) -> None:
    for query in many.head(1_000).to_dicts():
        words, asks, text = SEARCH_WORDS[LANGUAGES.index(query["language"])], query["asks_for"], query["text"]
        named = [words.themes.get(theme, theme) for theme in asks["themes"]]
        named += [words.genres[GENRES.index(asks["genre"])]] if asks["genre"] else []
        named += [str(asks["decade"])] if asks["decade"] else []
        assert all(name in text for name in named), text
        assert "{" not in text
        if asks["title"]:
            letters = sorted(asks["title"].removeprefix("The ").lower())
            assert all(text.lower().count(letter) >= letters.count(letter) for letter in set(letters)), text


def test_a_decade_is_asked_for_as_one_and_not_as_a_year(many: pl.DataFrame) -> None:
    """ "1990s", "années 1990", "años 1990", "1990er", "anni 1990"."""
    asked = many.filter(pl.col("kind") == "genre_decade")
    a_decade = {"en": r"\d0s\b", "fr": r"\bannées \d", "es": r"\baños \d", "de": r"\d0er", "it": r"\banni \d"}
    for language, named in a_decade.items():
        texts = asked.filter(pl.col("language") == language)["text"]
        assert texts.n_unique() > 50
        assert texts.filter(~texts.str.contains(named)).to_list() == []


def test_titles_are_typed_in_many_ways(many: pl.DataFrame) -> None:
    titles = many.filter(pl.col("kind") == "title").select("text", title=pl.col("asks_for").struct.field("title"))
    exact = titles.select(pl.col("text").str.contains(pl.col("title"), literal=True)).to_series().mean()
    in_small_letters = titles.select(pl.col("text") == pl.col("text").str.to_lowercase()).to_series().mean()
    bare = titles.filter(pl.col("title").str.starts_with("The "))["text"].str.contains(r"(?i)\bthe\b")
    assert 0.2 < exact < 0.5
    assert 0.4 < in_small_letters < 0.6
    assert 0.6 < bare.mean() < 0.8


def test_the_bytes_depend_on_the_seed_and_the_number_alone(many: pl.DataFrame, movies: pl.DataFrame) -> None:
    few = queries(movies.sample(fraction=1, shuffle=True, seed=0), USERS.reverse(), seed=42, rows=200)
    assert digest(few) == digest(many.head(200))
    assert digest(queries(movies, USERS, seed=43, rows=200)) != digest(few)


def test_equal_titles_are_all_expected_and_other_names_do_not_count() -> None:
    movies = catalogue(
        [
            {"movie_id": 1, "title": "Sabrina"},
            {"movie_id": 2, "title": "Sabrina", "year": 1954},
            {"movie_id": 3, "title": "Sabrina (Sabrina Fair)", "year": None},
            {"movie_id": 4, "title": "Sabrina II"},
        ]
    )
    asked = queries(movies, USERS, seed=1, rows=200).filter(pl.col("kind") == "title")
    whole = asked.filter(pl.col("filters").is_null(), pl.col("asks_for").struct.field("title") == "Sabrina")
    assert whole["expected"].unique().to_list() == [[1, 2, 3]]


def test_without_themes_only_titles_genres_and_decades_are_asked_for() -> None:
    movies = catalogue([{"movie_id": 1}, {"movie_id": 2, "themes": ["In Netflix queue", "bd-r"]}])
    made = queries(movies, USERS, seed=1, rows=300)
    assert set(made["kind"].unique()) == {"title", "genre_decade"}
    Queries.validate(made)


def test_without_genres_and_years_there_is_nothing_to_ask_for() -> None:
    with pytest.raises(InputError, match="no movie has a genre and a year"):
        queries(catalogue([{"movie_id": 1, "genres": []}]), USERS, seed=1, rows=3)


def test_each_language_has_words_for_every_genre_and_the_same_themes() -> None:
    for words in SEARCH_WORDS:
        assert len(set(words.genres)) == len(GENRES)
        assert set(words.patterns) == set(QUERY_KINDS)
    assert len({frozenset(words.themes) for words in SEARCH_WORDS[1:]}) == 1
    assert not SEARCH_WORDS[0].themes
