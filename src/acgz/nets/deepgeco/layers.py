"""Layers of the Supporter, forward and backward.

`layer_norm` and `attend` also return what their backward passes need; those take the gradient of
the output and return those of inputs and parameters. Arrays are float32; m counts rows (lanes, or
lanes times positions).
"""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.deepgeco.operations import DeepGeCoOperations
from acgz.nets.exact.matmul import Quantised
from acgz.nets.exact.operations import Array


@dataclass(frozen=True)
class Normed:
    """What the backward pass of `layer_norm` needs."""

    direction: Array  # (m, n): mean 0, variance 1
    inverse: Array  # (m, 1): 1 / standard deviation


def layer_norm(
    ops: DeepGeCoOperations, x: Array, gain: Array, bias: Array, unit: float = 1.0
) -> tuple[Array, Normed]:
    """`Norms.norm`: rows of x (m, n) with mean 0 and variance 1, times ``gain``, plus ``bias``."""
    out, direction, inverse = ops.norm(x, gain, bias, unit)
    return out, Normed(direction, inverse)


def layer_norm_backward(
    ops: DeepGeCoOperations, kept: Normed, gain: Array, gradient: Array
) -> Array:
    """Gradient of x (m, n)."""
    return ops.norm_gradient(kept.direction, kept.inverse, gain, gradient)


def gain_gradient(ops: DeepGeCoOperations, direction: Array, gradient: Array) -> Array:
    """Gradient of the gain (n,) of a `layer_norm`; that of its bias is the sum of the rows."""
    return ops.total(gradient * direction, 0)


@dataclass(frozen=True)
class Attended:
    """What the backward pass of `attend` needs."""

    queries: Array  # (m, heads, n), scaled
    rows: Array  # (m, positions, n)
    quantised: Quantised  # the rows, (m * positions, n)
    weights: Array  # (m, heads, positions)
    scale: float


def attend(
    ops: DeepGeCoOperations, queries: Array, rows: Array, scale: float
) -> tuple[Array, Attended]:
    """Attention of each of ``queries`` (m, heads, n) to ``rows`` (m, positions, n).

    Returns the means of the rows that each head has seen, (m, heads, n), and what `attend_backward`
    needs. Keys and values are the rows themselves: with one query for each lane it is less work to
    carry the query, and the mean, through a matrix than every row.
    """
    queries = queries * scale
    quantised = ops.quantise(rows.reshape(-1, rows.shape[2]), 1)
    scores = _dots(ops, queries, quantised)
    exponentials = ops.exp(scores - ops.largest(scores, 2))
    weights = exponentials / _sum(exponentials)[..., None]
    return ops.mix(weights, rows), Attended(queries, rows, quantised, weights, scale)


def attend_backward(
    ops: DeepGeCoOperations, kept: Attended, gradient: Array
) -> tuple[Array, Array]:
    """Gradients of queries (m, heads, n) and rows (m, positions, n)."""
    weights = kept.weights
    of_weights = _dots(ops, gradient, kept.quantised)
    of_scores = weights * (of_weights - _sum(weights * of_weights)[..., None])
    queries = ops.mix(of_scores, kept.rows) * kept.scale
    of_rows = [
        ops.mix(ops.contiguous(by_head.swapaxes(1, 2)), x)
        for by_head, x in ((weights, gradient), (of_scores, kept.queries))
    ]
    return queries, of_rows[0] + of_rows[1]


def _dots(ops: DeepGeCoOperations, x: Array, rows: Quantised) -> Array:
    """Products of each of x (m, heads, n) with each row of its lane: (m, heads, positions)."""
    return ops.products(ops.quantise(x.reshape(-1, x.shape[2]), 1), rows, x.shape[0])


def _sum(x: Array) -> Array:
    """Sum over the last axis, one after the other: the order is written down."""
    result = x[..., 0]
    for place in range(1, x.shape[-1]):
        result = result + x[..., place]
    return result
