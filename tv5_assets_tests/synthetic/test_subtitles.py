import hashlib
import re

import numpy as np
import polars as pl
import pytest

from tv5_assets.draws.streams import stream
from tv5_assets.movielens.simulation.words import THEMES
from tv5_assets.quality import frames
from tv5_assets.quality import subtitles as rules
from tv5_assets.settings import SEGMENTS_PER_MOVIE
from tv5_assets.synthetic import segments as segments_
from tv5_assets.synthetic import subtitles as subtitles_
from tv5_assets.synthetic.phrases.book import SLOTS, pieces
from tv5_assets.synthetic.phrases.books import BOOKS
from tv5_assets.synthetic.phrases.lines import STOCK_PERCENT
from tv5_assets.synthetic.segments import segments
from tv5_assets.synthetic.subtitles import COMPLEXITY, SHAPES, subtitles
from tv5_assets.synthetic.topics import GENRE_TOPICS, THEME_WORDS, suggested_topics
from tv5_assets.tables.processed import GENRES, Movies
from tv5_assets.tables.subtitles import TOPICS, Subtitles, SubtitleSegments
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import polars_schema

MOVIES = 6_000
LINES = 120_000


@pytest.fixture(scope="module")
def movies() -> pl.DataFrame:
    """Movies of any genres and themes, some of neither."""
    draws = stream(1, "movies of the subtitle tests")
    ids = np.sort(draws.choice(np.arange(1, 200_000), MOVIES, replace=False)).astype(np.int32)
    tags = [tag for genre in GENRES for tag in THEMES[genre]]
    some = [draws.choice(len(tags), count, replace=False) for count in draws.integers(0, 4, MOVIES)]
    return pl.DataFrame(
        {
            "movie_id": ids,
            "genres": [list(draws.choice(GENRES, count, replace=False)) for count in draws.integers(0, 4, MOVIES)],
            "themes": [[{"tag": tags[place], "relevance": 0.8} for place in places] for places in some],
        },
        schema={name: polars_schema(Movies)[name] for name in ("movie_id", "genres", "themes")},
    )


@pytest.fixture(scope="module")
def details(movies: pl.DataFrame) -> pl.DataFrame:
    draws = stream(1, "details of the subtitle tests")
    return pl.DataFrame(
        {
            "movie_id": movies["movie_id"],
            "language": draws.choice([*LANGUAGES, "ja"], MOVIES, p=[0.5, 0.2, 0.1, 0.05, 0.05, 0.1]),
            "duration_minutes": draws.integers(3, 200, MOVIES).astype(np.int16),
            "dialogue_density": draws.uniform(0.2, 0.9, MOVIES).astype(np.float32),
        }
    )


@pytest.fixture(scope="module")
def some_subtitles(movies: pl.DataFrame, details: pl.DataFrame) -> pl.DataFrame:
    return subtitles(movies, details, seed=42)


@pytest.fixture(scope="module")
def lines(some_subtitles: pl.DataFrame, details: pl.DataFrame) -> pl.DataFrame:
    return segments(some_subtitles, details, seed=42, rows=LINES).collect()


def digest(frame: pl.DataFrame) -> str:
    """Return a hash of every value; how a column lies in memory does not count."""
    return hashlib.sha256(frame.write_ndjson().encode()).hexdigest()


class TestSubtitles:
    def test_the_frame_is_as_its_schema_says(self, some_subtitles: pl.DataFrame) -> None:
        Subtitles.validate(some_subtitles)
        assert some_subtitles.select("movie_id", "language").equals(
            some_subtitles.select("movie_id", "language").sort("movie_id", "language")
        )

    def test_every_rule_holds(self, some_subtitles: pl.DataFrame, movies: pl.DataFrame, details: pl.DataFrame) -> None:
        verdicts = [
            *frames.every_row(some_subtitles.lazy(), subtitles_.RULES).values(),
            rules.harder_in_documentaries(some_subtitles.lazy(), movies.lazy()),
            rules.arcs_follow_genres(some_subtitles.lazy(), movies.lazy()),
            rules.topics_suggested(some_subtitles, movies),
            rules.original_language(some_subtitles.lazy(), details.lazy()),
        ]
        assert [verdict.description for verdict in verdicts if not verdict.passed] == []

    def test_a_documentary_is_harder_than_an_action_film_in_every_single_case(
        self, some_subtitles: pl.DataFrame, movies: pl.DataFrame
    ) -> None:
        judged = some_subtitles.join(
            movies.select("movie_id", pl.col("genres").cast(pl.List(pl.String))), on="movie_id"
        )
        documentary, action = (pl.col("genres").list.contains(genre) for genre in ("Documentary", "Action"))
        hard, easy = (judged.filter(kind)["vocabulary_complexity"] for kind in (documentary, action & ~documentary))
        assert hard.min() > easy.max()

    def test_every_movie_has_its_own_language_or_english(
        self, some_subtitles: pl.DataFrame, details: pl.DataFrame
    ) -> None:
        languages = dict(some_subtitles.group_by("movie_id").agg(pl.col("language").cast(pl.String)).iter_rows())
        for movie_id, own in details.select("movie_id", "language").iter_rows():
            assert (own if own in LANGUAGES else "en") in languages[movie_id]

    def test_translations_of_a_movie_share_its_mood_topics_and_culture(self, some_subtitles: pl.DataFrame) -> None:
        shared = some_subtitles.group_by("movie_id").agg(
            pl.col("sentiment_arc").n_unique().alias("arcs"),
            pl.col("key_topics").n_unique().alias("topics"),
            pl.col("cultural_references").n_unique().alias("references"),
        )
        assert shared.select(pl.col("arcs", "topics", "references").max()).row(0) == (1, 1, 1)

    def test_key_phrases_are_in_the_language_and_about_the_topics(self, some_subtitles: pl.DataFrame) -> None:
        for book in BOOKS:
            words = dict(zip(TOPICS, book.topic_words, strict=True))
            for phrases, topics in (
                some_subtitles.filter(pl.col("language") == book.language)
                .head(200)
                .select("key_phrases", "key_topics")
                .iter_rows()
            ):
                assert words[topics[0]] in phrases[0]
                assert all(words[topic] in phrases[1] for topic in topics[:2])

    def test_equal_seeds_make_equal_subtitles_and_other_seeds_others(
        self, movies: pl.DataFrame, details: pl.DataFrame, some_subtitles: pl.DataFrame
    ) -> None:
        assert digest(subtitles(movies.sample(fraction=1, shuffle=True, seed=0), details, 42)) == digest(some_subtitles)
        assert digest(subtitles(movies, details, 43)) != digest(some_subtitles)

    def test_a_movie_has_the_same_whichever_others_there_are(
        self, movies: pl.DataFrame, details: pl.DataFrame, some_subtitles: pl.DataFrame
    ) -> None:
        few = movies[100:110]
        assert subtitles(few, details, 42).equals(some_subtitles.join(few, on="movie_id", how="semi"))


class TestTopics:
    def test_every_genre_and_topic_is_declared(self) -> None:
        assert set(GENRE_TOPICS) == set(GENRES) == set(COMPLEXITY)
        assert {topic for topics in GENRE_TOPICS.values() for topic in topics} <= set(TOPICS)
        assert set(THEME_WORDS) == set(TOPICS)
        assert {genre for genres in SHAPES.values() for genre in genres} == set(GENRES) - {"Documentary", "IMAX"}

    def test_genres_and_themes_suggest_topics_and_no_movie_is_without(self, movies: pl.DataFrame) -> None:
        suggested = suggested_topics(movies)
        assert suggested.group_by("movie_id").len()["len"].min() >= 3
        assert suggested["movie_id"].n_unique() == len(movies)

    def test_a_theme_suggests_what_it_is_about(self) -> None:
        movie = pl.DataFrame(
            {"movie_id": [1], "genres": [[]], "themes": [[{"tag": "Time Travel", "relevance": 0.9}]]},
            schema={name: polars_schema(Movies)[name] for name in ("movie_id", "genres", "themes")},
        )
        weights = dict(suggested_topics(movie).select("topic", "weight").iter_rows())
        assert weights[TOPICS.index("future")] == pytest.approx(0.9)
        assert TOPICS.index("war") not in weights


class TestSegments:
    def test_the_frame_is_as_its_schema_says(self, lines: pl.DataFrame) -> None:
        SubtitleSegments.validate(lines)
        assert lines["segment_id"].to_list() == list(range(LINES))

    def test_every_rule_holds(self, lines: pl.DataFrame, some_subtitles: pl.DataFrame, details: pl.DataFrame) -> None:
        verdicts = [
            *frames.every_row(lines.lazy(), segments_.RULES).values(),
            *rules.lines_of_subtitles(lines.lazy(), some_subtitles.lazy()).values(),
            rules.lines_within(lines.lazy(), details.lazy()),
            rules.mostly_distinct(lines.lazy()),
        ]
        assert [verdict.description for verdict in verdicts if not verdict.passed] == []

    def test_the_bytes_depend_on_the_seed_and_not_on_the_chunks(
        self, lines: pl.DataFrame, some_subtitles: pl.DataFrame, details: pl.DataFrame
    ) -> None:
        small = segments(some_subtitles, details, seed=42, rows=LINES, chunk_rows=9_973).collect()
        assert digest(small) == digest(lines)
        other = segments(some_subtitles, details, seed=43, rows=LINES).collect()
        assert (other["text"] != lines["text"]).mean() > 0.9

    @pytest.mark.parametrize("rows", [SEGMENTS_PER_MOVIE * MOVIES, MOVIES + 7, 10])
    def test_movies_share_the_rows_evenly(self, some_subtitles: pl.DataFrame, details: pl.DataFrame, rows: int) -> None:
        counts = segments(some_subtitles, details, 1, rows).collect().group_by("movie_id").len()["len"]
        assert counts.sum() == rows
        assert counts.max() - counts.min() <= (0 if rows == SEGMENTS_PER_MOVIE * MOVIES else 1)

    def test_texts_are_short_and_mostly_said_once(self, lines: pl.DataFrame) -> None:
        length = lines["text"].str.len_chars()
        words = lines["text"].str.count_matches(r"[\p{L}\p{N}']+")
        assert 30 < length.mean() <= 42
        assert words.min() >= 3 and words.mean() > 6 and words.max() <= 20
        distinct = lines["text"].n_unique() / len(lines)
        assert 0.75 < distinct < 0.9

    def test_stock_lines_come_in_their_share(self, lines: pl.DataFrame) -> None:
        stock = lines["text"].is_in([line for book in BOOKS for line in book.stock]).sum()
        share = STOCK_PERCENT / 100
        assert abs(stock - LINES * share) < 4.5 * np.sqrt(LINES * share * (1 - share))

    def test_a_line_is_in_its_language(self, lines: pl.DataFrame) -> None:
        """By words that only one of the languages has and that its patterns are full of."""
        telling = {"en": "about", "fr": "parler", "es": "hablar", "de": "reden", "it": "parlare"}
        for language, word in telling.items():
            found = lines.filter(pl.col("text").str.contains(rf"\b{word}\b"))["language"].unique().to_list()
            assert found == [language], word

    def test_lines_are_mostly_in_the_movies_own_language(self, lines: pl.DataFrame, details: pl.DataFrame) -> None:
        own = lines.join(details, on="movie_id").filter(pl.col("language_right").is_in(LANGUAGES))
        assert (own["language"].cast(pl.String) == own["language_right"]).mean() > 0.55

    def test_lines_sound_as_the_arc_has_it(self, lines: pl.DataFrame, some_subtitles: pl.DataFrame) -> None:
        arcs = some_subtitles.unique("movie_id", keep="first").select("movie_id", "overall_sentiment")
        mean = lines.group_by("movie_id").agg(pl.col("sentiment").mean()).join(arcs, on="movie_id")
        happy, sad = (
            mean.filter(part)["sentiment"]
            for part in (pl.col("overall_sentiment") > 0.1, pl.col("overall_sentiment") < -0.1)
        )
        assert happy.mean() > sad.mean() + 0.1

    def test_nobody_calls_himself_and_characters_have_names_of_their_own(self, lines: pl.DataFrame) -> None:
        with_name = lines.select(pl.col("text").str.contains(r"\b" + pl.col("speaker") + r"\b").alias("called"))
        # A name may be a word of the text in another sense; calling oneself by name would be one line in six.
        assert with_name["called"].mean() < 0.002
        assert lines.group_by("movie_id").agg(pl.col("speaker").n_unique())["speaker"].max() <= segments_.CAST

    def test_no_movies_make_no_lines(self, some_subtitles: pl.DataFrame, details: pl.DataFrame) -> None:
        nothing = segments(some_subtitles.clear(), details.clear(), seed=1, rows=40).collect()
        assert nothing.is_empty()
        SubtitleSegments.validate(nothing)


def _slots(pattern: str) -> list[str]:
    return [piece.slot for piece in pieces(pattern)]


def _said_in(language: str) -> list[str]:
    """Return the patterns of a language, stock lines among them."""
    book = BOOKS[LANGUAGES.index(language)]
    return [*book.coloured, *book.plain, *book.stock]


class TestPhraseBooks:
    @pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.language)
    def test_a_book_is_whole(self, book) -> None:
        assert len(book.topics) == len(set(book.topics)) == len(TOPICS)
        for pattern in (*book.coloured, *book.plain):
            assert set(_slots(pattern)) <= set(SLOTS), pattern
            assert "".join(f"{before}{{{slot}}}{after}" for before, slot, after in pieces(pattern)) == pattern
        assert set(_slots(book.describe)) == {"adjective", "noun"}
        assert all("described" in _slots(pattern) for pattern in book.coloured)
        assert not any("described" in _slots(pattern) for pattern in book.plain)
        assert all(0.4 <= abs(tone) <= 0.9 for tone in book.feelings.values())

    @pytest.mark.parametrize(
        "language, copula, neutral",
        [
            ("fr", "suis|es|est-tu|es-tu|sommes|on est|êtes", "ma plus grande|là"),
            ("es", "soy|eres|somos|estoy|estás|estamos", "mi mayor|haciendo"),
            ("it", "sono|sei|siamo|ero|eri", "il mio|qui|meritato"),
        ],
    )
    def test_who_speaks_and_who_is_addressed_may_be_a_woman_or_a_man(
        self, language: str, copula: str, neutral: str
    ) -> None:
        """After "I am", "you are" and "we are" stands nothing that agrees with a gender."""
        of_somebody = re.compile(rf"(?i)\b(?:{copula}) (?!(?:{neutral})\b)")
        assert [line for line in _said_in(language) if of_somebody.search(line)] == []

    @pytest.mark.parametrize(
        "languages, pattern, reason",
        [
            (LANGUAGES, r", (?:réponds-moi|dis-moi|dime|rispondimi) ?\?", "an order is no question"),
            (LANGUAGES, r"(?i)where were|où étais|dónde estabas|dov'eri|wo warst", "a setting has said where"),
            (("fr", "es", "it"), r"(?i)à cause|a causa", "what is good has no such cause"),
            (("es",), r"¡Qué \{described\}", "the adjective behind the noun asks for tan or más"),
            (("it",), r"\ba \{name\}", "before Anna it is ad"),
            (
                ("de",),
                r"(?:hat|hatten) .*(?:Schlüssel|\{described\}) \{setting\}",
                "a setting stands before the object",
            ),
        ],
    )
    def test_patterns_are_as_somebody_would_say_them(
        self, languages: tuple[str, ...], pattern: str, reason: str
    ) -> None:
        said = [line for language in languages for line in _said_in(language)]
        assert [line for line in said if re.search(pattern, line)] == [], reason

    def test_only_words_that_sound_good_or_bad_are_told_by_their_sound(self) -> None:
        """No text around the adjectives sounds like anything, in any language, and stock lines sound as declared."""
        texts = [
            (text, tone)
            for book in BOOKS
            for text, tone in [
                *((text, 0.0) for text in (*book.coloured, *book.plain, *book.settings, *book.nouns)),
                *((text, 0.0) for text in (*book.topics, *book.topics_about)),
                *book.stock.items(),
            ]
        ]
        frame = pl.LazyFrame(texts, schema=["text", "sentiment"], orient="row")
        rule = next(rule for rule in segments_.RULES if rule.name == "sentiment_of_words")
        assert frame.filter(~rule.holds()).collect()["text"].to_list() == []
        assert frame.filter(rule.holds().is_null()).collect()["text"].to_list() == []
