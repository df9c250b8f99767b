"""The Supporter: a small transformer that learns while it codes, in exact arithmetic.

DeepGeCo, section "Supporter & Warm-Start Models": an embedding of 64, attention with 8 heads
and a hidden dimension of 256, a shared FFN of 4096. The paper leaves the rest to TRACE and to
the reader. Here: four tokens side by side are one position of 256; the last position looks at
all; layer norms come first, as is usual today. Only the last position predicts, so nothing is
computed that serves others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

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
    def width(self) -> int:
        """Numbers that each head has."""
        return self.hidden // self.heads

    @property
    def positions(self) -> int:
        return self.context // GROUP


@dataclass(frozen=True)
class _Kept:
    """What the backward pass needs."""

    window: NDArray[np.int64]  # (m, context)
    first_kept: Normed
    last: Array  # (m, hidden): normed rows of the last position
    queries: list[Array]  # (m, width) of each head
    seen: list[Array]  # (m, hidden) of each head: means of normed rows
    attended: Array  # (m, hidden)
    attended_kept: Attended
    middle: Array  # (m, hidden), normed
    middle_kept: Normed
    active: Array  # (m, ffn)
    final: Array  # (m, hidden), normed
    final_kept: Normed


_MATRICES = ("query", "out", "up", "down", "logits")
_OF_HEADS = ("key", "value")
"""Matrices of which each head has its own."""


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
        of_heads = (shape.heads, h, shape.width)
        sizes: dict[str, tuple[int, ...]] = {
            "query": (h, h), "key": of_heads, "value": of_heads, "out": (h, h),
            "up": (h, f), "down": (f, h), "logits": (h, outputs),
        }  # fmt: skip
        arrays: dict[str, NDArray[np.float32]] = {
            "embedding": first_weights((tokens, shape.embedding), shape.spread, seed=1),
            "place": first_weights((shape.positions, h), 0.1, seed=2),
        }
        for number, (name, size) in enumerate(sizes.items(), start=3):
            arrays[name] = first_weights(size, float(np.sqrt(1.0 / size[-2])), seed=number)
        arrays["logits"][:] = 0  # it begins with equal probabilities
        for name, width in (("up", f), ("down", h), ("logits", outputs)):
            arrays[f"{name}_bias"] = np.zeros(width, np.float32)
        for name in ("first", "middle", "final"):
            arrays[f"{name}_gain"] = np.ones(h, np.float32)
            arrays[f"{name}_bias"] = np.zeros(h, np.float32)
        self._p = {name: ops.array(array) for name, array in arrays.items()}
        self._m = {name: Matrix(ops, self._p[name], format) for name in _MATRICES}
        self._of_heads = {
            name: [Matrix(ops, values, format) for values in self._p[name]] for name in _OF_HEADS
        }
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
        first = first.reshape(m, positions, h)
        last = ops.contiguous(first[:, -1])
        queries = self._by_head(matrix["query"].forward(last))
        # A head compares its query with keys, which are rows times a matrix: here the query is
        # carried through that matrix instead, and so is what it sees through that of the values.
        keys = self._of_heads["key"]
        asked = [k.input_gradient(q) for k, q in zip(keys, queries, strict=True)]
        means, attended_kept = attend(
            ops, ops.join(asked).reshape(m, -1, h), first, float(shape.width) ** -0.5
        )
        seen = self._by_head(means)
        values = self._of_heads["value"]
        attended = ops.join([v.forward(x) for v, x in zip(values, seen, strict=True)])
        y = x[:, -1] + matrix["out"].forward(attended)
        middle, middle_kept = layer_norm(ops, y, p["middle_gain"], p["middle_bias"], UNIT)
        active = ops.positive(matrix["up"].forward(middle) + p["up_bias"])
        y = (y + matrix["down"].forward(active)) + p["down_bias"]
        final, final_kept = layer_norm(ops, y, p["final_gain"], p["final_bias"], UNIT)
        self._kept = _Kept(
            window, first_kept, last, queries, seen, attended, attended_kept,
            middle, middle_kept, active, final, final_kept,
        )  # fmt: skip
        return matrix["logits"].forward(final) + p["logits_bias"]

    def learn(self, gradient: Array) -> None:
        """One step of Adam; ``gradient``: of the loss by the last logits, (m, outputs)."""
        assert self._kept is not None, "logits() comes first"  # noqa: S101
        gradients = self._backward(self._kept, gradient)
        self._adam.step([gradients[name] for name in self._p])
        for matrix in (*self._m.values(), *chain.from_iterable(self._of_heads.values())):
            matrix.changed()

    def _by_head(self, x: Array) -> list[Array]:
        """Parts of x (m, …), one for each head, (m, n)."""
        m, heads = x.shape[0], self._shape.heads
        parts = x.reshape(m, heads, -1)
        return [self._ops.contiguous(parts[:, head]) for head in range(heads)]

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
        of_seen, g["value"] = self._values_backward(kept.seen, of_attended)
        of_asked, of_first = attend_backward(ops, kept.attended_kept, of_seen)
        of_queries, g["key"] = self._keys_backward(kept.queries, of_asked)
        of_last, g["query"] = matrix["query"].backward(kept.last, of_queries)
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

    def _values_backward(self, seen: list[Array], gradient: Array) -> tuple[Array, Array]:
        """Gradients of what the heads have seen (m, heads, hidden), and of their values."""
        pairs = [
            matrix.backward(x, g)
            for matrix, x, g in zip(
                self._of_heads["value"], seen, self._by_head(gradient), strict=True
            )
        ]
        m, h = gradient.shape
        of_seen = self._ops.join([of_x for of_x, _ in pairs]).reshape(m, -1, h)
        return of_seen, self._stacked([of_matrix for _, of_matrix in pairs])

    def _keys_backward(self, queries: list[Array], gradient: Array) -> tuple[Array, Array]:
        """Gradients of the queries (m, hidden), and of the keys that they were carried through."""
        of_asked = self._by_head(gradient)
        keys = self._of_heads["key"]
        of_queries = [matrix.forward(g) for matrix, g in zip(keys, of_asked, strict=True)]
        of_keys = [
            matrix.weight_gradient(g, q)
            for matrix, g, q in zip(keys, of_asked, queries, strict=True)
        ]
        return self._ops.join(of_queries), self._stacked(of_keys)

    def _stacked(self, of_heads: list[Array]) -> Array:
        """Matrices of all heads as one array (heads, hidden, width)."""
        flat = self._ops.join([matrix.reshape(1, -1) for matrix in of_heads])
        return flat.reshape(len(of_heads), *of_heads[0].shape)
