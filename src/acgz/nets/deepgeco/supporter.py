"""The Supporter: a small transformer that learns while it codes, in exact arithmetic.

DeepGeCo, section "Supporter & Warm-Start Models": an embedding of 64, attention with 8 heads
and a hidden dimension of 256, a shared FFN of 4096. The paper leaves the rest to TRACE and to
the reader. Here: four tokens side by side are one position of 256; the last position looks at
all; layer norms come first, as is usual today. Only the last position predicts, so nothing is
computed that serves others.

Threads share the lanes, forward and backward; then they share the parameters, each of which has
its gradient from all lanes, its step of Adam, and its quantised forms. No byte depends on how.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.nets.deepgeco.adam import Adam
from acgz.nets.deepgeco.layers import (
    Attended,
    Normed,
    attend,
    attend_backward,
    gain_gradient,
    layer_norm,
    layer_norm_backward,
)
from acgz.nets.deepgeco.operations import DeepGeCoOperations
from acgz.nets.deepgeco.settings import GROUP
from acgz.nets.exact.first_weights import first_weights
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.matmul import SINGLE, Format
from acgz.nets.exact.operations import Array
from acgz.nets.workers import Workers

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
    """Steps after which it has halved."""
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


_Flow = dict[str, tuple[Array, Array]]
"""What reaches a parameter, by name: what came in, and the gradient of what went out; (m, …)."""


class Supporter:
    """Predicts from the last ``context`` tokens of every lane, and learns what came."""

    def __init__(
        self,
        ops: DeepGeCoOperations,
        shape: Shape,
        tokens: int,
        outputs: int,
        workers: Workers,
        format: Format = SINGLE,
    ) -> None:
        """``tokens``: size of the input alphabet, ``outputs``: of that of the symbols."""
        self.context = shape.context
        self._ops = ops
        self._shape = shape
        self._tokens = tokens
        self._workers = workers
        parameters = dict(_parameters(shape, tokens, outputs))
        self._p = {name: ops.array(array) for name, array in parameters.items()}
        self._names = sorted(parameters, key=lambda name: -parameters[name].size)
        self._m = {name: Matrix(ops, self._p[name], format) for name in _matrices(shape.heads)}
        self._adam = Adam(ops, self._p, shape.rate, shape.decay, shape.cooling)
        self._kept: list[_Kept] = []

    def logits(self, window: NDArray[np.int64]) -> Array:
        """Logits (m, outputs) of the next symbol; ``window``: (m, context), the last token last."""
        parts = [window[part] for part in self._workers.divide(window.shape[0])]
        found = self._workers.map(self._forward, parts)
        self._kept = [kept for _, kept in found]
        return _all([logits for logits, _ in found])

    def learn(self, gradient: Array) -> None:
        """One step of Adam; ``gradient``: of the loss by the last logits, (m, outputs)."""
        assert self._kept, "logits() comes first"  # noqa: S101
        parts = [gradient[part] for part in self._workers.divide(gradient.shape[0])]
        flows = self._workers.map(
            lambda pair: self._backward(*pair), zip(self._kept, parts, strict=True)
        )
        self._adam.begin()
        # the largest are taken up first, so that no thread is left with one of them at the end
        self._workers.map(lambda name: self._move(name, flows), self._names)

    def _forward(self, window: NDArray[np.int64]) -> tuple[Array, _Kept]:
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
        asked = [k.input_gradient(q) for k, q in zip(self._heads("key"), queries, strict=True)]
        means, attended_kept = attend(
            ops, ops.join(asked).reshape(m, -1, h), first, float(shape.width) ** -0.5
        )
        seen = self._by_head(means)
        values = self._heads("value")
        attended = ops.join([v.forward(x) for v, x in zip(values, seen, strict=True)])
        y = x[:, -1] + matrix["out"].forward(attended)
        middle, middle_kept = layer_norm(ops, y, p["middle_gain"], p["middle_bias"], UNIT)
        active = ops.positive(matrix["up"].forward(middle) + p["up_bias"])
        y = (y + matrix["down"].forward(active)) + p["down_bias"]
        final, final_kept = layer_norm(ops, y, p["final_gain"], p["final_bias"], UNIT)
        logits = matrix["logits"].forward(final) + p["logits_bias"]
        return logits, _Kept(
            window, first_kept, last, queries, seen, attended, attended_kept,
            middle, middle_kept, active, final, final_kept,
        )  # fmt: skip

    def _backward(self, kept: _Kept, gradient: Array) -> _Flow:
        ops, shape, p, matrix = self._ops, self._shape, self._p, self._m
        m, positions, h = kept.window.shape[0], shape.positions, shape.hidden
        flow: _Flow = {"logits": (kept.final, gradient)}
        of_final = matrix["logits"].input_gradient(gradient)
        flow["final"] = kept.final_kept.direction, of_final
        of_y = layer_norm_backward(ops, kept.final_kept, p["final_gain"], of_final)
        flow["down"] = kept.active, of_y
        of_active = matrix["down"].input_gradient(of_y) * (kept.active > 0)
        flow["up"] = kept.middle, of_active
        of_middle = matrix["up"].input_gradient(of_active)
        flow["middle"] = kept.middle_kept.direction, of_middle
        of_y = of_y + layer_norm_backward(ops, kept.middle_kept, p["middle_gain"], of_middle)
        flow["out"] = kept.attended, of_y
        of_attended = self._by_head(matrix["out"].input_gradient(of_y))
        for head, pair in enumerate(zip(kept.seen, of_attended, strict=True)):
            flow[f"value{head}"] = pair
        values = self._heads("value")
        of_seen = [v.input_gradient(g) for v, g in zip(values, of_attended, strict=True)]
        of_asked, of_first = attend_backward(
            ops, kept.attended_kept, ops.join(of_seen).reshape(m, -1, h)
        )
        asked = self._by_head(of_asked)
        for head, pair in enumerate(zip(asked, kept.queries, strict=True)):
            flow[f"key{head}"] = pair
        keys = self._heads("key")
        of_queries = ops.join([k.forward(g) for k, g in zip(keys, asked, strict=True)])
        flow["query"] = kept.last, of_queries
        of_first[:, -1] += matrix["query"].input_gradient(of_queries)
        of_first = of_first.reshape(-1, h)
        flow["first"] = kept.first_kept.direction, of_first
        of_x = layer_norm_backward(ops, kept.first_kept, p["first_gain"], of_first)
        of_x = of_x.reshape(m, positions, h)
        of_x[:, -1] += of_y
        flow["embedding"] = flow["place"] = ops.array(kept.window), of_x
        return flow

    def _move(self, name: str, flows: Sequence[_Flow]) -> None:
        """Let Adam move a parameter by its gradient from all lanes."""
        place, _, kind = name.partition("_")
        came, went = (_all([flow[place][side] for flow in flows]) for side in (0, 1))
        matrix = self._m.get(name)
        if matrix is not None:
            self._adam.move_by_product(name, matrix.factors_of_gradient(came, went))
            matrix.changed()
            return
        if kind == "gain":
            gradient = gain_gradient(self._ops, came, went)
        elif kind == "bias":
            gradient = self._ops.total(went, 0)
        elif name == "place":
            gradient = self._ops.total(went.reshape(went.shape[0], -1), 0)
            gradient = gradient.reshape(self._p[name].shape)
        else:
            rows = went.reshape(-1, self._shape.embedding)
            gradient = self._ops.scatter(rows, came.reshape(-1), self._tokens)
        self._adam.move(name, gradient)

    def _heads(self, kind: str) -> list[Matrix]:
        """The matrices of that kind, one for each head."""
        return [self._m[f"{kind}{head}"] for head in range(self._shape.heads)]

    def _by_head(self, x: Array) -> list[Array]:
        """Parts of x (m, …), one for each head, (m, n)."""
        m, heads = x.shape[0], self._shape.heads
        parts = x.reshape(m, heads, -1)
        return [self._ops.contiguous(parts[:, head]) for head in range(heads)]


def _matrices(heads: int) -> Iterator[str]:
    """Names of the matrices; each head has keys and values of its own."""
    yield from ("query", "out", "up", "down", "logits")
    for kind in ("key", "value"):
        yield from (f"{kind}{head}" for head in range(heads))


def _parameters(
    shape: Shape, tokens: int, outputs: int
) -> Iterable[tuple[str, NDArray[np.float32]]]:
    """All parameters as they are at first, by name."""
    h, f = shape.hidden, shape.ffn
    yield "embedding", first_weights((tokens, shape.embedding), shape.spread, seed=1)
    yield "place", first_weights((shape.positions, h), 0.1, seed=2)
    of_heads = (shape.heads, h, shape.width)
    sizes: dict[str, tuple[int, ...]] = {
        "query": (h, h), "key": of_heads, "value": of_heads, "out": (h, h),
        "up": (h, f), "down": (f, h),
    }  # fmt: skip
    for number, (name, size) in enumerate(sizes.items(), start=3):
        array = first_weights(size, float(np.sqrt(1.0 / size[-2])), seed=number)
        if len(size) == 2:
            yield name, array
        else:
            yield from ((f"{name}{head}", array[head]) for head in range(shape.heads))
    yield "logits", np.zeros((h, outputs), np.float32)  # it begins with equal probabilities
    for name, width in (("up", f), ("down", h), ("logits", outputs)):
        yield f"{name}_bias", np.zeros(width, np.float32)
    for name in ("first", "middle", "final"):
        yield f"{name}_gain", np.ones(h, np.float32)
        yield f"{name}_bias", np.zeros(h, np.float32)


def _all(parts: Sequence[Array]) -> Array:
    """Arrays of parts of the lanes as one; there is more than one on the CPU only."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
