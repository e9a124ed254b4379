import dataclasses
import json
import threading
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.quality.reconcile import Publication, compare, compare_all, publication_rules, reconciled
from tv5_assets.tables.reports import Reconciliation

SENT = pl.DataFrame({"id": [1, 2, 3], "score": [0.5, 1.5, None], "about": ['{"a": 1, "b": [2]}', "{}", '{"c": null}']})

Change = Callable[[pl.DataFrame], pl.DataFrame]


def publication(sent: pl.DataFrame = SENT, there: pl.DataFrame | None = None) -> Publication:
    """Return the publication of ``sent`` into a store that holds ``there``, which is the same if not given."""
    held = sent if there is None else there
    return Publication(
        "redis",
        "things",
        "made/things",
        rows=len(sent),
        ids=sent.select("id"),
        read_ids=lambda: held.select("id"),
        count=lambda: len(held),
        sample=sent,
        key=("id",),
        fetch=lambda keys: held.join(keys, on="id", how="semi"),
        json=("about",),
    )


def test_a_store_that_holds_what_it_was_sent():
    compared = compare(publication())
    assert dataclasses.asdict(compared) == {
        "store": "redis",
        "dataset": "things",
        "source": "made/things",
        "source_rows": 3,
        "store_rows": 3,
        "missing_ids": 0,
        "surplus_ids": 0,
        "sampled": 3,
        "differing": 0,
    }


@pytest.mark.parametrize(
    ("there", "rows", "missing", "surplus", "differing"),
    [
        (SENT[1:], 2, 1, 0, 1),
        (pl.concat([SENT, pl.DataFrame({"id": [9], "score": [0.0], "about": ["{}"]})]), 4, 0, 1, 0),
        (pl.concat([SENT[1:], pl.DataFrame({"id": [9], "score": [0.0], "about": ["{}"]})]), 3, 1, 1, 1),
        (SENT.clear(), 0, 3, 0, 3),
    ],
    ids=["one lost", "one too many", "one for another", "empty"],
)
def test_ids_and_rows_that_are_missing_or_too_many(there, rows, missing, surplus, differing):
    compared = compare(publication(there=there))
    assert (compared.store_rows, compared.missing_ids, compared.surplus_ids, compared.differing) == (
        rows,
        missing,
        surplus,
        differing,
    )


def test_an_id_that_is_there_twice_is_one_too_many():
    twice = dataclasses.replace(publication(), read_ids=lambda: pl.concat([SENT, SENT[:1]]).select("id"))
    assert compare(twice).surplus_ids == 1


def test_an_owner_with_another_number_of_rows_is_both_missing_and_too_many():
    sent = pl.DataFrame({"id": [1, 2], "degree": [3, 4]})
    degrees = dataclasses.replace(
        publication(), ids=sent, read_ids=lambda: sent.with_columns(degree=pl.Series([3, 5], dtype=pl.Int32))
    )
    compared = compare(degrees)
    assert (compared.missing_ids, compared.surplus_ids) == (1, 1)


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (lambda frame: frame.with_columns(score=pl.Series([0.5, 1.500001, None])), 0),
        (lambda frame: frame.with_columns(score=pl.Series([0.5, 1.501, None])), 1),
        (lambda frame: frame.with_columns(score=pl.Series([None, 1.5, 0.0])), 2),
        (lambda frame: frame.with_columns(score=pl.Series([float("nan"), 1.5, None])), 1),
        (lambda frame: frame.with_columns(about=pl.Series(['{"b":[2],"a":1}', "{}", '{"c":null}'])), 0),
        (lambda frame: frame.with_columns(about=pl.Series(['{"b":[3],"a":1}', "{}", "{}"])), 2),
        (lambda frame: frame.with_columns(about=pl.Series(['{"b":[2],"a":1}', None, '{"c":null}'])), 1),
        (lambda frame: frame.reverse(), 0),
    ],
    ids=[
        "another precision",
        "another number",
        "null for a number and a number for null",
        "NaN",
        "other order and spaces in JSON",
        "other JSON",
        "no JSON",
        "another order",
    ],
)
def test_values_are_compared_by_what_they_mean(change: Change, differing: int):
    assert compare(publication(there=change(SENT))).differing == differing


@pytest.mark.parametrize(
    ("sent", "read"), [("-0.0", "0.0"), ("1.0", "1"), ("1e16", "10000000000000000"), ("1e-7", "0.0000001")]
)
def test_a_number_may_be_written_in_another_way(sent: str, read: str):
    frame = pl.DataFrame({"id": [1], "about": [f'{{"mean": {sent}}}']})
    assert compare(publication(frame, frame.with_columns(about=pl.lit(f'{{"mean": {read}}}')))).differing == 0
    assert compare(publication(frame, frame.with_columns(about=pl.lit(f'{{"mean": {read}1}}')))).differing == 1


def test_rules_tell_content_from_values():
    lost = publication_rules([publication(), publication(there=SENT[1:])])
    assert not lost["count"].passed
    assert lost["count"].facts == {"source_rows": 6, "store_rows": 5, "missing_ids": 1, "surplus_ids": 0}
    assert lost["count"].description == "5 of 6 rows are there, 1 ids are missing, 0 too many"
    changed = publication_rules([publication(there=SENT.with_columns(score=pl.lit(9.0)))])
    assert changed["count"].passed
    assert not changed["read_back"].passed
    assert changed["read_back"].facts == {"sampled": 3, "differing": 3}


def test_what_one_publication_lacks_is_not_made_up_by_another():
    fewer = dataclasses.replace(publication(), count=lambda: 2)
    more = dataclasses.replace(publication(), count=lambda: 4)
    assert not publication_rules([fewer, more])["count"].passed


def test_of_nothing_nothing_differs_but_a_sample_there_must_be():
    assert all(verdict.passed for verdict in publication_rules([publication(SENT.clear())]).values())
    unsampled = dataclasses.replace(publication(), sample=SENT.clear())
    assert not publication_rules([unsampled])["read_back"].passed


def test_all_stores_are_reconciled_in_one_table():
    comparisons = compare_all([publication(), dataclasses.replace(publication(), store="milvus")])
    Reconciliation.validate(comparisons)
    verdict = reconciled(comparisons)
    assert verdict.passed
    assert verdict.facts == {"publications": 2, "off": 0, "rows": 6, "sampled": 6}
    assert not reconciled(comparisons.clear()).passed, "nothing compared is nothing shown"


def test_stores_are_read_beside_one_another_and_each_by_one_thread():
    together = threading.Barrier(2, timeout=10)
    threads: list[tuple[str, int]] = []

    def published(store: str, *, meets: bool) -> Publication:
        def read() -> pl.DataFrame:
            threads.append((store, threading.get_ident()))
            if meets:
                together.wait()
            return SENT.select("id")

        return dataclasses.replace(publication(), store=store, read_ids=read)

    of_both = [published(store, meets=meets) for store in ("redis", "milvus") for meets in (True, False)]
    assert compare_all(of_both)["store"].to_list() == ["redis", "redis", "milvus", "milvus"]
    assert len(threads) == 4
    assert len(set(threads)) == 2


@pytest.mark.parametrize("column", ["store_rows", "missing_ids", "surplus_ids", "differing"])
def test_one_difference_anywhere_is_named(column: str):
    comparisons = compare_all([publication(), dataclasses.replace(publication(), store="milvus")])
    off = comparisons.with_columns(pl.when(pl.col("store") == "milvus").then(7).otherwise(column).alias(column))
    verdict = reconciled(off.cast(comparisons.schema))
    assert not verdict.passed
    assert verdict.facts["off"] == 1
    assert verdict.description == "differs from its source: milvus things"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(), values, max_size=3), min_size=1, max_size=5), st.data())
def test_documents_equal_themselves_however_written_and_no_others(documents, data):
    sent = pl.DataFrame({"id": range(len(documents)), "about": [json.dumps(one) for one in documents]})
    written = [json.dumps(one, indent=1, sort_keys=True, ensure_ascii=False) for one in documents]
    assert compare(publication(sent, sent.with_columns(about=pl.Series(written)))).differing == 0
    row = data.draw(st.integers(0, len(documents) - 1))
    written[row] = json.dumps({**documents[row], "added": 1, "version": len(documents[row])})
    changed = json.loads(written[row]) != documents[row]
    assert compare(publication(sent, sent.with_columns(about=pl.Series(written)))).differing == int(changed)
