from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.embeddings.vectors import Vectors, read_vectors, write_vectors
from tv5_assets.errors import InputError


def vectors_of(ids: list[int], dimension: int = 3) -> Vectors:
    matrix = np.arange(len(ids) * dimension, dtype=np.float32).reshape(-1, dimension)
    return Vectors(np.array(ids, dtype=np.int32), matrix, "made")


@pytest.mark.parametrize("ids", [[], [7], [1, 5, 209_171]])
def test_a_file_gives_back_what_was_written(tmp_path: Path, ids: list[int]) -> None:
    written = vectors_of(ids)
    write_vectors(written, tmp_path / "v.arrow")
    read = read_vectors(tmp_path / "v.arrow")
    assert read.model == "made"
    np.testing.assert_array_equal(read.ids, written.ids)
    np.testing.assert_array_equal(read.matrix, written.matrix)


def test_reading_copies_nothing(tmp_path: Path) -> None:
    write_vectors(vectors_of([1, 2]), tmp_path / "v.arrow")
    assert not read_vectors(tmp_path / "v.arrow").matrix.flags.owndata


@pytest.mark.parametrize("content", [None, b"", b"no arrow at all"])
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "v.arrow"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"v\.arrow is not a file of vectors"):
        read_vectors(path)


@given(
    ids=st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=30, unique=True).map(sorted),
    data=st.data(),
)
def test_rows_of_agrees_with_a_dictionary(ids: list[int], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from(ids), max_size=20))
    row_of = {id_: row for row, id_ in enumerate(ids)}
    rows = vectors_of(ids).rows_of(np.array(wanted, dtype=np.int32))
    assert rows.tolist() == [row_of[id_] for id_ in wanted]


@pytest.mark.parametrize("ids", [[], [2, 4], [2, 2**31 - 1]])
@pytest.mark.parametrize("unknown", [-1, 0, 3, 5, 2**31 - 2])
def test_an_id_without_vector_is_named(ids: list[int], unknown: int) -> None:
    with pytest.raises(InputError, match=f"id {unknown} has no vector"):
        vectors_of(ids).rows_of(np.array([*ids, unknown], dtype=np.int32))


@pytest.mark.parametrize("ids", [[2, 1], [1, 1]])
def test_ids_that_are_not_ascending_are_refused(ids: list[int]) -> None:
    with pytest.raises(InputError, match="ascending and unique"):
        vectors_of(ids)


def test_ids_and_rows_must_agree_in_number_and_type() -> None:
    with pytest.raises(InputError, match="2 ids do not fit"):
        Vectors(np.array([1, 2], dtype=np.int32), np.zeros((3, 4), dtype=np.float32), "made")
    with pytest.raises(InputError, match="int64 and float32"):
        Vectors(np.array([1]), np.zeros((1, 4), dtype=np.float32), "made")  # type: ignore[arg-type]  # on purpose
