"""Layers agree with float64 references; products are exact; both backends give the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.nets.exact import layers, matmul, operations
from acgz.nets.exact.first_weights import first_weights
from acgz.nets.exact.matmul import DOUBLE, SINGLE, Format, Quantised
from acgz.nets.exact.numpy_operations import NumPy

NUMPY = operations.backend("numpy")


def random(*shape: int, seed: int = 1, scale: float = 1.0) -> NDArray[np.float32]:
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def torch_backend() -> Any:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    return operations.backend("torch", "cpu")


def logistic(x: NDArray[Any]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def test_functions_agree_with_float64() -> None:
    x = np.linspace(-30, 30, 100_001, dtype=np.float32)
    exact = x.astype(np.float64)
    assert np.abs(NUMPY.exp(x) / np.exp(exact) - 1).max() < 2e-6
    assert np.abs(NUMPY.sigmoid(x) - logistic(x)).max() < 3e-7
    assert np.abs(NUMPY.tanh(x) - np.tanh(exact)).max() < 6e-7


def test_functions_are_finite_far_out() -> None:
    x = np.array([-np.inf, -1e30, -100, 0, 100, 1e30, np.inf], dtype=np.float32)
    for function in (NUMPY.exp, NUMPY.sigmoid, NUMPY.tanh):
        assert np.isfinite(function(x)).all()


@pytest.mark.parametrize("format", [SINGLE, DOUBLE], ids=lambda format: format.dtype)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    ("length", "kind"),
    [
        (1, "normal"), (2, "one large"), (4096, "normal"), (4096, "one large"), (192, "equal"),
        (4096, "equal"), (192, "tiny"), (2, "zero"),
    ],
)  # fmt: skip
def test_no_partial_sum_can_exceed_the_bound(
    format: Format, length: int, kind: str, axis: int
) -> None:
    x = random(5, length)
    if kind == "one large":
        x[:, 0] = 1e4
    elif kind == "equal":
        x[:] = -3.3
    elif kind == "tiny":
        x *= np.float32(1e-20)
    elif kind == "zero":
        x[:] = 0
    if axis == 0:
        x = np.ascontiguousarray(x.T)
    q = NUMPY.quantise(x, axis, format).values.astype(np.float64)
    assert (q == np.rint(q)).all()
    assert np.sqrt((q * q).sum(axis)).max() <= format.norm


@pytest.mark.parametrize("format", [SINGLE, DOUBLE], ids=lambda format: format.dtype)
def test_products_are_products_of_whole_numbers_without_any_rounding(format: Format) -> None:
    floats = NumPy(with_tiles=False)
    a = floats.quantise(random(31, 300), 1, format)
    b = floats.quantise(random(300, 17, seed=2), 0, format)
    whole = a.values.astype(np.int64) @ b.values.astype(np.int64)
    assert (a.values @ b.values == whole).all()
    shuffled = np.random.default_rng(3).permutation(300)
    again = Quantised(a.values[:, shuffled], a.inverse), Quantised(b.values[shuffled], b.inverse)
    assert (floats.product(*again) == floats.product(a, b)).all()


@pytest.mark.parametrize(
    ("format", "tolerance"), [(SINGLE, 4e-3), (DOUBLE, 1e-6)], ids=["float32", "float64"]
)
def test_products_are_near_those_of_real_numbers(format: Format, tolerance: float) -> None:
    x, w = random(64, 256), random(256, 96, seed=2)
    exact = x.astype(np.float64) @ w.astype(np.float64)
    error = layers.Matrix(NUMPY, w, format).forward(x) - exact
    assert np.sqrt((error**2).mean() / (exact**2).mean()) < tolerance


def test_gru_step_agrees_with_the_formulas() -> None:
    a, b, bias, h = random(9, 36), random(9, 36, seed=2), random(48, seed=3), random(9, 12, seed=4)
    r = logistic(a[:, :12] + b[:, :12] + bias[:12])
    z = logistic(a[:, 12:24] + b[:, 12:24] + bias[12:24])
    n = np.tanh(a[:, 24:] + bias[24:36] + r * (b[:, 24:] + bias[36:]))
    assert np.abs(NUMPY.gru(a, b, bias, h) - ((1 - z) * n + z * h)).max() < 2e-6


def test_gru_step_agrees_with_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    cell = torch.nn.GRUCell(5, 12).double()
    x, h = random(9, 5), random(9, 12, seed=2)
    with torch.no_grad():
        expected = cell(torch.from_numpy(x).double(), torch.from_numpy(h).double()).numpy()
        wi, wh, bi, bh = (p.numpy() for p in cell.parameters())
    bias = np.concatenate([(bi + bh)[:24], bi[24:], bh[24:]]).astype(np.float32)
    a, b = (x @ wi.T).astype(np.float32), (h @ wh.T).astype(np.float32)
    assert np.abs(NUMPY.gru(a, b, bias, h) - expected).max() < 2e-6


def test_gradients_of_a_matrix_agree_with_float64() -> None:
    x, w, g = random(20, 30), random(30, 10, seed=2), random(20, 10, seed=3)
    matrix = layers.Matrix(NUMPY, w, DOUBLE)
    of_x, of_w = matrix.input_gradient(g), NUMPY.product(*matrix.factors_of_gradient(x, g))
    assert np.abs(of_x - g.astype(float) @ w.T).max() < 1e-4
    assert np.abs(of_w - x.T.astype(float) @ g).max() < 1e-4


def test_a_matrix_that_changes_is_quantised_again() -> None:
    x, w = random(2, 3), random(3, 4, seed=2)
    matrix = layers.Matrix(NUMPY, w)
    before = matrix.forward(x)
    w *= np.float32(2)
    matrix.changed()
    assert np.allclose(matrix.forward(x), 2 * before, rtol=1e-2)


def test_first_weights_never_change() -> None:
    weights = first_weights((1000,), 0.5, seed=3)
    assert np.abs(weights).max() <= 0.5
    assert abs(float(weights.mean())) < 0.03
    assert weights[:3].tolist() == PINNED


PINNED = [-0.4054710268974304, 0.16587620973587036, 0.09063208103179932]


@pytest.mark.parametrize("precision", [16, 20, 24])
def test_frequencies_are_legal_and_fair(precision: int) -> None:
    logits = random(20, 64, scale=4.0)
    logits[0, 5] = 200.0
    counts = NUMPY.counts(logits)
    found = operations.frequencies(counts, precision)
    assert (found.sum(1, dtype=np.int64) == 1 << precision).all()
    assert found.min() >= 1
    expected = operations.softmax(counts) * (1 << precision)
    assert np.abs(found[1:] - expected[1:]).max() <= 65


FORMATS = pytest.mark.parametrize("format", [SINGLE, DOUBLE], ids=lambda format: format.dtype)


@FORMATS
@pytest.mark.parametrize("axis", [0, 1])
def test_backends_quantise_to_the_same_bits(format: Format, axis: int) -> None:
    torch = torch_backend()
    x = random(37, 130)
    x[3], x[:, 7] = 0, 1e-35
    here = NUMPY.quantise(x, axis, format)
    there = torch.quantise(torch.array(x), axis, format)
    assert (here.values == torch.numpy(there.values)).all()  # -0.0 may be an integer 0
    assert here.inverse.tobytes() == torch.numpy(there.inverse).tobytes()


def test_an_unknown_backend_is_a_usage_error() -> None:
    from acgz.errors import UsageError

    with pytest.raises(UsageError, match="numpy or torch"):
        operations.backend("abacus")


def test_the_bound_is_what_float_formats_hold() -> None:
    assert SINGLE.norm**2 <= 2 ** (np.finfo(np.float32).nmant + 1)
    assert DOUBLE.norm**2 <= 2 ** (np.finfo(np.float64).nmant + 1)
    assert matmul.goal(4096, SINGLE) + matmul.slack(4096) < SINGLE.norm


def everything(ops: Any, format: Format) -> list[NDArray[Any]]:
    """Results of each operation and of a matrix."""
    x, w, g = (
        ops.array(v) for v in (random(24, 32), random(32, 48, seed=2), random(24, 48, seed=3))
    )
    matrix = layers.Matrix(ops, w, format)
    out = [
        matrix.forward(x),
        matrix.input_gradient(g),
        ops.product(*matrix.factors_of_gradient(x, g)),
    ]
    out += [ops.exp(x * 9.0), ops.sigmoid(x), ops.tanh(x), ops.root(x * x), ops.positive(x)]
    out += [ops.largest(x, 1), ops.counts(x * 5.0), ops.join([x, g])]
    a, b = ops.array(random(24, 96, seed=4)), ops.array(random(24, 96, seed=5))
    out += [ops.gru(a, b, ops.array(random(128, seed=6)), x)]
    return [ops.numpy(result) for result in out]


@FORMATS
def test_backends_compute_the_same_bits(format: Format) -> None:
    torch = torch_backend()
    for here, there in zip(everything(NUMPY, format), everything(torch, format), strict=True):
        assert here.dtype == there.dtype
        assert here.tobytes() == there.tobytes()
