"""Layers of the Supporter agree with float64 references, and on both backends to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.nets.deepgeco import layers
from acgz.nets.deepgeco.adam import COLDEST, Adam
from acgz.nets.deepgeco.norms import Norms
from acgz.nets.deepgeco.operations import OnNumPy, backend
from acgz.nets.exact.layers import Matrix

NUMPY = backend("numpy")


def random(*shape: int, seed: int = 1, scale: float = 1.0) -> NDArray[np.float32]:
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def test_sums_do_not_depend_on_the_order() -> None:
    x = random(1000, 50, scale=10.0)
    shuffled = np.ascontiguousarray(x[np.random.default_rng(2).permutation(1000)])
    assert (NUMPY.total(x, 0) == NUMPY.total(shuffled, 0)).all()
    assert np.abs(NUMPY.total(x, 0) - x.astype(np.float64).sum(0)).max() < 1e-4
    assert np.abs(NUMPY.total(x, 1) - x.astype(np.float64).sum(1)).max() < 1e-4


def test_rows_of_equal_index_are_summed() -> None:
    rows, index = random(40, 6), np.arange(40) % 7
    expected = np.zeros((7, 6))
    np.add.at(expected, index, rows.astype(np.float64))
    assert np.abs(NUMPY.scatter(rows, index, 7) - expected).max() < 1e-5


def numeric_gradient(function: Any, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of a scalar float64 function, by central differences."""
    wide = x.astype(np.float64)
    out = np.empty_like(wide)
    for place in np.ndindex(wide.shape):
        before = wide[place]
        wide[place] = before + 1e-5
        high = function(wide)
        wide[place] = before - 1e-5
        out[place] = (high - function(wide)) / 2e-5
        wide[place] = before
    return out


def test_layer_norm_and_its_gradients_agree_with_float64() -> None:
    x, gain, bias, g = random(4, 8), random(8, seed=2), random(8, seed=3), random(4, 8, seed=4)

    def reference(x: Any, gain: Any, bias: Any) -> Any:
        centred = x - x.mean(1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * gain + bias

    out, kept = layers.layer_norm(NUMPY, x, gain, bias)
    assert np.abs(out - reference(x.astype(float), gain, bias)).max() < 1e-5
    found = (
        layers.layer_norm_backward(NUMPY, kept, gain, g),
        layers.gain_gradient(NUMPY, kept.direction, g),
        NUMPY.total(g, 0),
    )
    expected = (
        numeric_gradient(lambda v: (reference(v, gain, bias) * g).sum(), x),
        numeric_gradient(lambda v: (reference(x.astype(float), v, bias) * g).sum(), gain),
        numeric_gradient(lambda v: (reference(x.astype(float), gain, v) * g).sum(), bias),
    )
    for a, b in zip(found, expected, strict=True):
        assert np.abs(a - b).max() < 1e-4


def test_attention_and_its_gradients_agree_with_float64() -> None:
    m, positions, heads, n, scale = 3, 4, 2, 6, 0.25
    q, x = random(m, heads, n), random(m, positions, n, seed=2)
    g = random(m, heads, n, seed=4)

    def reference(q: Any, x: Any) -> Any:
        scores = scale * np.einsum("mhn,mpn->mhp", q, x)
        weights = np.exp(scores) / np.exp(scores).sum(2, keepdims=True)
        return np.einsum("mhp,mpn->mhn", weights, x)

    out, kept = layers.attend(NUMPY, q, x, scale)
    wide = q.astype(float), x.astype(float)
    assert np.abs(out - reference(*wide)).max() < 2e-3
    found = layers.attend_backward(NUMPY, kept, g)
    expected = (
        numeric_gradient(lambda v: (reference(v, wide[1]) * g).sum(), q),
        numeric_gradient(lambda v: (reference(wide[0], v) * g).sum(), x),
    )
    for a, b in zip(found, expected, strict=True):
        assert np.abs(a - b).max() < 5e-3


def test_heads_carry_queries_and_means_as_if_they_had_keys_and_values() -> None:
    """The output of the attention of a Supporter, against keys and values written out."""
    heads, n, width, positions, m = 2, 8, 4, 3, 5
    rows, query = random(m, positions, n), random(m, heads, width, seed=2)
    key, value = random(heads, n, width, seed=3), random(heads, n, width, seed=4)
    asked = np.einsum("mhw,hnw->mhn", query, key)
    means, _ = layers.attend(NUMPY, asked, rows, 0.5)
    found = np.einsum("mhn,hnw->mhw", means, value)
    keys, values = (np.einsum("mpn,hnw->mphw", rows, matrix) for matrix in (key, value))
    scores = 0.5 * np.einsum("mhw,mphw->mhp", query, keys)
    weights = np.exp(scores) / np.exp(scores).sum(2, keepdims=True)
    assert np.abs(found - np.einsum("mhp,mphw->mhw", weights, values)).max() < 2e-2


@pytest.mark.parametrize("unit", [1.0, 64.0])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 300.0, 1e6])
def test_norms_as_kernels_are_those_of_operations(unit: float, scale: float) -> None:
    x, g = random(9, 37, scale=scale), random(9, 37, seed=2)
    gain, bias = random(37, seed=3), random(37, seed=4)
    found = NUMPY.norm(x, gain, bias, unit)
    expected = Norms.norm(NUMPY, x, gain, bias, unit)
    found += (NUMPY.norm_gradient(*found[1:], gain, g),)
    expected += (Norms.norm_gradient(NUMPY, *expected[1:], gain, g),)
    for here, there in zip(found, expected, strict=True):
        assert here.dtype == there.dtype
        assert (here == there).all()


@pytest.mark.parametrize("shape", [(40, 96, 64), (5, 33, 7), (64, 8, 300)])
def test_adam_moves_by_a_product_as_by_a_gradient(shape: tuple[int, int, int]) -> None:
    k, m, n = shape
    moved = []
    for ops in (OnNumPy(with_tiles=False), OnNumPy(with_tiles=True)):
        for at_once in (False, True):
            p = random(m, n)
            matrix, adam = Matrix(ops, p), Adam(ops, {"p": p}, rate=0.01)
            for step in range(3):
                adam.begin()
                flow = random(k, m, seed=step), random(k, n, seed=step + 9)
                if at_once:
                    adam.move_by_product("p", matrix.factors_of_gradient(*flow))
                else:
                    adam.move("p", ops.product(*matrix.factors_of_gradient(*flow)))
            moved.append(p)
    assert np.abs(moved[0] - random(m, n)).min() > 0
    assert all((other == moved[0]).all() for other in moved[1:])


def test_adam_agrees_with_float64() -> None:
    p, expected = random(50), random(50).astype(float)
    adam = Adam(NUMPY, {"p": p}, rate=0.01)
    v = np.zeros(50)
    for step in range(1, 6):
        g = random(50, seed=step)
        adam.begin()
        adam.move("p", g)
        v = 0.999 * v + 0.001 * g.astype(float) ** 2
        expected -= 0.01 * g / (np.sqrt(v / (1 - 0.999**step)) + 1e-6)
    assert np.abs(p - expected).max() < 1e-4  # 1 - float32(0.999) differs from 0.001 by 1e-8


@pytest.mark.parametrize("scale", [1.0, 300.0, 1500.0])
def test_a_large_unit_norms_large_numbers(scale: float) -> None:
    x = random(5, 256, scale=scale)
    gain, bias = np.ones(256, np.float32), np.zeros(256, np.float32)
    normed, _ = layers.layer_norm(NUMPY, x, gain, bias, unit=64.0)
    exact = x.astype(np.float64)
    exact -= exact.mean(1, keepdims=True)
    expected = exact / np.sqrt((exact * exact).mean(1, keepdims=True) + 1e-5)
    assert np.abs(normed - expected).max() < 1e-4


def test_adam_cools_down_but_not_to_nothing() -> None:
    p = np.zeros(1, np.float32)
    adam = Adam(NUMPY, {"p": p}, rate=0.5, cooling=4.0)
    steps = []
    for _ in range(600):
        before = float(p[0])
        adam.begin()
        adam.move("p", np.ones(1, np.float32))
        steps.append(before - float(p[0]))
    assert steps[0] == pytest.approx(0.5 / 1.25, rel=1e-3)
    assert steps[11] == pytest.approx(0.5 / 4, rel=1e-3)
    assert steps[-1] == pytest.approx(0.5 * COLDEST, rel=1e-3)


def everything(ops: Any) -> list[NDArray[Any]]:
    """Results of each operation and layer."""
    x = ops.array(random(24, 32))
    out = [ops.total(x, 0), ops.total(x, 1), ops.scatter(x, ops.array(np.arange(24) % 5), 6)]
    gain, bias = ops.array(random(32, seed=7)), ops.array(random(32, seed=8))
    normed, kept = layers.layer_norm(ops, x, gain, bias)
    out += [normed, layers.layer_norm_backward(ops, kept, gain, x)]
    out += [layers.gain_gradient(ops, kept.direction, x)]
    queries, rows = ops.array(random(24, 3, 32, seed=9)), ops.array(random(24, 5, 32, seed=10))
    mixed, seen = layers.attend(ops, queries, rows, 0.2)
    out += [mixed, *layers.attend_backward(ops, seen, queries)]
    learned = ops.array(random(32, 48, seed=11))
    adam = Adam(ops, {"learned": learned}, 0.01)
    for seed in (12, 13):
        adam.begin()
        adam.move("learned", ops.array(random(32, 48, seed=seed)))
    return [ops.numpy(result) for result in [*out, learned]]


def test_backends_compute_the_same_bits() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    for here, there in zip(everything(NUMPY), everything(backend("torch", "cpu")), strict=True):
        assert here.dtype == there.dtype
        assert here.tobytes() == there.tobytes()
