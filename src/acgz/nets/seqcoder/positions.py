"""Codes of positions: sines and cosines, the same bits on every machine."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

BASE = 10_000.0
"""The angle of column 2i of n grows by BASE ** (-2i / n) from one position to the next."""
TERMS = 12
"""Of the Taylor series of sine and cosine; angles are at most 1, so the rest is below 1e-24."""


@lru_cache(maxsize=32)
def codes(positions: int, width: int) -> NDArray[np.float32]:
    """Sines in even columns, cosines in odd ones: (positions, width), a power of two from 4 on.

    Float64 in a written order (powers by square roots, later angles by the addition theorem), then
    float32: libraries' sines differ in the last bit.

    >>> bool(np.abs(codes(640, 32)[639, :2] - [np.sin(639.0), np.cos(639.0)]).max() < 1e-6)
    True
    """
    ratio = 1 / sqrt(BASE)  # BASE ** (-2 / 4), for four columns
    for _ in range(width.bit_length() - 3):
        ratio = sqrt(ratio)
    angles = np.empty(width // 2)
    angle = 1.0
    for i in range(angles.size):
        angles[i] = angle
        angle *= ratio
    sine, cosine = _series(angles)
    table = np.empty((positions, width), np.float32)
    now_sine, now_cosine = np.zeros_like(sine), np.ones_like(cosine)
    for position in range(positions):
        table[position, 0::2], table[position, 1::2] = now_sine, now_cosine
        now_sine, now_cosine = (
            now_sine * cosine + now_cosine * sine,
            now_cosine * cosine - now_sine * sine,
        )
    table.flags.writeable = False
    return table


def _series(angles: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sines and cosines of angles from 0 to 1."""
    square = angles * angles
    sine, cosine = np.ones_like(angles), np.ones_like(angles)
    for n in range(TERMS, 0, -1):
        sine = 1.0 - square * sine / float(2 * n * (2 * n + 1))
        cosine = 1.0 - square * cosine / float(2 * n * (2 * n - 1))
    return angles * sine, cosine
