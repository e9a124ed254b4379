import polars as pl

from tv5_assets.embeddings.texts import movie_texts
from tv5_assets.tables.processed import Movies
from tv5_assets.tables.table import polars_schema


def movie(**values: object) -> dict[str, object]:
    return {
        "movie_id": 1, "title": "t", "original_title": "t", "title_sort": "The Matrix", "year": 1999,
        "genres": ["Action", "Sci-Fi"], "themes": [], "imdb_id": None, "tmdb_id": None,
    } | values  # fmt: skip


def text_of(**values: object) -> str:
    frame = pl.DataFrame([movie(**values)], schema=polars_schema(Movies))
    return str(movie_texts(frame).item())


def test_title_year_genres_and_themes() -> None:
    themes = [{"tag": "dystopia", "relevance": 0.9}, {"tag": "kung fu", "relevance": 0.6}]
    assert text_of(themes=themes) == "The Matrix (1999). Genres: Action, Sci-Fi. Themes: dystopia, kung fu"


def test_what_a_movie_does_not_have_is_left_out() -> None:
    assert text_of(year=None) == "The Matrix. Genres: Action, Sci-Fi"
    assert text_of(genres=[]) == "The Matrix (1999)"


def test_only_the_ten_strongest_themes() -> None:
    themes = [{"tag": f"theme{i}", "relevance": 1 - i / 100} for i in range(12)]
    text = text_of(themes=themes)
    assert "theme9" in text
    assert "theme10" not in text


def test_braces_in_a_title_are_text() -> None:
    assert text_of(title_sort="{} and {0}", genres=[]) == "{} and {0} (1999)"


def test_one_text_per_row_in_order() -> None:
    frame = pl.DataFrame(
        [movie(movie_id=i, title_sort=f"m{i}", genres=[]) for i in (3, 1)], schema=polars_schema(Movies)
    )
    assert movie_texts(frame).to_list() == ["m3 (1999)", "m1 (1999)"]
    assert movie_texts(frame.clear()).to_list() == []
