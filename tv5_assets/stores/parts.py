"""Parts of a dataset, such as all rows of a user, each with a digest: what of it changed since it was published.

Equal rows have equal digests by the same release of Polars; another release only means that everything is taken for
changed. What does not belong here: how a store writes what changed.
"""

import polars as pl

from tv5_assets.fingerprint import fingerprint

PART, ROWS, DIGEST = "part", "rows", "digest"


def parts_of(rows: pl.LazyFrame, owner: str) -> pl.DataFrame:
    """Return the parts of a dataset: ``part``, ``rows`` and ``digest`` (all int64), by ascending part.

    A digest is the sum of the hashes of its rows, so that their order does not matter. One pass; memory grows with the
    number of parts.

    Args:
        rows: everything that is published.
        owner: column of whole numbers whose values are the parts.
    """
    whole = pl.struct(rows.collect_schema().names())
    return (
        rows.select(pl.col(owner).cast(pl.Int64).alias(PART), whole.hash().reinterpret(signed=True).alias(DIGEST))
        .group_by(PART)
        .agg(pl.len().cast(pl.Int64).alias(ROWS), pl.col(DIGEST).sum())
        .sort(PART)
        .collect(engine="streaming")
    )


def version_of(parts: pl.DataFrame) -> str:
    """Return the version of a dataset, given its parts."""
    return fingerprint(parts)


def changed_parts(old: pl.DataFrame, new: pl.DataFrame) -> tuple[pl.Series, int]:
    """Return which parts are new, gone or different, and how many rows those that are still there have now."""
    both = new.join(old, on=PART, how="full", suffix="_old", coalesce=True)
    same = (pl.col(DIGEST).eq_missing(pl.col(f"{DIGEST}_old"))) & (pl.col(ROWS).eq_missing(pl.col(f"{ROWS}_old")))
    changed = both.filter(~same)
    return changed[PART], int(changed[ROWS].sum())
