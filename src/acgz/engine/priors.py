"""Files of priors: where they are, what must be true of them, and which one suits an input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acgz import models
from acgz.coding import range_coder
from acgz.engine import dictionary, engine, prior, products, readings
from acgz.engine.logexp import log8
from acgz.engine.presets import MOST_UNITS, SMALL, parts
from acgz.engine.sampling import stretches_of
from acgz.engine.simd import load, splat, store
from acgz.errors import DamagedError, InputError, UsageError
from acgz.kernel import kernel
from acgz.models import Model
from acgz.settings import JSON

Shapes = Mapping[str, tuple[tuple[int, ...], type]]
"""Shape and type of arrays by name."""

KIND = "engine-prior"
NONE = "none"
"""The setting that asks for no prior."""
MOST_DENSE = 512
MOST = 1e6
"""A weight in a file is at most this: no product of numbers is infinite."""
RANGES = {
    "calibration": (1e-5, 1),
    "right": (0.2, 0.9999),
    "run_right": (0.2, 0.99999),
    "correction": (-1, 1),
    "seen": (0, engine.KNOWN),
    "run_seen": (0, engine.KNOWN),
}

_PREFIX = "prior-"
_PIECES = 8
_PIECE = 6144
"""A trial reads at most so many pieces of so many residues, evenly spread."""
_USELESS = 1.97
"""Bits a residue. A network that says no more about a sample than this is left out."""
_NEAR = 0.03
"""Bits a residue between networks of which the better one is found out in the mix."""
_TRIAL = 1 << 16
"""Residues of that trial, from the middle. Of fewer than `SMALL` it says no more than the networks
alone, and would take longer than all the rest."""
_WORTH = 1000
"""Bits that a network alone has to save; its digest in the block takes 300."""


def shipped() -> dict[str, Path]:
    """The files of the priors that come with the package, by name."""
    return models.shipped(_PREFIX)


def chosen(name: str | None, residues: NDArray[np.uint8], units: int) -> Model | None:
    """The prior that a user asks for: a name, a path, `NONE`, or None for the best on a sample.

    Where nobody asks, it has no more than so many ``units``, and no fewer than others that fit.
    Raises UsageError for a name that is neither, InputError for a file that is no prior.
    """
    known = shipped()
    if name is None:
        fit = [one for one in map(_read, known.values()) if _units(one) <= units]
        most = max(map(_units, fit), default=0)
        return _best([one for one in fit if _units(one) == most], residues)
    if name == NONE:
        return None
    if name in known:
        return _read(known[name])
    path = Path(name)
    if not path.exists():
        raise UsageError(f"there is no prior {name!r}: give {', '.join([*known, NONE])} or a file")
    models.remember(path)
    return _read(path)


def stored(parameters: Mapping[str, JSON]) -> Model | None:
    """The prior of a block; MissingModelError if it is not installed, DamagedError."""
    digests = parameters.get("models", [])
    if not isinstance(digests, list) or len(digests) > 1 + bool(dictionary.known(parameters)):
        raise DamagedError("the block names more than one prior")
    if len(digests) == bool(dictionary.known(parameters)):
        return None
    try:
        return _read(models.locate(models.named(digests[0])))
    except InputError as error:
        raise DamagedError(f"the block names a model that is no prior: {error}") from error


@models.while_unchanged(8)
def _read(path: Path) -> Model:
    """The prior of a file; InputError if it has none."""
    weights = network(path)
    _check(path, weights, _start())
    return weights


def network(path: Path) -> Model:
    """A prior's file of which the network is what it should be: all else may be of another engine.

    InputError if it is not.
    """
    weights = models.read(path)
    d = weights.architecture
    units, dense = d.get("units"), d.get("dense")
    step = products.STEP
    if (
        d.get("kind") != KIND
        or not (type(units) is int and 0 < units <= MOST_UNITS and units % step == 0)
        or not (type(dense) is int and 0 < dense <= MOST_DENSE and dense % step == 0)
    ):
        raise InputError(f"{path}: not a prior")
    _check(path, weights, prior.shapes(units, dense))
    return weights


def _check(path: Path, weights: Model, shapes: Shapes) -> None:
    """InputError unless arrays have their shapes, types and numbers in range."""
    for name, (shape, kind) in shapes.items():
        array = weights.arrays.get(name)
        if array is None or array.shape != shape or array.dtype != kind:
            raise InputError(f"{path}: the prior's array {name!r} is not as it should be")
        least, most = RANGES.get(name, (-MOST, MOST))
        if not ((array >= np.float32(least)) & (array <= np.float32(most))).all():
            raise InputError(f"{path}: the prior's array {name!r} has numbers out of range")


@cache
def _start() -> Shapes:
    """Shape and type of what an engine starts with, by name."""
    arrays = engine.starting(engine.make(parts("plus", 0, 0, 16), 0))
    kinds = {name: np.float32 if a.dtype == np.float32 else np.uint16 for name, a in arrays.items()}
    return {name: (array.shape, kinds[name]) for name, array in arrays.items()}


def _units(one: Model) -> int:
    return int(one.architecture["units"])


def _best(priors: list[Model], residues: NDArray[np.uint8]) -> Model | None:
    """The prior that needs the fewest bits for a sample; None where naming it would cost more.

    What a network says alone and what it adds to an engine is not the same (on yeast the one for
    prokaryotes is 0.5 % worse alone and 0.2 % better there), so engines decide between near ones.
    """
    pieces = stretches_of(residues, _PIECES, _PIECE)
    if not pieces.size:
        return None
    costs = [_bits(prior.make(one.arrays), pieces) for one in priors]
    least = min(costs, default=2.0)
    if least >= _USELESS or (2 - least) * residues.size < _WORTH:
        return None
    near = [one for one, cost in zip(priors, costs, strict=True) if cost < least + _NEAR]
    if len(near) == 1 or residues.size < SMALL:
        return priors[costs.index(least)]
    first = max(residues.size - _TRIAL, 0) // 2
    return min(near, key=lambda one: _stored(one, residues[first : first + _TRIAL]))


def _stored(one: Model, residues: NDArray[np.uint8]) -> int:
    """Bytes of an engine's stream with that prior."""
    made = engine.make(parts("plus", residues.size, 0, 16), residues.size, 0, one.arrays)
    stream = np.empty(engine.room(residues.size), np.uint8)
    coder = range_coder.new_encoder()
    engine.run(made, residues.copy(), 0, residues.size, stream, coder, False, engine.NO_SHARES)
    return range_coder.finish(coder, stream)


def _bits(network: prior.Prior, pieces: NDArray[np.uint8]) -> float:
    """Bits a residue that a network alone needs for ``pieces`` (pieces, length)."""
    raw = np.zeros(4 * readings.INPUTS, np.float32)
    none = prior.make(None)
    reading = readings.Readings(network, none, none)
    chances = np.ones(pieces.shape[1] + 7, np.float32)
    nats = np.zeros(8, np.float32)
    total = 0.0
    for piece in pieces:
        for array in (network.seen, network.state, network.node, network.tuned):
            array[:] = 0
        network.odds[:] = 1
        _measure(reading, piece, raw, chances, nats)
        total += sum(nats.tolist())  # in this order: the choice is the same on every machine
    return total / math.log(2) / pieces.size


@kernel
def _measure(reading, residues, raw, chances, nats):
    """The probability that each residue had, and in ``nats`` (8,) what they cost together.

    ``chances`` has seven places more, of probability 1.
    """
    for i in range(residues.size):
        readings.predict(reading, raw, readings.INPUTS, 0)
        first = (raw[0] + raw[2]) + (raw[4] + raw[6])
        chances[i] = raw[readings.INPUTS * residues[i]] / first
        readings.learn(reading, np.int64(residues[i]))
        readings.follow(reading, np.int64(residues[i]), False)
    costs = splat(np.float32(0.0))
    for i in range(0, residues.size, 8):
        costs -= log8(load(chances, i))
    store(nats, 0, costs)
