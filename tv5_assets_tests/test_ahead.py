import threading
from collections.abc import Iterator

import pytest

from tv5_assets.ahead import one_ahead, one_begun, one_behind


def test_yields_everything_in_order() -> None:
    assert list(one_ahead(iter(range(100)))) == list(range(100))
    assert list(one_ahead(iter(()))) == []


def test_the_next_is_made_while_this_one_is_used() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    for _ in one_ahead(items()):
        assert made.wait(timeout=30)
        break


def test_an_error_comes_where_its_item_would() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("of the second")

    ahead = one_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="of the second"):
        next(ahead)


def test_each_item_waits_for_its_successor() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for item in range(4):
            made.append(item)
            yield item

    seen = [(item, len(made)) for item in one_begun(items())]
    assert seen == [(0, 2), (1, 3), (2, 4), (3, 4)]
    assert list(one_begun(iter(()))) == []


def test_one_behind_uses_everything_in_order() -> None:
    used: list[int] = []
    one_behind(range(100), used.append)
    assert used == list(range(100))
    one_behind((), used.append)


def test_an_item_is_used_while_the_next_is_made() -> None:
    used = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        assert used.wait(timeout=30)
        yield 2

    one_behind(items(), lambda item: used.set())


def test_what_an_item_cannot_be_used_for_is_said_and_ends_it() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            made.append(item)
            yield item

    def use(item: int) -> None:
        raise ValueError(f"of item {item}")

    with pytest.raises(ValueError, match="of item 0"):
        one_behind(items(), use)
    assert made == [0, 1]
