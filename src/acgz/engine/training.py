"""Trains what a prior's file has beside the network: the mixer and all that starts trained.

The engine itself does it: it codes pieces of genomes one after the other, each with empty tables
and an empty pool, and keeps what it has learned from being right and wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.engine import engine, priors, readings
from acgz.engine.engine import Arrays
from acgz.engine.presets import PRESETS, parts

PIECE = 250_000
"""Residues of a piece at most: short enough that beginnings count, long enough for repeats."""


def pieces_of(
    genomes: Sequence[NDArray[np.uint8]], many: int, seed: int
) -> list[NDArray[np.uint8]]:
    """Pieces of at most `PIECE` residues from places drawn in genomes drawn; ``many`` or fewer."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(genomes))[:many]
    firsts = [int(draw.integers(0, max(genomes[k].size - PIECE, 0) + 1)) for k in order]
    return [genomes[k][at : at + PIECE].copy() for k, at in zip(order, firsts, strict=True)]


def train(
    network: Arrays,
    pieces: Sequence[NDArray[np.uint8]],
    report: Callable[[int, float], None],
) -> dict[str, NDArray[Any]]:
    """The arrays of `engine.starting` after reading ``pieces``, to go with a ``network``.

    With a network of more units than `plus` takes, what learns is that of `ultra`.
    Weights and probabilities are the means of those after each piece of the second half; numbers
    of events are the last. ``report`` gets the pieces done and the bits a residue of the last.
    """
    state: dict[str, NDArray[Any]] = {}
    kept: list[dict[str, NDArray[Any]]] = []
    units = network["below"].shape[0]
    preset = "plus" if units <= PRESETS["plus"].units else "ultra"
    for done, piece in enumerate(pieces):
        made_of = parts(preset, piece.size, 0, 22)
        made = engine.make(made_of, piece.size)
        made = made._replace(readings=readings.make(network, made_of.further))
        if state:
            engine.begin_with(made, state)
        stream = np.empty(engine.room(piece.size), np.uint8)
        coder = range_coder.new_encoder()
        engine.run(made, piece, 0, piece.size, stream, coder, False, engine.NO_SHARES)
        state = {name: array.copy() for name, array in engine.starting(made).items()}
        report(done + 1, 8 * range_coder.finish(coder, stream) / max(piece.size, 1))
        if done >= len(pieces) // 2:
            kept.append(state)
    result = {}
    for name, array in state.items():
        if array.dtype == np.float32:
            mean = np.mean([one[name] for one in kept], axis=0, dtype=np.float64)
            least, most = priors.RANGES.get(name, (-priors.MOST, priors.MOST))
            result[name] = np.clip(mean, least, most).astype(np.float32)
        else:
            result[name] = np.minimum(array, engine.KNOWN).astype(np.uint16)
    return result
