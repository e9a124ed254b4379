"""Lines of dialogue: invented, in five languages, made from phrase books without a loop over rows.

A line is about a topic that the movie talks about, as good or bad as the moment is by the movie's sentiment arc, and
spoken between its characters. A row depends on the seed and its number alone. What does not belong here: how words are
put together (phrases/) and what a movie's subtitles are like as a whole (subtitles.py).
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import Ballots, at, gather
from tv5_assets.draws.chunks import CHUNK_ROWS, drawn_ahead
from tv5_assets.draws.streams import uniform_of_rows
from tv5_assets.synthetic.phrases.books import BOOKS
from tv5_assets.synthetic.phrases.lines import BAD, GOOD, NEITHER, DrawnLine, Lines
from tv5_assets.tables.subtitles import ARC_POINTS, TOPICS, SubtitleSegments
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import polars_schema

CAST = 6
"""Characters of a movie who speak."""
_ORIGINAL_WEIGHT = 3
"""How much likelier a line is in the movie's own language than in another that it has subtitles in."""
_USUAL_FEELING, _ARC_FEELING = 0.22, 0.5
"""Chance of a good line, and of a bad one, where the arc is at 0, and what the arc adds to the one and takes from the
other."""
_LEAST_FEELING, _MOST_FEELING = 0.04, 0.7
_READING_MS, _READING_MS_PER_CHARACTER = 700, 55
"""How long a line is shown: about 18 characters a second, a usual limit of subtitlers."""

_LANGUAGES = pl.Series(LANGUAGES, dtype=pl.Enum(LANGUAGES))
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

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class _Movies:
    """What lines depend on, by the number of the movie in ascending order of ids.

    Attributes:
        ids: shape (m,).
        milliseconds: running times, shape (m,).
        languages: of lines, by movie.
        cast: places of the characters' names in the strings of Lines, shape (m, CAST); no movie has one twice.
        topics: places in TOPICS, the first ``topic_counts`` of each row, shape (m, most).
        topic_counts: shape (m,).
        good, bad: chances that a line sounds so, by the moment of the sentiment arc, shape (m, ARC_POINTS).
    """

    ids: Places
    milliseconds: npt.NDArray[np.float64]
    languages: Ballots
    cast: Places
    topics: Places
    topic_counts: Floats
    good: Floats
    bad: Floats


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
    lines = Lines(seed)
    movies = _movies(subtitles, details, lines, seed)
    schema = polars_schema(SubtitleSegments)
    # Without movies there is nobody to say anything.
    rows = rows if len(movies.ids) else 0
    starts = -(-np.arange(len(movies.ids) + 1) * rows // max(1, len(movies.ids)))

    return drawn_ahead(
        rows,
        lambda some: _draw(some, starts, movies, lines, seed),
        lambda drawn: _made(drawn, lines).cast(schema),
        schema,
        chunk_rows,
    )


@dataclass(frozen=True)
class _Drawn:
    """What rows are made of, arrays of shape (n,).

    Attributes:
        rows: their numbers.
        movie_ids: whose lines they are.
        language: place in LANGUAGES.
        speaker: place in the strings of Lines.
        slot: milliseconds that a line has for itself.
        begin: milliseconds from the movie's begin to that of the slot.
        late: where in what a line leaves of its slot it begins, from 0 to 1.
        line: what is said.
    """

    rows: range
    movie_ids: Places
    language: Places
    speaker: Places
    slot: npt.NDArray[np.float64]
    begin: npt.NDArray[np.float64]
    late: Floats
    line: DrawnLine


def _draw(rows: range, starts: Ints, movies: _Movies, lines: Lines, seed: int) -> _Drawn:
    """Draw what some rows are made of; ``starts`` has the number of each movie's first row, and of all rows."""
    here = np.diff(starts.clip(rows.start, rows.stop))

    def draw(what: str) -> Floats:
        return uniform_of_rows(seed, rows, "subtitle_segments", what)

    def of_movie(values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        return np.repeat(values, here)  # a movie's rows follow one another

    movie = of_movie(np.arange(len(movies.ids)))
    place, places = np.arange(rows.start, rows.stop) - of_movie(starts[:-1]), np.maximum(1, np.diff(starts))
    language = movies.languages.cast(movie, draw("language"))
    moment = movie * ARC_POINTS + ((place + 0.5) * of_movie(ARC_POINTS / places)).astype(np.intp)
    felt = draw("feeling")
    good, bad = felt < movies.good.ravel().take(moment), felt >= 1 - movies.bad.ravel().take(moment)
    feeling = NEITHER - (NEITHER - GOOD) * good.view(np.int8) - (NEITHER - BAD) * bad.view(np.int8)
    topic = at(movies.topics, movie, (draw("topic") * of_movie(movies.topic_counts)).astype(np.intp))
    speaker = (draw("speaker") * np.float32(CAST)).astype(np.intp)
    listener = (draw("listener") * np.float32(CAST - 1)).astype(np.intp)
    listener += listener >= speaker  # nobody talks to themselves
    slot = of_movie(movies.milliseconds / places)
    return _Drawn(
        rows=rows,
        movie_ids=of_movie(movies.ids),
        language=language,
        speaker=at(movies.cast, movie, speaker),
        slot=slot,
        begin=slot * place,
        late=draw("start"),
        line=lines.draw(language, feeling, topic, at(movies.cast, movie, listener), draw),
    )


def _made(drawn: _Drawn, lines: Lines) -> pl.DataFrame:
    line = lines.make(drawn.line)
    reading = _READING_MS + _READING_MS_PER_CHARACTER * line["text"].str.len_chars().to_numpy()
    shown = np.minimum(reading, drawn.slot)
    start = (drawn.begin + drawn.late * (drawn.slot - shown)).astype(np.int32)
    return line.with_columns(
        segment_id=pl.int_range(drawn.rows.start, drawn.rows.stop, dtype=pl.Int32, eager=True),
        movie_id=pl.Series(drawn.movie_ids),
        language=gather(_LANGUAGES, drawn.language),
        start_ms=pl.Series(start),
        end_ms=pl.Series((start + shown).astype(np.int32)),
        speaker=gather(lines.strings, drawn.speaker),
    ).select(polars_schema(SubtitleSegments).names())


def _movies(subtitles: pl.DataFrame, details: pl.DataFrame, lines: Lines, seed: int) -> _Movies:
    subtitles = subtitles.sort("movie_id", "language")
    ids, movie = np.unique(subtitles["movie_id"].to_numpy(), return_inverse=True)
    language = subtitles["language"].to_physical().to_numpy()
    original = subtitles["is_original"].to_numpy()
    own = np.full(len(ids), LANGUAGES.index("en"))
    own[movie[original]] = language[original]
    one_each = subtitles.unique("movie_id", keep="first", maintain_order=True)
    topics = one_each["key_topics"].list.eval(pl.element().to_physical())
    counts = topics.list.len().to_numpy()
    padded = pl.DataFrame({"topics": topics}).select(
        pl.col("topics").list.get(place, null_on_oob=True).fill_null(0).cast(pl.Int32).alias(str(place))
        for place in range(counts.max(initial=0))
    )
    arcs = one_each["sentiment_arc"].to_numpy()
    good, bad = (
        np.clip(_USUAL_FEELING + sign * _ARC_FEELING * arcs, _LEAST_FEELING, _MOST_FEELING).astype(np.float32)
        for sign in (1, -1)
    )
    minutes = one_each.select("movie_id").join(details, on="movie_id", how="left", maintain_order="left")
    return _Movies(
        ids=ids.astype(np.int32),
        milliseconds=minutes["duration_minutes"].to_numpy() * 60_000.0,
        languages=Ballots(movie, language, np.where(original, _ORIGINAL_WEIGHT, 1)),
        cast=lines.characters(ids, own, CAST, seed),
        topics=np.ascontiguousarray(padded.to_numpy()),
        topic_counts=counts.astype(np.float32),
        good=good,
        bad=bad,
    )
