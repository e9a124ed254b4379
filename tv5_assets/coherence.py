"""What must hold in every row of a table for it to agree with itself: rules with a name, in words and as an expression.

A rule is declared once, beside what makes the rows; a gate judges it and the tests of the maker use the same. What does
not belong here: any rule, and how a rule is judged (quality/frames.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Rule:
    """One rule on the rows of a table.

    Attributes:
        name: the check's name in the UI.
        demand: what must hold, in words.
        holds: returns the expression that is true in a row that keeps the rule and null in one that it has nothing to
            say of; called when the rule is judged, so that what it needs is loaded no sooner.
    """

    name: str
    demand: str
    holds: Callable[[], pl.Expr]
