"""RTCR, the rank of ratio and throughput: which (s,k) suits a sequence (DeepGeCo, equation 1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz import modes
from acgz.codec import Job, decode, encode
from acgz.errors import DamagedError
from acgz.nets.deepgeco.grid import Grid
from acgz.settings import JSON

ALPHA = BETA = 0.5
"""Weights of the rank of the ratio and of the rank of the throughput, as in the paper."""


@dataclass(frozen=True)
class Trial:
    """What one (s,k) does to the sample."""

    grid: Grid
    bits_per_base: float
    throughput: float
    """kB/s, 1 kB = 1000 bases: size / (compression time + decompression time)."""


@dataclass(frozen=True)
class Ranked:
    """A trial and its place among all."""

    trial: Trial
    ratio_rank: int  # 1 is the best
    throughput_rank: int
    rtcr: float  # the smaller, the better


def rank(trials: Sequence[Trial], alpha: float = ALPHA, beta: float = BETA) -> list[Ranked]:
    """All trials, the best first; equal figures have equal ranks.

    >>> trials = [Trial(Grid(1, 1), 1.90, 1.0), Trial(Grid(3, 3), 1.91, 3.0),
    ...           Trial(Grid(2, 2), 1.95, 2.0)]
    >>> [(ranked.trial.grid.k, ranked.rtcr) for ranked in rank(trials)]
    [(3, 1.5), (1, 2.0), (2, 2.5)]
    """
    ratios = sorted(trial.bits_per_base for trial in trials)
    speeds = sorted((trial.throughput for trial in trials), reverse=True)
    found = []
    for trial in trials:
        ratio = ratios.index(trial.bits_per_base) + 1
        speed = speeds.index(trial.throughput) + 1
        found.append(Ranked(trial, ratio, speed, alpha * ratio + beta * speed))
    return sorted(found, key=lambda ranked: (ranked.rtcr, ranked.ratio_rank))


def grids(most: int) -> Iterator[Grid]:
    """All (s,k) with k up to ``most``."""
    for k in range(1, most + 1):
        for s in range(1, k + 1):
            yield Grid(s, k)


def measure(
    residues: NDArray[np.uint8],
    most: int,
    settings: Mapping[str, JSON],
    job: Job,
    done: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """Compress and restore ``residues`` with every (s,k); ``done`` hears of each trial.

    A first run that does not count compiles the kernels.
    """
    codec = modes.get_codec("deepgeco")

    def run(part: NDArray[np.uint8], grid: Grid) -> Trial:
        chosen = {**settings, "sk": f"{grid.s},{grid.k}"}
        began = time.perf_counter()
        coded = encode(codec, part, chosen, job)
        restored = decode(codec, coded, part.size, job)
        seconds = time.perf_counter() - began
        if not np.array_equal(restored, part):
            raise DamagedError(f"(s,k) = ({grid.s},{grid.k}) did not restore the sample")
        return Trial(grid, 8 * len(coded.payload) / part.size, part.size / 1000 / seconds)

    run(residues[:1500], Grid(1, 2))
    trials = []
    for grid in grids(most):
        trials.append(run(residues, grid))
        done(trials[-1])
    return trials
