"""Layers of the Supporter, forward and backward.

`layer_norm` and `attend` also return what their backward passes need; those take the gradient of
the output and return those of inputs and parameters. Arrays are float32; m counts rows (lanes, or
lanes times positions).
"""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.deepgeco.operations import DeepGeCoOperations
from acgz.nets.exact.operations import Array


@dataclass(frozen=True)
class Normed:
    """What the backward pass of `layer_norm` needs."""

    direction: Array  # (m, n): mean 0, variance 1
    inverse: Array  # (m, 1): 1 / standard deviation


def layer_norm(
    ops: DeepGeCoOperations, x: Array, gain: Array, bias: Array, unit: float = 1.0
) -> tuple[Array, Normed]:
    """Rows of x (m, n) with mean 0 and variance 1, times ``gain`` (n,), plus ``bias`` (n,).

    Squares are summed in ``unit`` * ``unit``, a power of two: a sum clips what is above
    `LIMIT`, so x may be 128 units from its mean.
    """
    share = 1.0 / x.shape[1]
    centred = x - (ops.total(x, 1) * share)[:, None]
    scaled = centred * (1.0 / unit)
    variance = ops.total(scaled * scaled, 1) * (share * unit * unit)
    inverse = (1.0 / ops.root(variance + 1e-5))[:, None]
    direction = centred * inverse
    return direction * gain + bias, Normed(direction, inverse)


def layer_norm_backward(
    ops: DeepGeCoOperations, kept: Normed, gain: Array, gradient: Array
) -> tuple[Array, Array, Array]:
    """Gradients of x (m, n), gain (n,) and bias (n,)."""
    share = 1.0 / gradient.shape[1]
    inner = gradient * gain
    mean = (ops.total(inner, 1) * share)[:, None]
    along = (ops.total(inner * kept.direction, 1) * share)[:, None]
    x_gradient = (inner - mean - kept.direction * along) * kept.inverse
    return x_gradient, ops.total(gradient * kept.direction, 0), ops.total(gradient, 0)


@dataclass(frozen=True)
class Attended:
    """What the backward pass of `attend` needs."""

    query: Array  # (m, heads, width), scaled
    keys: Array  # (m, positions, heads, width)
    values: Array  # (m, positions, heads, width)
    weights: Array  # (m, positions, heads)


def attend(
    ops: DeepGeCoOperations, query: Array, keys: Array, values: Array, heads: int
) -> tuple[Array, Attended]:
    """Attention of one query per row to a few positions, in ``heads`` heads.

    ``query``: (m, n), ``keys`` and ``values``: (m, positions, n); the result is (m, n).
    """
    m, positions, n = keys.shape
    width = n // heads
    q = (query * float(width) ** -0.5).reshape(m, heads, width)
    k = keys.reshape(m, positions, heads, width)
    v = values.reshape(m, positions, heads, width)
    scores = ops.total((k * q[:, None]).reshape(-1, width), 1).reshape(m, positions, heads)
    exponentials = ops.exp(scores - ops.largest(scores, 1))
    weights = exponentials / _sum(exponentials)[:, None]
    mixed = _sum(v * weights[..., None])
    return mixed.reshape(m, n), Attended(q, k, v, weights)


def attend_backward(
    ops: DeepGeCoOperations, kept: Attended, gradient: Array
) -> tuple[Array, Array, Array]:
    """Gradients of query (m, n), keys and values (m, positions, n)."""
    m, positions, heads, width = kept.keys.shape
    g = gradient.reshape(m, 1, heads, width)
    of_weights = ops.total((kept.values * g).reshape(-1, width), 1).reshape(m, positions, heads)
    values = kept.weights[..., None] * g
    mean = _sum(kept.weights * of_weights)[:, None]
    of_scores = (kept.weights * (of_weights - mean))[..., None]
    query = _sum(kept.keys * of_scores) * float(width) ** -0.5
    keys = of_scores * kept.query[:, None]
    n = heads * width
    return query.reshape(m, n), keys.reshape(m, positions, n), values.reshape(m, positions, n)


def _sum(x: Array) -> Array:
    """Sum over axis 1, one after the other: the order is written down."""
    result = x[:, 0]
    for place in range(1, x.shape[1]):
        result = result + x[:, place]
    return result
