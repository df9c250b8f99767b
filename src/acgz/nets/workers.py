"""Threads that share the work of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from types import TracebackType
from typing import TypeVar

from threadpoolctl import threadpool_limits

LEAST = 8
"""Lanes that are worth a thread."""
MOST = 8
"""Threads: what each of them works on is in memory at once, with which a reader reckons."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Workers:
    """A pool, as a context. Meanwhile BLAS computes in the thread that calls it.

    BLAS divides single products, and a network has other things to do between them: of two cores
    DeepGeCo PLUS made 46 ms a batch that way, and 42 where each thread has lanes of its own, with
    less work for both. What a thread is given must be long: between kernels of some µs threads
    wait for Python's lock, and GeneFormer with 3 lanes for each took twice as long as with one.
    """

    def __init__(self, threads: int = 1) -> None:
        self.threads = min(threads, MOST)
        self._pool: ThreadPoolExecutor | None = None
        self._context = ExitStack()

    def __enter__(self) -> Workers:
        if self.threads > 1:
            self._context.enter_context(threadpool_limits(limits=1, user_api="blas"))
            self._pool = ThreadPoolExecutor(self.threads)
            self._context.callback(self._pool.shutdown, cancel_futures=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._context.close()
        self._pool = None

    def over(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item]
    ) -> Iterator[_Result]:
        """Results one by one, in the order of the items, which are taken up in that order."""
        return map(function, items) if self._pool is None else self._pool.map(function, items)

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """All results, in the order of the items."""
        return list(self.over(function, items))

    def divide(self, lanes: int, least: int = LEAST) -> list[slice]:
        """The lanes in contiguous parts, one for each thread, as equal as can be.

        If there are several, each has ``least`` lanes or more.

        >>> Workers(2).divide(65)
        [slice(0, 33, None), slice(33, 65, None)]
        >>> Workers(2).divide(10)
        [slice(0, 10, None)]
        """
        parts = max(1, min(self.threads, lanes // least))
        ends = [-(-lanes * part // parts) for part in range(parts + 1)]
        return [slice(first, end) for first, end in pairwise(ends)]
