"""What a value is made from: the numbers of the rows, their fields so far, and draws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Draw = Callable[[npt.NDArray[np.int64], str], npt.NDArray[np.float64]]
"""Returns a number in [0, 1) for each id; another name of what is drawn gives independent numbers."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a chunk.

    Attributes:
        numbers: number of each row in the table, counted from 0.
        made: fields of all rows of the chunk, as far as they are made.
        places: places of these rows in the chunk; None for all of them.
    """

    numbers: npt.NDArray[np.int64]
    made: Mapping[str, pl.Series]
    places: npt.NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, places: npt.NDArray[np.intp]) -> "Rows":
        """Return some of the rows of the chunk."""
        return Rows(self.numbers[places], self.made, places)

    def column(self, name: str) -> pl.Series:
        """Return a field of these rows."""
        whole = self.made[name]
        return whole if self.places is None else whole.gather(self.places)


Make = Callable[[Rows, Draw], pl.Series]
"""Makes a field's values in some rows."""
