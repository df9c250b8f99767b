"""The codec "mixture": the engine of `acgz.predictors.mixture` behind the codec interface."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acgz.codecs.base import JSON, Work, integer_parameter, reject_unknown_settings
from acgz.coding import range_coder
from acgz.errors import DamagedError, LimitError, UsageError
from acgz.predictors.mixture import engine
from acgz.predictors.mixture.correction import PRECISION
from acgz.predictors.mixture.settings import LEVELS, PLUS, ULTRA, Settings, recipe

_MOST = 1 << 31
"""Positions are stored in 32 bits."""
_BITS = (16, 24)
"""Smallest and largest log2 of a sparse table."""


def _table_bits(count: int, level: int = ULTRA) -> int:
    """Room for the contexts of both strands twice over, within limits.

    `plus` stays where the processor's cache still helps: on EsCo 2**22 contexts are a fifth
    faster than 2**24 and take 0.02 % more.
    """
    return min(max((4 * count).bit_length(), _BITS[0]), 22 if level == PLUS else _BITS[1])


def _memory(made: Settings, count: int) -> int:
    """About how many bytes an engine takes, residues included."""
    tables = 2 * len(made.sparse) << made.table_bits
    return tables + (4 * len(made.seeds) << made.seed_bits) + 2 * count + (96 << 20)


class Mixture:
    """Residues coded by an engine that learns from them."""

    name = "mixture"

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        """See `acgz.codecs.base.Codec`; ``level`` is one of LEVELS, ``lanes`` is 1."""
        reject_unknown_settings(settings, {"level", "lanes"})
        if settings.get("lanes", 1) != 1:
            raise UsageError("the mixture engine runs in one lane")
        level = settings.get("level", PLUS)
        if not isinstance(level, int) or level not in LEVELS:
            raise UsageError(f"the level is one of {LEVELS}, not {level!r}")
        if residues.size >= _MOST:
            raise UsageError("a block of the mixture engine holds fewer than 2**31 residues")
        bits = _table_bits(residues.size, level)
        state = engine.make(recipe(level, residues.size, bits), residues.size)
        stream = np.empty(range_coder.capacity(residues.size, PRECISION), np.uint8)
        progress = work.progress if work.progress is not None else np.zeros(1, np.int64)
        source = np.array(residues, np.uint8)
        length = engine.run(state, source, stream, range_coder.new_encoder(), False, progress)
        return {"level": level, "b": bits}, stream[:length].tobytes()

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        """See `acgz.codecs.base.Codec`."""
        level = integer_parameter(parameters, "level", LEVELS[0], LEVELS[-1])
        bits = integer_parameter(parameters, "b", *_BITS)
        if count >= _MOST:
            raise DamagedError("the block claims more residues than this codec allows")
        if bits > _table_bits(count):
            raise DamagedError("the tables are larger than the residues allow")
        made = recipe(level, count, bits)
        if _memory(made, count) > work.memory_limit:
            raise LimitError("decoding this block needs more memory than allowed")
        state = engine.make(made, count)
        residues = np.zeros(count, np.uint8)
        progress = work.progress if work.progress is not None else np.zeros(1, np.int64)
        data = np.frombuffer(payload, np.uint8).copy()
        engine.run(state, residues, data, np.zeros(3, np.uint64), True, progress)
        return residues


CODEC = Mixture()
