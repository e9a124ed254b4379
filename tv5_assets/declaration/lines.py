"""YAML whose values remember their lines, so that what is wrong with one can be said with its place.

What does not belong here: what a file should hold (model.py).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tv5_assets.errors import InputError

Place = tuple[Hashable, ...]
"""Keys and indices that lead from the top of a file to a value."""

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one takes a tenth of the time


@dataclass(frozen=True)
class Document:
    """What a YAML file holds.

    Attributes:
        path: the file.
        value: its mappings, lists and scalars.
        lines: line of each value, counted from 1; that of the key where it has one.
    """

    path: Path
    value: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a value, or else of the innermost one around it that is in the file."""
        return next((self.lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in self.lines), 1)


def read_document(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        InputError: the file is not there, is no text or no YAML, or repeats a key; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read {path}: {reason}; name a YAML file") from None
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InputError(f"{path}, line {mark.line + 1 if mark else 1}: this is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: this is not YAML: {' '.join(str(error).split())}") from None
    if root is None:
        raise InputError(f"{path}, line 1: the file is empty; it needs `fields:`, see docs/catalog-schema.md")
    lines: dict[Place, int] = {}
    return Document(path, _Reader(path, lines).value(root, (), ()), lines)


class _Reader:
    """Turns nodes into values and notes the line of each."""

    def __init__(self, path: Path, lines: dict[Place, int]):
        self._path, self._lines = path, lines
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, place: Place, around: tuple[int, ...]) -> Any:
        """Return a node's value; ``around`` holds the nodes that it is in, by identity."""
        if id(node) in around:
            raise self._error(node, "an alias refers to what it is part of; write the values out")
        around = (*around, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place, around)
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._lines[(*place, index)] = item.start_mark.line + 1
            return [self.value(item, (*place, index), around) for index, item in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except ValueError:
            return node.value  # 2026-13-01 looks like a date and is none: text, which model.py refuses for a date
        except yaml.MarkedYAMLError as error:
            raise self._error(node, f"{node.value!r} cannot be read: {error.problem}; remove the tag") from None

    def _mapping(self, node: yaml.MappingNode, place: Place, around: tuple[int, ...]) -> dict[Hashable, Any]:
        values: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a name before a colon must be one word or number")
            key = self.value(key_node, place, around)
            if key in values:
                first = self._lines[(*place, key)]
                raise self._error(key_node, f"{key!r} is there twice, first in line {first}; remove one")
            self._lines[(*place, key)] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, (*place, key), around)
        return values

    def _error(self, node: yaml.Node, problem: str) -> InputError:
        return InputError(f"{self._path}, line {node.start_mark.line + 1}: {problem}")
