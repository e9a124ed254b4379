"""Reconciliation: does a store hold exactly what it was sent?

One publication is compared by its ids, its number of rows, and the values of a sample. What does not belong here: how
a store is read (stores/publications.py).
"""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain

import polars as pl

from tv5_assets.quality.verdict import Verdict
from tv5_assets.tables.reports import Reconciliation
from tv5_assets.tables.table import polars_schema

_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Publication:
    """What was sent to a store, and how to read it back.

    Attributes:
        store: milvus, neo4j, postgres or redis.
        dataset: what was published, such as ``movies``.
        source: key of the asset it was published from.
        rows: rows that were sent.
        ids: what identifies what was sent, every row of it; for rows too many to list, each owner and how many it has.
        read_ids: returns the same of what the store holds, duplicates included.
        count: returns the number of rows in the store.
        sample: rows whose values are compared, identified by ``key``.
        key: columns of ``sample`` that identify a row.
        fetch: returns the rows of the store with those keys, columns as in ``sample``.
        json: columns that hold JSON text, which may be spaced and ordered in another way.
    """

    store: str
    dataset: str
    source: str
    rows: int
    ids: pl.DataFrame
    read_ids: Callable[[], pl.DataFrame]
    count: Callable[[], int]
    sample: pl.DataFrame
    key: tuple[str, ...]
    fetch: Callable[[pl.DataFrame], pl.DataFrame]
    json: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A row of tables.reports.Reconciliation."""

    store: str
    dataset: str
    source: str
    source_rows: int
    store_rows: int
    missing_ids: int
    surplus_ids: int
    sampled: int
    differing: int


def compare(publication: Publication) -> Comparison:
    """Compare every id, the number of rows, and the values of the sample: what was sent with what the store holds."""
    ids, there = publication.ids, publication.read_ids()
    there = there.select(pl.col(name).cast(dtype) for name, dtype in ids.schema.items())
    sample = publication.sample
    return Comparison(
        publication.store,
        publication.dataset,
        publication.source,
        source_rows=publication.rows,
        store_rows=publication.count(),
        missing_ids=len(ids.join(there, on=ids.columns, how="anti")),
        # An id that is there twice is one too many.
        surplus_ids=len(there.join(ids, on=ids.columns, how="anti")) + len(there) - there.n_unique(),
        sampled=len(sample),
        differing=_differing(publication, publication.fetch(sample.select(publication.key))),
    )


def compare_all(publications: Iterable[Publication]) -> pl.DataFrame:
    """Compare each publication; return rows of tables.reports.Reconciliation, store by store.

    Stores are read beside one another, and each by one thread, as its connection asks.
    """
    by_store: dict[str, list[Publication]] = {}
    for one in publications:
        by_store.setdefault(one.store, []).append(one)
    with ThreadPoolExecutor(max(1, len(by_store))) as pool:
        compared = pool.map(lambda of_store: [asdict(compare(one)) for one in of_store], by_store.values())
        return pl.DataFrame(list(chain.from_iterable(compared)), schema=polars_schema(Reconciliation))


def _differing(publication: Publication, read: pl.DataFrame) -> int:
    key, json_columns = list(publication.key), pl.col(publication.json)
    canonical = json_columns.map_elements(_canonical, return_dtype=pl.String)
    sent = publication.sample.with_columns(canonical, sent=True)
    read = read.cast({name: sent.schema[name] for name in key}).with_columns(canonical, read=True)
    values = [name for name in publication.sample.columns if name not in key]
    pairs = sent.join(read, on=key, how="left", suffix="_read")
    differs = [pl.col("read").is_null(), *(_differs(name, sent.schema[name]) for name in values)]
    return len(pairs.filter(pl.any_horizontal(differs)))


def _canonical(text: str) -> str:
    return json.dumps(json.loads(text, parse_float=_number), sort_keys=True)


def _number(text: str) -> float | int:
    """Return a number so that equal ones are written alike: a store may write 1.0 as 1, -0.0 as 0 and 1e16 in full."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _differs(name: str, dtype: pl.DataType) -> pl.Expr:
    sent, read = pl.col(name), pl.col(f"{name}_read")
    if dtype.is_float():
        # A store may keep another precision than float32's; a missing value never equals a present one.
        close = (sent - read).abs() <= _TOLERANCE * (1 + sent.abs())
        return ~(close.fill_null(False) | (sent.is_null() & read.is_null()))
    return sent.ne_missing(read)


def publication_rules(publications: Iterable[Publication]) -> dict[str, Verdict]:
    """Judge what one asset publishes.

    Returns:
        The verdicts ``count`` (every id of the source is there, no other, as many rows) and ``read_back`` (a sample
        that was read back equals what was sent).
    """
    compared = [compare(one) for one in publications]
    total = {
        name: sum(getattr(one, name) for one in compared)
        for name in ("source_rows", "store_rows", "missing_ids", "surplus_ids", "sampled", "differing")
    }
    counted = {name: total[name] for name in ("source_rows", "store_rows", "missing_ids", "surplus_ids")}
    return {
        "count": Verdict(
            passed=all(
                one.source_rows == one.store_rows and not one.missing_ids and not one.surplus_ids for one in compared
            ),
            facts=counted,
            description="{store_rows} of {source_rows} rows are there, {missing_ids} ids are missing, "
            "{surplus_ids} too many".format(**counted),
        ),
        "read_back": Verdict(
            # Of nothing at all, nothing can differ: a set without themes publishes none.
            passed=not total["differing"] and (total["sampled"] > 0 or not total["source_rows"]),
            facts={"sampled": total["sampled"], "differing": total["differing"]},
            description="{differing} of {sampled} rows that were read back differ from what was sent".format(**total),
        ),
    }


def reconciled(comparisons: pl.DataFrame) -> Verdict:
    """Judge rows of tables.reports.Reconciliation together: no store differs from its source in anything."""
    off = comparisons.filter(
        (pl.col("source_rows") != pl.col("store_rows"))
        | (pl.col("missing_ids") > 0)
        | (pl.col("surplus_ids") > 0)
        | (pl.col("differing") > 0)
    )
    named = ", ".join(f"{store} {dataset}" for store, dataset in off.select("store", "dataset").rows())
    return Verdict(
        passed=len(comparisons) > 0 and off.is_empty(),
        facts={
            "publications": len(comparisons),
            "off": len(off),
            "rows": int(comparisons["store_rows"].sum()),
            "sampled": int(comparisons["sampled"].sum()),
        },
        description=f"differs from its source: {named}" if named else "every store holds exactly what it was sent",
    )
