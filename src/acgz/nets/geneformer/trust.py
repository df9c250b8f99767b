"""How far a network is believed: its prediction is mixed with equal probabilities.

A network that has learned genomes by heart is sure of itself wherever it is, and costs 8 bits and
more a base where it is wrong. So each lane has a weight of the network, which is the probability
that it, and not a die, made the bases so far (Bayes' rule); after every base a small share of the
weight goes either way (fixed share; Herbster and Warmuth, "Tracking the Best Expert", 1998), so
that trust returns within some bases. What the network does not know then costs 2 bits a base, and
some 15 more whenever it begins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding.predictor import PRECISION
from acgz.kernel import kernel

ONE = 1 << 16
"""Weights are multiples of 1/ONE."""
LEAST = 8
"""Share that goes either way, and the least weight of either. 1/8192 costs 0.00013 bits/base
where the network is right; on fish mitochondria, of which `hybrid` knows little, it saves 5 %."""
EQUAL = (1 << PRECISION) // 4


class Trust:
    """Weights of the network in lanes of four symbols."""

    def __init__(self, lanes: int) -> None:
        self._weights = np.full(lanes, ONE // 2, np.int64)

    def mix(self, frequencies: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Frequencies of the mixture, (lanes, 4); every row sums to 2**PRECISION, all are >= 1."""
        out = np.empty_like(frequencies)
        _mix(frequencies, self._weights, out)
        return out

    def learn(self, frequencies: NDArray[np.uint32], symbols: NDArray[np.int64]) -> None:
        """See the ``symbols`` (lanes,), of which the network said ``frequencies`` (lanes, 4)."""
        _learn(frequencies, symbols, self._weights)


@kernel
def _mix(frequencies, weights, out):
    for lane in range(weights.size):
        weight = weights[lane]
        rest = (np.int64(ONE) - weight) * np.int64(EQUAL)
        left = np.int64(1) << np.int64(PRECISION)
        best = 0
        for symbol in range(4):
            mixed = (weight * np.int64(frequencies[lane, symbol]) + rest) // np.int64(ONE)
            out[lane, symbol] = np.uint32(mixed)
            left -= mixed
            if frequencies[lane, symbol] > frequencies[lane, best]:
                best = symbol
        out[lane, best] += np.uint32(left)


@kernel
def _learn(frequencies, symbols, weights):
    for lane in range(weights.size):
        weight = weights[lane]
        by_network = weight * np.int64(frequencies[lane, symbols[lane]])
        either = by_network + (np.int64(ONE) - weight) * np.int64(EQUAL)
        weight = by_network * np.int64(ONE) // either
        weights[lane] = np.int64(LEAST) + weight * np.int64(ONE - 2 * LEAST) // np.int64(ONE)
