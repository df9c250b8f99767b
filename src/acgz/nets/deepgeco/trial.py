"""What changes to the Warm-Start network save beside a Supporter: tried out on the beginning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding.predictor import Predictor
from acgz.coding.streams import lane_starts
from acgz.nets.deepgeco.mixer import sine

BATCHES = 200
"""Batches of a trial, at most."""


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
    many. A Supporter that learns leaves less and less to save: what the last quarter of the
    trial has saved goes on in quarters, each with as large a part of the one before as that had
    of the one before it (all of it at most), and with the share that equation (3) leaves to the
    network.

    >>> saving(np.full(8, 2.0), np.full(8, 1.5), batches=8, warm=8)
    4.0
    """
    saved = without - with_them
    quarter = saved.size // 4
    total = float(saved.sum())
    if not quarter:
        return total
    before, last = (float(saved[-n * quarter :][:quarter].sum()) for n in (2, 1))
    if before <= 0 or last <= 0:
        return total
    kept = min(1.0, last / before)
    now = 1.0 - sine(min(1.0, saved.size / warm))
    end = min(batches, warm)
    for first in range(saved.size, end, quarter):
        last *= kept
        part = min(quarter, end - first) / quarter
        total += last * part * (1.0 - sine(first / warm)) / now
    return total
