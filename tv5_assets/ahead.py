"""Making items and using them at the same time: the next is made while the one before it is used. No item is None."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield items, each made in a thread while its predecessor is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def one_begun(items: Iterator[Item]) -> Iterator[Item]:
    """Yield items, each once its successor is made: of things that go on by themselves, such as a GPU's work, the next
    is begun before the one before it is waited for.
    """
    begun = next(items, None)
    while begun is not None:
        following = next(items, None)
        yield begun
        begun = following


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
