"""Products of integers are those of floats, bit by bit, whatever the shape and order of axes."""

from __future__ import annotations

import platform
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz import compiled, kernel
from acgz.compiled import LEVELS, Level
from acgz.nets.exact import tiles
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.matmul import DOUBLE, SINGLE, Format
from acgz.nets.exact.numpy_operations import NumPy

FLOATS, INTEGERS = NumPy(with_tiles=False), NumPy(with_tiles=True)


def whole(*shape: int, seed: int) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-4096, 4097, shape).astype(np.int16)


def ordered(values: NDArray[Any], order: str) -> NDArray[Any]:
    return np.asfortranarray(values) if order == "F" else np.ascontiguousarray(values)


@pytest.mark.parametrize("orders", ["CC", "CF", "FC", "FF"])
@pytest.mark.parametrize(
    "shape",
    [
        (1, 1, 1), (8, 2, 32), (7, 4, 33), (9, 5, 31), (16, 3, 64), (20, 64, 100), (3, 257, 4),
        (64, 8, 1), (3, 0, 5), (0, 4, 5), (9, 4, 0),
    ],
)  # fmt: skip
def test_a_product_of_any_shape_is_exact(shape: tuple[int, int, int], orders: str) -> None:
    m, k, n = shape
    left, right = whole(m, k, seed=1) >> 4, whole(k, n, seed=2) >> 4
    ones = np.ones(m, np.float32), np.ones(n, np.float32)
    panels = tiles.in_panels(ordered(right, orders[1]), tiles.COLUMNS)
    found = tiles.product(ordered(left, orders[0]), panels, *ones)
    assert (found == left.astype(np.int64) @ right.astype(np.int64)).all()


def test_the_largest_numbers_that_there_are_do_not_overflow() -> None:
    left = np.full((8, 64), 512, np.int16)  # a norm of 2**12
    panels = tiles.in_panels(np.full((64, 32), -512, np.int16), tiles.COLUMNS)
    ones = np.ones(8, np.float32), np.ones(32, np.float32)
    assert (tiles.product(left, panels, *ones) == -(2.0**24)).all()


@pytest.mark.parametrize("turned", [False, True])
def test_without_a_compiler_a_tile_has_the_same_sums(turned: bool) -> None:
    rows, columns = whole(8, 6, seed=3), whole(6, 32, seed=4)
    expected = (rows.astype(np.int32) @ columns.astype(np.int32)).ravel()
    panels = np.concatenate([np.zeros(64, np.int16), tiles.in_panels(columns, 32).numbers])
    left = tiles.in_panels(rows.T, tiles.ROWS).numbers if turned else rows.ravel()
    left = np.concatenate([np.zeros(16, np.int16), left])
    sums = np.empty(256, np.int32)
    plain = tiles.plain_turned_tile if turned else tiles.plain_tile
    plain(left, 16, panels, 64, 3, sums)
    assert (sums == expected).all()


@pytest.mark.parametrize("shape", [(1, 1), (7, 33), (8, 32), (31, 300), (320, 520), (5, 256)])
def test_panels_are_quantised_as_matrices_are(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(6).standard_normal(shape).astype(np.float32)
    x[0] = 0
    x[:, 0] = 1e-35
    for axis in (0, 1):
        plain = INTEGERS.quantise(x, axis)
        if axis == 1:
            plain = plain.transposed
        for width, made in (
            (tiles.COLUMNS, INTEGERS.right_factor(x, axis)),
            (tiles.ROWS, INTEGERS.left_factor(x) if axis == 0 else None),
        ):
            if made is not None:
                expected = tiles.in_panels(plain.values, width)
                assert made.values[1:] == expected[1:]
                assert (made.values.numbers == expected.numbers).all()
                assert (made.inverse.ravel() == plain.inverse.ravel()).all()


def test_what_is_filled_up_is_zero() -> None:
    rooms = [np.full(1 << size, -1, np.int16) for size in range(6, 16)]
    del rooms  # what comes now may lie where these were
    x = np.ones((5, 33), np.float32)
    for made in (INTEGERS.right_factor(x, 0), INTEGERS.left_factor(x), INTEGERS.right_factor(x, 1)):
        numbers = made.values.numbers
        assert np.count_nonzero(numbers) == x.size


def test_factors_that_do_not_fit_are_refused() -> None:
    ones = np.ones(4, np.float32)
    with pytest.raises(ValueError, match="6 inputs on the left, 8 on the right"):
        tiles.product(whole(4, 6, seed=1), tiles.in_panels(whole(8, 4, seed=2), 32), ones, ones)


@pytest.mark.parametrize("format", [SINGLE, DOUBLE], ids=lambda format: format.dtype)
@pytest.mark.parametrize("shape", [(40, 96, 64), (5, 33, 7), (320, 16, 4)])
def test_a_matrix_does_the_same_with_integers_and_with_floats(
    shape: tuple[int, int, int], format: Format
) -> None:
    m, k, n = shape
    random = np.random.default_rng(5)
    values, x, gradient = (
        random.standard_normal(size).astype(np.float32) for size in ((k, n), (m, k), (m, n))
    )
    found = []
    for ops in (FLOATS, INTEGERS):
        matrix = Matrix(ops, values.copy(), format)
        results = [matrix.forward(x), matrix.input_gradient(gradient)]
        results.append(ops.product(*matrix.factors_of_gradient(x, gradient)))
        matrix.values *= np.float32(1.5)
        matrix.changed()
        found.append([*results, matrix.forward(x), matrix.input_gradient(gradient)])
    for float_, integer in zip(*found, strict=True):
        assert integer.dtype == float_.dtype == np.float32
        assert (integer == float_).all()


def test_integers_are_used_where_they_are_asked_for_and_with_single_precision_only() -> None:
    x = np.ones((4, 6), np.float32)
    assert INTEGERS.quantise(x, 1).values.dtype == np.int16
    assert INTEGERS.quantise(x, 1, DOUBLE).values.dtype == np.float64
    assert FLOATS.quantise(x, 1).values.dtype == np.float32


@pytest.mark.parametrize("level", LEVELS.get(platform.machine(), ()), ids=lambda level: level.name)
def test_machine_code_of_one_level_multiplies_integers(
    level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = SimpleNamespace(level=level.name)
    monkeypatch.setattr(kernel, "MACHINE_CODE", library)
    assert kernel.has_wide_products() == (level.name == "x86-64-v4")


def test_a_compiler_multiplies_integers_where_the_processor_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not kernel.compiles_here():
        pytest.skip("kernels are not compiled here")
    monkeypatch.delenv("NUMBA_CPU_NAME", raising=False)
    monkeypatch.setattr(compiled, "_processor", lambda: compiled.WIDE.flags | {"fpu"})
    assert kernel.has_wide_products() == (platform.machine() == "x86_64")
    monkeypatch.setattr(compiled, "_processor", lambda: compiled.WIDE.flags - {"avx512_vnni"})
    assert not kernel.has_wide_products()
    monkeypatch.setattr(compiled, "_processor", lambda: compiled.WIDE.flags)
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    assert not kernel.has_wide_products()
