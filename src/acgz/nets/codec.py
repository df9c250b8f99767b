"""What the codecs of all networks share."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acgz.codec import Coded, Job

_LARGE = 31 << 20
"""Bytes; glibc lets its limits grow by blocks of less than 32 MiB."""


class NetworkCodec:
    """A codec whose arithmetic runs in BLAS, OpenMP and PyTorch: they keep to the job's threads.

    That holds for the whole process: these libraries know no smaller unit.
    """

    def encode(self, residues: NDArray[np.uint8], settings: Any, job: Job) -> Coded:
        """`acgz.codec.Codec.encode`, with as many threads in the libraries as the job has."""
        keep_memory()
        with threadpool_limits(limits=job.threads):
            return self._encode(residues, settings, job)

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        """`acgz.codec.Codec.decode`, with as many threads in the libraries as the job has."""
        keep_memory()
        with threadpool_limits(limits=job.threads):
            return self._decode(coded, count, job)

    def _encode(self, residues: NDArray[np.uint8], settings: Any, job: Job) -> Coded:
        raise NotImplementedError

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        raise NotImplementedError


@cache
def keep_memory() -> None:
    """Have malloc keep what it is given back, from now on.

    The largest block that was ever given back to glibc says how much it keeps, and from which
    size on blocks are taken from the system (mallopt(3), M_MMAP_THRESHOLD). A network gives some
    MB back in each step, and would get them again page by page: where nothing large had been
    given back before, that was a quarter of the time of DeepGeCo PLUS.
    """
    np.empty(_LARGE, np.uint8)
