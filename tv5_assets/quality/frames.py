"""Rules on tables: each takes a lazy frame, reads it as a stream and returns a verdict with its figures.

What does not belong here: what a table should look like (tables/) and which rule guards which asset.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.errors import InputError
from tv5_assets.quality.verdict import Verdict
from tv5_assets.tables.table import Table

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Nothing in MovieLens happened before: its predecessor opened in 1995."""

_KEYS_AT_ONCE = 5_000_000  # about 0.5 GB of hash table
_NULLABILITY = "nullability"  # dataframely's name of the rule, also inside lists and structs


def table_rules(frame: pl.LazyFrame, table: type[Table]) -> dict[str, Verdict]:
    """Judge a frame by its table's schema.

    Returns:
        The verdicts ``schema``, ``unique_key`` (where the table has a key), ``no_nulls`` and ``values``. Where columns
        or types are wrong, ``schema`` is the only one: nothing can be said of columns that are not there.
    """
    verdicts = {"schema": schema_is(frame, table)}
    if not verdicts["schema"].passed:
        return verdicts
    if key := table.primary_key():
        verdicts["unique_key"] = unique_key(frame, key)
    failures = column_failures(frame, table)
    verdicts["no_nulls"] = no_nulls(failures)
    verdicts["values"] = values_in_bounds(failures)
    return verdicts


def schema_is(frame: pl.LazyFrame, table: type[Table]) -> Verdict:
    """Hold a frame to its table's columns and their types."""
    actual, expected = frame.collect_schema(), table.columns()
    missing = [name for name in expected if name not in actual]
    surplus = [name for name in actual if name not in expected]
    mistyped = [
        f"{name} is {actual[name]}, not {column.dtype}"
        for name, column in expected.items()
        if name in actual and not column.validate_dtype(actual[name])
    ]
    faults = [
        *(f"{name} is missing" for name in missing),
        *(f"{name} is not in the schema" for name in surplus),
        *mistyped,
    ]
    return Verdict(
        passed=not faults,
        facts={
            "columns": len(actual),
            "expected_columns": len(expected),
            "missing": len(missing),
            "surplus": len(surplus),
            "mistyped": len(mistyped),
        },
        description="; ".join(faults) or "columns and types are as declared",
    )


def unique_key(frame: pl.LazyFrame, key: Iterable[str]) -> Verdict:
    """Allow no two rows with the same key.

    Where the keys ascend, that alone shows it. Else they are counted, in as many passes as keep the hash table of one
    pass at ``_KEYS_AT_ONCE`` keys: a key's hash says in which pass it counts.
    """
    keys = frame.select(key)
    rows = keys.select(pl.len()).collect(engine="streaming").item()
    distinct = rows if rows > _KEYS_AT_ONCE and _ascend(keys) else _distinct(keys, rows)
    return Verdict(
        passed=distinct == rows,
        facts={"rows": rows, "duplicates": rows - distinct},
        description=f"{rows - distinct} of {rows} rows repeat a key of ({', '.join(keys.collect_schema().names())})",
    )


def _distinct(keys: pl.LazyFrame, rows: int) -> int:
    passes = max(1, -(-rows // _KEYS_AT_ONCE))
    turn = pl.struct(pl.all()).hash() % passes
    return sum(
        keys.filter(turn == number).unique().select(pl.len()).collect(engine="streaming").item()
        for number in range(passes)
    )


def _ascend(keys: pl.LazyFrame) -> bool:
    """Tell whether each key is greater than the one before; the first that is not ends the reading."""
    names = keys.collect_schema().names()
    greater = pl.lit(False)
    for name in reversed(names):
        before = pl.col(name).shift()
        greater = (pl.col(name) > before) | ((pl.col(name) == before) & greater)
    last: pl.DataFrame | None = None
    for batch in keys.collect_batches(maintain_order=True):
        rows = batch if last is None else pl.concat([last, batch])
        if not rows.select(greater.slice(1).all(ignore_nulls=False)).item():
            return False
        last = rows.tail(1)
    return True


def column_failures(frame: pl.LazyFrame, table: type[Table]) -> dict[str, int]:
    """Count, in one pass, the rows that break each rule of each column.

    Returns:
        Counts by ``column|rule``, as in ``rating|max``.
    """
    rules = {
        f"{name}|{rule}": kept
        for name, column in table.columns().items()
        for rule, kept in column.validation_rules(pl.col(name)).items()
    }
    if not rules:
        return {}
    # A rule that comes out null has nothing to judge: a null is the business of the nullability rule.
    counts = frame.select((~kept).fill_null(False).sum().alias(name) for name, kept in rules.items())
    return counts.collect(engine="streaming").row(0, named=True)


def no_nulls(failures: dict[str, int]) -> Verdict:
    """Judge :func:`column_failures` by the nulls where none may be."""
    return _none_failed({rule: count for rule, count in failures.items() if rule.endswith(_NULLABILITY)})


def values_in_bounds(failures: dict[str, int]) -> Verdict:
    """Judge :func:`column_failures` by everything but nulls: bounds, lengths, patterns, own checks of a column."""
    return _none_failed({rule: count for rule, count in failures.items() if not rule.endswith(_NULLABILITY)})


def _none_failed(failures: dict[str, int]) -> Verdict:
    broken = {rule: count for rule, count in failures.items() if count}
    return Verdict(
        passed=not broken,
        facts={"rules": len(failures), "broken_rules": len(broken), **broken},
        description="; ".join(f"{count} rows break {rule}" for rule, count in broken.items()) or "every rule holds",
    )


def every_row(frame: pl.LazyFrame, rules: Sequence[Rule]) -> dict[str, Verdict]:
    """Judge in one pass whether each row keeps each rule; a rule that comes out null has nothing to say of a row."""
    counts = (
        frame.select(
            pl.len().alias("rows"), *((~rule.holds()).fill_null(False).sum().alias(rule.name) for rule in rules)
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    return {
        rule.name: Verdict(
            passed=counts[rule.name] == 0,
            facts={"rows": counts["rows"], "broken": counts[rule.name]},
            description=f"{counts[rule.name]} of {counts['rows']} rows break it: {rule.demand}",
        )
        for rule in rules
    }


def no_orphans(
    frame: pl.LazyFrame, column: str, parent: pl.LazyFrame, parent_column: str | None = None, nullable: bool = False
) -> Verdict:
    """Allow no value of a foreign key that its parent does not have; nulls count as orphans unless ``nullable``."""
    parent_column = parent_column or column
    rows = frame.filter(pl.col(column).is_not_null()) if nullable else frame
    orphans = (
        rows.select(column)
        .join(parent.select(parent_column).unique(), left_on=column, right_on=parent_column, how="anti")
        .select(rows=pl.len(), first=pl.col(column).min())
        .collect(engine="streaming")
    )
    count, first = orphans.row(0)
    return Verdict(
        passed=count == 0,
        facts={"orphans": count},
        description=f"{count} rows have a {column} that is not in its source" + (f", such as {first}" if count else ""),
    )


def row_count_is(frame: pl.LazyFrame, expected: int) -> Verdict:
    """Hold a frame to a number of rows."""
    rows = frame.select(pl.len()).collect(engine="streaming").item()
    return Verdict(
        passed=rows == expected,
        facts={"rows": rows, "expected_rows": expected},
        description=f"{rows} rows, expected {expected}",
    )


def share_at_least(frame: pl.LazyFrame, holds: pl.Expr, least_share: float, what: str) -> Verdict:
    """Ask that a predicate holds for a share of the rows; null counts as not.

    Args:
        frame: any rows; none at all fail, since nothing was shown.
        holds: the predicate.
        least_share: from 0 to 1.
        what: what holds, for the description: ``"movies with a year"``.
    """
    rows, kept = frame.select(rows=pl.len(), kept=holds.fill_null(False).sum()).collect(engine="streaming").row(0)
    share = kept / rows if rows else 0.0
    return Verdict(
        passed=share >= least_share,
        facts={"rows": rows, "kept": kept, "share": share, "least_share": least_share},
        description=f"{what}: {kept} of {rows} ({share:.2%}), at least {least_share:.2%} expected",
    )


def times_between(
    frame: pl.LazyFrame, column: str, earliest: datetime = EARLIEST, latest: datetime | None = None
) -> Verdict:
    """Hold times to lie between two moments, both included; ``latest`` is now where it is not given."""
    latest = latest or datetime.now(UTC)
    time = pl.col(column)
    outside, first, last = (
        frame.select(outside=(~time.is_between(earliest, latest)).sum(), first=time.min(), last=time.max())
        .collect(engine="streaming")
        .row(0)
    )
    facts: dict[str, int | str] = {"outside": outside}
    if first is not None:
        facts |= {"first": first.isoformat(), "last": last.isoformat()}
    return Verdict(
        passed=outside == 0,
        facts=facts,
        description=f"{outside} rows have a {column} outside {earliest:%Y-%m-%d} to {latest:%Y-%m-%d %H:%M}",
    )


def rejects_within(rejected: int, rows: int, max_share: float) -> Verdict:
    """Limit the share of raw rows that could not be understood.

    Args:
        rejected: rows that were rejected.
        rows: rows that were read, the rejected ones included.
        max_share: from 0 to 1.
    """
    share = rejected / rows if rows else 0.0
    return Verdict(
        passed=share <= max_share,
        facts={"rejected": rejected, "rows": rows, "share": share, "max_share": max_share},
        description=f"{rejected} of {rows} raw rows were rejected ({share:.3%}), at most {max_share:.3%} may be",
    )


def share_as_declared(
    part: int, whole: int, share: float, what: str, at_least: bool = False, least_p: float = 1e-6
) -> Verdict:
    """Judge by the binomial test whether a part of a whole could have been drawn with the share that is declared.

    Args:
        part: how many there are.
        whole: of how many; of nothing there is no share.
        share: the declared one.
        what: what there is a share of, for the description.
        at_least: more than the share is no fault.
        least_p: the verdict fails below this probability that chance alone strays as far.
    """
    from scipy.stats import binomtest  # takes two seconds to import, which loading the graph must not

    found = part / whole if whole else 0.0
    p_value = (
        float(binomtest(part, whole, share, alternative="less" if at_least else "two-sided").pvalue) if whole else 0
    )
    return Verdict(
        passed=p_value >= least_p,
        facts={
            "part": part,
            "whole": whole,
            "share": found,
            "declared_share": share,
            "p_value": p_value,
            "least_p": least_p,
        },
        description=f"{what}: {part} of {whole} ({found:.2%}), {'at least ' if at_least else ''}{share:.2%} declared; "
        f"p = {p_value:.2g}",
    )


def proportions_as_declared(
    frame: pl.LazyFrame, column: str, expected: Mapping[str, float], least_p: float = 1e-6
) -> Verdict:
    """Judge whether the values of a column could have been drawn with the proportions that are declared.

    By the likelihood-ratio (G) form of the chi-squared test, whose far tail, unlike Pearson's, also holds where a few
    rows of a rare value are expected: 30 rows pass unless they differ grossly, a million must agree to a fraction of a
    percent.

    Args:
        frame: any rows; none at all fail, since nothing was shown.
        column: of text, or of what can be written as text.
        expected: share of each value that may occur, summing to 1; a null is a value that may not.
        least_p: the verdict fails below this probability that chance alone strays as far.

    Raises:
        InputError: the shares do not sum to 1.
    """
    from scipy.stats import power_divergence  # takes two seconds to import, which loading the graph must not

    if not math.isclose(sum(expected.values()), 1, abs_tol=1e-6):
        raise InputError(f"the expected shares of {column} sum to {sum(expected.values()):g}, not to 1")
    found = dict(frame.group_by(pl.col(column).cast(pl.String)).len().collect(engine="streaming").iter_rows())
    rows = sum(found.values())
    possible = {value: share for value, share in expected.items() if share > 0}
    undeclared = sorted(str(value) for value in found.keys() - possible.keys())
    p_value = 0.0
    if rows and not undeclared:
        counts = [found.get(value, 0) for value in possible]
        whole = sum(possible.values())
        wanted = [rows * share / whole for share in possible.values()]
        # Rounding can take the statistic of a perfect fit below 0, of which there is no p-value.
        p_value = float(power_divergence(counts, wanted, lambda_="log-likelihood").pvalue)
        p_value = 1.0 if math.isnan(p_value) else p_value
    shares = {value: found.get(value, 0) / rows if rows else 0.0 for value in {**expected, **found}}
    furthest = sorted(possible, key=lambda value: -abs(shares[value] - possible[value]))[:3]
    return Verdict(
        passed=rows > 0 and not undeclared and p_value >= least_p,
        facts={
            "rows": rows,
            "p_value": p_value,
            "least_p": least_p,
            "undeclared": len(undeclared),
            **{f"share of {value}": share for value, share in shares.items()},
        },
        description=(f"undeclared: {', '.join(undeclared[:5])}; " if undeclared else "")
        + ("furthest off: " + ", ".join(f"{value} {shares[value]:.2%} for {possible[value]:.2%}" for value in furthest))
        + f" of {rows} rows; p = {p_value:.2g}",
    )


def sums_by(frame: pl.LazyFrame, by: pl.Expr, value: pl.Expr) -> pl.LazyFrame:
    """Return ``by, rows, total, squares``: number, sum and sum of squares of a value by another, for :func:`rises`."""
    return (
        frame.select(by=by, value=value.cast(pl.Float64))
        .drop_nulls()
        .group_by("by")
        .agg(rows=pl.len().cast(pl.Int64), total=pl.col("value").sum(), squares=(pl.col("value") ** 2).sum())
    )


def rises(sums: pl.DataFrame, least_correlation: float, what: str) -> Verdict:
    """Ask that the mean of a value rises with what it is grouped by, as far as chance lets it be seen.

    Args:
        sums: of :func:`sums_by`; the sums of several parts of a table may be added up.
        least_correlation: the correlation of the two has to be greater.
        what: what rises with what, for the description.

    Returns:
        A verdict that also fails where a group's mean is so far below that of the group before it that chance does so
        once in three million times (five standard errors).
    """
    by, rows, total, squares = (sums.sort("by")[name].cast(pl.Float64).to_numpy() for name in sums.columns)
    count = rows.sum()
    mean, centre = (rows @ by / count, total.sum() / count) if count else (0.0, 0.0)
    spread = math.sqrt(max(float(rows @ (by - mean) ** 2), 0) * max(float(squares.sum() - count * centre**2), 0))
    # Of a value or a group that is everywhere the same nothing was shown.
    correlation = float((by - mean) @ (total - rows * centre)) / spread if spread > 1e-9 * count else 0.0
    means = total / rows
    within = max(float(squares.sum() - (total**2 / rows).sum()), 0) / max(count, 1)
    falls = means[:-1] - means[1:] > 5 * np.sqrt(within * (1 / rows[:-1] + 1 / rows[1:])) + 1e-9
    return Verdict(
        passed=bool(correlation > least_correlation and not falls.any()),
        facts={
            "rows": int(count),
            "correlation": correlation,
            "least_correlation": least_correlation,
            "falls": int(falls.sum()),
            **{f"mean at {group:g}": float(value) for group, value in zip(by, means, strict=True)},
        },
        description=f"{what}: correlation {correlation:.3f}, over {least_correlation:g} expected, {falls.sum()} falls",
    )


def complete_grid(frame: pl.LazyFrame, rows: str, columns: str) -> Verdict:
    """Ask that every value of one column occurs with every value of another, once."""
    total, row_count, column_count = (
        frame.select(pl.len(), pl.col(rows).n_unique(), columns=pl.col(columns).n_unique())
        .collect(engine="streaming")
        .row(0)
    )
    return Verdict(
        passed=total == row_count * column_count and total > 0,
        facts={"rows": total, rows: row_count, columns: column_count},
        description=f"{total} rows for {row_count} {rows} times {column_count} {columns}",
    )


def no_older_than(frame: pl.LazyFrame, column: str, age: timedelta, now: datetime | None = None) -> Verdict:
    """Hold the newest time of a column to an age."""
    newest = frame.select(pl.col(column).max()).collect(engine="streaming").item()
    if newest is None:
        return Verdict(False, description=f"there is no {column} at all")
    minutes = ((now or datetime.now(UTC)) - newest).total_seconds() / 60
    most = age.total_seconds() / 60
    return Verdict(
        passed=minutes <= most,
        facts={"age_minutes": round(minutes, 2), "most_minutes": most},
        description=f"{minutes:.1f} minutes old, at most {most:.0f} may pass",
    )
