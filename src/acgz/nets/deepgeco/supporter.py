"""The Supporter: a small transformer that learns while it codes, in exact arithmetic.

DeepGeCo, section "Supporter & Warm-Start Models": an embedding of 64, attention with 8 heads
and a hidden dimension of 256, a shared FFN of 4096. The paper leaves the rest to TRACE and to
the reader. Here: four tokens side by side are one position of 256; the last position looks at
all; layer norms come first, as is usual today. Only the last position predicts, so nothing is
computed that serves others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.nets.deepgeco.adam import Adam
from acgz.nets.deepgeco.layers import (
    Attended,
    Normed,
    attend,
    attend_backward,
    layer_norm,
    layer_norm_backward,
)
from acgz.nets.deepgeco.operations import DeepGeCoOperations
from acgz.nets.deepgeco.settings import GROUP
from acgz.nets.exact.first_weights import first_weights
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.matmul import SINGLE, Format
from acgz.nets.exact.operations import Array

UNIT = 64.0
"""Layer norms square multiples of it: without weight decay, what they norm grows to hundreds."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a Supporter, how it begins and how it learns."""

    context: int
    """Tokens that it sees; a multiple of `GROUP`."""
    embedding: int
    heads: int
    ffn: int
    rate: float
    """First learning rate of Adam."""
    cooling: float
    """Steps after which its square has halved."""
    decay: float
    """β2 of Adam."""
    spread: float
    """The first embeddings are uniform in ±spread."""

    @property
    def hidden(self) -> int:
        return GROUP * self.embedding

    @property
    def positions(self) -> int:
        return self.context // GROUP


@dataclass(frozen=True)
class _Kept:
    """What the backward pass needs."""

    window: NDArray[np.int64]  # (m, context)
    first: Array  # (m * positions, hidden), normed
    first_kept: Normed
    last: Array  # (m, hidden): its rows of the last position
    attended: Array  # (m, hidden)
    attended_kept: Attended
    middle: Array  # (m, hidden), normed
    middle_kept: Normed
    active: Array  # (m, ffn)
    final: Array  # (m, hidden), normed
    final_kept: Normed


_MATRICES = ("query", "key", "value", "out", "up", "down", "logits")


class Supporter:
    """Predicts from the last ``context`` tokens of every lane, and learns what came."""

    def __init__(
        self,
        ops: DeepGeCoOperations,
        shape: Shape,
        tokens: int,
        outputs: int,
        format: Format = SINGLE,
    ) -> None:
        """``tokens``: size of the input alphabet, ``outputs``: of that of the symbols."""
        self.context = shape.context
        self._ops = ops
        self._shape = shape
        self._tokens = tokens
        h, f = shape.hidden, shape.ffn
        sizes = {
            "query": (h, h), "key": (h, h), "value": (h, h), "out": (h, h),
            "up": (h, f), "down": (f, h), "logits": (h, outputs),
        }  # fmt: skip
        arrays: dict[str, NDArray[np.float32]] = {
            "embedding": first_weights((tokens, shape.embedding), shape.spread, seed=1),
            "place": first_weights((shape.positions, h), 0.1, seed=2),
        }
        for number, (name, size) in enumerate(sizes.items(), start=3):
            arrays[name] = first_weights(size, float(np.sqrt(1.0 / size[0])), seed=number)
        arrays["logits"][:] = 0  # it begins with equal probabilities
        for name, width in (("up", f), ("down", h), ("logits", outputs)):
            arrays[f"{name}_bias"] = np.zeros(width, np.float32)
        for name in ("first", "middle", "final"):
            arrays[f"{name}_gain"] = np.ones(h, np.float32)
            arrays[f"{name}_bias"] = np.zeros(h, np.float32)
        self._p = {name: ops.array(array) for name, array in arrays.items()}
        self._m = {name: Matrix(ops, self._p[name], format) for name in _MATRICES}
        self._adam = Adam(ops, list(self._p.values()), shape.rate, shape.decay, shape.cooling)
        self._kept: _Kept | None = None

    def logits(self, window: NDArray[np.int64]) -> Array:
        """Logits (m, outputs) of the next symbol; ``window``: (m, context), the last token last."""
        ops, shape, p, matrix = self._ops, self._shape, self._p, self._m
        m, positions, h = window.shape[0], shape.positions, shape.hidden
        embedded = p["embedding"][ops.array(window.reshape(-1))].reshape(m, positions, h)
        x = embedded + p["place"]
        first, first_kept = layer_norm(
            ops, x.reshape(-1, h), p["first_gain"], p["first_bias"], UNIT
        )
        seen = ops.quantise(first, 1)
        keys = matrix["key"].times(seen).reshape(m, positions, h)
        values = matrix["value"].times(seen).reshape(m, positions, h)
        last = ops.contiguous(first.reshape(m, positions, h)[:, -1])
        query = matrix["query"].forward(last)
        attended, attended_kept = attend(ops, query, keys, values, shape.heads)
        y = x[:, -1] + matrix["out"].forward(attended)
        middle, middle_kept = layer_norm(ops, y, p["middle_gain"], p["middle_bias"], UNIT)
        active = ops.positive(matrix["up"].forward(middle) + p["up_bias"])
        y = (y + matrix["down"].forward(active)) + p["down_bias"]
        final, final_kept = layer_norm(ops, y, p["final_gain"], p["final_bias"], UNIT)
        self._kept = _Kept(
            window, first, first_kept, last, attended, attended_kept,
            middle, middle_kept, active, final, final_kept,
        )  # fmt: skip
        return matrix["logits"].forward(final) + p["logits_bias"]

    def learn(self, gradient: Array) -> None:
        """One step of Adam; ``gradient``: of the loss by the last logits, (m, outputs)."""
        assert self._kept is not None, "logits() comes first"  # noqa: S101
        gradients = self._backward(self._kept, gradient)
        self._adam.step([gradients[name] for name in self._p])
        for matrix in self._m.values():
            matrix.changed()

    def _backward(self, kept: _Kept, gradient: Array) -> dict[str, Array]:
        ops, shape, p, matrix = self._ops, self._shape, self._p, self._m
        m, positions, h = kept.window.shape[0], shape.positions, shape.hidden
        g: dict[str, Array] = {"logits_bias": ops.total(gradient, 0)}
        of_final, g["logits"] = matrix["logits"].backward(kept.final, gradient)
        of_y, g["final_gain"], g["final_bias"] = layer_norm_backward(
            ops, kept.final_kept, p["final_gain"], of_final
        )
        g["down_bias"] = ops.total(of_y, 0)
        of_active, g["down"] = matrix["down"].backward(kept.active, of_y)
        of_active = of_active * (kept.active > 0)
        g["up_bias"] = ops.total(of_active, 0)
        of_middle, g["up"] = matrix["up"].backward(kept.middle, of_active)
        of_input, g["middle_gain"], g["middle_bias"] = layer_norm_backward(
            ops, kept.middle_kept, p["middle_gain"], of_middle
        )
        of_y = of_y + of_input
        of_attended, g["out"] = matrix["out"].backward(kept.attended, of_y)
        of_query, of_keys, of_values = attend_backward(ops, kept.attended_kept, of_attended)
        of_last, g["query"] = matrix["query"].backward(kept.last, of_query)
        of_first, g["key"] = matrix["key"].backward(kept.first, of_keys.reshape(-1, h))
        of_more, g["value"] = matrix["value"].backward(kept.first, of_values.reshape(-1, h))
        of_first = (of_first + of_more).reshape(m, positions, h)
        of_first[:, -1] += of_last
        of_x, g["first_gain"], g["first_bias"] = layer_norm_backward(
            ops, kept.first_kept, p["first_gain"], of_first.reshape(-1, h)
        )
        of_x = of_x.reshape(m, positions, h)
        of_x[:, -1] += of_y
        g["place"] = ops.total(of_x.reshape(m, -1), 0).reshape(positions, h)
        g["embedding"] = ops.scatter(
            of_x.reshape(-1, shape.embedding), ops.array(kept.window.reshape(-1)), self._tokens
        )
        return g
