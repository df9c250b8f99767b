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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine import batches, descent, gradients, prior
from acgz.engine.engine import Engine
from acgz.engine.gradients import ABREAST
from acgz.engine.prior import BATCH, SEGMENT, TOKENS
from acgz.engine.products import laid_out

GRAIN = np.float32(2047)
"""The largest slope of a column as an integer: sums of these over a batch stay below 2**24, sums of
products with states below 2**31."""
STATE_GRAIN = np.float32(512)
"""A state of 1 as an integer that slopes are multiplied with."""
DENSE_GRAIN = np.float32(16)
"""An activation of 1, likewise."""
TINIEST, MOST = np.float32(1e-30), np.float32(1e30)
"""A column of slopes whose greatest is not between these counts as zeros."""

_ONE = np.float32(1)
_FACTORS = {
    name: np.float32(prior.DENSE_SCALE if name == "output" else prior.STATE_SCALE)
    for name in prior.MATRICES
}


class Block(NamedTuple):
    """A matrix among all, row by row, and what its gradient is made of."""

    row: int
    rows: int
    at: int
    """Of its first weight."""
    slope: int
    """Column of the slopes of its first row."""
    state: int
    """Column of the states of its first weight."""
    inputs: int


class Adaptation:
    """What a prior of one engine learns from what the engine reads.

    Matrices that learn are, one after the other: of the first layer's state (r, z, n), of the
    second layer's state (r, z, n) and input (n, r, z), the head, and the dense layer.
    """

    def __init__(self, engine: Engine, arrays: Mapping[str, NDArray[Any]]) -> None:
        """``arrays``: of the prior's file, from which the engine was made."""
        self._readings = [one for one in engine.readings if one.units]
        first = engine.readings.first
        u, d = self._units, self._dense = first.units, first.dense
        self._diary = first.diary
        self._taken = 0
        self._blocks = _blocks(u, d)
        matrices = _learning(
            {
                name: arrays[name].astype(np.float32) * arrays[f"{name}.scale"][:, None] * factor
                for name, factor in _FACTORS.items()
            }
        )
        self._weights = np.concatenate([one.ravel() for one in matrices])
        self._table, self._bias = np.array(arrays["table"]), np.array(arrays["bias"])
        parts = (self._weights, self._table, self._bias)
        self._squares = [np.zeros(part.size, np.float32) for part in parts]
        self._power = _ONE
        self._units_of = np.concatenate([descent.units(one) for one in matrices])
        self._factors = prior.scales(
            {
                f"{name}.scale": np.full(arrays[name].shape[0], factor)
                for name, factor in _FACTORS.items()
            }
        )
        self._worth = np.zeros_like(self._units_of)
        self._sums = np.zeros(self._weights.size, np.int32)
        self._whole = np.zeros(self._weights.size, np.int8)
        self._order, self._turned_order = _orders(matrices)
        self._network = prior.make(arrays)
        self._tape = gradients.tape(u, d, np.zeros_like(self._network.weights))
        wide, wider = 8 * u + TOKENS + d, 4 * u + d
        self._slopes = np.zeros((BATCH, wide), np.float32)
        self._states = np.zeros((BATCH, wider), np.float32)
        self._slope_panels = np.zeros(BATCH * wide, np.int16)
        self._state_panels = np.zeros(BATCH * wider, np.int16)
        self._grain = np.repeat([STATE_GRAIN, DENSE_GRAIN], [4 * u, d])
        self._set()
        self._job: Callable[[], object] | None = None

    def turn(self, pool: Executor | None = None) -> None:
        """After each epoch: take over what was learned, and learn from what was read."""
        if self._job is not None:
            self._job()
            self._job = None
            self._publish()
        # The 3-mer after a batch has to be there, too.
        complete = (int(self._diary.size[0]) - 1 - self._taken) // BATCH
        if complete <= 0:
            return
        places = [(self._taken + k * BATCH) % prior.ROOM for k in range(complete)]
        self._taken += complete * BATCH
        if pool is None:
            self._learn(places)
            self._job = _nothing
        else:
            future: Future[None] = pool.submit(self._learn, places)
            self._job = future.result

    @np.errstate(over="ignore", invalid="ignore")  # of a file's absurd weights come absurd numbers
    def _learn(self, places: list[int]) -> None:
        """From the batches that begin in these ``places`` of the diary."""
        for place in places:
            for row in range(0, BATCH, ABREAST * SEGMENT):
                gradients.go_back(
                    self._tape,
                    self._diary,
                    self._units,
                    self._dense,
                    place + row,
                    row,
                    self._slopes.ravel(),
                    self._states.ravel(),
                )
            table, bias = self._sum(self._diary.tokens[place : place + BATCH] % TOKENS)
            self._step(table, bias)
            self._set()

    def _sum(self, tokens: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """From slopes and states of a batch of ``tokens``: the gradients of table and bias.

        Those of matrices are the sums, times what those of a row are worth.
        """
        u = self._units
        most = np.maximum(self._slopes.max(axis=0), -self._slopes.min(axis=0))
        fine = (most > TINIEST) & (most < MOST)
        if not fine.all():
            self._slopes[:, ~fine] = 0
        unit = np.where(fine, GRAIN / np.where(fine, most, _ONE), np.float32(0))
        worth = np.where(fine, most / GRAIN, np.float32(0))
        batches.pack(self._slopes.ravel(), unit, self._slope_panels)
        batches.pack(self._states.ravel(), self._grain, self._state_panels)
        for one in self._blocks:
            batches.outer(
                self._slope_panels,
                one.slope,
                one.rows,
                self._state_panels,
                one.state,
                one.inputs,
                BATCH // 2,
                self._sums[one.at : one.at + one.rows * one.inputs],
            )
            rows = worth[one.slope : one.slope + one.rows]
            self._worth[one.row : one.row + one.rows] = rows * (_ONE / self._grain[one.state])
        table, totals = np.zeros((TOKENS, 3 * u), np.float32), np.zeros(unit.size, np.float32)
        batches.count(self._slopes.ravel(), unit, tokens, table.ravel(), totals)
        n_r_z, biases = table * worth[: 3 * u], totals * worth
        _, _, _, own, n, r, z, c = biases[: 8 * u].reshape(8, u)
        return (
            np.concatenate([n_r_z[:, u:], n_r_z[:, :u]], axis=1),
            np.concatenate([own, r, z, n, c, biases[8 * u :]]),
        )

    def _step(self, table: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """Down the gradient."""
        self._power = self._power * descent.DECAY
        lift = _ONE / (_ONE - self._power)
        weights, of_table, of_bias = self._squares
        for one in self._blocks:
            descent.descend_rows(
                self._weights,
                weights,
                self._sums,
                self._worth,
                one.at,
                one.row,
                one.rows,
                one.inputs,
                lift,
                self._units_of,
            )
        descent.descend(self._table.ravel(), of_table, table.ravel(), lift)
        descent.descend(self._bias, of_bias, bias, lift)

    def _set(self) -> None:
        """Make what reads and what goes back of the weights."""
        e, u = self._units_of, self._units
        # r and z of the second layer count alike what they hear from its state and its input.
        e[3 * u : 5 * u] = e[7 * u : 9 * u] = np.maximum(e[3 * u : 5 * u], e[7 * u : 9 * u])
        for one in self._blocks:
            descent.fix(self._weights, e, one.at, one.row, one.rows, one.inputs, self._whole)
        network = self._network
        np.take(self._whole, self._order, out=network.weights, mode="clip")
        np.take(self._whole, self._turned_order, out=self._tape.turned, mode="clip")
        network.scale[:] = np.concatenate([e[: 7 * u], e[9 * u :]]) / self._factors
        network.table[:] = self._table.ravel()
        network.bias[:] = self._bias
        self._tape.scale[:] = np.concatenate(
            [e[-TOKENS:], e[9 * u : -TOKENS], e[3 * u : 9 * u], e[: 3 * u]]
        )

    def _publish(self) -> None:
        """Let the readings have what was learned."""
        now, first = self._network, self._readings[0]  # all readings have the same arrays
        first.weights[:] = now.weights
        first.scale[:] = now.scale
        first.table[:] = now.table
        first.bias[:] = now.bias
        for one in self._readings:
            one.node[1] = 1


def of(engine: Engine, arrays: Mapping[str, NDArray[Any]] | None) -> Adaptation | None:
    """The adaptation of an engine made with ``arrays``, if its first reading keeps a diary."""
    if arrays is None or not engine.readings.first.diary.tokens.size:
        return None
    return Adaptation(engine, arrays)


def _nothing() -> None:
    """What was learned is there already."""


def _learning(matrices: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Those of a prior's file in the order in which they learn."""
    first, of_state, of_input, head, output = prior.stacked(matrices)
    units = first.shape[1]
    n_r_z = np.concatenate([of_input[2 * units :], of_input[: 2 * units]])
    return [first, of_state, n_r_z, head, output]


def _blocks(units: int, dense: int) -> list[Block]:
    """Where they are; slopes are n, r, z, c of both layers and the head, states those of the first
    layer before and after a 3-mer, of the second, and the dense layer."""
    u, head = units, TOKENS + dense
    return [
        Block(0, 3 * u, 0, u, 0, u),
        Block(3 * u, 3 * u, 3 * u * u, 5 * u, 2 * u, u),
        Block(6 * u, 3 * u, 6 * u * u, 4 * u, u, u),
        Block(9 * u, head, 9 * u * u, 8 * u, 3 * u, u),
        Block(9 * u + head, TOKENS, (9 * u + head) * u, 8 * u, 4 * u, dense),
    ]


def _orders(matrices: list[NDArray[Any]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of a network's weights, and of a tape's, among those of all matrices in a row."""
    sizes = np.cumsum([one.size for one in matrices])
    places = np.split(np.arange(sizes[-1], dtype=np.intp), sizes[:-1])
    first, of_state, n_r_z, head, output = (
        place.reshape(one.shape) for place, one in zip(places, matrices, strict=True)
    )
    units = matrices[0].shape[1]
    of_input = np.concatenate([n_r_z[units:], n_r_z[:units]])
    straight = (first, of_state, of_input, head, output)
    turned = (output.T, head.T, of_state.T, n_r_z.T, first.T)
    return (
        np.concatenate([laid_out(one) for one in straight]),
        np.concatenate([laid_out(one) for one in turned]),
    )
