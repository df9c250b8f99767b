"""The codecs `twobit`, `uniform` and `order0`: what the bases cost without any context.

``uniform`` is "equal probabilities", ``order0`` "fair probabilities" in the paper on RNN
compressors after DeepZip (section 2.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Coded, Job, Need, stored_lanes
from acgz.coding.predictor import MOST_LANES, PRECISION, equal_frequencies
from acgz.errors import DamagedError, TruncatedError
from acgz.settings import JSON, Settings, setting, shown

_LANES_MEMORY = 64 * MOST_LANES
"""Bytes that lanes take at most."""


class _OneThread:
    """A codec of which any number of blocks can be coded side by side."""

    def need_to_encode(self, settings: Settings, count: int) -> Need:
        """A few copies of the residues."""
        return Need(memory=3 * count + _LANES_MEMORY)

    def need_to_decode(self, parameters: Mapping[str, JSON], count: int) -> Need:
        """A few copies of the residues."""
        return Need(memory=3 * count + _LANES_MEMORY)


class TwoBit(_OneThread):
    """Four bases in a byte, the first in the highest bits."""

    name = "twobit"
    settings = Settings

    def encode(self, residues: NDArray[np.uint8], settings: Settings, job: Job) -> Coded:
        padded = np.zeros(-(-residues.size // 4) * 4, dtype=np.uint8)
        padded[: residues.size] = residues
        a, b, c, d = padded.reshape(-1, 4).T
        return Coded({}, (a << 6 | b << 4 | c << 2 | d).tobytes())

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        if len(coded.payload) != -(-count // 4):
            raise DamagedError(f"{len(coded.payload)} bytes cannot hold {count} bases of 2 bits")
        packed = np.frombuffer(coded.payload, dtype=np.uint8)
        residues = np.empty((packed.size, 4), dtype=np.uint8)
        for column, shift in enumerate((6, 4, 2, 0)):
            np.bitwise_and(packed >> shift, 3, out=residues[:, column])
        return residues.reshape(-1)[:count]

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        return count


@dataclass(frozen=True)
class LaneSettings(Settings):
    """Settings of codecs whose model does not learn."""

    lanes: int | None = setting(
        None,
        "lanes to code in lockstep (default: as many as steps)",
        least=1,
        most=MOST_LANES,
        flag="--lanes",
        metavar="N",
    )


class Uniform(_OneThread):
    """Every base has probability 1/4."""

    name = "uniform"
    settings = LaneSettings

    def encode(self, residues: NDArray[np.uint8], settings: LaneSettings, job: Job) -> Coded:
        return _encode(residues, equal_frequencies(4), settings, job, {})

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        return _decode(coded, count, equal_frequencies(4), job)

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        return 64 * stored_lanes(parameters, count)


class Order0(_OneThread):
    """Every base has the probability of its share in the whole; the shares are stored."""

    name = "order0"
    settings = LaneSettings

    def encode(self, residues: NDArray[np.uint8], settings: LaneSettings, job: Job) -> Coded:
        frequencies = fair_frequencies(np.bincount(residues, minlength=4).tolist())
        return _encode(residues, frequencies, settings, job, {"frequencies": frequencies})

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        return _decode(coded, count, _stored_frequencies(coded.parameters), job)

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        return 64 * stored_lanes(parameters, count)


TWOBIT = TwoBit()
UNIFORM = Uniform()
ORDER0 = Order0()


class Static:
    """The smallest predictor: ``frequencies`` (integers ≥ 1 of sum 2**PRECISION), always."""

    def __init__(self, frequencies: Sequence[int], lanes: int) -> None:
        self.alphabet = len(frequencies)
        self.precision = PRECISION
        self._rows = np.tile(np.asarray(frequencies, dtype=np.uint32), (lanes, 1))

    def frequencies(self) -> NDArray[np.uint32]:
        """Shape (lanes, alphabet)."""
        return self._rows

    def update(self, symbols: NDArray[np.integer]) -> None:
        """Nothing to learn."""


def fair_frequencies(counts: Sequence[int]) -> list[int]:
    """Integers ≥ 1 of sum 2**PRECISION, in proportion to the counts of the symbols.

    What rounding leaves over goes to the most frequent symbol, where it matters least.

    >>> fair_frequencies([1, 1, 0, 0])
    [32767, 32767, 1, 1]
    """
    total = sum(counts)
    if total == 0:
        return equal_frequencies(len(counts))
    room = (1 << PRECISION) - len(counts)
    frequencies = [1 + count * room // total for count in counts]
    frequencies[counts.index(max(counts))] += (1 << PRECISION) - sum(frequencies)
    return frequencies


def _encode(
    residues: NDArray[np.uint8],
    frequencies: list[int],
    settings: LaneSettings,
    job: Job,
    parameters: dict[str, Any],
) -> Coded:
    from acgz.coding import streams  # Numba

    count = residues.size
    lanes = min(settings.lanes or streams.default_lanes(count), max(1, count))
    payload = streams.encode(residues, Static(frequencies, lanes), lanes, job.progress.reached)
    return Coded({"lanes": lanes, **parameters}, payload)


def _decode(coded: Coded, count: int, frequencies: list[int], job: Job) -> NDArray[np.uint8]:
    from acgz.coding import streams  # Numba

    lanes = stored_lanes(coded.parameters, count)
    _check_size(coded.payload, count, frequencies)
    predictor = Static(frequencies, lanes)
    residues = streams.decode(coded.payload, count, predictor, lanes, job.progress.reached)
    return residues.astype(np.uint8, copy=False)


def _check_size(payload: bytes, count: int, frequencies: list[int]) -> None:
    """TruncatedError if so many residues take more, even if all are the most frequent one.

    Before anything is allocated. The stream may be shorter by what its coder has not yet written.
    """
    price = PRECISION - log2(max(frequencies))  # bits
    if count * price > 8 * (len(payload) + 8):
        raise TruncatedError(
            f"{len(payload):,} bytes cannot hold {count:,} bases of {price:.3g} bits"
        )


def _stored_frequencies(parameters: Mapping[str, JSON]) -> list[int]:
    stored = parameters.get("frequencies")
    if isinstance(stored, list) and len(stored) == 4:
        frequencies = [value for value in stored if type(value) is int and value >= 1]
        if len(frequencies) == 4 and sum(frequencies) == 1 << PRECISION:
            return frequencies
    raise DamagedError(f"the codec parameter 'frequencies' is {shown(stored)}")
