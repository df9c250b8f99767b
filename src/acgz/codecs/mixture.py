"""The codec "mixture": the engine of `acgz.predictors.mixture` behind the codec interface."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acgz.codecs.base import (
    JSON,
    MEMORY_LIMIT,
    Work,
    integer_parameter,
    integer_setting,
    reject_unknown_settings,
)
from acgz.errors import DamagedError, LimitError, UsageError
from acgz.predictors.mixture import lanes
from acgz.predictors.mixture.repetition import repeated_share
from acgz.predictors.mixture.settings import LEVELS, PLUS, Settings, most_table_bits, recipe

_MOST = 1 << 31
"""Positions are stored in 32 bits."""
_BITS = (16, 24)
"""Smallest and largest log2 of a sparse table."""


_TWO_LANES = 1 << 20
"""From so many residues on `plus` has two lanes."""
_REPETITIVE = 0.3
"""Collections of alike sequences have one lane: each other one would meet the first anew."""
_ROOM = 3 << 30
"""Bytes that both lanes may take where no lanes are asked for."""
_LENGTH_BYTES = 4
"""Of the length of each stream but the last, before the streams."""


def _table_bits(count: int, most: int) -> int:
    """Room for the contexts of both strands twice over, within limits.

    `plus` stays where the processor's cache still helps: on EsCo 2**22 contexts are a fifth
    faster than 2**24 and take 0.02 % more.
    """
    return min(max((4 * count).bit_length(), _BITS[0]), most)


def _own_lanes(residues: NDArray[np.uint8], level: int, made: Settings) -> int:
    """Lanes where none are asked for: two, as long as they cost little."""
    count = residues.size
    if level != PLUS or count < _TWO_LANES or _memory(made, count, 2) > _ROOM:
        return 1
    return 1 if repeated_share(residues) > _REPETITIVE else 2


def _memory(made: Settings, count: int, engines: int) -> int:
    """About how many bytes so many engines take, the residues and the stream included."""
    tables = 2 * len(made.sparse) << made.table_bits
    index = (4 * len(made.seeds) << made.seed_bits) + count // 4
    return engines * (tables + index + count + (64 << 20)) + 3 * count + (32 << 20)


class Mixture:
    """Residues coded by an engine that learns from them."""

    name = "mixture"

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        """See `acgz.codecs.base.Codec`; ``level`` is one of LEVELS, ``lanes`` 1 to 16."""
        reject_unknown_settings(settings, {"level", "lanes"})
        level = settings.get("level", PLUS)
        if not isinstance(level, int) or level not in LEVELS:
            raise UsageError(f"the level is one of {LEVELS}, not {level!r}")
        count = residues.size
        if count >= _MOST:
            raise UsageError("a block of the mixture engine holds fewer than 2**31 residues")
        source = np.array(residues, np.uint8)
        bits = _table_bits(count, most_table_bits(level))
        made = recipe(level, count, bits)
        own = 1 if "lanes" in settings else _own_lanes(source, level, made)
        wanted = integer_setting(settings, "lanes", own, lanes.MOST)
        if wanted > 1 and _memory(made, count, wanted) > MEMORY_LIMIT:
            raise UsageError(f"{wanted} lanes of the mixture engine need too much memory")
        progress = work.progress if work.progress is not None else np.zeros(1, np.int64)
        streams = lanes.encode(made, source, wanted, work.threads, progress)
        parameters: dict[str, JSON] = {"level": level, "b": bits}
        if wanted > 1:
            parameters["lanes"] = wanted
        sizes = b"".join(part.size.to_bytes(_LENGTH_BYTES, "little") for part in streams[:-1])
        return parameters, sizes + b"".join(part.tobytes() for part in streams)

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        """See `acgz.codecs.base.Codec`."""
        level = integer_parameter(parameters, "level", LEVELS[0], LEVELS[-1])
        bits = integer_parameter(parameters, "b", *_BITS)
        stored = integer_parameter({"lanes": 1, **parameters}, "lanes", 1, lanes.MOST)
        if count >= _MOST:
            raise DamagedError("the block claims more residues than this codec allows")
        if bits > _table_bits(count, _BITS[1]):
            raise DamagedError("the tables are larger than the residues allow")
        made = recipe(level, count, bits)
        if _memory(made, count, stored) > work.memory_limit:
            raise LimitError("decoding this block needs more memory than allowed")
        progress = work.progress if work.progress is not None else np.zeros(1, np.int64)
        return lanes.decode(made, _streams(payload, stored), count, work.threads, progress)


def _streams(payload: bytes, stored: int) -> list[NDArray[np.uint8]]:
    """The stream of each lane; DamagedError if there are not so many bytes."""
    at = _LENGTH_BYTES * (stored - 1)
    sizes = np.frombuffer(payload[: at if at <= len(payload) else 0], "<u4")
    ends = np.cumsum(sizes, dtype=np.int64) + at
    if at > len(payload) or (ends.size and ends[-1] > len(payload)):
        raise DamagedError("the streams of the lanes are longer than the block")
    data = np.frombuffer(payload, np.uint8)[at:].copy()
    return np.split(data, ends - at)


CODEC = Mixture()
