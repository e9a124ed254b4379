"""How lines of dialogue are put together from the phrase books, without a loop over rows.

A line is a pattern and what fills its slots; stock lines come back in many movies, as they do. What does not belong
here: the words themselves (a module for each language), and which movie's line it is (synthetic/segments.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import at
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.names import name_pools
from tv5_assets.synthetic.phrases.book import SLOTS, capitalized, pieces
from tv5_assets.synthetic.phrases.books import BOOKS
from tv5_assets.tables.subtitles import TOPICS

STOCK_SHARE = 0.18
"""Share of lines that everybody says, so that they come back again and again."""
TAIL_SHARE = 0.85
"""Share of the other lines that a second, short sentence follows."""
_TONE_SPREAD = 0.1
"""How far a line's sentiment may lie from that of its words."""
DrawPair = Callable[[str], tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
Ints = npt.NDArray[np.int64]

GOOD, BAD, NEITHER = range(3)
_COLOURED, _PLAIN, _STOCK = 0, 1, (2, 3, 4)
"""Kinds of pattern; stock lines by how they sound."""
_KINDS = 5
_KIND_OF_FEELING = np.array([[_COLOURED, _COLOURED, _PLAIN], _STOCK])
"""Kinds of the lines that are no stock lines and of those that are, by feeling."""
_TOPIC_LISTS = pl.Series([*([name] for name in TOPICS), []], dtype=pl.List(pl.Enum(TOPICS)))
"""The topics of a line by the place of its topic in TOPICS; the last are those of a line about nothing."""
_TOPIC_SLOTS = ("topic", "Topic", "about")
_FILLINGS = (*SLOTS, "tail", "nothing")
"""What a slot can be filled with; the tail fills one after a pattern's last text."""


@dataclass(frozen=True)
class DrawnLine:
    """What is said in rows, arrays of shape (n,).

    Attributes:
        parts: places in the parts of Lines of what a line is put together from.
        sentiment: from -1 to 1.
        about: place in _TOPIC_LISTS.
    """

    parts: list[Ints]
    sentiment: npt.NDArray[np.float64]
    about: Ints


class Lines:
    """All phrase books as arrays that lines are gathered from.

    A pattern is taken apart after each of its slots, and every part is there with everything that can fill the slot at
    its end: a line put together from five such parts takes half the time of one from ten texts and fillings.

    Attributes:
        strings: every text that can fill a slot.
    """

    def __init__(self, seed: int):
        pools = [_patterns(kind, language) for language in range(len(BOOKS)) for kind in range(_KINDS)]
        self._pattern_start, self._pattern_count = _extents(pools)
        self._tone = np.array([tone for pool in pools for _, tone in pool])
        # The tail is what fills the slot after the last text; no tail follows a stock line.
        patterns = [
            (texts, [*slots, "tail" if number % _KINDS in (_COLOURED, _PLAIN) else "nothing"])
            for number, pool in enumerate(pools)
            for texts, slots in (pieces(pattern) for pattern, _ in pool)
        ]
        all_texts, all_slots = zip(*patterns, strict=True)
        texts = pl.Series([text for place in zip_longest(*all_texts, fillvalue="") for text in place])
        self._slots = np.array(
            [[_FILLINGS.index(slot) for slot in place] for place in zip_longest(*all_slots, fillvalue="nothing")]
        )
        self._about_topic = np.asarray(np.isin(self._slots, [SLOTS.index(slot) for slot in _TOPIC_SLOTS]).any(axis=0))
        self._words = _Words(seed)
        self.strings = pl.Series(self._words.strings)
        language = np.repeat(np.arange(len(BOOKS)), self._pattern_count.reshape(len(BOOKS), -1).sum(axis=1))
        start, count = (extent[self._slots, language] for extent in self._words.extents)
        self._to_part = (np.cumsum(count) - count.ravel()).reshape(count.shape) - start
        part = np.repeat(np.arange(count.size), count.ravel())
        self._parts = texts.gather(part) + self.strings.gather(np.arange(len(part)) - self._to_part.ravel()[part])

    def characters(self, movie_ids: Ints, language: Ints, cast: int, seed: int) -> Ints:
        """Return the places in ``strings`` of characters' names, shape (m, cast), no two of a movie being the same.

        Args:
            movie_ids: shape (m,).
            language: place in LANGUAGES of the language that the names are usual in, shape (m,).
            cast: how many characters a movie has.
            seed: the seed of everything random.
        """
        start, count = (extent[language] for extent in self._words.names)
        first = (uniform(seed, movie_ids, "subtitle_segments", "first character") * count).astype(np.int64)
        step = 1 + (uniform(seed, movie_ids, "subtitle_segments", "next character") * (count // cast)).astype(np.int64)
        step = np.minimum(step, (count - 1) // (cast - 1))
        return np.asarray(start[:, None] + (first[:, None] + np.arange(cast) * step[:, None]) % count[:, None])

    def draw(self, language: Ints, feeling: Ints, topic: Ints, listener: Ints, draw: DrawPair) -> DrawnLine:
        """Return what lines are made of.

        Args:
            language: place in LANGUAGES, shape (n,).
            feeling: GOOD, BAD or NEITHER, shape (n,).
            topic: place in TOPICS of what it is about if it is about anything, shape (n,).
            listener: place in ``strings`` of the name that is called, shape (n,).
            draw: two random numbers for each row, by name.
        """
        of_stock, of_patterns = draw("stock and pattern")
        of_adjectives, of_nouns = draw("adjective and noun")
        of_tailed, of_tails = draw("tailed and tail")
        of_settings, of_tones = draw("setting and tone")
        kind = at(_KIND_OF_FEELING, (of_stock < STOCK_SHARE).astype(np.int64), feeling)
        pool = language * _KINDS + kind
        pattern = self._pattern_start[pool] + (of_patterns * self._pattern_count[pool]).astype(np.int64)
        words = self._words
        adjective = _pick(words.adjectives, language * 2 + np.minimum(feeling, BAD), of_adjectives)
        topic_of_language = language * len(TOPICS) + topic
        places = {
            "topic": words.topic + topic_of_language,
            "Topic": words.topic_large + topic_of_language,
            "about": words.topic_about + topic_of_language,
            "adjective": adjective,
            "noun": _pick(words.nouns, language, of_nouns),
            "name": listener,
            "setting": _pick(words.settings, language, of_settings),
            "tail": np.where(of_tailed < TAIL_SHARE, _pick(words.tails, language, of_tails), words.no_tail[language]),
            "nothing": np.zeros_like(pattern),
        }
        fillings = np.concatenate([places[filling] for filling in _FILLINGS])
        rows = np.arange(len(pattern))
        tone = np.where(kind == _COLOURED, words.tones[adjective], self._tone[pattern])
        return DrawnLine(
            parts=[
                to_part.take(pattern) + fillings.take(slot.take(pattern) * len(rows) + rows)
                for slot, to_part in zip(self._slots, self._to_part, strict=True)
            ],
            sentiment=(tone + _TONE_SPREAD * (2 * of_tones - 1)).round(3),
            about=np.where(self._about_topic[pattern], topic, len(TOPICS)),
        )

    def make(self, drawn: DrawnLine) -> pl.DataFrame:
        """Return text, sentiment and topics of lines."""
        parts = pl.DataFrame([self._parts.gather(part).alias(str(place)) for place, part in enumerate(drawn.parts)])
        return parts.select(
            text=pl.concat_str(pl.all()),
            sentiment=pl.Series(drawn.sentiment),
            topics=_TOPIC_LISTS.gather(drawn.about),
        )


def _patterns(kind: int, language: int) -> list[tuple[str, float]]:
    """Return the patterns of a kind, each with how it sounds by itself."""
    book = BOOKS[language]
    if kind in (_COLOURED, _PLAIN):
        return [(pattern, 0.0) for pattern in (book.coloured if kind == _COLOURED else book.plain)]
    sign = {_STOCK[GOOD]: 1, _STOCK[BAD]: -1, _STOCK[NEITHER]: 0}[kind]
    return [(line, tone) for line, tone in book.stock.items() if np.sign(tone) == sign]


class _Words:
    """Every text that can fill a slot, in one list, and where in it each kind of word stands.

    Attributes:
        strings: the texts; the first is empty.
        tones: how good or bad each sounds, 0 for most.
        topic, topic_large, topic_about: where the topics begin, language by language.
        adjectives: start and count of the good and the bad ones of each language.
        nouns, settings, tails, names: start and count of each language's.
        no_tail: place of the empty tail of each language, which stands before the others.
        extents: start and count of all that can fill a slot, shape (_FILLINGS, languages).
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
        self.no_tail, tails = self._add_pools(["", *(" " + tail for tail in book.tails)] for book in BOOKS)
        self.tails = self.no_tail + 1, tails - 1
        # Each name once: a character's name is told from the others' by its place in the pool.
        self.names = self._add_pools(sorted(set(name_pools(book.locale, seed)[0])) for book in BOOKS)
        feelings = {word: tone for book in BOOKS for word, tone in book.adjectives.items()}
        self.tones = np.array([feelings.get(text, 0.0) for text in self.strings])
        self.extents = self._extents(tails)

    def _extents(self, tails: Ints) -> tuple[Ints, Ints]:
        none, first = np.zeros(len(BOOKS), dtype=np.int64), np.arange(len(BOOKS)) * len(TOPICS)
        all_topics = none + len(TOPICS)
        good_and_bad, counts = self.adjectives
        name_starts, name_counts = self.names
        pools = {
            "topic": (self.topic + first, all_topics),
            "Topic": (self.topic_large + first, all_topics),
            "about": (self.topic_about + first, all_topics),
            "adjective": (good_and_bad[::2], counts.reshape(-1, 2).sum(axis=1)),
            "noun": self.nouns,
            "name": (none + name_starts[0], none + name_counts.sum()),  # a character may have a name from elsewhere
            "setting": self.settings,
            "tail": (self.no_tail, tails),
            "nothing": (none, none + 1),
        }
        start, count = zip(*(pools[filling] for filling in _FILLINGS), strict=True)
        return np.array(start), np.array(count)

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
