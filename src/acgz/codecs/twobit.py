"""The codec `twobit`: four bases in a byte, the first in the highest bits. 2 bits/base."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acgz.codecs.base import JSON, Work, reject_unknown_settings
from acgz.errors import DamagedError


class _TwoBit:
    name = "twobit"

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        reject_unknown_settings(settings, {"lanes"})  # no lanes here; any number of them is right
        padded = np.zeros(-(-residues.size // 4) * 4, dtype=np.uint8)
        padded[: residues.size] = residues
        a, b, c, d = padded.reshape(-1, 4).T
        return {}, (a << 6 | b << 4 | c << 2 | d).tobytes()

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        if len(payload) != -(-count // 4):
            raise DamagedError(f"{len(payload)} bytes cannot hold {count} bases of 2 bits")
        packed = np.frombuffer(payload, dtype=np.uint8)
        residues = np.empty((packed.size, 4), dtype=np.uint8)
        for column, shift in enumerate((6, 4, 2, 0)):
            np.bitwise_and(packed >> shift, 3, out=residues[:, column])
        return residues.reshape(-1)[:count]


CODEC = _TwoBit()
