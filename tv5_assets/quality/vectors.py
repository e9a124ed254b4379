"""Rules on vectors: each takes them and returns a verdict with its figures.

What does not belong here: rules on how well vectors search (recall.py), and which rule guards which asset.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.verdict import Verdict

NORM_TOLERANCE = 1e-3
LEAST_UNIQUE_SHARE = 0.95

_ROWS_AT_ONCE = 65_536  # 100 MB of 384-d rows: memory-mapped vectors are never read in whole


def shape_is(vectors: Vectors, rows: int, dimension: int) -> Verdict:
    """Hold vectors to a number of rows and a dimension."""
    return Verdict(
        passed=vectors.matrix.shape == (rows, dimension),
        facts={
            "rows": len(vectors),
            "expected_rows": rows,
            "dimension": vectors.dimension,
            "expected_dimension": dimension,
        },
        description=f"{len(vectors)} x {vectors.dimension} values, expected {rows} x {dimension}",
    )


def normalized(vectors: Vectors, tolerance: float = NORM_TOLERANCE) -> Verdict:
    """Hold every norm to 1, give or take ``tolerance``; a vector that is not finite has no norm and fails."""
    norms = _norms(vectors)
    off = ~(np.abs(norms - 1) <= tolerance)
    return Verdict(
        passed=not off.any(),
        facts={"off_norm": int(off.sum()), **_range("norm", norms), "tolerance": tolerance},
        description=_found(vectors, off, f"of a norm that is more than {tolerance} from 1"),
    )


def finite(vectors: Vectors) -> Verdict:
    """Hold every value to be a finite number."""
    bad = np.concatenate([np.empty(0, np.bool_), *(~np.isfinite(rows).all(axis=1) for rows in _blocks(vectors))])
    return Verdict(
        passed=not bad.any(), facts={"not_finite": int(bad.sum())}, description=_found(vectors, bad, "with NaN or Inf")
    )


def no_zero_vector(vectors: Vectors) -> Verdict:
    """Allow no vector whose values are all zero."""
    zero = np.concatenate([np.empty(0, np.bool_), *(~rows.any(axis=1) for rows in _blocks(vectors))])
    return Verdict(
        passed=not zero.any(), facts={"zero": int(zero.sum())}, description=_found(vectors, zero, "that are all zero")
    )


def mostly_unique(vectors: Vectors, least_share: float = LEAST_UNIQUE_SHARE) -> Verdict:
    """Ask for a share of distinct vectors: many equal ones mean that many texts were equal, or empty."""
    # A row's bytes taken as one value: equal rows have equal bytes.
    row_type = np.dtype((np.void, vectors.matrix.dtype.itemsize * vectors.dimension))
    distinct = len(np.unique(np.ascontiguousarray(vectors.matrix).view(row_type)))
    share = distinct / len(vectors) if len(vectors) else 0.0
    return Verdict(
        passed=share >= least_share,
        facts={"unique_share": share, "least_unique_share": least_share, "unique": distinct},
        description=f"{share:.2%} of the vectors are distinct, at least {least_share:.0%} should be",
    )


def ids_match(vectors: Vectors, source_ids: npt.NDArray[np.integer]) -> Verdict:
    """Hold the ids to be exactly those of the source, whatever the order they come in."""
    missing = np.setdiff1d(source_ids, vectors.ids)
    surplus = np.setdiff1d(vectors.ids, source_ids)
    faults = [f"{len(missing)} ids of the source are missing, such as {missing[0]}"] if len(missing) else []
    faults += [f"{len(surplus)} ids are not in the source, such as {surplus[0]}"] if len(surplus) else []
    return Verdict(
        passed=not faults,
        facts={"ids": len(vectors), "source_ids": len(source_ids), "missing": len(missing), "surplus": len(surplus)},
        description="; ".join(faults) or "every id of the source has its vector, and no other",
    )


def all_rules(vectors: Vectors, source_ids: npt.NDArray[np.integer]) -> dict[str, Verdict]:
    """Judge vectors by every rule; the verdicts are ``ids``, ``normalized``, ``finite``, ``no_zero_vector`` and
    ``mostly_unique``.
    """
    return {
        "ids": ids_match(vectors, source_ids),
        "normalized": normalized(vectors),
        "finite": finite(vectors),
        "no_zero_vector": no_zero_vector(vectors),
        "mostly_unique": mostly_unique(vectors),
    }


def finite_tensors(tensors: Mapping[str, npt.NDArray[Any]]) -> Verdict:
    """Allow no NaN or Inf in a model's tensors."""
    bad = {name: int((~np.isfinite(tensor)).sum()) for name, tensor in tensors.items()}
    return Verdict(
        passed=bool(bad) and not any(bad.values()),
        facts={"values": sum(tensor.size for tensor in tensors.values()), "not_finite": sum(bad.values())},
        description=f"{sum(bad.values())} values in {len(bad)} tensors are NaN or Inf",
    )


def _blocks(vectors: Vectors) -> Iterator[npt.NDArray[np.float32]]:
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        yield vectors.matrix[start : start + _ROWS_AT_ONCE]


def _norms(vectors: Vectors) -> npt.NDArray[np.float32]:
    return np.concatenate([np.empty(0, np.float32), *(np.linalg.norm(rows, axis=1) for rows in _blocks(vectors))])


def _range(name: str, values: npt.NDArray[np.float32]) -> dict[str, float]:
    return {f"least_{name}": float(values.min()), f"largest_{name}": float(values.max())} if len(values) else {}


def _found(vectors: Vectors, bad: npt.NDArray[np.bool_], what: str) -> str:
    first = f", the first has id {vectors.ids[bad][0]}" if bad.any() else ""
    return f"{int(bad.sum())} of {len(vectors)} vectors {what}{first}"
