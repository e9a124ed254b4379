"""Words, sentences and lists of words from a declaration's vocabularies.

What does not belong here: texts made of other fields (values.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from tv5_assets.declaration.declaration import Declaration
from tv5_assets.declaration.model import SLOT, WordList, Words, WordsBy
from tv5_assets.synthetic.catalog.rows import Draw, Make, Rows


@dataclass(frozen=True)
class Pool:
    """The words of a vocabulary, one list for each value of the field that it goes by, end to end.

    Attributes:
        by: the field; empty where there is one list.
        words: all words.
        capitalized: the same words as they begin a sentence.
        starts: where each list begins, in the order of the field's values.
        sizes: how many words each list has.
    """

    by: str
    words: pl.Series
    capitalized: pl.Series
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    def lists(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the number of each row's list."""
        if not self.by:
            return np.zeros(len(rows), dtype=np.int64)
        return rows.codes(self.by)


def pool(declaration: Declaration, vocabulary: str) -> Pool:
    """Return the words of a vocabulary."""
    found = declaration.schema.vocabularies[vocabulary]
    lists: Sequence[Sequence[str]] = [found] if not isinstance(found, WordsBy) else [
        found.words.get(str(value), []) for value in declaration.options(found.by) or ()
    ]  # fmt: skip
    sizes = np.array([len(words) for words in lists], dtype=np.int64)
    words = [word for words in lists for word in words]
    return Pool(
        by=found.by if isinstance(found, WordsBy) else "",
        words=pl.Series(words, dtype=pl.String),
        capitalized=pl.Series([word[0].upper() + word[1:] for word in words], dtype=pl.String),
        starts=np.cumsum(sizes) - sizes,
        sizes=sizes,
    )


def words_maker(declaration: Declaration, spec: Words) -> Make:
    """Return what makes texts of words in a row, or of sentences by patterns."""
    if spec.patterns is None:
        words = pool(declaration, spec.vocabulary or "")
        return lambda rows, draw: _plain(words, spec, rows, draw)
    sentences = Sentences(declaration, spec.patterns)
    least, most = declaration.sentences(spec)
    return lambda rows, draw: _sentences(sentences, least, most, rows, draw)


def list_maker(declaration: Declaration, spec: WordList) -> Make:
    """Return what makes lists of different words."""
    words = pool(declaration, spec.vocabulary)

    def make(rows: Rows, draw: Draw) -> pl.Series:
        lists = words.lists(rows)
        counts = _between(draw(rows.numbers, "length"), spec.min_length, spec.max_length)
        chosen = distinct([draw(rows.numbers, f"word {place}") for place in range(spec.max_length)], words.sizes[lists])
        taken = np.arange(spec.max_length) < counts[:, None]
        positions = (words.starts[lists][:, None] + np.stack(chosen, axis=1))[taken]
        return _lists(words.words.gather(positions), counts)

    return make


def _plain(words: Pool, spec: Words, rows: Rows, draw: Draw) -> pl.Series:
    counts = _between(draw(rows.numbers, "count"), spec.min_words, spec.max_words)
    ids = _numbered(rows.numbers, counts, spec.max_words)
    lists = np.repeat(words.lists(rows), counts)
    positions = words.starts[lists] + (draw(ids, "word") * words.sizes[lists]).astype(np.int64)
    return _lists(words.words.gather(positions), counts).list.join(" ")


def _sentences(sentences: "Sentences", least: int, most: int, rows: Rows, draw: Draw) -> pl.Series:
    lists = {vocabulary: one.lists(rows) for vocabulary, one in sentences.pools.items()}
    if most == 1:  # there is nothing to count or to join, and a sentence's id is its row's number
        texts, places = sentences.render(rows.numbers, lists, draw)
        return texts.gather(places)
    counts = _between(draw(rows.numbers, "count"), least, most)
    ids = _numbered(rows.numbers, counts, most)
    texts, places = sentences.render(ids, {name: np.repeat(own, counts) for name, own in lists.items()}, draw)
    first = np.cumsum(counts) - counts
    columns = []
    for number in range(most):
        there = counts > number
        place = places[np.where(there, first + number, 0)]
        columns.append(texts.gather(pl.Series(place) if there.all() else pl.Series(place).set(pl.Series(~there), None)))
    return pl.select(pl.concat_str(columns, separator=" ", ignore_nulls=True)).to_series()


class Sentences:
    """Patterns, ready to be filled in.

    Attributes:
        pools: the vocabularies that the patterns name.
    """

    def __init__(self, declaration: Declaration, patterns: Sequence[str]):
        # Literal, vocabulary, literal, ... , literal.
        self._parts = [SLOT.split(pattern) for pattern in patterns]
        names = dict.fromkeys(name for parts in self._parts for name in parts[1::2])
        self.pools = {name: pool(declaration, name) for name in names}

    def render(
        self, ids: npt.NDArray[np.int64], lists: dict[str, npt.NDArray[np.int64]], draw: Draw
    ) -> tuple[pl.Series, npt.NDArray[np.intp]]:
        """Return a sentence for each id, in any order, and the place of each id's sentence, shape (n,).

        Args:
            ids: what the draws belong to, shape (n,).
            lists: for each vocabulary the number of each sentence's list, shape (n,).
            draw: draws.
        """
        pattern = (draw(ids, "pattern") * len(self._parts)).astype(np.int64)
        slots = max(len(parts) // 2 for parts in self._parts)
        draws = [draw(ids, f"slot {slot}") for slot in range(slots)]
        found, texts = [], []
        for number, parts in enumerate(self._parts):
            chosen = np.flatnonzero(pattern == number)
            found.append(chosen)
            own = {name: lists[name][chosen] for name in dict.fromkeys(parts[1::2])}
            texts.append(self._fill(parts, own, [one[chosen] for one in draws[: len(parts) // 2]], len(chosen)))
        places = np.empty(len(ids), dtype=np.intp)
        places[np.concatenate(found)] = np.arange(len(ids))
        return pl.concat(texts), places

    def _fill(
        self,
        parts: list[str],
        lists: dict[str, npt.NDArray[np.int64]],
        draws: list[npt.NDArray[np.float64]],
        rows: int,
    ) -> pl.Series:
        names = parts[1::2]
        words: dict[int, pl.Series] = {}
        for name, own in lists.items():
            one, slots = self.pools[name], [slot for slot, other in enumerate(names) if other == name]
            # A sentence that names a vocabulary twice gets two different words of it.
            chosen = distinct([draws[slot] for slot in slots], one.sizes[own])
            for slot, number in zip(slots, chosen, strict=True):
                begins = slot == 0 and not parts[0]
                words[slot] = (one.capitalized if begins else one.words).gather(one.starts[own] + number)
        return filled(parts[::2], [words[slot] for slot in range(len(names))], rows)


def distinct(draws: Sequence[npt.NDArray[np.float64]], sizes: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return different numbers for each row, every order of them equally likely.

    Args:
        draws: numbers in [0, 1), k arrays of shape (n,).
        sizes: each row's numbers are from 0 and below this, shape (n,); at least k.

    Returns:
        k arrays of shape (n,).
    """
    chosen: list[npt.NDArray[np.int64]] = []
    ascending: list[npt.NDArray[np.int64]] = []
    for place, draw in enumerate(draws):
        number = (draw * (sizes - place)).astype(np.int64)
        # The number-th of those that are left: each smaller one that is taken moves it on by one.
        for taken in ascending:
            number += number >= taken
        chosen.append(number)
        if place + 1 < len(draws):
            ascending = _inserted(ascending, number)
    return chosen


def _inserted(ascending: Sequence[npt.NDArray[np.int64]], number: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return arrays that ascend from one to the next in each place, with another one's numbers put in."""
    found = []
    for other in ascending:
        found.append(np.minimum(other, number))
        number = np.maximum(other, number)
    return [*found, number]


def filled(literals: Sequence[str], values: Sequence[pl.Series], rows: int) -> pl.Series:
    """Return literals and values in turn, as one text for each row; a literal is first and last."""
    if not values:
        return pl.repeat(literals[0], rows, dtype=pl.String, eager=True)
    pieces: list[pl.Expr | pl.Series] = [pl.lit(literals[0])]
    for value, literal in zip(values, literals[1:], strict=True):
        pieces += [value, pl.lit(literal)] if literal else [value]
    return pl.select(pl.concat_str(pieces)).to_series()


def _between(draws: npt.NDArray[np.float64], least: int, most: int) -> npt.NDArray[np.int64]:
    return least + (draws * (most - least + 1)).astype(np.int64)


def _numbered(numbers: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    """Return an id of its own for each of ``counts`` parts of each row, whichever other rows there are."""
    first = np.cumsum(counts) - counts
    part = np.arange(counts.sum()) - np.repeat(first, counts)
    return np.repeat(numbers * most, counts) + part


def _lists(values: pl.Series, counts: npt.NDArray[np.int64]) -> pl.Series:
    """Return lists of the values, as many in each as is counted."""
    words = values.to_arrow(compat_level=pl.CompatLevel.newest())  # without a copy
    # From buffers, because Arrow's other ways from NumPy load pandas.
    offsets = pa.py_buffer(np.concatenate([[0], np.cumsum(counts)]))
    lists = pa.Array.from_buffers(pa.large_list(words.type), len(counts), [None, offsets], children=[words])
    return pl.Series(lists)
