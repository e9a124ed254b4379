import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets import ids
from tv5_assets.errors import InputError

some_ids = st.integers(1, 2**31 - 1)


def test_as_they_are_written() -> None:
    assert ids.media_id(296) == "ml_296"
    assert ids.internal_id(296) == "media_00000296"
    assert ids.user_key(1) == "user_00000001"


@given(number=some_ids)
def test_movies_go_out_and_come_back(number: int) -> None:
    assert ids.parse_media_id(ids.media_id(number)) == number
    assert ids.parse_media_id(f" {number} ") == number


@given(number=some_ids)
def test_users_go_out_and_come_back(number: int) -> None:
    assert ids.parse_user_key(ids.user_key(number)) == number
    assert ids.parse_user_key(str(number)) == number


@given(numbers=st.lists(some_ids, min_size=1))
def test_a_column_is_written_as_each_of_its_ids(numbers: list[int]) -> None:
    frame = pl.DataFrame({"movie_id": numbers, "user_id": numbers}).select(ids.media_id_expr(), ids.user_key_expr())
    assert frame["media_id"].to_list() == [ids.media_id(number) for number in numbers]
    assert frame["user_key"].to_list() == [ids.user_key(number) for number in numbers]


def test_lists_of_movies() -> None:
    frame = pl.DataFrame({"expected": [[1, 22], [], None]}, schema={"expected": pl.List(pl.Int32)})
    assert frame.select(ids.media_ids_expr("expected")).to_series().to_list() == [["ml_1", "ml_22"], [], None]


def test_columns_of_other_ids() -> None:
    frame = pl.DataFrame({"id": [7, 123_456_789, None]})
    for column, written in [
        (ids.internal_id_expr, ["media_00000007", "media_123456789", None]),
        (ids.interaction_id_expr, ["int_7", "int_123456789", None]),
        (ids.tag_id_expr, ["tag_7", "tag_123456789", None]),
        (ids.context_key_expr, ["ctx_00000007", "ctx_123456789", None]),
    ]:
        assert frame.select(column("id")).to_series().to_list() == written


@pytest.mark.parametrize(
    "text", ["", "ml_", "ml_0", "ml_007", "0", "-1", "1.5", "user_00000001", "tt0114709", "٣", "x"]
)
def test_what_is_no_movie(text: str) -> None:
    with pytest.raises(InputError, match="is not a media id; write it as ml_296"):
        ids.parse_media_id(text)


@pytest.mark.parametrize("text", ["", "user_", "user_1", "user_00000000", "0", "-1", "ml_296", "²"])
def test_what_is_no_user(text: str) -> None:
    with pytest.raises(InputError, match="is not a user id; write it as user_00000001"):
        ids.parse_user_key(text)
