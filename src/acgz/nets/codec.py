"""What the codecs of all networks share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acgz.codec import Coded, Job


class NetworkCodec:
    """A codec whose arithmetic runs in BLAS, OpenMP and PyTorch: they keep to the job's threads.

    That holds for the whole process: these libraries know no smaller unit.
    """

    def encode(self, residues: NDArray[np.uint8], settings: Any, job: Job) -> Coded:
        """`acgz.codec.Codec.encode`, with as many threads in the libraries as the job has."""
        with threadpool_limits(limits=job.threads):
            return self._encode(residues, settings, job)

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        """`acgz.codec.Codec.decode`, with as many threads in the libraries as the job has."""
        with threadpool_limits(limits=job.threads):
            return self._decode(coded, count, job)

    def _encode(self, residues: NDArray[np.uint8], settings: Any, job: Job) -> Coded:
        raise NotImplementedError

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        raise NotImplementedError
