"""Rules that hold the processed tables to the raw files, and to what GroupLens says of them."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from tv5_assets.movielens.formats import detect
from tv5_assets.movielens.published import PUBLISHED
from tv5_assets.quality.verdict import Fact, Verdict


def rows_as_published(frame: pl.LazyFrame, manifest: pl.DataFrame, table: str) -> Verdict:
    """Hold a table of a named set to the rows that GroupLens publishes; of a simulated set nothing is published.

    Args:
        frame: the processed table.
        manifest: rows of tables.raw.RawMovieLens.
        table: the table's name, such as ``ratings``.
    """
    rows = frame.select(pl.len()).collect(engine="streaming").item()
    dataset = manifest["dataset"][0]
    if manifest["source"].str.ends_with("(simulated)").any():
        return Verdict(True, {"rows": rows}, f"{dataset} is simulated: nothing is published about it")
    expected = PUBLISHED[dataset].rows[table]
    return Verdict(rows == expected, {"rows": rows, "published_rows": expected}, f"{rows} rows, {expected} published")


def users_as_published(ratings: pl.LazyFrame, manifest: pl.DataFrame) -> Verdict:
    """Hold the users who rated to the number that GroupLens publishes."""
    users = ratings.select(pl.col("user_id").n_unique()).collect(engine="streaming").item()
    dataset = manifest["dataset"][0]
    if manifest["source"].str.ends_with("(simulated)").any():
        return Verdict(True, {"users": users}, f"{dataset} is simulated: nothing is published about it")
    expected = PUBLISHED[dataset].users
    return Verdict(
        users == expected, {"users": users, "published_users": expected}, f"{users} users, {expected} published"
    )


def nothing_lost(
    raw: Path, manifest: pl.DataFrame, rejects: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]
) -> Verdict:
    """Account for every raw row: each is in its table or among the rejects.

    Args:
        raw: folder of the set.
        manifest: rows of tables.raw.RawMovieLens.
        rejects: rows of tables.processed.Rejects.
        tables: the processed tables by name.
    """
    raw_rows: dict[str, int] = dict(manifest.filter(pl.col("rows").is_not_null()).select("name", "rows").iter_rows())
    rejected: dict[str, int] = dict(rejects.group_by("file").len().iter_rows())
    facts: dict[str, Fact] = {}
    lost = []
    for file in detect(raw).files:
        if file.table in tables:
            rows = tables[file.table].select(pl.len()).collect(engine="streaming").item()
            unaccounted = raw_rows[file.name] - rows - rejected.get(file.name, 0)
            facts |= {f"{file.name} rows": raw_rows[file.name], f"{file.name} unaccounted": unaccounted}
            if unaccounted:
                lost.append(f"{unaccounted} of {file.name}")
    return Verdict(
        passed=not lost,
        facts=facts,
        description=f"neither in a table nor rejected: {', '.join(lost)}" if lost else "every raw row is accounted for",
    )
