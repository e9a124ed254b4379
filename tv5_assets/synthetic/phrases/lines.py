"""How lines of dialogue are put together from the phrase books, without a loop over rows.

A line is a pattern and what fills its slots; stock lines come back in many movies, as they do. What does not belong
here: the words themselves (a module for each language), and which movie's line it is (synthetic/segments.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, zip_longest

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.draws.choices import Ballots, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.names import name_pools
from tv5_assets.synthetic.phrases.book import SLOTS, Piece, capitalized, pieces
from tv5_assets.synthetic.phrases.books import BOOKS
from tv5_assets.tables.subtitles import TOPICS

STOCK_PERCENT = 18
"""Of 100 lines, those that everybody says, so that they come back again and again."""
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
_FILLINGS = (*SLOTS, "")
"""What a slot can be filled with; nothing fills the one of a text without a slot."""
_NO_PIECE = (Piece("", "", ""), 0, 1)
"""What follows a pattern's last piece: no text, filled with the empty string, which is the first one."""


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
        self._words = _Words(seed)
        self.strings = pl.Series(self._words.strings)
        patterns = [
            [(piece, *self._words.extent(piece.slot, number // _KINDS)) for piece in pieces(pattern)]
            for number, pool in enumerate(pools)
            for pattern, _ in pool
        ]
        # Each piece once: most patterns end with a name, for instance, and have nothing before and after it but stops.
        distinct = list(dict.fromkeys(chain([_NO_PIECE], *patterns)))
        first = dict(zip(distinct, accumulate((count for _, _, count in distinct), initial=0), strict=False))
        self._parts = pl.Series(
            before + string + after
            for (before, _, after), start, count in distinct
            for string in self._words.strings[start : start + count]
        )
        places = list(zip_longest(*patterns, fillvalue=_NO_PIECE))
        self._slots = np.array([[_FILLINGS.index(piece.slot) for piece, *_ in place] for place in places])
        self._to_part = np.array([[first[key] - key[1] for key in place] for place in places], dtype=np.int32)
        self._coloured = np.asarray((self._slots == _FILLINGS.index("described")).any(axis=0))
        self._about_topic = np.asarray(np.isin(self._slots, [SLOTS.index(slot) for slot in _TOPIC_SLOTS]).any(axis=0))

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
        # Each name once: a character's name is told from the others' by its place in the pool.
        self.names = self._add_pools(sorted(set(name_pools(book.locale, seed)[0])) for book in BOOKS)
        tones = {text: tone for book in BOOKS for text, tone in book.described.items()}
        self.tones = np.array([tones.get(text, 0.0) for text in self.strings], dtype=np.float32)

    def extent(self, slot: str, language: int) -> tuple[int, int]:
        """Return the start and the count of all that can fill a slot in a language."""
        first_topics = {"topic": self.topic, "Topic": self.topic_large, "about": self.topic_about}
        if slot in first_topics:
            return first_topics[slot] + language * len(TOPICS), len(TOPICS)
        if not slot:
            return 0, 1
        (starts, counts), some = {
            "described": (self.described, slice(2 * language, 2 * language + 2)),
            "setting": (self.settings, slice(language, language + 1)),
            "name": (self.names, slice(None)),  # a character may have a name from elsewhere
        }[slot]
        return int(starts[some][0]), int(counts[some].sum())

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
    languages = np.arange(len(BOOKS))[:, None]
    # A choice's pool of stock lines and its other pool side by side; the members of each share its weight.
    pool_of_choice = np.stack(
        [languages * _KINDS + np.array(kinds) for kinds in zip(*_KINDS_OF_FEELING, strict=True)], -1
    )
    start, count = starts[pool_of_choice], counts[pool_of_choice]
    weight = (count[..., ::-1] * [STOCK_PERCENT, 100 - STOCK_PERCENT]).ravel()
    start, count = start.ravel(), count.ravel()
    pool = np.repeat(np.arange(len(count)), count)
    member = np.arange(len(pool)) - (np.cumsum(count) - count)[pool]
    return Ballots(pool // 2, start[pool] + member, weight[pool])


def _pick(extents: tuple[Ints, Ints], pool: npt.NDArray[np.integer], draws: npt.NDArray[np.float32]) -> Places:
    """Return the place of one member of each row's pool, all being equally likely."""
    start, count = extents
    return start.astype(np.int32).take(pool) + (draws * count.astype(np.float32).take(pool)).astype(np.int32)
