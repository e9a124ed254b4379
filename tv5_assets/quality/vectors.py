"""Rules on vectors: each takes them and returns a verdict with its figures.

What does not belong here: rules on how well vectors search (recall.py), and which rule guards which asset.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.quality.verdict import Verdict

NORM_TOLERANCE = 1e-3
LEAST_UNIQUE_SHARE = 0.95
LEAST_NEAR = 0.85
"""Least median cosine of texts that differ in case and punctuation only."""
NEAR_PAIRS = 48
LEAST_LEAD = 0.15
"""How much nearer those are to one another than any two texts are, at least."""
LEAST_SPREAD = 0.1
"""Least standard deviation of a dimension, as a share of what it is where all dimensions vary alike."""
MOST_DEAD_SHARE = 0.05
"""Of the dimensions; three of all-MiniLM-L6-v2's 384 are zero for every text."""
LARGEST_VARIANCE_SHARE = 0.25
"""Of one dimension; with 384 of them that vary alike, each has 0.3 %."""

_ROWS_AT_ONCE = 16_384  # 25 MB of 384-d rows: memory-mapped vectors are never read in whole


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


def mostly_unique(vectors: Vectors, least_share: float = LEAST_UNIQUE_SHARE, texts: int | None = None) -> Verdict:
    """Ask for a share of distinct vectors: many equal ones mean that different texts were embedded alike.

    Args:
        vectors: the vectors.
        least_share: how many distinct vectors there are at least for each distinct text.
        texts: distinct texts that they are of; equal texts have equal vectors. As many as vectors unless given.
    """
    texts = len(vectors) if texts is None else texts
    distinct = len(np.unique(_row_hashes(vectors)))
    share = min(1.0, distinct / texts) if texts else 0.0
    return Verdict(
        passed=share >= least_share,
        facts={"unique_share": share, "least_unique_share": least_share, "unique": distinct, "distinct_texts": texts},
        description=f"{distinct} distinct vectors of {texts} distinct texts, {share:.2%}; at least {least_share:.0%} "
        "should be",
    )


def dimensions_vary(vectors: Vectors) -> Verdict:
    """Ask that the dimensions vary and that none outweighs the others; vectors that are not finite are left out.

    The facts are the mean and the standard deviation of the values by dimension: averaged over the dimensions, and the
    extremes.
    """
    count, total, squares = 0, np.zeros(vectors.dimension), np.zeros(vectors.dimension)
    for rows in _blocks(vectors):
        intact = rows[np.isfinite(rows).all(axis=1)].astype(np.float64)
        count += len(intact)
        total += intact.sum(axis=0)
        squares += np.square(intact).sum(axis=0)
    mean = total / max(count, 1)
    variance = np.maximum(squares / max(count, 1) - np.square(mean), 0)
    spread, all_alike = np.sqrt(variance), np.sqrt(variance.mean())
    share = float(variance.max() / variance.sum()) if variance.any() else 1.0
    dead = spread < LEAST_SPREAD * all_alike if all_alike > 0 else np.ones(vectors.dimension, np.bool_)
    return Verdict(
        passed=bool(dead.mean() <= MOST_DEAD_SHARE) and share <= LARGEST_VARIANCE_SHARE,
        facts={
            "mean_per_dimension": float(mean.mean()),
            "largest_mean": float(np.abs(mean).max()),
            "spread_per_dimension": float(spread.mean()),
            "least_spread": float(spread.min()),
            "largest_spread": float(spread.max()),
            "hardly_varying": int(dead.sum()),
            "largest_variance_share": share,
        },
        description=f"{int(dead.sum())} of {vectors.dimension} dimensions hardly vary, at most {MOST_DEAD_SHARE:.0%} "
        f"expected; the one that varies most has "
        f"{share:.1%} of the variance, at most {LARGEST_VARIANCE_SHARE:.0%} expected",
    )


def like_texts_are_near(originals: npt.NDArray[np.float32], variants: npt.NDArray[np.float32]) -> Verdict:
    """Ask that a text is near to itself in other letters and punctuation, and farther from any other text.

    Judged by medians, so that single vectors that are broken are left to the rules for them.

    Args:
        originals: finite vectors of some texts as they are stored, shape (n, d).
        variants: normalized vectors of the same texts, slightly changed, same shape.
    """
    near = float(np.median((originals * variants).sum(axis=1))) if len(originals) else 0.0
    others = originals @ variants.T
    far = float(np.median(others[~np.eye(len(others), dtype=np.bool_)])) if len(others) > 1 else 0.0
    return Verdict(
        passed=near >= LEAST_NEAR and near - far >= LEAST_LEAD,
        facts={
            "near_cosine": near,
            "least_near_cosine": LEAST_NEAR,
            "random_cosine": far,
            "least_lead": LEAST_LEAD,
            "pairs": len(originals),
        },
        description=f"texts are at a cosine of {near:.3f} to themselves in other letters and of {far:.3f} to others; "
        f"at least {LEAST_NEAR} and {LEAST_LEAD} more than to others expected",
    )


def texts_are_near(
    vectors: Vectors, texts: pl.LazyFrame, encode: Callable[[list[str]], npt.NDArray[np.float32]], seed: int
) -> Verdict:
    """Embed a sample of the texts anew in other letters and punctuation, and judge by :func:`like_texts_are_near`.

    Args:
        vectors: of the texts, as they are stored.
        texts: ``id`` and ``text``.
        encode: the model that they were embedded by.
        seed: of the sample.
    """
    rows = np.random.default_rng(seed).permutation(len(vectors))[:NEAR_PAIRS]
    rows = rows[np.isfinite(vectors.matrix[rows]).all(axis=1)]
    sampled = pl.DataFrame({"id": vectors.ids[rows], "row": rows})
    words = (
        texts.select(pl.col("id").cast(pl.Int32), "text")
        .filter(pl.col("id").is_in(pl.lit(sampled["id"]).implode()))
        .collect(engine="streaming")
        .join(sampled, on="id")
    )
    altered = words["text"].str.to_lowercase().str.replace_all(r"[.,:;]+", " -") + " !"
    return like_texts_are_near(vectors.matrix[words["row"].to_numpy()], encode(altered.to_list()))


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


def all_rules(vectors: Vectors, source_ids: npt.NDArray[np.integer], texts: int | None = None) -> dict[str, Verdict]:
    """Judge vectors by every rule; the verdicts are ``ids``, ``normalized``, ``finite``, ``no_zero_vector`` and
    ``mostly_unique``, for which ``texts`` says how many distinct ones there are.
    """
    return {
        "ids": ids_match(vectors, source_ids),
        "normalized": normalized(vectors),
        "finite": finite(vectors),
        "no_zero_vector": no_zero_vector(vectors),
        "mostly_unique": mostly_unique(vectors, texts=texts),
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


def _row_hashes(vectors: Vectors) -> npt.NDArray[np.uint64]:
    """Return a hash of each row's bytes; equal rows have equal ones, of different rows hardly one pair in 10^9."""
    factors = np.random.default_rng(0).integers(2**63, 2**64, vectors.dimension, dtype=np.uint64) | np.uint64(1)
    # A sum of products, modulo 2^64. Its high half depends on every bit of the row.
    hashes = [
        (np.ascontiguousarray(rows).view(np.uint32).astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
        for rows in _blocks(vectors)
    ]
    return np.concatenate([np.empty(0, np.uint64), *hashes])


def _norms(vectors: Vectors) -> npt.NDArray[np.float32]:
    return np.concatenate([np.empty(0, np.float32), *(np.linalg.norm(rows, axis=1) for rows in _blocks(vectors))])


def _range(name: str, values: npt.NDArray[np.float32]) -> dict[str, float]:
    return {f"least_{name}": float(values.min()), f"largest_{name}": float(values.max())} if len(values) else {}


def _found(vectors: Vectors, bad: npt.NDArray[np.bool_], what: str) -> str:
    first = f", the first has id {vectors.ids[bad][0]}" if bad.any() else ""
    return f"{int(bad.sum())} of {len(vectors)} vectors {what}{first}"
