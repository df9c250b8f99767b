"""The two forms of the latent space, and what each network needs around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from acgz.coding import zstd
from acgz.errors import DamagedError
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture
from acgz.nets.seqcoder.guesses import packed, unpacked
from acgz.nets.seqcoder.twobit.architecture import TwoBitArchitecture

if TYPE_CHECKING:
    from acgz.nets.architecture import Network
    from acgz.nets.exact.operations import Operations
    from acgz.nets.seqcoder.chunks import AutoEncoder

_DIGITS = 4
"""Of a byte, 2 bits each."""
_CHANNELS = 32
"""Channels that hints tell apart."""


@dataclass(frozen=True)
class Form:
    """How latent values are stored, and by which network they are made."""

    packaged: str
    """Name of the package's network."""
    architecture: type[SeqCoderArchitecture] | type[TwoBitArchitecture]
    whole_bytes: bool
    """A latent value is a byte; otherwise it has 2 bits."""

    @property
    def digits(self) -> int:
        """Numbers of 2 bits of a latent value."""
        return _DIGITS if self.whole_bytes else 1

    def network(self, ops: Operations, network: Network[Any]) -> AutoEncoder:
        """The network on a backend."""
        if self.whole_bytes:
            from acgz.nets.seqcoder.network import AutoEncoder

            return AutoEncoder(ops, network.architecture, network.arrays)
        from acgz.nets.seqcoder.twobit.network import TwoBitAutoEncoder

        return TwoBitAutoEncoder(ops, network.architecture, network.arrays)

    def to_bytes(self, latents: NDArray[np.uint8]) -> bytes:
        """Latent values (places, n) as the document stores them; zstd."""
        flat = np.ascontiguousarray(latents).reshape(-1)
        return zstd.compress(flat.tobytes() if self.whole_bytes else packed(flat))

    def from_bytes(self, data: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """The inverse; DamagedError for other than so many."""
        count = shape[0] * shape[1]
        content = zstd.decompress(data, count)
        if not self.whole_bytes:
            return unpacked(content, count).reshape(shape)
        if len(content) != count:
            raise DamagedError("the latents do not decode")
        return np.frombuffer(content, np.uint8).reshape(shape)

    def to_symbols(self, latents: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Numbers of 2 bits, (m,), the highest of a byte first."""
        flat = np.ascontiguousarray(latents).reshape(-1)
        if not self.whole_bytes:
            return flat
        shifts = np.arange(2 * _DIGITS - 2, -1, -2, dtype=np.uint8)
        numbers: NDArray[np.uint8] = flat[:, None] >> shifts & np.uint8(3)
        return numbers.reshape(-1)

    def hints(self, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """What `to_symbols` tells about each number: its channel, and which digit it is.

        Values of 2 bits get none: all channels have the same code.
        """
        if not self.whole_bytes:
            return np.zeros(shape[0] * shape[1], np.uint8)
        channel = np.arange(shape[1]) % _CHANNELS
        of_place = channel[:, None] * _DIGITS + np.arange(_DIGITS)
        return np.tile(of_place.reshape(-1).astype(np.uint8), shape[0])

    def from_symbols(self, symbols: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
        """The inverse of `to_symbols`."""
        if not self.whole_bytes:
            return symbols.reshape(shape)
        a, b, c, d = symbols.reshape(-1, _DIGITS).T
        return (a << 6 | b << 4 | c << 2 | d).astype(np.uint8).reshape(shape)


FORMS: Mapping[str, Form] = {
    "int8": Form("seqcoder", SeqCoderArchitecture, True),
    "twobit": Form("seqcoder-twobit", TwoBitArchitecture, False),
}
