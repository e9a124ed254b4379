"""A language's phrase book: the words and patterns that lines of dialogue are made of, and what follows from them.

The books themselves are a module for each language. What does not belong here: which line is spoken when
(synthetic/segments.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

SLOTS = ("topic", "Topic", "about", "described", "name", "setting")
"""What a pattern may leave open, in braces; ``Topic`` is ``topic`` with a capital, ``about`` is "about the topic", and
``described`` a noun with its adjective."""
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class PhraseBook:
    """Words and patterns of one language.

    The adjectives fit the nouns (in gender and case) and the article that the patterns put before them, and the topics
    stand in the nominative, so that any choice makes a sentence.

    Attributes:
        language: as in tables.synthetic.LANGUAGES.
        locale: Faker's, for first names.
        topics: each topic with its article, in the order of tables.subtitles.TOPICS.
        about: what the article becomes in "about the topic", the longest first; topics without an article follow "".
        adjectives: how good or bad what they describe is, from -1 to 1; none is near 0.
        nouns: what the adjectives describe.
        describe: how a noun and its adjective stand together, with ``{adjective}`` and ``{noun}``.
        settings: where or when, in words that fit any sentence.
        coloured: patterns with a described noun.
        plain: patterns without one.
        stock: lines that everybody says, each as good or bad as its words.
        marks: words of the stock lines that are as good or bad as the line.
        pair: two topics side by side, with two ``{}``.
        core: the heart of a topic, with ``{}`` for "about the topic" or "of the topic".
    """

    language: str
    locale: str
    topics: tuple[str, ...]
    about: Mapping[str, str]
    adjectives: Mapping[str, float]
    nouns: tuple[str, ...]
    describe: str
    settings: tuple[str, ...]
    coloured: tuple[str, ...]
    plain: tuple[str, ...]
    stock: Mapping[str, float]
    marks: Mapping[str, float]
    pair: str
    core: str

    @cached_property
    def described(self) -> Mapping[str, float]:
        """Each noun with each adjective, with how good or bad that sounds."""
        return {
            self.describe.format(adjective=adjective, noun=noun): tone
            for adjective, tone in self.adjectives.items()
            for noun in self.nouns
        }

    @cached_property
    def topics_about(self) -> tuple[str, ...]:
        """Each topic with what "about" puts before it: ``vom Krieg``."""
        return tuple(self.about[article] + topic[len(article) :] for topic, article in self._articles)

    @cached_property
    def topic_words(self) -> tuple[str, ...]:
        """Each topic without its article: the word that a line about it holds."""
        return tuple(topic[len(article) :] for topic, article in self._articles)

    @cached_property
    def _articles(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (topic, next(article for article in self.about if topic.startswith(article))) for topic in self.topics
        )

    @property
    def feelings(self) -> dict[str, float]:
        """Every word that sounds good or bad, with how much."""
        return {**self.adjectives, **self.marks}


class Piece(NamedTuple):
    """A piece of a pattern, with one slot.

    Attributes:
        before: the text before the slot.
        slot: its name; empty where there is no slot.
        after: the text after the pattern's last slot; empty in its other pieces.
    """

    before: str
    slot: str
    after: str


def pieces(pattern: str) -> list[Piece]:
    """Take a pattern apart after each of its slots but the last."""
    parts = _SLOT.split(pattern)
    texts, slots = parts[::2], parts[1::2]
    if not slots:
        return [Piece(pattern, "", "")]
    ends = [""] * (len(slots) - 1) + texts[-1:]
    return [Piece(*piece) for piece in zip(texts[:-1], slots, ends, strict=True)]


def capitalized(text: str) -> str:
    """Return the text with its first letter, and no other, made large."""
    return text[:1].upper() + text[1:]
