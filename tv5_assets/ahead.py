"""Making items and using them at the same time: the next is made while the one before it is used."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield items, none of which is None, each made in a thread while its predecessor is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def one_behind(items: Iterable[Item], use: Callable[[Item], object]) -> None:
    """Use items, in their order, each in a thread while its successor is made here."""
    with ThreadPoolExecutor(1) as pool:
        using: Future[object] | None = None
        for item in items:
            if using is not None:
                using.result()
            using = pool.submit(use, item)
        if using is not None:
            using.result()
