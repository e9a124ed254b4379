"""The outcome of a quality rule: whether it holds, and the figures it was judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Fact = int | float | str | bool


@dataclass(frozen=True)
class Verdict:
    """What a rule found.

    Attributes:
        passed: the rule holds.
        facts: the figures behind it, expected beside actual; plain Python numbers, so that the UI can plot them.
        description: one sentence for a person, most useful when the rule does not hold.
    """

    passed: bool
    facts: Mapping[str, Fact] = field(default_factory=dict)
    description: str = ""
