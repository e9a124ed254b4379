"""From a schema file to a declaration without faults, or to one error that names every fault with line and field.

What does not belong here: the rules themselves (model.py, references.py).
"""

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tv5_assets.declaration.declaration import Declaration
from tv5_assets.declaration.lines import Document, Place, read_document
from tv5_assets.declaration.model import Schema
from tv5_assets.declaration.references import Problem, problems
from tv5_assets.errors import InputError

MANUAL = "docs/catalog-schema.md"
_AT_ONCE = 5  # problems that one message tells


def read_declaration(path: Path) -> Declaration:
    """Read a schema file.

    Raises:
        InputError: the file is no schema; the message names the file and, for each problem, line, field and remedy.
    """
    document = read_document(path)
    if not isinstance(document.value, dict):
        raise InputError(f"{path}, line 1: a schema begins with `fields:`, see {MANUAL}")
    try:
        schema = Schema.model_validate(document.value)
    except ValidationError as error:
        raise _error(document, [_problem(document, one) for one in error.errors()]) from None
    if found := problems(schema):
        raise _error(document, found)
    return Declaration(schema)


def _error(document: Document, found: Iterable[Problem]) -> InputError:
    # What is wrong with one setting in several places, such as templates that all name a field that is not there.
    alike: dict[tuple[str, Hashable], dict[Place, None]] = {}
    for problem in sorted(found, key=lambda problem: document.line(problem.place)):
        alike.setdefault((problem.message, problem.place[-1]), {})[problem.place] = None
    told = [_told(document, message, *places) for (message, _), places in alike.items()]
    more = f"; and {len(told) - _AT_ONCE} more" if len(told) > _AT_ONCE else ""
    return InputError(f"{document.path}, {'; '.join(told[:_AT_ONCE])}{more}")


def _told(document: Document, message: str, first: Place, *others: Place) -> str:
    """Return what is wrong, where it is so first, and the lines in which it is so again."""
    lines = [str(line) for line in dict.fromkeys(map(document.line, others))]
    again = f" (so too in line{'s' * (len(lines) > 1)} {', '.join(lines)})" if lines else ""
    return f"line {document.line(first)}{_field(document, first)}{message}{again}"


def _field(document: Document, place: Place) -> str:
    """Return the name of what stands in a place, as words of a sentence, with a colon."""
    match place:
        case ("fields", int(index), *inner):
            fields = document.value["fields"]
            name = fields[index].get("name") if isinstance(fields[index], dict) else None
            words = f", field {name}" if isinstance(name, str) else f", field number {index + 1}"
            return f"{words}: {_part(inner)}"
        case ("vocabularies", str(name), *_):
            return f", vocabulary {name}: "
    return f": {_part(list(place))}"


def _part(inner: list[Any]) -> str:
    """Return which part of a field is meant, as in ``cases video min: ``."""
    return f"{' '.join(map(str, inner))}: " if inner else ""


def _problem(document: Document, error: Mapping[str, Any]) -> Problem:
    """Return a fault that pydantic found, in words for who writes schema files."""
    place = _place(error["loc"])
    if place[-1] == "[key]":
        place = (*place[:-2], error["input"])
    if error["type"] == "union_tag_invalid":
        place = (*place, "kind")
    if error["type"] != "missing":  # which names what is not in the file
        while place not in document.lines and len(place) > 1:
            place = place[:-1]
    return Problem(place, _message(error))


def _place(loc: tuple[int | str, ...]) -> Place:
    """Return pydantic's path to a value without what is not in the file: the names of the models on the way."""
    match loc:
        case ("fields", index, "spec", _kind, "cases", value, _case_kind, *rest):
            return ("fields", index, "cases", value, *rest)
        case ("fields", index, "spec", *rest):
            return ("fields", index, *rest[1:])
        case ("vocabularies", name, _form, *rest):
            return ("vocabularies", name, *rest)
    return loc


def _message(error: Mapping[str, Any]) -> str:
    value = error.get("input")
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "it is missing; add it"
        case "extra_forbidden":
            return "there is no such setting here; correct its name or remove it"
        case "union_tag_not_found":
            return "kind is missing; add `kind:` with one of those in " + MANUAL
        case "union_tag_invalid":
            return f"there is no kind {context['tag']!r}; use one of {context['expected_tags']}"
        case "string_type" if not isinstance(value, dict | list):
            return f"{value!r} is not text; put it in quotes"
        case "string_pattern_mismatch":
            return f"{value!r} is no name; use small letters, digits and _, a letter first"
        case "declaration":
            return str(error["msg"])
        case "too_short":
            return "it is empty; give at least one"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"it needs settings such as `name: value`, but it is {value!r}; write it so"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, but it is {value!r}; correct it"
