"""The engine's one loop: predict, code, learn; the same function encodes and decodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.engine import contexts, copies, correction, passing, prior, readings, stretches
from acgz.engine import mixer as network
from acgz.engine.columns import depth, inherited
from acgz.engine.contexts import LENGTHS, Contexts
from acgz.engine.copies import UNKNOWN, Copies
from acgz.engine.correction import PRECISION, Correction
from acgz.engine.logexp import log8
from acgz.engine.mixer import SETS, Network
from acgz.engine.presets import AT_ONCE, DEEP, Parts
from acgz.engine.readings import Readings
from acgz.engine.simd import load, splat, store
from acgz.engine.stretches import Stretches
from acgz.kernel import inline_kernel, kernel

KNOWN = 100
"""Calibrations and trust from a prior's file count as at most so many events."""

NO_SHARES = np.zeros(0, np.int32)
"""For whoever does not want to know what each residue cost."""

SELDOM = 4
"""From what the mixer had expected it learns only at every fourth index, in steps four times as
large: HIV genomes take 0.02 % more and 4 % less time."""
_SELDOM = np.float32(SELDOM)
_EXPECTED = np.float32(1 / 16)
"""Something else was less likely than this."""
_SCALES = np.float32(0.3)
_MORE = 512


Arrays = Mapping[str, NDArray[Any]]


class Engine(NamedTuple):
    """Everything that one sequence is predicted with."""

    contexts: Contexts
    copies: Copies
    readings: Readings
    """Of the prior."""
    network: Network
    correction: Correction
    x: NDArray[np.float32]
    """(4 * width,): inputs of the mixer."""
    votes: NDArray[np.float32]
    logits: NDArray[np.float32]
    probability: NDArray[np.float32]
    error: NDArray[np.float32]
    chosen: NDArray[np.int64]
    """(3,): where the chosen weight sets begin."""
    frequency: NDArray[np.int64]
    stretches: Stretches
    sure: int
    """See `Parts.sure`."""
    begin: int
    """The first residue of the engine's lane."""
    since: NDArray[np.int64]
    """(1,): the first residue whose inverted repeats were noted after the last stretch."""
    known: NDArray[np.uint8]
    """(count,): the residues that the engine knows; UNKNOWN elsewhere."""
    recent: NDArray[np.uint64]
    """(2,): the last 32 residues, the newest in the low bits, and their reverse complement."""
    rates: NDArray[np.float32]
    """(3,): learning rate of the weight sets, of the hidden layers, and the extra at the start."""


def room(count: int) -> int:
    """Bytes that the stream of ``count`` residues can need at most.

    A mistake in a stretch is three symbols, of at most 60 bits. There is one to `Parts.risk`
    residues of a class, which take nearly nothing, and one more for each of the 40 classes that
    begin with so few mistakes that a stretch may have them at once.
    """
    return range_coder.capacity(count, PRECISION) + _MORE


def make(parts: Parts, count: int, begin: int = 0, learned: Arrays | None = None) -> Engine:
    """An engine that has seen nothing of ``count`` residues, to code those from ``begin`` on.

    ``learned``: arrays of a prior's file.
    """
    experts = len(parts.slow) + len(parts.sparse)
    inputs = experts + copies.INPUTS + (readings.INPUTS if parts.prior else 0)
    width = (inputs + parts.further + 7) // 8 * 8
    made = Engine(
        contexts=contexts.make(parts.slow, parts.sparse, parts.table_bits, count, parts.resting),
        copies=copies.make(
            parts.pool,
            count,
            parts.seeds,
            parts.seed_bits,
            parts.enter_misses,
            parts.stay_misses,
        ),
        readings=readings.make(learned, parts.further, prior.ROOM if parts.adapts else 0),
        network=network.make(width, inputs, parts.hidden, 0.25),
        correction=correction.make(),
        x=np.ones(4 * width, np.float32),
        votes=np.zeros(8, np.float32),
        logits=np.zeros(4, np.float32),
        probability=np.zeros(4, np.float32),
        error=np.zeros(4, np.float32),
        chosen=np.zeros(3, np.int64),
        frequency=np.zeros(4, np.int64),
        stretches=stretches.make(parts.risk, parts.long),
        sure=parts.sure,
        begin=begin,
        since=np.array([begin + 32], np.int64),
        known=np.full(count, UNKNOWN, np.uint8),
        recent=np.zeros(2, np.uint64),
        rates=np.array([parts.rate, parts.hidden_rate, parts.rate_boost], np.float32),
    )
    if learned is not None:
        begin_with(made, learned)
    return made


def begin_with(e: Engine, learned: Arrays) -> None:
    """Give an engine the arrays of `starting`; no larger steps at the beginning are needed then."""
    for name, array in starting(e).items():
        array[:] = learned[name]
    e.rates[2] = 0


def learning(e: Engine) -> dict[str, NDArray[Any]]:
    """What an engine learns from being right and wrong, by name; all float32."""
    n = e.network
    return {
        "sets": n.sets,
        "shared_in": n.shared_in,
        "shared_out": n.shared_out,
        "joint_in": n.joint_in,
        "joint_bias": n.joint_bias,
        "joint_out": n.joint_out,
        "calibration": e.contexts.calibration,
        "right": e.copies.right,
        "run_right": e.copies.run_right,
        "correction": e.correction.of_class,
        "correction of places": e.correction.of_place,
        "tuned": e.readings.first.tuned,
        "tuned second": e.readings.second.tuned,
        "tuned third": e.readings.third.tuned,
    }


def starting(e: Engine) -> dict[str, NDArray[Any]]:
    """What a prior's file has of an engine, and the numbers of events behind that."""
    own = ("tuned", "correction of places")
    general = {name: a for name, a in learning(e).items() if not name.startswith(own)}
    return {**general, "seen": e.contexts.seen, "run_seen": e.copies.run_seen}


@inline_kernel
def _repeats(e, i):
    """Fill the inputs that come from the pool; returns how good the best pointer is."""
    width = e.network.width
    for k in range(4 * width):
        e.x[k] = np.float32(1.0)
    experts = e.contexts.slot.size
    match = copies.predict(e.copies, e.known, e.x, e.votes, width, experts, i - e.begin)
    stretches.notice(e.stretches, e.copies, e.contexts.columns, e.votes)
    return match


@inline_kernel
def _inputs(e, i, history, match, rests):
    """Fill the mixer's inputs, choose its weight sets; returns the correction's class.

    ``match``: as `_repeats` has it, which comes first; ``rests``: whether what may rest does.
    """
    width = e.network.width
    x = e.x
    experts = e.contexts.slot.size
    longest = contexts.predict(e.contexts, x, width, i, history, e.copies.best, rests)
    if not rests:
        readings.predict(e.readings, x, width, experts + copies.INPUTS)
    # centred logarithms: what matters is how the residues compare
    for at in range(0, width, 8):
        a = log8(load(x, at))
        b = log8(load(x, width + at))
        c = log8(load(x, 2 * width + at))
        d = log8(load(x, 3 * width + at))
        mean = ((a + b) + (c + d)) * splat(np.float32(0.25))
        store(x, at, a - mean)
        store(x, width + at, b - mean)
        store(x, 2 * width + at, c - mean)
        store(x, 3 * width + at, d - mean)
    v = e.votes
    mean = ((v[0] + v[1]) + (v[2] + v[3])) * np.float32(0.25)
    most = ((v[4] + v[5]) + (v[6] + v[7])) * np.float32(0.25)
    for s in range(4):
        x[s * width + experts + 3] = (v[s] - mean) * _SCALES
        x[s * width + experts + 4] = v[4 + s] - most
    size = e.copies.size[0]
    some = 0 if size == 0 else (1 if size < 3 else (2 if size < 10 else 3))
    many = 0
    if size > 0:
        many = 1
        while many < 14 and size >= (2 << (many >> 1)) + (many & 1) * (1 << (many >> 1)):
            many += 1
    e.chosen[0] = ((match * LENGTHS + longest) * 4 + some) * width
    e.chosen[1] = (SETS[0] + np.int64(history & np.uint64(1023))) * width
    e.chosen[2] = (SETS[0] + SETS[1] + many * LENGTHS + longest) * width
    return match * LENGTHS + longest


@kernel
def run(e, residues, first, last, stream, coder, decoding, shares):
    """Encode residues ``first`` to ``last`` into ``stream``, or decode them from it.

    ``residues``: uint8 (count,), read or written; ``coder``: the range coder's state, which the
    caller starts and finishes. ``shares``: int32 (count,), set to the frequency that each residue
    was coded with, of 2**PRECISION; (0,) if nobody wants to know it.
    """
    i = np.int64(first)
    while i < last:
        match = _repeats(e, i)
        columns = e.contexts.columns
        length = stretches.begins(e.stretches, e.copies, columns, e.known, e.begin, i, last)
        if length > 0:
            i = _stretch(e, residues, i, length, stream, coder, decoding, shares)
            continue
        history = e.recent[0]
        inverse = e.recent[1]
        rests = match >= e.sure
        if not rests and match >= AT_ONCE and columns.size > 0:
            rests = depth(inherited(columns, e.copies.best[2], e.copies.best[3])) >= DEEP
        kind = _inputs(e, i, history, match, rests)
        network.forward(e.network, e.x, e.chosen, e.logits)
        correction.softmax(e.logits, e.votes, e.probability)
        recent = np.int64(history & np.uint64(1023))
        correction.frequencies(e.correction, kind, recent, e.probability, e.frequency)
        residue = np.int64(0)
        start = np.int64(0)
        if decoding:
            point = np.int64(range_coder.target(coder, PRECISION))
            while residue < 3 and point >= start + e.frequency[residue]:
                start += e.frequency[residue]
                residue += 1
            range_coder.advance(coder, stream, start, e.frequency[residue], PRECISION)
            residues[i] = residue
        else:
            residue = np.int64(residues[i])
            for s in range(residue):
                start += e.frequency[s]
            range_coder.encode(coder, stream, start, e.frequency[residue], PRECISION)
        if i < shares.size:
            shares[i] = e.frequency[residue]
        e.known[i] = residue
        correction.learn(e.correction, residue)
        for s in range(4):
            came = np.float32(1.0) if s == residue else np.float32(0.0)
            e.error[s] = came - e.probability[s]
        age = np.float32(i - e.begin)
        boost = np.float32(1.0) + e.rates[2] / (np.float32(1.0) + age * np.float32(0.001))
        if e.error[residue] >= _EXPECTED:
            rate = e.rates[0] * boost
            network.learn(e.network, e.x, e.chosen, e.error, rate, e.rates[1] * boost)
        elif (i - e.begin) % SELDOM == 0:
            rate = e.rates[0] * boost * _SELDOM
            network.learn(e.network, e.x, e.chosen, e.error, rate, e.rates[1] * boost * _SELDOM)
        history = (history << np.uint64(2)) | np.uint64(residue)
        inverse = (inverse >> np.uint64(2)) | (np.uint64(3 - residue) << np.uint64(62))
        stretches.visit(e.stretches, residue)
        contexts.update(e.contexts, e.known, e.begin, e.since[0], i, residue, history, inverse)
        copies.update(e.copies, e.known, e.begin, i, residue, history, inverse)
        readings.heed(e.readings, e.probability)
        if not rests:
            readings.learn(e.readings, residue)
        readings.follow(e.readings, residue, rests)
        e.recent[0] = history
        e.recent[1] = inverse
        i += 1


@inline_kernel
def _stretch(e, residues, i, length, stream, coder, decoding, shares):
    """Code the stretch of ``length`` residues at ``i``, or those to its first error.

    Returns the residue after it. All is told of it but what learns from being right and wrong.
    """
    s = e.stretches
    done, wrong, share = stretches.code(s, residues, i, length, stream, coder, decoding)
    if i < shares.size:
        stretches.price(s, i, done, wrong, share, shares)
    stretches.learn(s, done, wrong)
    for k in range(i, i + done):
        e.known[k] = residues[k]
    passing.to_index(e.copies, e.known, i, done, e.recent[0])
    passing.to_pool(e.copies, e.known, e.begin, i, done)
    for k in range(i, i + done):
        residue = np.int64(residues[k])
        e.recent[0] = (e.recent[0] << np.uint64(2)) | np.uint64(residue)
        e.recent[1] = (e.recent[1] >> np.uint64(2)) | (np.uint64(3 - residue) << np.uint64(62))
        readings.follow(e.readings, residue, True)
    passing.to_candidates(e.copies, e.known, e.recent[0], e.recent[1])
    passing.to_columns(e.contexts, e.known, i, done, s.best)
    passing.to_contexts(e.contexts, e.since[0], i, done, e.recent[0])
    e.since[0] = i + done
    return i + done


@kernel
def note(e, residues, last):
    """Know the residues before ``last``, which belong to no lane, as something to copy from."""
    for i in range(last):
        e.known[i] = residues[i]
    copies.absorb(e.copies, e.known, np.int64(0), np.int64(0), last)


@kernel
def absorb(e, residues, begin, first, last):
    """Learn residues ``first`` to ``last`` of another lane, which begins at ``begin``.

    Tables and indexes take them in as if they had been read here; what is learned from being
    right or wrong (mixer, calibrations) does not.
    """
    for i in range(first, last):
        e.known[i] = residues[i]
    contexts.absorb(e.contexts, e.known, begin, first, last)
    copies.absorb(e.copies, e.known, begin, first, last)
