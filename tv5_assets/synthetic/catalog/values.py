"""Values of each kind that a schema file knows.

What does not belong here: words and sentences (texts.py), and which rows have which field (items.py).
"""

import math
from datetime import timedelta
from functools import partial
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from tv5_assets.declaration.declaration import Declaration
from tv5_assets.declaration.model import (
    SLOT,
    Categorical,
    Choice,
    Conditional,
    Float,
    Integer,
    Lookup,
    Moments,
    PersonName,
    Product,
    Share,
    Spec,
    Template,
    Uuid,
    WordList,
    Words,
)
from tv5_assets.draws.choices import choose
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.catalog.rows import Draw, Make, Rows
from tv5_assets.synthetic.catalog.texts import filled, list_maker, words_maker
from tv5_assets.synthetic.names import full_names

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_DASHES = (8, 13, 18, 23)
_UUID_LENGTH = 36


def weighted_by(spec: Conditional, dtype: pl.DataType) -> Make | None:
    """Return what makes the values of a conditional of weighted words alone, all cases at once; None for any other."""
    cases = {value: case.values for value, case in spec.cases.items() if isinstance(case, Categorical)}
    if len(cases) < len(spec.cases) or not isinstance(dtype, pl.Enum):
        return None
    words = pl.Series(dtype.categories, dtype=dtype)
    shares = {value: _shares([weights.get(word, 0.0) for word in words]) for value, weights in cases.items()}

    def make(rows: Rows, draw: Draw) -> pl.Series:
        by = cast(pl.Enum, rows.made[spec.by].dtype).categories
        table = np.array([shares.get(value, np.zeros(len(words))) for value in by])
        return words.gather(choose(draw(rows.numbers, ""), table[rows.codes(spec.by)]))

    return make


def maker(declaration: Declaration, spec: Spec, dtype: pl.DataType, seed: int) -> Make:
    """Return what makes the values of a kind.

    Args:
        declaration: the fields.
        spec: the kind with its settings.
        dtype: the field's type.
        seed: the seed of everything random, for what all rows share.
    """
    match spec:
        case Uuid():
            return _uuids
        case Categorical(values=weights):
            words, shares = pl.Series(list(weights), dtype=dtype), _shares(list(weights.values()))
            return lambda rows, draw: words.gather(choose(draw(rows.numbers, ""), shares))
        case Choice(values=values):
            several = pl.Series(values, dtype=dtype)
            return lambda rows, draw: several.gather((draw(rows.numbers, "") * len(several)).astype(np.int64))
        case Words():
            return words_maker(declaration, spec)
        case WordList():
            return list_maker(declaration, spec)
        case PersonName():
            people = _people(spec, seed)
            return lambda rows, draw: people.gather((draw(rows.numbers, "") * len(people)).astype(np.int64))
        case Moments():
            return partial(_moments, spec)
        case Integer() | Float():
            return partial(_numbers, spec, dtype)
        case Template():
            return partial(_filled, spec)
        case Lookup():
            return partial(_looked_up, spec, dtype)
        case Product():
            return partial(_product, spec, dtype)
        case Share():
            return partial(_share, spec, dtype)


def _shares(weights: list[float]) -> npt.NDArray[np.float64]:
    """Return weights of which the last that is not 0 leaves nothing over for those after it, by no rounding."""
    shares = np.array(weights)
    shares[np.flatnonzero(shares)[-1]] += 1
    return shares


def _uuids(rows: Rows, draw: Draw) -> pl.Series:
    """Return a random UUID of RFC 4122, version 4, for each row."""
    words = np.stack([draw(rows.numbers, f"word {number}") * 2**32 for number in range(4)], axis=1).astype(">u4")
    octets = words.view(np.uint8).reshape(-1, 16)
    octets[:, 6] = octets[:, 6] & 0x0F | 0x40
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    digits = np.stack([octets >> 4, octets & 0x0F], axis=2).reshape(-1, 32)
    text = np.full((len(rows), _UUID_LENGTH), ord("-"), dtype=np.uint8)
    text[:, [place for place in range(_UUID_LENGTH) if place not in _DASHES]] = _HEX[digits]
    offsets = np.arange(len(rows) + 1, dtype=np.int64) * _UUID_LENGTH
    return pl.Series(pa.LargeStringArray.from_buffers(len(rows), pa.py_buffer(offsets), pa.py_buffer(text)))


def _people(spec: PersonName, seed: int) -> pl.Series:
    """Return the names of all people."""
    numbers = np.arange(spec.people)

    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, numbers, "catalog", "people", what)

    locale = (draw("locale") * len(spec.locales)).astype(np.intp)
    return full_names(spec.locales, locale, draw("first"), draw("last"), seed)


def _moments(spec: Moments, rows: Rows, draw: Draw) -> pl.Series:
    seconds = (draw(rows.numbers, "") * ((spec.end - spec.start) / timedelta(seconds=1))).astype(np.int64)
    start = int(spec.start.timestamp())
    return pl.Series((start + seconds) * 1_000).cast(pl.Datetime("ms", "UTC"))


def _numbers(spec: Integer | Float, dtype: pl.DataType, rows: Rows, draw: Draw) -> pl.Series:
    whole = isinstance(spec, Integer)
    # A whole number is what is drawn from its lower bound on and before the number after the upper one, rounded down.
    least, beyond = float(spec.min), float(spec.max) + whole
    draws = draw(rows.numbers, "")
    if spec.median is None or spec.sigma is None:
        values = least + draws * (beyond - least)
    else:
        values = _log_normal(draws, spec.median, spec.sigma, least, beyond)
    values = np.clip(np.floor(values) if whole else values, spec.min, spec.max)
    return pl.Series(values.astype(np.int64) if whole else values).cast(dtype)


def _log_normal(
    draws: npt.NDArray[np.float64], median: float, sigma: float, least: float, most: float
) -> npt.NDArray[np.float64]:
    """Return log-normal numbers that lie between two bounds, by the inverse of their distribution function."""
    from scipy.special import ndtr, ndtri

    lower, upper = (
        ndtr(math.log(bound / median) / sigma) if bound > 0 else 0.0 for bound in (least, most)
    )  # fmt: skip
    return np.asarray(median * np.exp(sigma * ndtri(lower + draws * (upper - lower))))


def _filled(spec: Template, rows: Rows, draw: Draw) -> pl.Series:
    parts = SLOT.split(spec.template)
    return filled(parts[::2], [_as_text(rows.column(name)) for name in parts[1::2]], len(rows))


def _as_text(values: pl.Series) -> pl.Series:
    match values.dtype:
        case pl.List():
            return values.list.join(", ")
        case pl.Datetime():
            return values.dt.to_string("%Y-%m-%d")
    return values.cast(pl.String)


def _looked_up(spec: Lookup, dtype: pl.DataType, rows: Rows, draw: Draw) -> pl.Series:
    return rows.column(spec.of).replace_strict(list(spec.values), list(spec.values.values()), return_dtype=dtype)


def _product(spec: Product, dtype: pl.DataType, rows: Rows, draw: Draw) -> pl.Series:
    values = spec.times.min + draw(rows.numbers, "") * (spec.times.max - spec.times.min)
    factors = [rows.column(name).cast(pl.Float64).to_numpy() for name in spec.of]
    return pl.Series(np.rint(math.prod(factors[1:], start=factors[0]) * values)).cast(dtype)


def _share(spec: Share, dtype: pl.DataType, rows: Rows, draw: Draw) -> pl.Series:
    share = spec.min + draw(rows.numbers, "") * (spec.max - spec.min)
    return pl.Series(np.floor(rows.column(spec.of).cast(pl.Float64).to_numpy() * share)).cast(dtype)
