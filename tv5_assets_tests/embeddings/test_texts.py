import polars as pl

from tv5_assets.embeddings.texts import catalog_texts, context_texts, movie_texts, segment_texts
from tv5_assets.tables.processed import Movies
from tv5_assets.tables.table import polars_schema


def movie(**values: object) -> dict[str, object]:
    return {
        "movie_id": 1, "title": "t", "original_title": "t", "title_sort": "The Matrix", "year": 1999,
        "genres": ["Action", "Sci-Fi"], "themes": [], "imdb_id": None, "tmdb_id": None,
    } | values  # fmt: skip


def text_of(**values: object) -> str:
    frame = pl.DataFrame([movie(**values)], schema=polars_schema(Movies))
    return str(movie_texts(frame.lazy()).collect()["text"].item())


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
    assert movie_texts(frame.lazy()).collect().rows() == [(3, "m3 (1999)"), (1, "m1 (1999)")]
    assert movie_texts(frame.clear().lazy()).collect().is_empty()


def test_a_context_is_told_from_mood_to_purpose():
    contexts = pl.LazyFrame(
        {
            "context_id": [0, 1],
            "mood": ["relaxed", "curious"],
            "day_of_week": ["Fri", "Mon"],
            "time_of_day": ["evening", "late_night"],
            "season": ["winter", "summer"],
            "cultural_events": [["christmas_season", "christmas"], []],
            "weather": ["rain", None],
            "viewing_mode": ["family", "alone"],
            "location_type": ["home", "travel"],
            "group_demographics": [["adult", "child", "child"], ["young_adult"]],
            "occasion": ["special_event", "focused"],
            "time_budget": ["medium", "short"],
        }
    )
    assert context_texts(contexts).collect().rows() == [
        (0, "relaxed Fri evening in winter, christmas season, christmas, rain. family at home: adult, child. "
            "special event, medium"),
        (1, "curious Mon late night in summer. alone at travel: young adult. focused, short"),
    ]  # fmt: skip


def test_dialogue_is_taken_as_it_is_spoken():
    segments = pl.LazyFrame({"segment_id": [4], "text": ["Who is there?"], "speaker": ["Ann"]})
    assert segment_texts(segments).collect().rows() == [(4, "Who is there?")]


def test_a_catalog_item_is_title_type_and_tags():
    catalog = pl.LazyFrame(
        {
            "item_id": [1, 2],
            "title": ["Ferries at dawn", "Notes"],
            "type": ["video", "document"],
            "tags": [["a", "b"], []],
        }
    )
    assert catalog_texts(catalog).collect().rows() == [(1, "Ferries at dawn. video: a, b"), (2, "Notes. document")]
