"""Rules on a declared table, all of which follow from its schema file: which rows have which field, and what agrees.

What does not belong here: how the rows are made (synthetic/catalog/), whose figures are not used here.
"""

import operator
from collections.abc import Iterator
from functools import reduce

import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.declaration.declaration import Case, Declaration, Rows, specs
from tv5_assets.declaration.model import (
    SLOT,
    Categorical,
    Conditional,
    FieldDeclaration,
    Float,
    Integer,
    Lookup,
    Moments,
    Product,
    Share,
    Template,
    WordList,
    Words,
)
from tv5_assets.quality import frames
from tv5_assets.quality.verdict import Verdict

DEMANDS = {
    "conditional_fields": "A field has a value exactly where the schema file says that it has one.",
    "values_of_case": "A value is one that the schema file allows where it stands: an image's format is no video's.",
    "numbers_agree": "A number made of others agrees with them: a size with length and bitrate, likes with views.",
    "word_counts": "Texts have as many words as declared, and lists as many different ones.",
    "texts_of_fields": "A text that is made of other fields says what they say.",
}
"""What is demanded of every declared table, by the name of the check."""


def declared_rules(frame: pl.LazyFrame, declaration: Declaration) -> dict[str, Verdict]:
    """Judge a table, in one pass, by what its declaration says of several fields together.

    Returns:
        A verdict for each of DEMANDS.
    """
    grouped = {name: list(rules(declaration, name)) for name in DEMANDS}
    found = frames.every_row(frame, [rule for group in grouped.values() for rule in group])
    return {name: _together([found[rule.name] for rule in group], group) for name, group in grouped.items()}


def rules(declaration: Declaration, demand: str) -> Iterator[Rule]:
    """Yield the rules that one of DEMANDS comes to, a rule for each field or case of a field that it concerns."""
    for field in declaration.stored:
        if demand == "conditional_fields":
            if where := declaration.rows(field):
                yield _rule(demand, field, None, pl.col(field.name).is_not_null() == _in(where))
            continue
        for case in declaration.cases(field):
            if (kept := _kept(declaration, field, case, demand)) is not None:
                yield _rule(demand, field, case, ~_in(case.rows) | kept)


def declared_shares(declaration: Declaration) -> dict[str, dict[str, float]]:
    """Return the declared shares of each field that all rows draw from the same weights, of two values or more."""
    return {
        field.name: field.spec.values
        for field in declaration.stored
        if isinstance(field.spec, Categorical) and not field.when and len(field.spec.values) > 1
    }


def _rule(demand: str, field: FieldDeclaration, case: Case | None, kept: pl.Expr) -> Rule:
    of_case = f" ({case.value})" if case and case.value else ""
    return Rule(f"{demand}: {field.name}{of_case}", f"{field.name}{of_case} is not as declared", lambda: kept)


def _kept(declaration: Declaration, field: FieldDeclaration, case: Case, demand: str) -> pl.Expr | None:
    """Return what holds of a case's values by one of DEMANDS; None where that demands nothing."""
    value, spec = pl.col(field.name), case.spec
    match demand, spec:
        case "values_of_case", Integer() | Float():
            return value.is_between(spec.min, spec.max)
        case "values_of_case", Moments():
            return value.is_between(spec.start, spec.end, closed="left")
        case "values_of_case", _ if isinstance(field.spec, Conditional) or field.when:
            options = declaration.options(field.name, case.rows)
            return None if options is None else value.cast(pl.String).is_in([str(option) for option in options])
        case "numbers_agree", Product():
            product = _multiplied(declaration, spec.of)
            bounds = (product * spec.times.min).floor(), (product * spec.times.max).ceil()
            return value.cast(pl.Float64).is_between(*bounds)
        case "numbers_agree", Share():
            whole = _multiplied(declaration, [spec.of])
            return value.cast(pl.Float64).is_between((whole * spec.min).floor(), whole * spec.max)
        case "numbers_agree", Lookup():
            return value.cast(pl.Float64) == _number(declaration, field.name)
        case "word_counts", Words():
            return value.str.count_matches(r"\S+").is_between(spec.min_words, spec.max_words)
        case "word_counts", WordList():
            distinct = value.list.n_unique() == value.list.len()
            return distinct & value.list.len().is_between(spec.min_length, spec.max_length)
        case "texts_of_fields", Template():
            filled = _filled(declaration, spec)
            return None if filled is None else value == filled
    return None


def _in(where: Rows) -> pl.Expr:
    """Return whether a row is among some rows; all are where no field is named."""
    conditions = (
        pl.col(name).cast(pl.String).is_in(sorted(map(str, values))).fill_null(False) for name, values in where.items()
    )
    return reduce(operator.and_, conditions, pl.lit(True))


def _multiplied(declaration: Declaration, names: list[str]) -> pl.Expr:
    return reduce(operator.mul, (_number(declaration, name) for name in names))


def _number(declaration: Declaration, name: str) -> pl.Expr:
    """Return a field's number; one that is not stored is looked up again, and null where it cannot be."""
    field = declaration.fields[name]
    found = pl.lit(None, dtype=pl.Float64)
    for case in declaration.cases(field):
        if isinstance(case.spec, Lookup):
            numbers = {str(key): float(number) for key, number in case.spec.values.items()}
            source = pl.col(case.spec.of).cast(pl.String)
            looked_up = source.replace_strict(numbers, default=None, return_dtype=pl.Float64)
            found = pl.when(_in(case.rows)).then(looked_up).otherwise(found)
        elif field.stored:
            found = pl.when(_in(case.rows)).then(pl.col(name).cast(pl.Float64)).otherwise(found)
    return found


def _filled(declaration: Declaration, spec: Template) -> pl.Expr | None:
    """Return the text of a template; None where it names a field that is not stored."""
    literal, *parts = SLOT.split(spec.template)
    names = parts[::2]
    if not all(declaration.fields[name].stored for name in names):
        return None
    pieces = [pl.lit(literal)]
    for name, after in zip(names, parts[1::2], strict=True):
        pieces += [_as_text(declaration, name), pl.lit(after)]
    return pl.concat_str(pieces)


def _as_text(declaration: Declaration, name: str) -> pl.Expr:
    match specs(declaration.fields[name])[0]:
        case WordList():
            return pl.col(name).list.join(", ")
        case Moments():
            return pl.col(name).dt.to_string("%Y-%m-%d")
    return pl.col(name).cast(pl.String)


def _together(verdicts: list[Verdict], rules: list[Rule]) -> Verdict:
    """Return one verdict on several rules, with the figures of those that are broken."""
    broken = {
        rule.demand: verdict.facts["broken"]
        for rule, verdict in zip(rules, verdicts, strict=True)
        if not verdict.passed
    }
    return Verdict(
        passed=not broken,
        facts={"rules": len(rules), "broken_rules": len(broken), **broken},
        description="; ".join(f"in {count} rows {demand}" for demand, count in broken.items()) or "every rule holds",
    )
