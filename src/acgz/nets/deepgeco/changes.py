"""What fine-tuning has changed in a network, small enough to be stored in an archive (ULTRA)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream
from acgz.coding.runs import code_numbers
from acgz.errors import DamagedError, TruncatedError
from acgz.nets.architecture import Network
from acgz.nets.deepgeco.architecture import WarmStartArchitecture

MOST = 127
"""Steps up or down that a weight can be changed by."""
FINEST = 24
"""Steps are 2**-FINEST at least."""

PARTS = ("outputs", "biases", "head", "all")
"""What can be changed: each part contains the one before."""


def names_of(part: str, arrays: Iterable[str]) -> list[str]:
    """The arrays of a part, in the order in which they are stored.

    ``outputs``: biases of the Linear and the Dense layer. ``biases``: also those of the
    recurrent units, one for each. ``head``: also the weights of the Linear, Dense and output
    layers. ``all``: also the embedding and the recurrent weights.

    >>> names_of("biases", ["dense.bias", "dense.weight", "recurrent.bias_hh_l0"])
    ['dense.bias']
    """
    names = sorted(name for name in arrays if "bias_hh" not in name)
    recurrent = [name for name in names if name.startswith("recurrent.bias")]
    head = [name for name in names if name.startswith(("linear.", "dense.", "output."))]
    return {
        "outputs": [name for name in head if "bias" in name],
        "biases": [name for name in head if "bias" in name] + recurrent,
        "head": head + recurrent,
        "all": names,
    }[part]


@dataclass(frozen=True)
class Changes:
    """Whole multiples of 2**-bits that are added to the weights of a part."""

    part: str
    bits: int
    steps: Mapping[str, NDArray[np.int8]]

    @classmethod
    def between(
        cls,
        before: Mapping[str, NDArray[np.float32]],
        after: Mapping[str, NDArray[np.float32]],
        part: str,
        bits: int,
    ) -> Changes:
        """The nearest steps of 2**-bits."""
        steps = {}
        for name in names_of(part, before):
            exact = (after[name].astype(np.float64) - before[name]) * 2.0**bits
            steps[name] = np.clip(np.rint(exact), -MOST, MOST).astype(np.int8)
        return cls(part, bits, steps)

    def apply(self, network: Network[WarmStartArchitecture]) -> Network[WarmStartArchitecture]:
        """The network with the changes, in float32; its digest is that of the original."""
        size = np.float32(2.0**-self.bits)
        arrays = {name: array.astype(np.float32) for name, array in network.arrays.items()}
        for name, steps in self.steps.items():
            arrays[name] = arrays[name] + steps.astype(np.float32) * size
        return network._replace(arrays=arrays)

    def to_bytes(self) -> bytes:
        """Part, bits, then the steps of each array, zigzag (0, -1, 1, -2, …), one coded stream."""
        stream = BitStream()
        for steps in self.steps.values():
            wide = steps.reshape(-1).astype(np.int64)
            code_numbers(stream, np.where(wide < 0, -2 * wide - 1, 2 * wide), 1)
        return bytes([PARTS.index(self.part), self.bits]) + stream.finish()

    @classmethod
    def from_bytes(cls, data: bytes, network: Network[WarmStartArchitecture]) -> Changes:
        """The inverse; DamagedError for anything that is not for this network."""
        if len(data) < 2 or data[0] >= len(PARTS) or data[1] > FINEST:
            raise DamagedError("the changes of the network have no known form")
        part, stream, steps = PARTS[data[0]], BitStream(data[2:]), {}
        for name in names_of(part, network.arrays):
            shape = network.arrays[name].shape
            coded = np.zeros(prod(shape), np.int64)
            try:
                code_numbers(stream, coded, 1)
            except TruncatedError as error:
                raise DamagedError("the changes are not for this network") from error
            if coded.max(initial=0) > 2 * MOST:
                raise DamagedError("the changes of the network are out of range")
            steps[name] = np.where(coded & 1, -(coded + 1 >> 1), coded >> 1).astype(np.int8)
            steps[name] = steps[name].reshape(shape)
        return cls(part, data[1], steps)
