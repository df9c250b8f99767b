"""What every model of this package is: a predictor of the next symbol of many lanes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PRECISION = 16
"""Frequencies of one lane sum to 2**PRECISION. A symbol of frequency 1 costs 16 bits; the
rounding of a distribution to this grid costs less than 0.001 bits/base."""
MOST_LANES = 1 << 16
"""Of a stream; a decoder makes room for no more."""


def equal_frequencies(alphabet: int, precision: int = PRECISION) -> list[int]:
    """2**precision in parts as equal as can be; the first has what is left over.

    >>> equal_frequencies(4), equal_frequencies(5)
    ([16384, 16384, 16384, 16384], [13108, 13107, 13107, 13107, 13107])
    """
    part, rest = divmod(1 << precision, alphabet)
    return [part + rest, *[part] * (alphabet - 1)]


def precision_for(alphabet: int) -> int:
    """Bits for an alphabet of that size: a symbol of frequency 1 must stay improbable.

    >>> precision_for(4), precision_for(256), precision_for(1 << 16)
    (16, 16, 24)
    """
    return max(PRECISION, (alphabet - 1).bit_length() + 8)


class Predictor(Protocol):
    """Given the past of every lane, how likely is each next symbol?

    The caller alternates: `frequencies`, `update`, `frequencies`, … Compression and
    decompression make the same calls, so the same numbers must come out on every machine:
    integers, or arithmetic with only one possible result.
    """

    alphabet: int
    """Symbols are 0 … alphabet - 1; at most 2**16 of them."""
    precision: int
    """Bits: frequencies sum to 2**precision. `PRECISION`, or more for a large alphabet."""

    def frequencies(self) -> NDArray[np.uint32]:
        """Shape (lanes, alphabet): rows sum to 2**precision; 0 only for what cannot occur."""
        ...

    def update(self, symbols: NDArray[np.integer]) -> None:
        """Learn what was there: shape (lanes,), one symbol of every lane."""
        ...
