"""What a value is made from: the numbers of the rows, their fields so far, and draws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
        known_codes: what :meth:`codes` found so far, for all rows of the chunk.
    """

    numbers: npt.NDArray[np.int64]
    made: Mapping[str, pl.Series]
    places: npt.NDArray[np.intp] | None = None
    known_codes: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, places: npt.NDArray[np.intp]) -> "Rows":
        """Return some of the rows of the chunk."""
        return Rows(self.numbers[places], self.made, places, self.known_codes)

    def column(self, name: str) -> pl.Series:
        """Return a field of these rows."""
        whole = self.made[name]
        return whole if self.places is None else whole.gather(self.places)

    def codes(self, name: str) -> npt.NDArray[np.int64]:
        """Return, for a field of a closed set of words, the number of each row's word; -1 where it has none."""
        if name not in self.known_codes:
            numbers = self.made[name].to_physical().cast(pl.Int64).fill_null(-1)
            self.known_codes[name] = numbers.to_numpy()
        codes = self.known_codes[name]
        return codes if self.places is None else codes[self.places]


Make = Callable[[Rows, Draw], pl.Series]
"""Makes a field's values in some rows."""
