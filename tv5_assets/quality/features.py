"""Rules on splits and on features: that a split keeps its protocols, and that features come from what is known alone.

They count anew from the ratings, by other means than those by which the tables were made. What does not belong here:
how ratings are split and features computed (features/).
"""

from collections.abc import Sequence

import polars as pl

from tv5_assets.features.splits import HELD_OUT_MOST, HELD_OUT_SHARE, TEST_SHARE
from tv5_assets.quality.verdict import Verdict
from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.features import ALL, part_column

_KNOWN = ("train", "history")
_TOLERANCE = 1e-3  # of float32 over a user's thousands of ratings
_COLUMNS = [part_column(protocol) for protocol in PROTOCOLS]


def split_rules(split: pl.LazyFrame, ratings: pl.LazyFrame) -> dict[str, Verdict]:
    """Judge rows of ``features/split`` by the ratings.

    Returns:
        The verdicts ``one_per_rating``, ``parts``, ``user_shares``, ``time_order``, ``temporal_share``, ``last_out``
        and ``held_out``.
    """
    same = ["row", "user_id", "movie_id"]
    found = split.join(ratings.select(same), on=same, how="semi")
    used = split.filter(pl.col(_COLUMNS[0]) != "unused").join(ratings.select("row", "rated_at"), on="row")
    users = _by_user(used).collect(engine="streaming")
    return {
        "one_per_rating": _equal(_rows(split), _rows(ratings), _rows(found), what="ratings have their row"),
        "parts": _none(split.filter(_strange_parts()), "rows have a part that their protocol does not know"),
        "user_shares": _no_user(users, pl.col("test") != _fifth(), "do not have a fifth of their ratings as test rows"),
        **_temporal(used),
        "last_out": _no_user(users, _not_last(), "do not have their last rating, and no other, as test row"),
        "held_out": _held_out(users),
    }


def interaction_rules(
    interactions: pl.LazyFrame, split: pl.LazyFrame, ratings: pl.LazyFrame, protocol: str
) -> dict[str, Verdict]:
    """Judge rows of ``features/interactions`` by the split and the ratings.

    Returns:
        The verdicts ``as_split`` and ``normalized``.
    """
    parts = split.select("row", "user_id", "movie_id", part=part_column(protocol)).filter(pl.col("part") != "unused")
    wanted = parts.join(ratings.select("row", "rating", "rated_at"), on="row")
    same = ["row", "user_id", "movie_id", "part", "rating", "rated_at"]
    found = interactions.join(wanted, on=same, how="semi")
    score, stars = pl.col("rating_normalized").cast(pl.Float64), pl.col("rating")
    centred = score.mean().abs() < _TOLERANCE
    of_one = (score.std(ddof=0) - 1).abs() < _TOLERANCE
    of_known = interactions.filter(pl.col("part").is_in(_KNOWN)).group_by("user_id")
    users = of_known.agg(kept=centred & (of_one | (stars.min() == stars.max()))).collect(engine="streaming")
    return {
        "as_split": _equal(_rows(interactions), _rows(parts), _rows(found), what="ratings are those that are used"),
        "normalized": _no_user(users, ~pl.col("kept"), "have known ratings without a mean of 0 and a deviation of 1"),
    }


def computed_from(
    features: pl.LazyFrame, interactions: pl.LazyFrame, key: str, mean: str, parts: Sequence[str]
) -> Verdict:
    """Hold counts and means to those of the interactions of some parts, so that none comes from any other row.

    Args:
        features: rows of ``features/users`` or ``features/movies``.
        interactions: rows of ``features/interactions``.
        key: whose features they are, ``user_id`` or ``movie_id``.
        mean: name of the column of means.
        parts: the parts that the features may be computed from.
    """
    counted = (
        interactions.filter(pl.col("part").is_in(parts))
        .group_by(key)
        .agg(count=pl.len().cast(pl.Int32), mean=pl.col("rating").cast(pl.Float64).mean())
    )
    rated = features.filter(pl.col("rating_count") > 0).select(key, "rating_count", found=mean)
    near = (pl.col("found") - pl.col("mean")).abs() < _TOLERANCE
    agrees = (pl.col("rating_count") == pl.col("count")) & near
    pairs = rated.join(counted, on=key, how="full", coalesce=True)
    judged = pairs.select(pairs=pl.len(), off=(~agrees.fill_null(False)).sum()).collect(engine="streaming")
    total, wrong = judged.row(0)
    return Verdict(
        passed=wrong == 0 and total > 0,
        facts={"rated": total, "off": wrong},
        description=f"{wrong} of {total} have another count or mean than their {' and '.join(parts)} rows",
    )


def statistics_agree(statistics: pl.DataFrame, split: pl.LazyFrame) -> Verdict:
    """Hold the counted ratings to the rows of the split, part by part, and to all that are used."""
    counts = {
        (protocol, str(part)): rows
        for protocol, column in zip(PROTOCOLS, _COLUMNS, strict=True)
        for part, rows in split.group_by(column).agg(pl.len()).collect(engine="streaming").rows()
    }
    unused = counts.get((PROTOCOLS[0], "unused"), 0)
    counts[ALL, ALL] = _rows(split) - unused
    found: dict[tuple[str, str], int] = {
        (protocol, part): rows for protocol, part, rows in statistics.select("protocol", "part", "n_ratings").rows()
    }
    off = sorted(" ".join(key) for key in counts.keys() | found.keys() if counts.get(key) != found.get(key))
    return Verdict(
        passed=not off,
        facts={"ratings": counts[ALL, ALL], "unused": unused, "off": len(off)},
        description=f"not as many ratings as in the split: {', '.join(off)}" if off else "",
    )


def _by_user(used: pl.LazyFrame) -> pl.LazyFrame:
    out = pl.col("leave_last_out") == "test"
    strong = pl.col("strong_generalization")
    return used.group_by("user_id").agg(
        rows=pl.len().cast(pl.Int64),
        test=(pl.col("user_80_20") == "test").sum().cast(pl.Int64),
        out=out.sum(),
        out_is_last=pl.col("row").filter(out).first() == pl.col("row").sort_by("rated_at", "row").last(),
        held=strong.is_in(["history", "test"]).any(),
        learnt=(strong == "train").sum().cast(pl.Int64),
        asked=(strong == "test").sum().cast(pl.Int64),
    )


def _fifth() -> pl.Expr:
    return pl.col("rows") // round(1 / TEST_SHARE)


def _strange_parts() -> pl.Expr:
    unused = [pl.col(column) == "unused" for column in _COLUMNS]
    history = [pl.col(column) == "history" for column in _COLUMNS if column != "strong_generalization"]
    return pl.any_horizontal(*history) | (pl.any_horizontal(*unused) & ~pl.all_horizontal(*unused))


def _not_last() -> pl.Expr:
    alone = pl.col("rows") == 1
    return pl.when(alone).then(pl.col("out") != 0).otherwise((pl.col("out") != 1) | ~pl.col("out_is_last"))


def _temporal(used: pl.LazyFrame) -> dict[str, Verdict]:
    """Judge the order of time, and that the first test row is the one after four fifths of all."""
    part, time = pl.col("temporal"), pl.col("rated_at")
    rows, train, last, first = (
        used.select(
            rows=pl.len(),
            train=(part == "train").sum(),
            last=time.filter(part == "train").max(),
            first=time.filter(part == "test").min(),
        )
        .collect(engine="streaming")
        .row(0)
    )
    at_once = _rows(used.filter(time == first)) if first is not None else 0
    wanted = int(rows * (1 - TEST_SHARE))
    return {
        "time_order": Verdict(
            passed=None not in (first, last) and last < first,
            facts={"last_train": str(last), "first_test": str(first)},
            description=f"the last train row is of {last}, the first test row of {first}",
        ),
        "temporal_share": Verdict(
            passed=train <= wanted < train + at_once,
            facts={"ratings": rows, "train": train, "train_share": train / rows if rows else 0.0},
            description=f"{train} of {rows} ratings are train rows, {at_once} are of the first second that is tested",
        ),
    }


def _held_out(users: pl.DataFrame) -> Verdict:
    held = users.filter("held")
    mixed = held.filter((pl.col("learnt") > 0) | (pl.col("asked") != _fifth()))
    wanted = min(max(1, int(len(users) * HELD_OUT_SHARE)), HELD_OUT_MOST)
    return Verdict(
        # Draws that are equal at the limit leave out one user more, once in thousands of times.
        passed=mixed.is_empty() and wanted - 1 <= len(held) <= wanted,
        facts={"users": len(users), "held_out": len(held), "wanted": wanted, "mixed": len(mixed)},
        description=f"{len(held)} of {len(users)} users are held out, for {wanted}; {len(mixed)} of them have train "
        "rows, or not a fifth of their ratings as test rows",
    )


def _no_user(users: pl.DataFrame, wrong: pl.Expr, what: str) -> Verdict:
    found = users.filter(wrong.fill_null(True))["user_id"]
    return Verdict(
        passed=found.is_empty() and len(users) > 0,
        facts={"users": len(users), "off": len(found)},
        description=f"{len(found)} of {len(users)} users {what}"
        + (f", such as {found.sort()[0]}" if len(found) else ""),
    )


def _equal(rows: int, expected: int, matching: int, what: str) -> Verdict:
    return Verdict(
        passed=rows == expected == matching,
        facts={"rows": rows, "expected_rows": expected, "matching": matching},
        description=f"{matching} of {expected} {what}; there are {rows}",
    )


def _none(rows: pl.LazyFrame, what: str) -> Verdict:
    count = _rows(rows)
    return Verdict(passed=count == 0, facts={"rows": count}, description=f"{count} {what}")


def _rows(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())
