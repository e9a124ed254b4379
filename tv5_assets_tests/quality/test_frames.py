from datetime import UTC, datetime, timedelta
from typing import ClassVar

import dataframely as dy
import numpy as np
import polars as pl
import pytest

from tv5_assets.coherence import Rule
from tv5_assets.errors import InputError
from tv5_assets.quality import frames
from tv5_assets.quality.frames import (
    column_failures,
    complete_grid,
    every_row,
    no_older_than,
    no_orphans,
    proportions_as_declared,
    rejects_within,
    rises,
    row_count_is,
    share_as_declared,
    share_at_least,
    sums_by,
    table_rules,
    times_between,
    unique_key,
)
from tv5_assets.quality.verdict import Verdict
from tv5_assets.tables.processed import Movies, Ratings
from tv5_assets.tables.table import Table, all_tables, polars_schema


def ratings_of(count: int = 20) -> pl.LazyFrame:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    rows = [
        (i // 5 + 1, i % 5 + 1, i % 10 / 2 + 0.5, start + timedelta(days=i), "night", "Sat", i) for i in range(count)
    ]
    return pl.LazyFrame(rows, schema=polars_schema(Ratings), orient="row")


def movies_of() -> pl.LazyFrame:
    themes = [{"tag": "heist", "relevance": 0.8}]
    row = {
        "title": "Heat", "original_title": "Heat (1995)", "title_sort": "Heat", "year": 1995,
        "genres": ["Crime"], "themes": themes, "imdb_id": "tt0113277", "tmdb_id": 949,
    }  # fmt: skip
    return pl.LazyFrame([{"movie_id": i} | row for i in (1, 2)], schema=polars_schema(Movies))


def failed(frame: pl.LazyFrame, table: type[Table]) -> set[str]:
    return {name for name, verdict in table_rules(frame, table).items() if not verdict.passed}


@pytest.mark.parametrize(("frame", "table"), [(ratings_of(), Ratings), (movies_of(), Movies)])
def test_a_good_table_passes_every_rule(frame: pl.LazyFrame, table: type[Table]) -> None:
    verdicts = table_rules(frame, table)
    assert verdicts.keys() == {"schema", "unique_key", "no_nulls", "values"}
    assert all(verdict.passed for verdict in verdicts.values())


@pytest.mark.parametrize("table", all_tables().values(), ids=all_tables().keys())
def test_an_empty_frame_of_any_table_can_be_judged(table: type[Table]) -> None:
    assert failed(pl.LazyFrame(schema=polars_schema(table)), table) == set()


def test_missing_surplus_and_mistyped_columns_fail_and_end_the_judgement() -> None:
    frame = ratings_of().drop("row").with_columns(pl.col("user_id").cast(pl.Int64), extra=1)
    verdicts = table_rules(frame, Ratings)
    assert verdicts.keys() == {"schema"}
    assert not verdicts["schema"].passed
    facts = verdicts["schema"].facts
    assert (facts["missing"], facts["surplus"], facts["mistyped"]) == (1, 1, 1)
    assert "row is missing" in verdicts["schema"].description
    assert "user_id is Int64, not Int32" in verdicts["schema"].description


@pytest.mark.parametrize("keys_at_once", [1, 3, 7, 1_000])
def test_a_repeated_key_fails_in_any_number_of_passes(keys_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_KEYS_AT_ONCE", keys_at_once)
    assert unique_key(ratings_of(), ["user_id", "movie_id"]).passed
    doubled = pl.concat([ratings_of(), ratings_of(3)])
    verdict = unique_key(doubled, ["user_id", "movie_id"])
    assert not verdict.passed
    assert verdict.facts == {"rows": 23, "duplicates": 3}


def test_a_null_where_none_may_be_fails() -> None:
    frame = ratings_of().with_columns(rating=pl.when(pl.col("row") > 1).then("rating"))
    assert failed(frame, Ratings) == {"no_nulls"}
    assert table_rules(frame, Ratings)["no_nulls"].facts["rating|nullability"] == 2


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (pl.lit(7.0), "rating|max"),
        (pl.lit(0.0), "rating|min"),
        (pl.lit(3.3), "rating|check"),
        (pl.lit(float("nan")), "rating|nan"),
    ],
)
def test_a_value_out_of_bounds_fails(wrong: pl.Expr, rule: str) -> None:
    frame = ratings_of().with_columns(
        rating=pl.when(pl.col("row") == 4).then(wrong).otherwise("rating").cast(pl.Float32)
    )
    assert failed(frame, Ratings) == {"values"}
    assert table_rules(frame, Ratings)["values"].facts[rule] == 1


def test_values_inside_lists_and_structs_are_judged() -> None:
    strong = pl.lit([{"tag": "heist", "relevance": 1.5}], dtype=polars_schema(Movies)["themes"])
    frame = movies_of().with_columns(themes=pl.when(pl.col("movie_id") == 1).then(strong).otherwise("themes"))
    assert failed(frame, Movies) == {"values"}
    hollow = pl.lit([None], dtype=polars_schema(Movies)["genres"])
    assert failed(movies_of().with_columns(genres=hollow), Movies) == {"no_nulls"}


def test_counts_agree_with_dataframely() -> None:
    frame = ratings_of().with_columns(
        rating=pl.col("rating") + pl.when(pl.col("row") % 3 == 0).then(10).otherwise(0).cast(pl.Float32),
        user_id=pl.when(pl.col("row") > 2).then("user_id"),
    )
    _, failures = Ratings.filter(frame.collect())
    expected = {rule: count for rule, count in failures.counts().items() if rule != "primary_key"}
    assert {rule: count for rule, count in column_failures(frame, Ratings).items() if count} == expected


def test_a_table_without_key_has_no_verdict_on_it() -> None:
    class Keyless(Table):
        key: ClassVar[str] = "made/keyless"
        owner: ClassVar[str] = "team:tests"
        about: ClassVar[str] = "No key."

        value = dy.Int32()

    assert "unique_key" not in table_rules(pl.LazyFrame({"value": [1, 1]}, schema={"value": pl.Int32}), Keyless)


def test_an_orphan_fails_and_is_named() -> None:
    parent = pl.LazyFrame({"movie_id": [1, 2, 3, 4]}, schema={"movie_id": pl.Int32})
    verdict = no_orphans(ratings_of(), "movie_id", parent)
    assert not verdict.passed
    assert verdict.facts == {"orphans": 4}
    assert "such as 5" in verdict.description
    assert no_orphans(ratings_of(), "user_id", parent, "movie_id").passed


def test_a_null_is_an_orphan_unless_it_may_be() -> None:
    child = pl.LazyFrame({"user_id": [1, None]})
    parent = pl.LazyFrame({"user_id": [1, None]})
    assert no_orphans(child, "user_id", parent).facts == {"orphans": 1}
    assert no_orphans(child, "user_id", parent, nullable=True).passed


def test_another_row_count_fails() -> None:
    assert row_count_is(ratings_of(), 20).passed
    verdict = row_count_is(ratings_of(19), 20)
    assert not verdict.passed
    assert verdict.facts == {"rows": 19, "expected_rows": 20}


def test_a_low_share_fails_and_null_counts_as_no() -> None:
    frame = pl.LazyFrame({"year": [1995, None, 1999, 2001]})
    found = pl.col("year").is_not_null()
    assert share_at_least(frame, found, 0.75, "movies with a year").passed
    verdict = share_at_least(frame, found, 0.95, "movies with a year")
    assert not verdict.passed
    assert verdict.facts == {"rows": 4, "kept": 3, "share": 0.75, "least_share": 0.95}
    assert share_at_least(frame, pl.col("year") > 1996, 0.5, "new movies").facts["kept"] == 2
    assert not share_at_least(frame.head(0), found, 0.0001, "movies with a year").passed


def test_times_before_1990_and_in_the_future_fail() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    times = pl.LazyFrame({"at": [datetime(1989, 12, 31, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), now]})
    verdict = times_between(times, "at", latest=now)
    assert not verdict.passed
    assert verdict.facts["outside"] == 1
    assert verdict.facts["first"] == "1989-12-31T00:00:00+00:00"
    assert times_between(times.tail(2), "at", latest=now).passed
    assert not times_between(times.tail(2), "at", latest=now - timedelta(seconds=1)).passed
    assert times_between(times.tail(2), "at").passed
    assert times_between(times.head(0), "at").passed


def test_too_many_rejects_fail() -> None:
    assert rejects_within(1, 1_000, 0.001).passed
    verdict = rejects_within(2, 1_000, 0.001)
    assert not verdict.passed
    assert verdict.facts == {"rejected": 2, "rows": 1_000, "share": 0.002, "max_share": 0.001}
    assert rejects_within(0, 0, 0.001).passed


def test_rows_that_break_a_rule_are_counted_and_nulls_say_nothing() -> None:
    frame = pl.LazyFrame({"mode": ["alone", "alone", "date", "alone"], "size": [1, 2, 2, None]})
    rules = [
        Rule("alone", "who is alone is one", lambda: (pl.col("mode") != "alone") | (pl.col("size") == 1)),
        Rule("positive", "a size is positive", lambda: pl.col("size") > 0),
    ]
    verdicts = every_row(frame, rules)
    assert {name: verdict.passed for name, verdict in verdicts.items()} == {"alone": False, "positive": True}
    assert verdicts["alone"].facts == {"rows": 4, "broken": 1}
    assert verdicts["alone"].description == "1 of 4 rows break it: who is alone is one"


def archetypes(**counts: int) -> pl.LazyFrame:
    return pl.LazyFrame({"archetype": [name for name, count in counts.items() for _ in range(count)]})


def test_proportions_far_from_what_is_declared_fail() -> None:
    frame = archetypes(casual=7_000, senior=3_000)
    assert proportions_as_declared(frame, "archetype", {"casual": 0.7, "senior": 0.3, "ghost": 0.0}).passed
    verdict = proportions_as_declared(frame, "archetype", {"casual": 0.5, "senior": 0.3, "family": 0.2})
    assert not verdict.passed
    assert verdict.facts["share of family"] == 0
    assert "casual 70.00% for 50.00%" in verdict.description


def test_values_that_are_not_declared_fail_however_few() -> None:
    frame = archetypes(casual=99_999, senior=1)
    verdict = proportions_as_declared(frame, "archetype", {"casual": 1.0})
    assert not verdict.passed
    assert "undeclared: senior" in verdict.description
    nulls = pl.LazyFrame({"archetype": ["casual", None]})
    assert not proportions_as_declared(nulls, "archetype", {"casual": 1.0}).passed


def test_proportions_of_few_rows_may_stray_as_far_as_chance_takes_them_and_of_many_hardly() -> None:
    expected = {"casual": 0.5, "senior": 0.5}
    few, many = (archetypes(casual=6 * n, senior=4 * n) for n in (3, 1_000))
    assert proportions_as_declared(few, "archetype", expected).passed
    assert not proportions_as_declared(many, "archetype", expected).passed
    assert proportions_as_declared(archetypes(casual=502_000, senior=498_000), "archetype", expected).passed
    assert not proportions_as_declared(archetypes(casual=503_000, senior=497_000), "archetype", expected).passed


def test_a_rare_value_drawn_a_few_times_more_than_expected_is_no_proof() -> None:
    # 16 of 100 where 5 are expected: Pearson finds p = 4e-7, the binomial tail is 4e-5.
    frame = archetypes(rare=16, common=84)
    assert proportions_as_declared(frame, "archetype", {"rare": 0.05, "common": 0.95}).passed


def test_nothing_shows_no_proportions_and_shares_must_be_whole() -> None:
    assert not proportions_as_declared(archetypes(casual=1).head(0), "archetype", {"casual": 1.0}).passed
    with pytest.raises(InputError, match=r"archetype sum to 0\.9"):
        proportions_as_declared(archetypes(casual=1), "archetype", {"casual": 0.9})


@pytest.mark.parametrize(
    ("part", "whole", "at_least", "passed"),
    [
        (6, 10, False, True),
        (2, 10, False, True),  # of few, chance explains much
        (600_000, 1_000_000, False, True),
        (603_000, 1_000_000, False, False),
        (603_000, 1_000_000, True, True),
        (597_000, 1_000_000, True, False),
        (0, 0, False, False),
    ],
)
def test_a_share_that_chance_does_not_explain_fails(part: int, whole: int, at_least: bool, passed: bool) -> None:
    assert share_as_declared(part, whole, 0.6, "movies on a platform", at_least).passed is passed


def risen(by: list[float], value: list[float]) -> Verdict:
    frame = pl.LazyFrame({"by": by, "value": value})
    return rises(sums_by(frame, pl.col("by"), pl.col("value")).collect(), 0.1, "value by by")


def test_means_that_rise_pass_also_where_chance_lets_them_fall_a_little() -> None:
    stars = [1.0, 2.0, 3.0] * 100
    wobble = [(-0.4, 0.1, 0.3)[number // 3 % 3] for number in range(300)]
    assert risen(stars, [star + shift for star, shift in zip(stars, wobble, strict=True)]).passed
    assert risen([1, 2, 2, 3], [1.0, 2.5, 1.5, 1.9]).passed  # one row at 3 stars says little


def test_means_that_stand_still_or_fall_do_not_pass() -> None:
    stars = [1.0, 2.0, 3.0, 4.0] * 100
    assert not risen(stars, [0.5] * 400).passed
    assert not risen(stars, [-star for star in stars]).passed
    dip = risen(stars, [star + (star == 3) * -1.5 + number % 7 / 10 for number, star in enumerate(stars)])
    assert not dip.passed
    assert dip.facts["falls"] == 1
    assert dip.facts["correlation"] > 0.1
    assert not risen([], []).passed


def test_the_correlation_is_that_of_the_rows() -> None:
    by, value = [1.0, 2.0, 2.0, 5.0], [3.0, 1.0, 4.0, 6.0]
    assert risen(by, value).facts["correlation"] == pytest.approx(np.corrcoef(by, value)[0, 1])


def test_a_hole_in_a_grid_fails() -> None:
    grid = pl.LazyFrame({"movie_id": [1, 1, 2, 2], "date": [1, 2, 1, 2]})
    assert complete_grid(grid, rows="movie_id", columns="date").passed
    verdict = complete_grid(grid.head(3), rows="movie_id", columns="date")
    assert not verdict.passed
    assert verdict.facts == {"rows": 3, "movie_id": 2, "date": 2}
    assert not complete_grid(grid.head(0), rows="movie_id", columns="date").passed


def test_old_data_fails() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    frame = pl.LazyFrame({"as_of": [now - timedelta(hours=9), now - timedelta(minutes=45)]})
    assert no_older_than(frame, "as_of", timedelta(minutes=45), now=now).passed
    verdict = no_older_than(frame, "as_of", timedelta(minutes=44), now=now)
    assert not verdict.passed
    assert verdict.facts == {"age_minutes": 45.0, "most_minutes": 44.0}
    assert not no_older_than(frame.head(0), "as_of", timedelta(minutes=45), now=now).passed
