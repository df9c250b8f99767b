"""What fine-tuning has changed in a network, small enough to be stored in an archive (ULTRA)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import zstandard
from numpy.typing import NDArray

from acgz.errors import DamagedError
from acgz.models import Weights

MOST = 127
"""Steps up or down that a weight can be changed by."""


@dataclass(frozen=True)
class Changes:
    """Whole multiples of 2**-bits that are added to the weights."""

    bits: int
    steps: Mapping[str, NDArray[np.int8]]

    @classmethod
    def between(
        cls,
        before: Mapping[str, NDArray[np.float32]],
        after: Mapping[str, NDArray[np.float32]],
        bits: int,
    ) -> Changes:
        """The nearest steps of 2**-bits, towards zero: most weights should not change."""
        steps = {}
        for name in sorted(before):
            exact = (after[name].astype(np.float64) - before[name]) * 2.0**bits
            steps[name] = np.clip(np.trunc(exact), -MOST, MOST).astype(np.int8)
        return cls(bits, steps)

    def apply(self, model: Weights) -> Weights:
        """The model with the changes, in float32; its digest is that of the original."""
        size = np.float32(2.0**-self.bits)
        arrays = {
            name: array.astype(np.float32) + self.steps[name].astype(np.float32) * size
            for name, array in model.arrays.items()
        }
        return Weights(model.description, arrays, model.digest)

    def to_bytes(self) -> bytes:
        """Bits, then all steps in the order of the names, zstd."""
        flat = np.concatenate([self.steps[name].reshape(-1) for name in sorted(self.steps)])
        return bytes([self.bits]) + zstandard.compress(flat.tobytes(), 19)

    @classmethod
    def from_bytes(cls, data: bytes, model: Weights) -> Changes:
        """The inverse; DamagedError for anything that is not for this model."""
        count = sum(array.size for array in model.arrays.values())
        try:
            flat = zstandard.ZstdDecompressor().decompress(data[1:], max_output_size=count)
        except zstandard.ZstdError as error:
            raise DamagedError(f"the changes of the network: {error}") from error
        if len(flat) != count or not data or data[0] > 24:
            raise DamagedError("the changes are not for this network")
        steps, at = {}, 0
        for name in sorted(model.arrays):
            shape, size = model.arrays[name].shape, model.arrays[name].size
            steps[name] = np.frombuffer(flat, np.int8, size, at).reshape(shape)
            at += size
        return cls(data[0], steps)
