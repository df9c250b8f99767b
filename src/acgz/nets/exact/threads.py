"""How many threads the libraries under a network may use."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def limited(threads: int) -> AbstractContextManager[object]:
    """Within this context, BLAS and OpenMP use at most so many ``threads``.

    It holds for the whole process: these libraries know no smaller unit.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=threads)
    return limits
