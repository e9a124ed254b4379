"""Lines of dialogue: invented, in five languages, made from phrase books without a loop over rows.

A line is put together from a pattern and what fills its gaps: a topic that the movie talks about, how good or bad the
moment is by the movie's sentiment arc, and the names of its characters. Stock lines come back in many movies, as they
do. A row depends on the seed and its number alone. What does not belong here: the words themselves (phrases/) and what
a movie's subtitles are like as a whole (subtitles.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.chunks import CHUNK_ROWS, drawn_ahead
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.names import name_pools
from tv5_assets.synthetic.phrases.book import SLOTS, capitalized, pieces
from tv5_assets.synthetic.phrases.books import BOOKS
from tv5_assets.tables.subtitles import ARC_POINTS, TOPICS, SubtitleSegments
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import polars_schema

CAST = 6
"""Characters of a movie who speak."""
STOCK_SHARE = 0.18
"""Share of lines that everybody says, so that they come back again and again."""
TAIL_SHARE = 0.85
"""Share of the other lines that a second, short sentence follows."""
_ORIGINAL_WEIGHT = 3.0
"""How much likelier a line is in the movie's own language than in another that it has subtitles in."""
_USUAL_FEELING, _ARC_FEELING = 0.22, 0.5
"""Chance of a good line, and of a bad one, where the arc is at 0, and what the arc adds to the one and takes from the
other."""
_LEAST_FEELING, _MOST_FEELING = 0.04, 0.7
_TONE_SPREAD = 0.1
"""How far a line's sentiment may lie from that of its words."""
_READING_MS, _READING_MS_PER_CHARACTER = 700, 55
"""How long a line is shown: about 18 characters a second, a usual limit of subtitlers."""

_LEAST_TONE = 0.2
"""What sounds good or bad lies beyond this, what sounds like neither within."""


def _in_order() -> pl.Expr:
    movie, before = pl.col("movie_id"), pl.col("movie_id").shift(1)
    after_the_last = pl.col("start_ms") >= pl.col("end_ms").shift(1)
    return (pl.col("segment_id") > pl.col("segment_id").shift(1)) & (
        (movie > before) | ((movie == before) & after_the_last)
    )


def _sounds_as_its_words() -> pl.Expr:
    good, bad = (
        pl.col("text").str.contains(
            rf"\b(?:{'|'.join(word for book in BOOKS for word, tone in book.feelings.items() if tone * sign > 0)})\b"
        )
        for sign in (1, -1)
    )
    sentiment = pl.col("sentiment")
    return (
        pl.when(good & ~bad)
        .then(sentiment > _LEAST_TONE)
        .when(bad & ~good)
        .then(sentiment < -_LEAST_TONE)
        .when(~good & ~bad)
        .then(sentiment.abs() < _LEAST_TONE)
    )


def _names_its_topics() -> pl.Expr:
    """A line has one topic or none, so that the first is all."""
    first = pl.col("topics").list.first().cast(pl.String)
    languages = pl.col("language").cast(pl.String)
    words = {
        f"{book.language} {topic}": word for book in BOOKS for topic, word in zip(TOPICS, book.topic_words, strict=True)
    }
    word = (languages + " " + first).replace_strict(words, default=None)
    return pl.col("text").str.to_lowercase().str.contains(word.str.to_lowercase(), literal=True)


RULES = (
    Rule("shown", "A line disappears after it appears.", lambda: pl.col("end_ms") > pl.col("start_ms")),
    Rule("in_order", "Lines of a movie ascend and do not overlap; movies and numbers ascend too.", _in_order),
    Rule("sentiment_of_words", "What is said in good words sounds good, and in bad ones bad.", _sounds_as_its_words),
    Rule("topics_in_text", "A line names the topic that it is said to be about.", _names_its_topics),
)
"""What every row must keep; rules that need other tables are in quality/subtitles.py."""

Draw = Callable[[str], npt.NDArray[np.float64]]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Movies:
    """What lines depend on, by the number of the movie in ascending order of ids.

    Attributes:
        ids: shape (m,).
        milliseconds: running times, shape (m,).
        language_bounds: sums of the shares of lines in the languages up to each, shape (m, LANGUAGES - 1), by columns.
        cast: places of the characters' names in the strings of _Lines, shape (m, CAST); no movie has one twice.
        topics: places in TOPICS, the first ``topic_counts`` of each row, shape (m, most).
        topic_counts: shape (m,).
        arcs: shape (m, ARC_POINTS).
    """

    ids: Ints
    milliseconds: Ints
    language_bounds: npt.NDArray[np.float64]
    cast: Ints
    topics: Ints
    topic_counts: Ints
    arcs: npt.NDArray[np.float32]


def segments(
    subtitles: pl.DataFrame, details: pl.DataFrame, seed: int, rows: int, chunk_rows: int = CHUNK_ROWS
) -> pl.LazyFrame:
    """Return lines of dialogue, sorted by movie and time, made chunk by chunk as they are read.

    The movies share the rows as evenly as their numbers allow; each line has a stretch of the running time of its own.

    Args:
        subtitles: of tables.subtitles.Subtitles.
        details: duration_minutes of each movie, of tables.media.MediaDetails.
        seed: the seed of everything random.
        rows: number of lines.
        chunk_rows: rows generated at once.

    Returns:
        A frame of the schema of tables.subtitles.SubtitleSegments.
    """
    lines = _Lines(seed)
    movies = _movies(subtitles, details, lines, seed)
    schema = polars_schema(SubtitleSegments)
    # Without movies there is nobody to say anything.
    rows = rows if len(movies.ids) else 0

    return drawn_ahead(
        rows,
        lambda numbers: _draw(numbers, rows, movies, lines, seed),
        lambda drawn: _made(drawn, lines).cast(schema),
        schema,
        chunk_rows,
    )


@dataclass(frozen=True)
class _Drawn:
    """What rows are made of, arrays of shape (n,).

    Attributes:
        numbers: of the rows.
        movie_ids: whose lines they are.
        language: place in LANGUAGES.
        speaker: place in the strings of _Lines.
        slot: milliseconds that a line has for itself.
        begin: milliseconds from the movie's begin to that of the slot.
        late: where in what a line leaves of its slot it begins, from 0 to 1.
        line: what is said.
    """

    numbers: Ints
    movie_ids: Ints
    language: Ints
    speaker: Ints
    slot: npt.NDArray[np.float64]
    begin: npt.NDArray[np.float64]
    late: npt.NDArray[np.float64]
    line: "_DrawnLine"


def _draw(numbers: Ints, rows: int, movies: _Movies, lines: "_Lines", seed: int) -> _Drawn:
    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, numbers, "subtitle_segments", what)

    count = len(movies.ids)
    movie = numbers * count // rows
    first, after = (-(-place * rows // count) for place in (movie, movie + 1))
    place, places = numbers - first, after - first
    language = np.zeros(len(numbers), dtype=np.int64)
    spoken = draw("language")
    for bound in movies.language_bounds.T:
        language += spoken >= bound.take(movie)
    arc = movies.arcs[movie, ((2 * place + 1) * ARC_POINTS // (2 * places))]
    good, bad = (np.clip(_USUAL_FEELING + sign * _ARC_FEELING * arc, _LEAST_FEELING, _MOST_FEELING) for sign in (1, -1))
    felt = draw("feeling")
    feeling = np.where(felt < good, _GOOD, np.where(felt < good + bad, _BAD, _NEITHER))
    topic = movies.topics[movie, (draw("topic") * movies.topic_counts[movie]).astype(np.int64)]
    speaker = (draw("speaker") * CAST).astype(np.int64)
    listener = (speaker + 1 + (draw("listener") * (CAST - 1)).astype(np.int64)) % CAST
    slot = movies.milliseconds[movie] / places
    return _Drawn(
        numbers=numbers,
        movie_ids=movies.ids[movie],
        language=language,
        speaker=movies.cast[movie, speaker],
        slot=slot,
        begin=slot * place,
        late=draw("start"),
        line=lines.draw(language, feeling, topic, movies.cast[movie, listener], draw),
    )


def _made(drawn: _Drawn, lines: "_Lines") -> pl.DataFrame:
    line = lines.make(drawn.line)
    reading = _READING_MS + _READING_MS_PER_CHARACTER * line["text"].str.len_chars().to_numpy()
    shown = np.minimum(reading, drawn.slot)
    start = np.floor(drawn.begin + drawn.late * (drawn.slot - shown))
    return line.with_columns(
        segment_id=pl.Series(drawn.numbers),
        movie_id=pl.Series(drawn.movie_ids),
        language=_LANGUAGES.gather(drawn.language),
        start_ms=pl.Series(start),
        end_ms=pl.Series(np.floor(start + shown)),
        speaker=lines.strings.gather(drawn.speaker),
    ).select(polars_schema(SubtitleSegments).names())


def _movies(subtitles: pl.DataFrame, details: pl.DataFrame, lines: "_Lines", seed: int) -> _Movies:
    ids, movie = np.unique(subtitles["movie_id"].to_numpy(), return_inverse=True)
    language = subtitles["language"].to_physical().to_numpy()
    original = subtitles["is_original"].to_numpy()
    weights = np.zeros((len(ids), len(LANGUAGES)))
    weights[movie, language] = np.where(original, _ORIGINAL_WEIGHT, 1.0)
    own = np.full(len(ids), LANGUAGES.index("en"))
    own[movie[original]] = language[original]
    one_each = subtitles.sort("movie_id", "language").unique("movie_id", keep="first", maintain_order=True)
    topics = one_each["key_topics"].list.eval(pl.element().to_physical())
    counts = topics.list.len().to_numpy().astype(np.int64)
    most = int(counts.max()) if len(counts) else 0
    padded = pl.DataFrame({"topics": topics}).select(
        pl.col("topics").list.get(place, null_on_oob=True).fill_null(0).cast(pl.Int64).alias(str(place))
        for place in range(most)
    )
    minutes = one_each.select("movie_id").join(details, on="movie_id", how="left", maintain_order="left")
    return _Movies(
        ids=ids,
        milliseconds=minutes["duration_minutes"].to_numpy().astype(np.int64) * 60_000,
        language_bounds=np.asfortranarray(np.cumsum(weights, axis=1)[:, :-1] / weights.sum(axis=1, keepdims=True)),
        cast=lines.characters(ids, own, seed),
        topics=padded.to_numpy(),
        topic_counts=counts,
        arcs=one_each["sentiment_arc"].to_numpy(),
    )


_GOOD, _BAD, _NEITHER = range(3)
_COLOURED, _PLAIN, _STOCK = 0, 1, (2, 3, 4)
"""Kinds of pattern; stock lines by how they sound."""
_KINDS = 5
_LANGUAGES = pl.Series(LANGUAGES, dtype=pl.Enum(LANGUAGES))
_TOPIC_LISTS = pl.Series([*([name] for name in TOPICS), []], dtype=pl.List(pl.Enum(TOPICS)))
"""The topics of a line by the place of its topic in TOPICS; the last are those of a line about nothing."""
_TOPIC_SLOTS = ("topic", "Topic", "about")


@dataclass(frozen=True)
class _DrawnLine:
    """What is said in rows, arrays of shape (n,).

    Attributes:
        pattern: the lines' patterns.
        fillings: places in the strings of _Lines of what fills each slot of the pattern.
        tail: place in the strings of _Lines of the sentence that follows.
        sentiment: from -1 to 1.
        about: place in _TOPIC_LISTS.
    """

    pattern: Ints
    fillings: list[Ints]
    tail: Ints
    sentiment: npt.NDArray[np.float64]
    about: Ints


class _Lines:
    """All phrase books as arrays that lines are gathered from.

    Attributes:
        strings: every text that can fill a slot.
    """

    def __init__(self, seed: int):
        pools = [_patterns(kind, language) for language in range(len(BOOKS)) for kind in range(_KINDS)]
        self._pattern_start, self._pattern_count = _extents(pools)
        patterns = [pieces(pattern) for pool in pools for pattern, _ in pool]
        self._tone = np.array([tone for pool in pools for _, tone in pool])
        slots = max(len(names) for _, names in patterns)
        self._texts = pl.DataFrame(
            [[*texts, *[""] * (slots + 1 - len(texts))] for texts, _ in patterns], orient="row",
            schema=[str(place) for place in range(slots + 1)],
        )  # fmt: skip
        empty = len(SLOTS)
        padded = [[*(SLOTS.index(name) for name in names), *[empty] * (slots - len(names))] for _, names in patterns]
        self._slots = np.ascontiguousarray(np.array(padded).T)
        self._about_topic = np.asarray(np.isin(self._slots, [SLOTS.index(slot) for slot in _TOPIC_SLOTS]).any(axis=0))
        self._words = _Words(seed)
        self.strings = pl.Series(self._words.strings)

    def characters(self, movie_ids: Ints, language: Ints, seed: int) -> Ints:
        """Return the places in ``strings`` of characters' names, shape (m, CAST), no two of a movie being the same.

        Args:
            movie_ids: shape (m,).
            language: place in LANGUAGES of the language that the names are usual in, shape (m,).
            seed: the seed of everything random.
        """
        start, count = (extent[language] for extent in self._words.names)
        first = (uniform(seed, movie_ids, "subtitle_segments", "first character") * count).astype(np.int64)
        step = 1 + (uniform(seed, movie_ids, "subtitle_segments", "next character") * (count // CAST)).astype(np.int64)
        step = np.minimum(step, (count - 1) // (CAST - 1))
        return np.asarray(start[:, None] + (first[:, None] + np.arange(CAST) * step[:, None]) % count[:, None])

    def draw(self, language: Ints, feeling: Ints, topic: Ints, listener: Ints, draw: Draw) -> _DrawnLine:
        """Return what lines are made of.

        Args:
            language: place in LANGUAGES, shape (n,).
            feeling: 0 for a good line, 1 for a bad one, 2 for neither, shape (n,).
            topic: place in TOPICS of what it is about if it is about anything, shape (n,).
            listener: place in ``strings`` of the name that is called, shape (n,).
            draw: random numbers for the rows, by name.
        """
        kind = np.where(
            draw("stock") < STOCK_SHARE, np.array(_STOCK)[feeling], np.where(feeling == _NEITHER, _PLAIN, _COLOURED)
        )
        pool = language * _KINDS + kind
        pattern = self._pattern_start[pool] + (draw("pattern") * self._pattern_count[pool]).astype(np.int64)
        words = self._words
        adjective = _pick(words.adjectives, language * 2 + np.minimum(feeling, _BAD), draw("adjective"))
        topic_of_language = language * len(TOPICS) + topic
        fillings = np.concatenate(
            [
                words.topic + topic_of_language,
                words.topic_large + topic_of_language,
                words.topic_about + topic_of_language,
                adjective,
                _pick(words.nouns, language, draw("noun")),
                listener,
                _pick(words.settings, language, draw("setting")),
                np.zeros_like(pattern),
            ]
        )
        rows = np.arange(len(pattern))
        tail = np.where(kind <= _PLAIN, _pick(words.tails, language, draw("tail")), 0)
        tone = np.where(kind == _COLOURED, words.tones[adjective], self._tone[pattern])
        return _DrawnLine(
            pattern,
            [fillings.take(slot.take(pattern) * len(rows) + rows) for slot in self._slots],
            tail=np.where(draw("tailed") < TAIL_SHARE, tail, 0),
            sentiment=(tone + _TONE_SPREAD * (2 * draw("tone") - 1)).round(3),
            about=np.where(self._about_topic[pattern], topic, len(TOPICS)),
        )

    def make(self, drawn: _DrawnLine) -> pl.DataFrame:
        """Return text, sentiment and topics of lines."""
        parts = [self._texts["0"].gather(drawn.pattern).alias("text 0")]
        for slot, filling in enumerate(drawn.fillings):
            parts.append(self.strings.gather(filling).alias(f"slot {slot}"))
            parts.append(self._texts[str(slot + 1)].gather(drawn.pattern).alias(f"text {slot + 1}"))
        parts.append(self.strings.gather(drawn.tail).alias("tail"))
        return pl.DataFrame(parts).select(
            text=pl.concat_str(pl.all()),
            sentiment=pl.Series(drawn.sentiment),
            topics=_TOPIC_LISTS.gather(drawn.about),
        )


def _patterns(kind: int, language: int) -> list[tuple[str, float]]:
    """Return the patterns of a kind, each with how it sounds by itself."""
    book = BOOKS[language]
    if kind in (_COLOURED, _PLAIN):
        return [(pattern, 0.0) for pattern in (book.coloured if kind == _COLOURED else book.plain)]
    sign = {_STOCK[_GOOD]: 1, _STOCK[_BAD]: -1, _STOCK[_NEITHER]: 0}[kind]
    return [(line, tone) for line, tone in book.stock.items() if np.sign(tone) == sign]


class _Words:
    """Every text that can fill a slot, in one list, and where in it each kind of word stands.

    Attributes:
        strings: the texts; the first is empty.
        tones: how good or bad each sounds, 0 for most.
        topic, topic_large, topic_about: where the topics begin, language by language.
        adjectives: start and count of the good and the bad ones of each language.
        nouns, settings, tails, names: start and count of each language's.
    """

    def __init__(self, seed: int):
        self.strings: list[str] = [""]
        self.topic = self._add(topic for book in BOOKS for topic in book.topics)
        self.topic_large = self._add(capitalized(topic) for book in BOOKS for topic in book.topics)
        self.topic_about = self._add(topic for book in BOOKS for topic in book.topics_about)
        self.adjectives = self._add_pools(
            [word for word, tone in book.adjectives.items() if tone * sign > 0] for book in BOOKS for sign in (1, -1)
        )
        self.nouns = self._add_pools(book.nouns for book in BOOKS)
        self.settings = self._add_pools(book.settings for book in BOOKS)
        self.tails = self._add_pools([" " + tail for tail in book.tails] for book in BOOKS)
        # Each name once: a character's name is told from the others' by its place in the pool.
        self.names = self._add_pools(sorted(set(name_pools(book.locale, seed)[0])) for book in BOOKS)
        feelings = {word: tone for book in BOOKS for word, tone in book.adjectives.items()}
        self.tones = np.array([feelings.get(text, 0.0) for text in self.strings])

    def _add(self, texts: Iterable[str]) -> int:
        start = len(self.strings)
        self.strings.extend(texts)
        return start

    def _add_pools(self, pools: Iterable[Sequence[str]]) -> tuple[Ints, Ints]:
        every = list(pools)
        start, count = _extents(every)
        return start + self._add(text for pool in every for text in pool), count


def _extents(pools: Sequence[Sequence[object]]) -> tuple[Ints, Ints]:
    """Return where each pool starts when they stand one after another, and how many members it has."""
    counts = np.array([len(pool) for pool in pools])
    return np.cumsum(counts) - counts, counts


def _pick(extents: tuple[Ints, Ints], pool: Ints, draws: npt.NDArray[np.float64]) -> Ints:
    """Return the place of one member of each row's pool, all being equally likely."""
    start, count = extents
    return start[pool] + (draws * count[pool]).astype(np.int64)
