"""A prior whose weights go on learning while it codes: dynamic evaluation (Krause et al., 2018).

The first reading keeps a diary of what it reads. Whenever there are `BATCH` 3-mers more, each
weight takes a step down the gradient (`gradients`), of a size that is the same for all (Adam
without momentum; Kingma and Ba, 2014, with β1 = 0). Weights that learn are floats; what reads is
made of them as in a prior's file. Decoders learn the same, and nothing is stored.

A step is done beside the coding of the next epoch, where there is a thread for it, and takes effect
after that epoch, whether there is one or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.engine import gradients, prior
from acgz.engine.engine import Engine
from acgz.engine.gradients import DENSE_GRAIN, STATE_GRAIN
from acgz.engine.prior import SEGMENT, TOKENS, Prior

BATCH = 16 * SEGMENT
"""3-mers of a step."""
RATE = np.float32(0.0005)
DECAY = np.float32(0.999)
"""β2."""
CALM = np.float32(0.001)
"""Added to the root of the mean square of a gradient."""
GRAIN = np.float32(2047.0)
"""The largest slope of a column as an integer: sums over a batch stay below 2**31."""
LEAST = np.float32(2.0**-30)
"""The largest weight of a row counts as at least this."""
TINIEST, MOST = np.float32(1e-30), np.float32(1e30)
"""A column of slopes whose greatest is not between these counts as zeros."""

_ONE = np.float32(1)
_WEIGHT_MOST = np.float32(prior.WEIGHT_MOST)
_SCALES = {
    name: np.float32(prior.DENSE_SCALE if name == "output" else prior.STATE_SCALE)
    for name in prior.MATRICES
}

Batch = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]
"""3-mers and what the mixer thought of them, one more than `BATCH`, and states of segments."""


class Adaptation:
    """What a prior of one engine learns from what the engine reads."""

    def __init__(self, engine: Engine, arrays: Mapping[str, NDArray[Any]]) -> None:
        """``arrays``: of the prior's file, from which the engine was made."""
        self._readings = [one for one in engine.readings if one.units]
        first = engine.readings.first
        self._units, self._dense = first.units, first.dense
        self._weights = {
            name: arrays[name].astype(np.float32) * arrays[f"{name}.scale"][:, None] * factor
            for name, factor in _SCALES.items()
        }
        self._weights["table"] = np.array(arrays["table"])
        self._weights["bias"] = np.array(arrays["bias"])
        self._squares = {name: np.zeros_like(array) for name, array in self._weights.items()}
        self._power = _ONE
        self._tape = gradients.segment(
            self._units,
            self._dense,
            prior.make(arrays),
            _turned(self._units, self._dense),
        )
        wide, wider = 8 * self._units + TOKENS + self._dense, 4 * self._units + self._dense
        self._slopes = np.zeros((BATCH, wide), np.float32)
        self._pairs = np.zeros((BATCH // 2, 2 * wide), np.int16)
        self._others = np.zeros((BATCH // 2, 2 * wider), np.int16)
        self._ones = np.ones(wider, np.float32)
        self._whole = np.zeros((BATCH, wider), np.int16)
        self._sums = np.zeros(
            (TOKENS + self._dense + 3 * self._units) * max(self._units, self._dense), np.float32
        )
        self._set()
        self._job: Callable[[], object] | None = None

    def turn(self, pool: Executor | None = None) -> None:
        """After each epoch: take over what was learned, and learn from what was read."""
        if self._job is not None:
            self._job()
            self._job = None
            self._publish()
        batches = self._batches()
        if not batches:
            return
        if pool is None:
            self._learn(batches)
            self._job = _nothing
        else:
            future: Future[None] = pool.submit(self._learn, batches)
            self._job = future.result

    def _batches(self) -> list[Batch]:
        """Complete batches, which are taken out of the diary."""
        diary = self._readings[0].diary
        states = 2 * self._units
        size, at = int(diary.size[0]), 0
        found = []
        while size - at > BATCH:
            first = at // SEGMENT * states
            found.append(
                (
                    diary.tokens[at : at + BATCH + 1].copy(),
                    diary.mixed[12 * at : 12 * (at + BATCH + 1)].copy(),
                    diary.starts[first : first + BATCH // SEGMENT * states].copy(),
                )
            )
            at += BATCH
        if at:
            rest = size - at
            diary.tokens[:rest] = diary.tokens[at:size].copy()
            # What is known of the 3-mer that has begun moves with the others.
            diary.mixed[: 12 * (rest + 1)] = diary.mixed[12 * at : 12 * (size + 1)].copy()
            kept = diary.starts[at // SEGMENT * states : -(-size // SEGMENT) * states].copy()
            diary.starts[: kept.size] = kept
            diary.size[0] = rest
        return found

    @np.errstate(over="ignore", invalid="ignore")  # of a file's absurd weights come absurd numbers
    def _learn(self, batches: list[Batch]) -> None:
        for tokens, mixed, starts in batches:
            for begin in range(0, BATCH, SEGMENT):
                gradients.follow(
                    self._tape,
                    tokens,
                    mixed,
                    starts,
                    begin,
                    self._slopes.ravel(),
                    self._whole.ravel(),
                )
            self._step(self._gradients(tokens[:BATCH] % TOKENS))
            self._set()

    def _gradients(self, tokens: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Of every array, from the slopes and integers of a batch of ``tokens``."""
        u, d = self._units, self._dense
        most = np.abs(self._slopes).max(axis=0)
        fine = (most > TINIEST) & (most < MOST)
        if not fine.all():
            self._slopes[:, ~fine] = 0
        unit = np.where(fine, GRAIN / np.where(fine, most, _ONE), np.float32(0))
        back = np.where(fine, most / GRAIN, np.float32(0))
        gradients.beside(self._slopes, unit, self._pairs)
        gradients.beside(self._whole, self._ones, self._others)
        s, h = self._pairs, self._others

        def sums(
            first: int, many: int, begin: int, inputs: int, grain: float
        ) -> NDArray[np.float32]:
            gradients.outer(
                s.ravel(), s.shape[1], first, many, h.ravel(), h.shape[1], begin, inputs, self._sums
            )
            found = self._sums[: many * inputs].reshape(many, inputs)
            return found * (back[first : first + many] * np.float32(1 / grain))[:, None]

        from_first = sums(u, 3 * u, 0, u, STATE_GRAIN)  # r, z, c
        from_input = sums(4 * u, 3 * u, u, u, STATE_GRAIN)  # n, r, z
        from_state = sums(5 * u, 3 * u, 2 * u, u, STATE_GRAIN)  # r, z, c
        biases = s.sum(axis=0, dtype=np.int32).reshape(-1, 2).sum(axis=1).astype(np.float32) * back
        table = np.zeros((TOKENS, 3 * u), np.int32)
        gradients.collect(tokens, s, u, table)
        r_z_n = np.concatenate([back[u : 3 * u], back[:u]])
        second = biases[4 * u : 8 * u]
        return {
            "first": from_first,
            "gates": np.concatenate([from_input[u:], from_state[: 2 * u]], axis=1),
            "below": from_input[:u],
            "above": from_state[2 * u :],
            "head": sums(8 * u, TOKENS + d, 3 * u, u, STATE_GRAIN),
            "output": sums(8 * u, TOKENS, 4 * u, d, DENSE_GRAIN),
            "table": table.astype(np.float32) * r_z_n,
            "bias": np.concatenate(
                [
                    biases[3 * u : 4 * u],
                    second[u : 3 * u],
                    second[:u],
                    second[3 * u :],
                    biases[8 * u :],
                ]
            ),
        }

    def _step(self, found: Mapping[str, NDArray[np.float32]]) -> None:
        """Adam without momentum."""
        self._power = self._power * DECAY
        lift = _ONE / (_ONE - self._power)
        for name, gradient in found.items():
            squares = self._squares[name]
            squares *= DECAY
            squares += (gradient * gradient) * (_ONE - DECAY)
            self._weights[name] -= (gradient * RATE) / (np.sqrt(squares * lift) + CALM)

    def _set(self) -> None:
        """Make what reads and what goes back of the weights."""
        u = self._units
        whole, scale = {}, {}
        for name in prior.MATRICES:
            weights = self._weights[name]
            most = np.maximum(np.abs(weights).max(axis=1), LEAST)
            scale[name] = most / _WEIGHT_MOST
            whole[name] = np.rint(weights / scale[name][:, None]).astype(np.int8)
        tape = self._tape
        tape.network.weights[:] = np.concatenate([prior.laid_out(one) for one in whole.values()])
        tape.network.scale[:] = np.concatenate([scale[name] / _SCALES[name] for name in scale])
        tape.network.table[:] = self._weights["table"].ravel()
        tape.network.bias[:] = self._weights["bias"]
        gates, below, above = whole["gates"], whole["below"], whole["above"]
        turned = [
            whole["output"],
            whole["head"],
            np.concatenate([gates[:, u:], above]),
            np.concatenate([below, gates[:, :u]]),
            whole["first"],
        ]
        tape.turned.weights[:] = np.concatenate([prior.laid_out(one.T) for one in turned])
        tape.scale[:] = np.concatenate(
            [
                scale["output"],
                scale["head"],
                scale["gates"],
                scale["above"],
                scale["below"],
                scale["gates"],
                scale["first"],
            ]
        )

    def _publish(self) -> None:
        """Let the readings have what was learned."""
        now = self._tape.network
        for one in self._readings:
            one.weights[:] = now.weights
            one.scale[:] = now.scale
            one.table[:] = now.table
            one.bias[:] = now.bias


def of(engine: Engine, arrays: Mapping[str, NDArray[Any]] | None) -> Adaptation | None:
    """The adaptation of an engine made with ``arrays``, if its first reading keeps a diary."""
    if arrays is None or not engine.readings.first.diary.tokens.size:
        return None
    return Adaptation(engine, arrays)


def _nothing() -> None:
    """What was learned is there already."""


def _turned(units: int, dense: int) -> Prior:
    """Room for products with slopes; scales are 1."""
    made = prior.make(None)
    return made._replace(
        weights=np.zeros(9 * units * units + (TOKENS + dense) * units + TOKENS * dense, np.int8),
        scale=np.ones(max(units, dense), np.float32),
        seen=np.zeros(max(3 * units, TOKENS + dense), np.int16),
        sums=np.zeros(2 * units + max(units, dense), np.float32),
    )
