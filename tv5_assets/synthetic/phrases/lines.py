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

from tv5_assets.draws.choices import Ballots, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.names import name_pools
from tv5_assets.synthetic.phrases.book import SLOTS, capitalized, pieces
from tv5_assets.synthetic.phrases.books import BOOKS
from tv5_assets.tables.subtitles import TOPICS

STOCK_PERCENT = 18
"""Of 100 lines, those that everybody says, so that they come back again and again."""
TAIL_PERCENT = 50
"""Of 100 other lines, those that a second, short sentence follows."""
_TONE_SPREAD = 0.1
"""How far a line's sentiment may lie from that of its words."""
Draw = Callable[[str], npt.NDArray[np.float32]]
Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Feelings = npt.NDArray[np.int8]

GOOD, BAD, NEITHER = range(3)
_FEELINGS = 3
_COLOURED, _PLAIN, _STOCK = 0, 1, (2, 3, 4)
"""Kinds of pattern; stock lines by how they sound."""
_KINDS = 5
_KINDS_OF_FEELING = tuple(zip(_STOCK, (_COLOURED, _COLOURED, _PLAIN), strict=True))
"""Kinds of the stock lines and of the others, by feeling."""
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

    parts: list[Places]
    sentiment: npt.NDArray[np.float32]
    about: Places


class Lines:
    """All phrase books as arrays that lines are gathered from.

    A pattern is taken apart after each of its slots, and every part is there with everything that can fill the slot at
    its end: a line put together from few such parts takes half the time of one from twice as many texts and fillings.

    Attributes:
        strings: every text that can fill a slot.
    """

    def __init__(self, seed: int):
        pools = [_patterns(kind, language) for language in range(len(BOOKS)) for kind in range(_KINDS)]
        self._patterns = _ballots_of(pools)
        self._tone = np.array([tone for pool in pools for _, tone in pool], dtype=np.float32)
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
        self._coloured = np.asarray((self._slots == _FILLINGS.index("described")).any(axis=0))
        self._about_topic = np.asarray(np.isin(self._slots, [SLOTS.index(slot) for slot in _TOPIC_SLOTS]).any(axis=0))
        self._words = _Words(seed)
        self.strings = pl.Series(self._words.strings)
        language = np.repeat(np.arange(len(pools)) // _KINDS, [len(pool) for pool in pools])
        start, count = (extent[self._slots, language] for extent in self._words.extents)
        to_part = (np.cumsum(count) - count.ravel()).reshape(count.shape) - start
        part = np.repeat(np.arange(count.size), count.ravel())
        self._parts = texts.gather(part) + self.strings.gather(np.arange(len(part)) - to_part.ravel()[part])
        self._to_part = to_part.astype(np.int32)

    def characters(self, movie_ids: Ints, language: Ints, cast: int, seed: int) -> Places:
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
        places = start[:, None] + (first[:, None] + np.arange(cast) * step[:, None]) % count[:, None]
        return np.asarray(places, dtype=np.int32)

    def draw(self, language: Places, feeling: Feelings, topic: Places, listener: Places, draw: Draw) -> DrawnLine:
        """Return what lines are made of.

        Args:
            language: place in LANGUAGES, shape (n,).
            feeling: GOOD, BAD or NEITHER, shape (n,).
            topic: place in TOPICS of what it is about if it is about anything, shape (n,).
            listener: place in ``strings`` of the name that is called, shape (n,).
            draw: a random number for each row, by name.
        """
        words = self._words
        pattern = self._patterns.cast(language * _FEELINGS + feeling, draw("pattern"))
        # Who feels neither has no adjective, and what is chosen here is not said.
        described = _pick(words.described, language * 2 + np.minimum(feeling, BAD), draw("described"))
        topic_of_language = language * np.int32(len(TOPICS)) + topic
        rows = len(pattern)
        fillings = np.zeros((len(_FILLINGS), rows), dtype=np.int32)
        for filling, places in {
            "topic": words.topic + topic_of_language,
            "Topic": words.topic_large + topic_of_language,
            "about": words.topic_about + topic_of_language,
            "described": described,
            "name": listener,
            "setting": _pick(words.settings, language, draw("setting")),
            "tail": words.tails.cast(language, draw("tail")),
        }.items():
            fillings[_FILLINGS.index(filling)] = places
        flat, row = fillings.ravel(), np.arange(rows)
        tone = np.where(self._coloured.take(pattern), words.tones.take(described), self._tone.take(pattern))
        return DrawnLine(
            parts=[
                to_part.take(pattern) + flat.take((slot * rows).take(pattern) + row)
                for slot, to_part in zip(self._slots, self._to_part, strict=True)
            ],
            sentiment=(tone + _TONE_SPREAD * (2 * draw("tone") - 1)).round(3),
            about=np.where(self._about_topic.take(pattern), topic, np.int32(len(TOPICS))),
        )

    def make(self, drawn: DrawnLine) -> pl.DataFrame:
        """Return text, sentiment and topics of lines."""
        parts = pl.DataFrame([gather(self._parts, part).alias(str(place)) for place, part in enumerate(drawn.parts)])
        return parts.select(
            text=pl.concat_str(pl.all()),
            sentiment=pl.Series(drawn.sentiment),
            topics=gather(_TOPIC_LISTS, drawn.about),
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
        described: start and count of the good and the bad described nouns of each language.
        settings, names: start and count of each language's.
        tails: places of each language's, and of the empty one.
        extents: start and count of all that can fill a slot, shape (_FILLINGS, languages).
    """

    def __init__(self, seed: int):
        self.strings: list[str] = [""]
        self.topic = self._add(topic for book in BOOKS for topic in book.topics)
        self.topic_large = self._add(capitalized(topic) for book in BOOKS for topic in book.topics)
        self.topic_about = self._add(topic for book in BOOKS for topic in book.topics_about)
        self.described = self._add_pools(
            [text for text, tone in book.described.items() if tone * sign > 0] for book in BOOKS for sign in (1, -1)
        )
        self.settings = self._add_pools(book.settings for book in BOOKS)
        tails = self._add_pools(["", *(" " + tail for tail in book.tails)] for book in BOOKS)
        self.tails = _ballots_of_tails(tails)
        # Each name once: a character's name is told from the others' by its place in the pool.
        self.names = self._add_pools(sorted(set(name_pools(book.locale, seed)[0])) for book in BOOKS)
        tones = {text: tone for book in BOOKS for text, tone in book.described.items()}
        self.tones = np.array([tones.get(text, 0.0) for text in self.strings], dtype=np.float32)
        self.extents = self._extents(tails)

    def _extents(self, tails: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
        none, first = np.zeros(len(BOOKS), dtype=np.int64), np.arange(len(BOOKS)) * len(TOPICS)
        all_topics = none + len(TOPICS)
        good_and_bad, counts = self.described
        name_starts, name_counts = self.names
        pools = {
            "topic": (self.topic + first, all_topics),
            "Topic": (self.topic_large + first, all_topics),
            "about": (self.topic_about + first, all_topics),
            "described": (good_and_bad[::2], counts.reshape(-1, 2).sum(axis=1)),
            "name": (none + name_starts[0], none + name_counts.sum()),  # a character may have a name from elsewhere
            "setting": self.settings,
            "tail": tails,
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


def _ballots_of(pools: Sequence[Sequence[object]]) -> Ballots:
    """Return the choice between patterns by language and feeling, of pools by language and kind."""
    starts, counts = _extents(pools)
    stock, other = (
        (np.arange(len(BOOKS))[:, None] * _KINDS + np.array(kinds)).ravel()
        for kinds in zip(*_KINDS_OF_FEELING, strict=True)
    )
    return _ballots(STOCK_PERCENT, (starts[stock], counts[stock]), (starts[other], counts[other]))


def _ballots_of_tails(extents: tuple[Ints, Ints]) -> Ballots:
    """Return the choice between the tails of each language, of which the first is empty."""
    start, count = extents
    return _ballots(100 - TAIL_PERCENT, (start, np.ones_like(count)), (start + 1, count - 1))


def _ballots(percent: int, some: tuple[Ints, Ints], others: tuple[Ints, Ints]) -> Ballots:
    """Return choices between the members of two pools each, from the first of which so many of 100 draws are made."""
    # The two pools of a choice side by side; the members of each share its weight.
    start, count = (np.stack(extent, axis=1).ravel() for extent in zip(some, others, strict=True))
    weight = np.stack([percent * others[1], (100 - percent) * some[1]], axis=1).ravel()
    pool = np.repeat(np.arange(len(count)), count)
    member = np.arange(len(pool)) - (np.cumsum(count) - count)[pool]
    return Ballots(pool // 2, start[pool] + member, weight[pool])


def _pick(extents: tuple[Ints, Ints], pool: npt.NDArray[np.integer], draws: npt.NDArray[np.float32]) -> Places:
    """Return the place of one member of each row's pool, all being equally likely."""
    start, count = extents
    return start.astype(np.int32).take(pool) + (draws * count.astype(np.float32).take(pool)).astype(np.int32)
