"""What is wrong with a schema as a whole: names that nothing bears, values that cannot be, fields made of themselves.

What does not belong here: what a part may be by itself (model.py).
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError

from tv5_assets.declaration.declaration import (
    Case,
    Declaration,
    Rows,
    sources,
    specs,
    vocabularies_of,
)
from tv5_assets.declaration.lines import Place
from tv5_assets.declaration.model import (
    KEY,
    SLOT,
    Categorical,
    Choice,
    ClosedValue,
    Conditional,
    FieldDeclaration,
    Float,
    Integer,
    Lookup,
    Moments,
    Product,
    Schema,
    Share,
    Spec,
    Template,
    Uuid,
    WordList,
    Words,
    WordsBy,
)

_FEW, _NEAREST = 6, 3
"""Names that are all told where one of them is due; of more, those that are most like the wrong one."""


@dataclass(frozen=True)
class Problem:
    """What is wrong and where.

    Attributes:
        place: keys and indices from the top of the file.
        message: what is wrong and what to do about it.
    """

    place: Place
    message: str


def problems(schema: Schema) -> list[Problem]:
    """Return what is wrong with a schema; each stage is judged only where the one before found nothing."""
    declaration = Declaration(schema)
    for stage in (_names, _cycles, _conditions, _values):
        if found := list(stage(declaration)):
            return found
    return []


def _names(declaration: Declaration) -> Iterator[Problem]:
    """Find names that are taken, and names that nothing bears."""
    schema = declaration.schema
    first: dict[str, int] = {}
    for index, field in enumerate(schema.declared):
        place: Place = ("fields", index, "name")
        if field.name == KEY:
            yield Problem(place, f"every table has {KEY} already, the row's number; remove it or rename it")
        if field.name in first:
            yield Problem(place, f"{field.name} is declared twice; remove or rename one")
        first.setdefault(field.name, index)
    for index, field in enumerate(schema.declared):
        base: Place = ("fields", index)
        yield from _unknown((*base, "when"), field.when, declaration.fields, "field")
        if isinstance(field.spec, Conditional):
            yield from _unknown((*base, "by"), [field.spec.by], declaration.fields, "field")
        for place, spec in _placed(index, field):
            yield from _braces(place, spec)
            yield from _unknown((*place, _source_key(spec)), sources(spec), declaration.fields, "field")
            where = "vocabulary" if not isinstance(spec, Words) or spec.vocabulary else "patterns"
            yield from _unknown((*place, where), vocabularies_of(spec), schema.vocabularies, "vocabulary")
    for name, vocabulary in schema.vocabularies.items():
        if isinstance(vocabulary, WordsBy):
            yield from _unknown(("vocabularies", name, "by"), [vocabulary.by], declaration.fields, "field")


def _cycles(declaration: Declaration) -> Iterator[Problem]:
    try:
        _ = declaration.order
    except CycleError as error:
        names = list(reversed(error.args[1]))
        index = list(declaration.fields).index(names[0])
        yield Problem(
            ("fields", index), f"it is made of itself: {' needs '.join(names)}; let one of them go by something else"
        )


def _conditions(declaration: Declaration) -> Iterator[Problem]:
    """Find conditions on what is no closed set of words, or on words that are not in it."""
    for index, field in enumerate(declaration.schema.declared):
        conditions: list[tuple[Place, str, list[str]]] = [
            (("fields", index, "when", name), name, list(values)) for name, values in field.when.items()
        ]
        if isinstance(field.spec, Conditional):
            conditions.append((("fields", index, "cases"), field.spec.by, list(field.spec.cases)))
        for place, name, values in conditions:
            if not declaration.fields[name].stored:
                yield Problem(place, f"it goes by {name}, which is not stored, so that nobody could check it; store it")
            options = declaration.options(name)
            if options is None or not all(isinstance(option, str) for option in options):
                yield Problem(place, f"{name} is not a categorical or a choice of words; go by a field that is")
                continue
            for value in values:
                if value not in options:
                    at: Place = (*place, value) if place[-1] == "cases" else place
                    yield Problem(at, f"{name} is never {value!r}; {_instead(value, options)}")
    for name, vocabulary in declaration.schema.vocabularies.items():
        if isinstance(vocabulary, WordsBy):
            options = declaration.options(vocabulary.by)
            if options is None:
                yield Problem(
                    ("vocabularies", name, "by"),
                    f"{vocabulary.by} is not a categorical or a choice; go by a field that is",
                )
                continue
            for value in vocabulary.words:
                if value not in options:
                    yield Problem(
                        ("vocabularies", name, "words", value),
                        f"{vocabulary.by} is never {value!r}; {_instead(value, options)}",
                    )


def _values(declaration: Declaration) -> Iterator[Problem]:
    """Find values that cannot be made in some of the rows that should have them."""
    for index, field in enumerate(declaration.schema.declared):
        if not all(declaration.rows(field).values()):
            yield Problem(("fields", index), "no row can have it: its conditions exclude one another; change one")
            continue
        families = {_family(declaration, spec) for spec in specs(field)}
        if len(families - {"words", "text"}) > 1 or (len(families) > 1 and families - {"words", "text"}):
            yield Problem(
                ("fields", index, "cases"), f"its cases are of different types ({', '.join(sorted(families))}); use one"
            )
        placed = [place for place, _ in _placed(index, field)]
        for place, case in zip(placed, declaration.cases(field), strict=True):
            yield from _missing(declaration, place, case)
            yield from _lookup(declaration, place, case)
            yield from _numbers(declaration, place, case.spec)
            yield from _word_counts(declaration, place, case)


def _missing(declaration: Declaration, place: Place, case: Case) -> Iterator[Problem]:
    for name in dict.fromkeys(sources(case.spec)):
        rows = declaration.rows(declaration.fields[name])
        if not declaration.within(case.rows, rows):
            yield Problem(
                (*place, _source_key(case.spec)),
                f"{name} is not there in all of these rows, only where {_told(rows)}; add `when` or another case",
            )
    for vocabulary in dict.fromkeys(vocabularies_of(case.spec)):
        found = declaration.schema.vocabularies[vocabulary]
        if not isinstance(found, WordsBy):
            continue
        rows = declaration.rows(declaration.fields[found.by])
        if not declaration.within(case.rows, rows):
            yield Problem(
                place,
                f"vocabulary {vocabulary} goes by {found.by}, which is there only where {_told(rows)}; add `when`",
            )
        missing = [value for value in declaration.options(found.by, case.rows) or () if value not in found.words]
        if missing:
            yield Problem(
                ("vocabularies", vocabulary, "words"), f"there are no words for {found.by} {_listed(missing)}; add some"
            )


def _lookup(declaration: Declaration, place: Place, case: Case) -> Iterator[Problem]:
    if not isinstance(case.spec, Lookup):
        return
    options = declaration.options(case.spec.of, case.rows)
    if options is None:
        yield Problem((*place, "of"), f"{case.spec.of} is not a categorical or a choice; look up a field that is")
        return
    if missing := [value for value in options if value not in case.spec.values]:
        yield Problem((*place, "values"), f"there is no number for {case.spec.of} {_listed(missing)}; add it")
    for value in case.spec.values:
        if value not in options:
            yield Problem(
                (*place, "values", value), f"{case.spec.of} is never {value!r} here; {_instead(value, options)}"
            )


def _numbers(declaration: Declaration, place: Place, spec: Spec) -> Iterator[Problem]:
    if not isinstance(spec, Product | Share):
        return
    for name in sources(spec):
        bounds = declaration.bounds(name)
        if bounds is None:
            yield Problem((*place, "of"), f"{name} is not a number; name a field that is")
        elif bounds[0] < 0:
            yield Problem((*place, "of"), f"{name} can be negative ({bounds[0]:g}); raise its min to 0 at least")
    bounds = declaration.bounds_of(spec)
    if bounds and bounds[1] > 2**53:
        yield Problem(
            (*place, "of"), f"it can come to {bounds[1]:g}, more than a number holds exactly; make it smaller"
        )


def _word_counts(declaration: Declaration, place: Place, case: Case) -> Iterator[Problem]:
    spec = case.spec
    if isinstance(spec, Words) and spec.patterns:
        least, most = declaration.sentences(spec)
        if least > most:
            counts = [declaration.pattern_words(pattern) for pattern in spec.patterns]
            shortest, longest = min(one[0] for one in counts), max(one[1] for one in counts)
            yield Problem(
                (*place, "patterns"),
                f"no number of sentences of {shortest} to {longest} words is sure to come to {spec.min_words} to "
                f"{spec.max_words} words; widen the word counts or even out the patterns",
            )
    for name, size in _distinct_needed(spec):
        vocabulary = declaration.schema.vocabularies[name]
        lists = {"": vocabulary} if not isinstance(vocabulary, WordsBy) else vocabulary.words
        for value, words in lists.items():
            if len(set(words)) < len(words):
                yield Problem(_words_place(name, value), "a word is there twice; remove one")
            elif len(words) < size:
                yield Problem(
                    _words_place(name, value),
                    f"there are {len(words)} words, but {size} different ones are needed at once; add some",
                )


def _distinct_needed(spec: Spec) -> Iterator[tuple[str, int]]:
    """Yield vocabularies and how many different words of each go into one list or sentence."""
    if isinstance(spec, WordList):
        yield spec.vocabulary, spec.max_length
    if isinstance(spec, Words):
        for pattern in spec.patterns or ():
            names = SLOT.findall(pattern)
            yield from ((name, names.count(name)) for name in dict.fromkeys(names))


def _braces(place: Place, spec: Spec) -> Iterator[Problem]:
    texts: list[tuple[Place, str]] = []
    if isinstance(spec, Template):
        texts = [((*place, "template"), spec.template)]
    if isinstance(spec, Words):
        texts = [((*place, "patterns", number), pattern) for number, pattern in enumerate(spec.patterns or ())]
    for where, text in texts:
        if {"{", "}"} & set(SLOT.sub("", text)):
            yield Problem(where, f"a brace in {text!r} has no partner; write such as {{name}}")


def _placed(index: int, field: FieldDeclaration) -> list[tuple[Place, Spec]]:
    """Return where each kind of a field's values is declared."""
    if isinstance(field.spec, Conditional):
        return [(("fields", index, "cases", value), spec) for value, spec in field.spec.cases.items()]
    return [(("fields", index), field.spec)]


def _words_place(vocabulary: str, value: Hashable) -> Place:
    return ("vocabularies", vocabulary, "words", value) if value else ("vocabularies", vocabulary)


def _source_key(spec: Spec) -> str:
    return "template" if isinstance(spec, Template) else "of"


def _unknown(place: Place, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[Problem]:
    known = list(known)
    for name in dict.fromkeys(names):
        if name not in known:
            yield Problem(place, f"there is no {what} {name!r}; {_instead(name, known)}")


def _instead(name: Hashable, known: Iterable[Hashable]) -> str:
    names = [str(one) for one in known]
    if near := get_close_matches(str(name), names, n=1):
        return f"do you mean {near[0]!r}?"
    if len(names) > _FEW:
        nearest = get_close_matches(str(name), names, n=_NEAREST, cutoff=0)
        return f"use one of the {len(names)} that there are, such as {', '.join(nearest)}"
    return f"use one of {', '.join(names)}" if names else "declare one"


def _family(declaration: Declaration, spec: Spec) -> str:
    """Return the type of a value in a word; words of a closed set can stand beside any text."""
    match spec:
        case Categorical():
            return "words"
        case Choice(values=values):
            if all(isinstance(value, str) for value in values):
                return "words"
            return "whole number" if all(isinstance(value, int) for value in values) else "number"
        case WordList():
            return "list"
        case Moments():
            return "time"
        case Float():
            return "number"
        case Integer() | Product() | Share():
            return "whole number"
        case Lookup(values=values):
            return "whole number" if all(isinstance(value, int) for value in values.values()) else "number"
        case Uuid():
            return "identifier"
    return "text"


def _told(rows: Rows) -> str:
    return " and ".join(f"{name} is {_listed(sorted(values, key=str), ' or ')}" for name, values in rows.items())


def _listed(values: Iterable[ClosedValue], between: str = ", ") -> str:
    return between.join(map(str, values))
