"""What the movie tower knows of a movie besides its id, as one row of numbers each.

What does not belong here: what features a movie has (features/), and what the tower makes of them
(two_tower_network.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.errors import InputError
from tv5_assets.fingerprint import fingerprint
from tv5_assets.tables.processed import GENRES

TEXT_COLUMNS = 64
"""Principal components of the text vectors that are taken. With all 384 columns half of a training's time went into
them, and on validation slices of ml-latest-small nothing came of it."""
FIRST_YEAR, LAST_YEAR, YEARS_AT_ONCE = 1900, 2030, 5
"""Years of release go in groups of five; what is before or after belongs to the first or the last group."""


@dataclass(frozen=True)
class MovieInputs:
    """Rows of numbers for the movies of a catalog.

    Attributes:
        catalog: int32, shape (m,), ascending: the movie ids.
        matrix: float32, shape (m, f).
        columns: names of its columns, such as ``genre Drama``, ``year 1995`` or ``text 17``.
    """

    catalog: npt.NDArray[np.int32]
    matrix: npt.NDArray[np.float32]
    columns: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Fingerprint of all of it."""
        return fingerprint(self.catalog, self.matrix, " ".join(self.columns))


def movie_inputs(
    catalog: npt.NDArray[np.int32],
    movies: pl.DataFrame,
    numbers: pl.DataFrame | None = None,
    text: Vectors | None = None,
) -> MovieInputs:
    """Gather what is known of the movies of a catalog.

    Genres and years are 0 or 1. A number is replaced by the place of its movie in the order of it, because counts
    spread over five orders of magnitude; a missing number stands in the middle. Numbers must have been computed from
    training rows alone.

    Args:
        catalog: movie ids, ascending.
        movies: ``movie_id``, ``genres`` and ``year``, such as ``processed/movies``.
        numbers: ``movie_id`` and any numeric columns, such as rows of ``features/movies``; a movie may be missing.
        text: a vector for each movie of the catalog, of which the first TEXT_COLUMNS principal components are taken,
            scaled to a mean square norm of 1.

    Raises:
        InputError: a movie of the catalog is not among ``movies`` or has no vector.
    """
    rows = pl.DataFrame({"movie_id": catalog}).join(
        movies.select("movie_id", "year", pl.col("genres").cast(pl.List(pl.String)), known=True),
        on="movie_id",
        how="left",
        maintain_order="left",
    )
    if rows["known"].null_count():
        missing = rows.filter(pl.col("known").is_null())["movie_id"][0]
        raise InputError(f"movie {missing} of the catalog is not among the {len(movies)} movies; parse them again")
    blocks = [_genres(rows), _years(rows)]
    if numbers is not None:
        joined = rows.select("movie_id").join(numbers, on="movie_id", how="left", maintain_order="left")
        blocks.append(_numbers(joined.drop("movie_id")))
    if text is not None:
        blocks.append(_text(text, catalog))
    return MovieInputs(
        catalog,
        np.concatenate([matrix for matrix, _ in blocks], axis=1),
        tuple(name for _, names in blocks for name in names),
    )


_Block = tuple[npt.NDArray[np.float32], Sequence[str]]


def _genres(rows: pl.DataFrame) -> _Block:
    flags = rows.select(pl.col("genres").list.contains(genre).fill_null(False).alias(genre) for genre in GENRES)
    return flags.to_numpy().astype(np.float32), [f"genre {genre}" for genre in GENRES]


def _years(rows: pl.DataFrame) -> _Block:
    """Return a column for each group of years and one for movies without a year."""
    groups = (LAST_YEAR - FIRST_YEAR) // YEARS_AT_ONCE
    group = ((pl.col("year").cast(pl.Int32) - FIRST_YEAR) // YEARS_AT_ONCE).clip(0, groups - 1).fill_null(groups)
    matrix = np.eye(groups + 1, dtype=np.float32)[rows.select(group).to_series().to_numpy()]
    return matrix, [*(f"year {FIRST_YEAR + YEARS_AT_ONCE * place}" for place in range(groups)), "no year"]


def _numbers(rows: pl.DataFrame) -> _Block:
    """Return ranks from -sqrt(3) to sqrt(3), which have a mean of 0 and a spread of 1; equal numbers share a rank."""
    numeric = [name for name, dtype in rows.schema.items() if dtype.is_numeric()]
    span = np.float32(np.sqrt(12))
    ranks = rows.select(
        ((pl.col(name).rank("average") - (pl.col(name).count() + 1) / 2) / pl.col(name).count()).fill_null(0.0)
        for name in numeric
    )
    return ranks.to_numpy().astype(np.float32).reshape(len(rows), len(numeric)) * span, numeric


def _text(text: Vectors, catalog: npt.NDArray[np.int32]) -> _Block:
    matrix = text.matrix[text.rows_of(catalog)]
    matrix = matrix - matrix.mean(axis=0)
    _, directions = np.linalg.eigh(matrix.T @ matrix)  # that of the largest spread last
    matrix = matrix @ directions[:, : -TEXT_COLUMNS - 1 : -1]
    size = np.sqrt(np.square(matrix).sum(axis=1).mean())
    return matrix / max(size, np.finfo(np.float32).tiny), [f"text {place}" for place in range(matrix.shape[1])]
