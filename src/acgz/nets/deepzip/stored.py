"""Weights that were fitted to one input: whole numbers and scales, in an archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.coding import zstd
from acgz.errors import DamagedError
from acgz.nets.architecture import Arrays
from acgz.nets.deepzip.architecture import DeepZipArchitecture


@dataclass(frozen=True)
class StoredWeights:
    """Each column of an array is a float16 scale times whole numbers from -127 to 127."""

    steps: Mapping[str, NDArray[np.int8]]
    scales: Mapping[str, NDArray[np.float16]]  # (columns,), or (1,) for an array of one axis

    @classmethod
    def of(cls, arrays: Arrays, bits: int) -> StoredWeights:
        """The nearest, with 2**bits - 1 steps between the extremes of each column."""
        most = 2 ** (bits - 1) - 1
        steps, scales = {}, {}
        for name, array in arrays.items():
            exact = array.astype(np.float64)
            largest = np.abs(exact).max(0 if array.ndim == 2 else None).reshape(-1)
            scale = (largest / most).astype(np.float16)
            divisor = np.where(scale == 0, 1, scale.astype(np.float64))
            steps[name] = np.clip(np.rint(exact / divisor), -most, most).astype(np.int8)
            scales[name] = scale
        return cls(steps, scales)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights as a network takes them; every product is exact in float32."""
        return {
            name: steps.astype(np.float32) * self.scales[name].astype(np.float32)
            for name, steps in self.steps.items()
        }

    def to_bytes(self, architecture: DeepZipArchitecture) -> bytes:
        """All scales, then all steps, in the order of the architecture; zstd."""
        names = list(architecture.shapes())
        parts = [self.scales[name].astype("<f2").tobytes() for name in names]
        parts += [self.steps[name].tobytes() for name in names]
        return zstd.compress(b"".join(parts))

    @classmethod
    def from_bytes(cls, data: bytes, architecture: DeepZipArchitecture) -> StoredWeights:
        """The inverse; DamagedError for anything that is not for this network."""
        shapes = architecture.shapes()
        columns = {name: shape[1] if len(shape) == 2 else 1 for name, shape in shapes.items()}
        sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
        total = 2 * sum(columns.values()) + sum(sizes.values())
        flat = zstd.decompress(data, total)
        if len(flat) != total:
            raise DamagedError("the weights are not for this network")
        steps, scales, at = {}, {}, 0
        for name, count in columns.items():
            scales[name] = np.frombuffer(flat, "<f2", count, at).astype(np.float16)
            at += 2 * count
        for name, shape in shapes.items():
            steps[name] = np.frombuffer(flat, np.int8, sizes[name], at).reshape(shape)
            at += sizes[name]
        if not all(np.isfinite(scale).all() for scale in scales.values()):
            raise DamagedError("the weights of the network are not finite")
        return cls(steps, scales)
