"""A small network that has noted what it read; as a program, a digest of what it learns from that.

``python -m diaries`` prints the same everywhere.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.engine import engine, presets, prior, readings
from acgz.engine.adaptation import Adaptation
from acgz.engine.engine import Engine
from acgz.engine.prior import BATCH, TOKENS, UNFORESEEN


def small_network(units: int = 32, dense: int = 32) -> dict[str, NDArray[Any]]:
    """A network of random weights."""
    random = np.random.default_rng(7)
    arrays: dict[str, NDArray[Any]] = {}
    for name, (shape, kind) in prior.shapes(units, dense).items():
        if kind is np.int8:
            arrays[name] = random.integers(-127, 128, shape).astype(np.int8)
            full = prior.DENSE_SCALE if name == "output" else prior.STATE_SCALE
            arrays[f"{name}.scale"] = np.full(shape[0], 0.4 / 127 / full, np.float32)
        elif not name.endswith(".scale"):
            arrays[name] = random.normal(0, 0.3, shape).astype(np.float32)
    return arrays


def filled(arrays: dict[str, NDArray[Any]], batches: int) -> Engine:
    """An engine whose first reading has read so many batches of random 3-mers."""
    made = engine.make(presets.parts("ultra", presets.SMALL, 0, 16), presets.SMALL)
    made = made._replace(readings=readings.make(arrays, True, prior.ROOM))
    random = np.random.default_rng(8)
    network = made.readings.first
    diary = network.diary
    count = batches * BATCH + 1
    diary.tokens[:count] = random.integers(0, TOKENS, count)
    width = prior.width(network.units, network.dense)
    for i in range(count):
        prior._read(network, int(diary.tokens[i]), i * width)
    diary.tokens[:count:50] += UNFORESEEN
    mixed = random.random((count, 3, 4)) + 0.1
    diary.mixed[: 12 * count] = (mixed / mixed.sum(axis=2, keepdims=True)).ravel()
    diary.size[0] = count
    return made


def main() -> None:
    arrays = small_network()
    made = filled(arrays, 2)
    learning = Adaptation(made, arrays)
    learning.turn()
    learning.turn()
    network = made.readings.third
    parts = (network.weights, network.scale, network.table, network.bias)
    print(sha256(b"".join(part.tobytes() for part in parts)).hexdigest())


if __name__ == "__main__":
    main()
