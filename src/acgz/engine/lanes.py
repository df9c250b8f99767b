"""Lanes of the engine: parts of one sequence, coded side by side by engines that tell each other.

The sequence is cut into contiguous lanes, each with an engine, tables and a stream of its own.
All lanes code `EPOCH` residues at a time, independently of each other, so that each can have a
thread. After each epoch every engine absorbs what the others have coded, and what they have
learned from being right and wrong is averaged. So a lane knows nearly all that a single engine
would, and nothing depends on how many threads there are.

Absorbing is much faster than coding: the residues are known, so tables are filled one after the
other, and memory is asked for far ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.engine import adaptation, engine
from acgz.engine.adaptation import Adaptation
from acgz.engine.engine import Arrays, Engine
from acgz.engine.presets import Parts
from acgz.errors import TruncatedError

EPOCH = 1 << 12
"""Residues that a lane codes before it hears of the others. Four times as many cost 0.05 % of
human chromosome 20 (first 4 Mb)."""
MOST = 16
"""Lanes; each has tables of its own."""


@dataclass(frozen=True)
class Lane:
    """Residues ``first`` to ``last``, their engine, and their stream with its coder."""

    first: int
    last: int
    engine: Engine
    stream: NDArray[np.uint8]
    coder: NDArray[np.uint64]
    adaptation: Adaptation | None
    """Of the engine's prior, if it learns."""


def spans(count: int, lanes: int) -> list[tuple[int, int]]:
    """First residue of each lane, and of what comes after it; multiples of 32 where they can be.

    >>> spans(100, 3)
    [(0, 64), (64, 100), (100, 100)]
    """
    length = -(-count // (32 * lanes)) * 32
    return [(min(k * length, count), min((k + 1) * length, count)) for k in range(lanes)]


def encode(
    parts: Parts,
    prior: Arrays | None,
    residues: NDArray[np.uint8],
    noted: int,
    before: int,
    lanes: int,
    threads: int,
    progress: Callable[[int], object],
) -> list[NDArray[np.uint8]]:
    """The streams of the lanes; ``progress`` is called with the residues done.

    ``prior``: the arrays of its file, if there is one. ``before``: so many residues, a multiple
    of 32, are known and not coded; the first ``noted`` of them, another multiple, are a dictionary,
    the others a reference.
    """
    made = []
    for first, last in spans(residues.size - before, lanes):
        stream = np.empty(engine.room(last - first), np.uint8)
        span = (before + first, before + last)
        made.append(_lane(parts, prior, span, residues.size, stream, range_coder.new_encoder()))
    _run(made, residues, noted, False, threads, progress)
    return [lane.stream[: range_coder.finish(lane.coder, lane.stream)] for lane in made]


def decode(
    parts: Parts,
    prior: Arrays | None,
    streams: Sequence[NDArray[np.uint8]],
    count: int,
    known: NDArray[np.uint8],
    noted: int,
    threads: int,
    progress: Callable[[int], object],
) -> NDArray[np.uint8]:
    """The ``count`` residues of the ``streams``; ``progress`` as in `encode`.

    ``known``: the residues before them, the first ``noted`` of a dictionary, as in `encode`.
    """
    before = known.size
    whole = before + count
    made = []
    for (first, last), stream in zip(spans(count, len(streams)), streams, strict=True):
        coder = np.zeros(3, np.uint64)
        range_coder.start_decoder(coder, stream)
        made.append(_lane(parts, prior, (before + first, before + last), whole, stream, coder))
    residues = np.zeros(whole, np.uint8)
    residues[:before] = known
    _run(made, residues, noted, True, threads, progress)
    return residues[before:]


def _lane(
    parts: Parts,
    prior: Arrays | None,
    span: tuple[int, int],
    count: int,
    stream: NDArray[np.uint8],
    coder: NDArray[np.uint64],
) -> Lane:
    made = engine.make(parts, count, span[0], prior)
    return Lane(*span, made, stream, coder, adaptation.of(made, prior))


def _run(
    lanes: list[Lane],
    residues: NDArray[np.uint8],
    noted: int,
    decoding: bool,
    threads: int,
    progress: Callable[[int], object],
) -> None:
    """Code all residues, epoch by epoch; what lies before the first lane is known."""
    before = lanes[0].first

    def know(k: int) -> None:
        engine.note(lanes[k].engine, residues, noted)
        engine.absorb(lanes[k].engine, residues, noted, noted, before)

    # Learning goes on beside coding if there is a thread for it; else it is done in between.
    aside = threads > len(lanes)
    with (
        ThreadPoolExecutor(max(1, min(threads, len(lanes)))) as pool,
        ThreadPoolExecutor(max(1, min(threads - len(lanes), len(lanes)))) as school,
    ):
        if before:
            _each(pool, know, len(lanes))
        for done in range(0, lanes[0].last - before, EPOCH):
            now = [
                (min(lane.first + done, lane.last), min(lane.first + done + EPOCH, lane.last))
                for lane in lanes
            ]

            def code(k: int, now: list[tuple[int, int]] = now) -> None:
                lane = lanes[k]
                engine.run(
                    lane.engine,
                    residues,
                    *now[k],
                    lane.stream,
                    lane.coder,
                    decoding,
                    engine.NO_SHARES,
                )

            def absorb(k: int, now: list[tuple[int, int]] = now) -> None:
                for other, lane in enumerate(lanes):
                    if other != k:
                        engine.absorb(lanes[k].engine, residues, lane.first, *now[other])

            _each(pool, code, len(lanes))
            if decoding and any(range_coder.is_spent(one.coder, one.stream) for one in lanes):
                raise TruncatedError("the residues end too early")
            if len(lanes) > 1:
                _each(pool, absorb, len(lanes))
                _average([lane.engine for lane in lanes])
            for lane in lanes:
                if lane.adaptation is not None:
                    lane.adaptation.turn(school if aside else None)
            progress(sum(last - lane.first for (_, last), lane in zip(now, lanes, strict=True)))


def _each(pool: ThreadPoolExecutor, task: Callable[[int], None], count: int) -> None:
    """Do the task for 0 … count - 1; errors come out."""
    for _ in pool.map(task, range(count)):
        pass


def _average(engines: list[Engine]) -> None:
    """Give every engine the mean of what each has learned, added in the order of the lanes."""
    share = np.float32(1.0 / len(engines))
    for alike in zip(*(engine.learning(one).values() for one in engines), strict=True):
        mean = alike[0].copy()
        for other in alike[1:]:
            mean += other
        mean *= share
        for one in alike:
            one[:] = mean
