"""A schema as a whole: in which order its fields are made, which rows have them, and what values are possible.

Everything here holds for a schema without faults, and says nothing of where it was read (references.py finds faults).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

from tv5_assets.declaration.model import (
    SLOT,
    Categorical,
    Choice,
    ClosedValue,
    Conditional,
    FieldDeclaration,
    Float,
    Integer,
    Lookup,
    Product,
    Schema,
    Share,
    Spec,
    Template,
    WordList,
    Words,
    WordsBy,
)

Rows = Mapping[str, frozenset[ClosedValue]]
"""Which rows: those in which each of some fields has one of some values; all rows where there is no field."""


@dataclass(frozen=True)
class Case:
    """A way in which a field's values are made, for some rows.

    Attributes:
        value: of the field that a conditional goes by; None for a field of one kind.
        spec: how the values are made.
        rows: the rows that it is for.
    """

    value: str | None
    spec: Spec
    rows: Rows


class Declaration:
    """A schema and what follows from it.

    Attributes:
        schema: as it was read.
        fields: its fields by name, in the order of the file.
    """

    def __init__(self, schema: Schema):
        self.schema = schema
        self.fields = {field.name: field for field in schema.declared}

    @property
    def stored(self) -> list[FieldDeclaration]:
        """The fields that the table holds, in the order of the file."""
        return [field for field in self.schema.declared if field.stored]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The names of the fields, each after those that it is made of.

        Raises:
            graphlib.CycleError: a field is made of itself.
        """
        return tuple(
            TopologicalSorter(
                {name: dict.fromkeys(self.needs(field)) for name, field in self.fields.items()}
            ).static_order()
        )

    def needs(self, field: FieldDeclaration) -> Iterator[str]:
        """Yield the names of the fields that a field is made of, or goes by."""
        yield from field.when
        if isinstance(field.spec, Conditional):
            yield field.spec.by
        for spec in specs(field):
            yield from sources(spec)
            for name in vocabularies_of(spec):
                if isinstance(vocabulary := self.schema.vocabularies.get(name), WordsBy):
                    yield vocabulary.by

    def rows(self, field: FieldDeclaration) -> Rows:
        """Return which rows have the field: by its conditions and by those of the fields that these name."""
        found: dict[str, frozenset[ClosedValue]] = {}
        conditions = {name: frozenset[ClosedValue](values) for name, values in field.when.items()}
        if isinstance(field.spec, Conditional):
            cases = frozenset[ClosedValue](field.spec.cases)
            conditions[field.spec.by] = conditions.get(field.spec.by, cases) & cases
        for name, values in conditions.items():
            found = meet(meet(found, self.rows(self.fields[name])), {name: values})
        for name in list(found):  # a condition that always holds is none
            rest = {other: values for other, values in found.items() if other != name}
            if self.within(rest, {name: found[name]}):
                found = rest
        return found

    def cases(self, field: FieldDeclaration) -> list[Case]:
        """Return the ways in which a field's values are made; no row is in two of them."""
        rows = self.rows(field)
        if not isinstance(field.spec, Conditional):
            return [Case(None, field.spec, rows)]
        by = field.spec.by
        return [Case(value, spec, meet(rows, {by: frozenset({value})})) for value, spec in field.spec.cases.items()]

    def options(self, name: str, rows: Rows | None = None) -> list[ClosedValue] | None:
        """Return the values that a field may have in some rows, in order; None where they are not a closed set."""
        found: dict[ClosedValue, None] = {}
        for case in self.cases(self.fields[name]):
            if rows is not None and not all(meet(rows, case.rows).values()):
                continue
            match case.spec:
                case Categorical(values=values) | Choice(values=values):
                    found |= dict.fromkeys(values)
                case _:
                    return None
        return list(found)

    def within(self, rows: Rows, others: Rows) -> bool:
        """Tell whether all of some rows are among others, also where that follows from a field's possible values."""
        return all(
            (rows[name] if name in rows else {*(self.options(name, rows) or ())}) <= values
            for name, values in others.items()
        )

    def bounds(self, name: str) -> tuple[float, float] | None:
        """Return the least and the largest number that a field may have; None where it is no number."""
        found = [self.bounds_of(case.spec) for case in self.cases(self.fields[name])]
        if any(one is None for one in found):
            return None
        return min(one[0] for one in found if one), max(one[1] for one in found if one)

    def bounds_of(self, spec: Spec) -> tuple[float, float] | None:
        """Return the least and the largest number of a kind; None where it is no number."""
        match spec:
            case Integer() | Float():
                return spec.min, spec.max
            case Choice(values=values) if not any(isinstance(value, str) for value in values):
                return float(min(values)), float(max(values))
            case Lookup(values=values):
                return min(values.values()), max(values.values())
            case Product():
                factors = [self.bounds(name) for name in spec.of]
                if all(factors):
                    least, most = (math.prod(one[end] for one in factors if one) for end in (0, 1))
                    return round(least * spec.times.min), round(most * spec.times.max)
            case Share():
                whole = self.bounds(spec.of)
                if whole:
                    return math.floor(whole[0] * spec.min), math.floor(whole[1] * spec.max)
        return None

    def words(self, vocabulary: str) -> list[str]:
        """Return every word of a vocabulary, by whatever field."""
        found = self.schema.vocabularies[vocabulary]
        return [word for words in found.words.values() for word in words] if isinstance(found, WordsBy) else found

    def pattern_words(self, pattern: str) -> tuple[int, int]:
        """Return the least and the largest number of words that a pattern can come to."""

        def count(pick: int) -> int:
            def longest(name: str) -> str:
                return sorted(self.words(name), key=lambda word: len(word.split()))[pick]

            return len(SLOT.sub(lambda slot: longest(slot[1]), pattern).split())

        return count(0), count(-1)

    def sentences(self, spec: Words) -> tuple[int, int]:
        """Return the least and the largest number of sentences by a text's patterns that keep to its word counts."""
        counts = [self.pattern_words(pattern) for pattern in spec.patterns or ()]
        least, most = min(count[0] for count in counts), max(count[1] for count in counts)
        return -(-spec.min_words // least), spec.max_words // most


def specs(field: FieldDeclaration) -> list[Spec]:
    """Return the kinds of values that a field may have."""
    return list(field.spec.cases.values()) if isinstance(field.spec, Conditional) else [field.spec]


def sources(spec: Spec) -> list[str]:
    """Return the names of the fields whose values go into a value."""
    match spec:
        case Template():
            return SLOT.findall(spec.template)
        case Product():
            return list(spec.of)
        case Lookup() | Share():
            return [spec.of]
    return []


def vocabularies_of(spec: Spec) -> list[str]:
    """Return the names of the vocabularies that words are taken from."""
    match spec:
        case Words(patterns=None, vocabulary=str(name)):
            return [name]
        case Words():
            return [name for pattern in spec.patterns or () for name in SLOT.findall(pattern)]
        case WordList():
            return [spec.vocabulary]
    return []


def meet(first: Rows, second: Rows) -> dict[str, frozenset[ClosedValue]]:
    """Return the rows that are among both."""
    return {
        name: first.get(name, second.get(name, frozenset())) & second.get(name, first.get(name, frozenset()))
        for name in {**first, **second}
    }
