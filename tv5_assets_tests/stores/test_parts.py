import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.stores.parts import changed_parts, parts_of, version_of

ROWS = st.lists(st.tuples(st.integers(1, 5), st.text(max_size=3)), max_size=30, unique=True)


def frame(rows: list[tuple[int, str]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema={"user_id": pl.Int32, "text": pl.String}, orient="row")


def parts(rows: list[tuple[int, str]]) -> pl.DataFrame:
    return parts_of(frame(rows), "user_id")


@given(ROWS, ROWS)
def test_exactly_the_parts_whose_rows_differ_are_changed(
    old: list[tuple[int, str]], new: list[tuple[int, str]]
) -> None:
    changed, rows = changed_parts(parts(old), parts(new))

    def of(user: int, among: list[tuple[int, str]]) -> set[tuple[int, str]]:
        return {row for row in among if row[0] == user}

    expected = {user for user, _ in [*old, *new] if of(user, old) != of(user, new)}
    assert set(changed) == expected
    assert rows == sum(user in expected for user, _ in new)


@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, str]], chance) -> None:
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    assert parts(rows).equals(parts(shuffled))
    assert version_of(parts(rows)) == version_of(parts(shuffled))


def test_parts_are_counted_by_ascending_owner() -> None:
    found = parts([(3, "a"), (1, "b"), (3, "c")])
    assert found.select("part", "rows").rows() == [(1, 1), (3, 2)]
    assert version_of(found) != version_of(parts([(3, "a"), (1, "b"), (3, "d")]))
