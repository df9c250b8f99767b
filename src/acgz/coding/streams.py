"""The one encode loop and the one decode loop, for every predictor.

The symbols are cut into contiguous lanes whose lengths differ by one at most, the longer
ones first. Step t codes symbol t of every lane, lane by lane, into one range coder stream.
Only in the last step some lanes may be without a symbol: the last ones.

Symbols are paid for. A predictor can be certain, and then symbols cost nothing, but a stream has
a byte for every `MOST_FOR_A_BYTE` of them all the same; and reading behind its end is damage. So
nobody can make a reader compute for hours with a few bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.coding.predictor import Predictor
from acgz.errors import DamagedError, TruncatedError
from acgz.kernel import kernel

MOST_FOR_A_BYTE = 1 << 12
"""Symbols. So a base costs 0.002 bits at least; 672 human mitochondria, the most alike of real
collections, take 0.012 bits/base."""
_FREE = 16
"""Bytes that are not asked for: small inputs owe nothing."""


class Step(NamedTuple):
    """What one step of all lanes needs, as kernels see it."""

    coder: NDArray[np.uint64]
    """(3,): state of the range coder."""
    data: NDArray[np.uint8]
    """(n,): the stream."""
    symbols: NDArray[np.unsignedinteger]
    """(count,): all of them, read or written."""
    starts: NDArray[np.int64]
    """(lanes,): where each lane begins."""
    bits: int
    """Frequencies sum to 2**bits."""


def default_lanes(count: int) -> int:
    """Lanes for ``count`` symbols: as many as steps, up to 1,024.

    A step costs some µs of Python beside its lanes.
    """
    return max(1, min(1024, isqrt(count)))


def lane_starts(count: int, lanes: int) -> NDArray[np.int64]:
    """Where each lane begins; shape (lanes,).

    >>> lane_starts(10, 4).tolist()
    [0, 3, 6, 8]
    """
    lane = np.arange(lanes, dtype=np.int64)
    return lane * (count // lanes) + np.minimum(lane, count % lanes)


def encode(
    symbols: NDArray[np.unsignedinteger],
    predictor: Predictor,
    lanes: int,
    progress: Callable[[int], object] | None = None,
    each: int = 1,
) -> bytes:
    """Code ``symbols``, shape (n,), values below ``predictor.alphabet``, in ``lanes`` lanes.

    ``progress`` is called with the residues done; ``each``: residues of a symbol.
    """
    count = symbols.size
    starts = lane_starts(count, lanes)
    bits = predictor.precision
    out = np.zeros(range_coder.capacity(count, bits), dtype=np.uint8)
    step = Step(range_coder.new_encoder(), out, symbols, starts, bits)
    for number in range(-(-count // lanes)):
        active = min(lanes, count - number * lanes)
        if not _encode_step(step, number, active, predictor.frequencies()):
            raise ValueError(f"illegal frequencies from {type(predictor).__name__}")
        if active == lanes:
            predictor.update(symbols[starts + number])
        if progress is not None:
            progress((number * lanes + active) * each)
    size = max(range_coder.finish(step.coder, out), _owed(count))
    return out[:size].tobytes()


def decode(
    payload: bytes,
    count: int,
    predictor: Predictor,
    lanes: int,
    progress: Callable[[int], object] | None = None,
    each: int = 1,
) -> NDArray[np.unsignedinteger]:
    """The ``count`` symbols that `encode` has coded; shape (count,), uint8 if they fit.

    Raises
    ------
    DamagedError, TruncatedError
        When they do not decode, or the payload is too short to hold so many.
    """
    check_paid(len(payload), count)
    starts = lane_starts(count, lanes)
    kind = np.uint8 if predictor.alphabet <= 256 else np.uint16
    symbols: NDArray[np.unsignedinteger] = np.zeros(count, dtype=kind)
    data = np.frombuffer(payload, dtype=np.uint8)
    step = Step(range_coder.new_decoder(data), data, symbols, starts, predictor.precision)
    for number in range(-(-count // lanes)):
        active = min(lanes, count - number * lanes)
        if not _decode_step(step, number, active, predictor.frequencies()):
            raise DamagedError("the residues do not decode")
        if range_coder.is_spent(step.coder, data):
            raise TruncatedError("the residues end too early")
        if active == lanes:
            predictor.update(symbols[starts + number])
        if progress is not None:
            progress((number * lanes + active) * each)
    return symbols


def check_paid(size: int, count: int) -> None:
    """TruncatedError if ``size`` bytes are too few for ``count`` symbols, whatever they are."""
    if size < _owed(count):
        raise TruncatedError(f"{size:,} bytes are too few for {count:,} symbols")


def _owed(count: int) -> int:
    """Bytes that a stream of so many symbols has at least."""
    return max(0, count // MOST_FOR_A_BYTE - _FREE)


@kernel
def _encode_step(step, number, active, frequencies):
    """Code one symbol of each of the first ``active`` lanes; False for illegal frequencies."""
    for lane in range(active):
        symbol = step.symbols[step.starts[lane] + number]
        start = np.uint64(0)
        total = np.uint64(0)
        for other in range(frequencies.shape[1]):
            if other == symbol:
                start = total
            total += np.uint64(frequencies[lane, other])
        frequency = np.uint64(frequencies[lane, symbol])
        if frequency == 0 or total != np.uint64(1) << np.uint64(step.bits):
            return False
        range_coder.encode(step.coder, step.data, start, frequency, step.bits)
    return True


@kernel
def _decode_step(step, number, active, frequencies):
    """Decode one symbol of each of the first ``active`` lanes; False if there is none."""
    last = frequencies.shape[1] - 1
    for lane in range(active):
        point = np.uint64(range_coder.target(step.coder, step.bits))
        symbol = 0
        start = np.uint64(0)
        while symbol < last and start + np.uint64(frequencies[lane, symbol]) <= point:
            start += np.uint64(frequencies[lane, symbol])
            symbol += 1
        frequency = np.uint64(frequencies[lane, symbol])
        if frequency == 0 or point >= start + frequency:
            return False
        step.symbols[step.starts[lane] + number] = symbol
        range_coder.advance(step.coder, step.data, start, frequency, step.bits)
    return True
