"""The one encode loop and the one decode loop, for every predictor.

The symbols are cut into contiguous lanes whose lengths differ by one at most, the longer
ones first. Step t codes symbol t of every lane, lane by lane, into one range coder stream.
Only in the last step some lanes may be without a symbol: the last ones.
"""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.coding.predictor import Predictor
from acgz.errors import DamagedError
from acgz.kernel import allocating_kernel

MOST_LANES = 1 << 16


def default_lanes(count: int) -> int:
    """As many lanes as steps, up to 1,024: a step costs some µs of Python beside its lanes."""
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
    progress: NDArray[np.int64] | None = None,
    each: int = 1,
) -> bytes:
    """Code ``symbols``, shape (n,), values below ``predictor.alphabet``, in ``lanes`` lanes.

    ``each``: residues of a symbol, for the progress.
    """
    count = symbols.size
    starts = lane_starts(count, lanes)
    bits = predictor.precision
    out = np.zeros(range_coder.capacity(count, bits), dtype=np.uint8)
    coder = range_coder.new_encoder()
    for step in range(-(-count // lanes)):
        active = min(lanes, count - step * lanes)
        frequencies = predictor.frequencies()
        if not _encode_step(coder, out, symbols, starts, step, active, frequencies, bits):
            raise ValueError(f"illegal frequencies from {type(predictor).__name__}")
        if active == lanes:
            predictor.update(symbols[starts + step])
        if progress is not None:
            progress[0] = (step * lanes + active) * each
    return out[: range_coder.finish(coder, out)].tobytes()


def decode(
    payload: bytes,
    count: int,
    predictor: Predictor,
    lanes: int,
    progress: NDArray[np.int64] | None = None,
    each: int = 1,
) -> NDArray[np.unsignedinteger]:
    """The ``count`` symbols that `encode` has coded; shape (count,), uint8 if they fit."""
    starts = lane_starts(count, lanes)
    bits = predictor.precision
    kind = np.uint8 if predictor.alphabet <= 256 else np.uint16
    symbols: NDArray[np.unsignedinteger] = np.zeros(count, dtype=kind)
    data = np.frombuffer(payload, dtype=np.uint8)
    coder = np.zeros(3, dtype=np.uint64)
    range_coder.start_decoder(coder, data)
    for step in range(-(-count // lanes)):
        active = min(lanes, count - step * lanes)
        frequencies = predictor.frequencies()
        if not _decode_step(coder, data, symbols, starts, step, active, frequencies, bits):
            raise DamagedError("the residues do not decode")
        if active == lanes:
            predictor.update(symbols[starts + step])
        if progress is not None:
            progress[0] = (step * lanes + active) * each
    return symbols


@allocating_kernel
def _encode_step(coder, out, symbols, starts, step, active, frequencies, bits):
    """Code one symbol of each of the first ``active`` lanes; False for illegal frequencies."""
    for lane in range(active):
        symbol = symbols[starts[lane] + step]
        start = np.uint64(0)
        total = np.uint64(0)
        for other in range(frequencies.shape[1]):
            if other == symbol:
                start = total
            total += np.uint64(frequencies[lane, other])
        frequency = np.uint64(frequencies[lane, symbol])
        if frequency == 0 or total != np.uint64(1) << np.uint64(bits):
            return False
        range_coder.encode(coder, out, start, frequency, bits)
    return True


@allocating_kernel
def _decode_step(coder, data, symbols, starts, step, active, frequencies, bits):
    """Decode one symbol of each of the first ``active`` lanes; False if there is none."""
    last = frequencies.shape[1] - 1
    for lane in range(active):
        point = np.uint64(range_coder.target(coder, bits))
        symbol = 0
        start = np.uint64(0)
        while symbol < last and start + np.uint64(frequencies[lane, symbol]) <= point:
            start += np.uint64(frequencies[lane, symbol])
            symbol += 1
        frequency = np.uint64(frequencies[lane, symbol])
        if frequency == 0 or point >= start + frequency:
            return False
        symbols[starts[lane] + step] = symbol
        range_coder.advance(coder, data, start, frequency, bits)
    return True
