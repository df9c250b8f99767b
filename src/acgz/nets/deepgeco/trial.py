"""What changes to the Warm-Start network save beside a Supporter: tried out on the beginning."""

from __future__ import annotations

from math import log, log1p

import numpy as np
from numpy.typing import NDArray

from acgz.coding.predictor import Predictor
from acgz.coding.streams import lane_starts
from acgz.nets.deepgeco.mixer import sine

BATCHES = 300
"""Batches of a trial, at most."""
LASTING = 100.0
"""Batches after which a Supporter that learns has left half of what changes save at first.

With biases fitted to 2,000,000 bases of P. falciparum a batch took 2.9 bytes less among the first
50, 1.0 less among the fourth 50 and 0.4 less among the twelfth.
"""


def worth_of(batches: int) -> float:
    """How often changes save in all what they save in the first batch, beside a Supporter.

    >>> round(worth_of(10)), round(worth_of(2000))
    (10, 304)
    """
    return LASTING * log1p(batches / LASTING)


def bits_of_batches(
    predictor: Predictor,
    symbols: NDArray[np.unsignedinteger],
    lanes: int,
    most: int | None = None,
) -> NDArray[np.float64]:
    """What an ideal coder needs for each whole batch, in bits; of the first ``most`` only."""
    starts, lane = lane_starts(symbols.size, lanes), np.arange(lanes)
    batches = symbols.size // lanes
    bits = np.zeros(batches if most is None else min(most, batches))
    for step in range(bits.size):
        frequencies = predictor.frequencies()
        coded = symbols[starts + step]
        bits[step] = np.sum(predictor.precision - np.log2(frequencies[lane, coded]))
        predictor.update(coded)
    return bits


def saving(
    without: NDArray[np.float64], with_them: NDArray[np.float64], batches: int, warm: int
) -> float:
    """Bits that changes save in all, from those of each batch of a trial.

    ``batches`` of the input; ``warm``: those that the network takes part in, if there are as
    many. A Supporter that learns leaves less and less to save, about as 1/t after t batches (see
    `LASTING`): so goes on what the second half of the trial has saved, with the share that
    equation (3) leaves to the network.

    >>> saving(np.full(8, 2.0), np.full(8, 1.5), batches=8, warm=8)
    4.0
    """
    saved = without - with_them
    total = float(saved.sum())
    seen, end = saved.size, min(batches, warm)
    second_half = float(saved[seen // 2 :].sum())
    if seen < 4 or second_half <= 0 or end <= seen:
        return total
    rest = np.arange(seen, end)
    now = 1.0 - sine(seen / warm)
    shares = np.array([1.0 - sine(t / warm) for t in rest]) / now
    return total + second_half / log(seen / (seen // 2)) * float((shares / rest).sum())
