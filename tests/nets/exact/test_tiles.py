"""Products of integers are those of floats, bit by bit, whatever the shape and order of axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

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
        (64, 8, 1),
    ],
)  # fmt: skip
def test_a_product_of_any_shape_is_exact(shape: tuple[int, int, int], orders: str) -> None:
    m, k, n = shape
    left, right = whole(m, k, seed=1) >> 4, whole(k, n, seed=2) >> 4
    ones = np.ones(m, np.float32), np.ones(n, np.float32)
    panels = tiles.right_factor(ordered(right, orders[1]))
    found = tiles.product(ordered(left, orders[0]), panels, *ones)
    assert (found == left.astype(np.int64) @ right.astype(np.int64)).all()


def test_the_largest_numbers_that_there_are_do_not_overflow() -> None:
    left = np.full((8, 64), 512, np.int16)  # a norm of 2**12
    panels = tiles.right_factor(np.full((64, 32), -512, np.int16))
    ones = np.ones(8, np.float32), np.ones(32, np.float32)
    assert (tiles.product(left, panels, *ones) == -(2.0**24)).all()


@pytest.mark.parametrize("turned", [False, True])
def test_without_a_compiler_a_tile_has_the_same_sums(turned: bool) -> None:
    rows, columns = whole(8, 6, seed=3), whole(6, 32, seed=4)
    expected = (rows.astype(np.int32) @ columns.astype(np.int32)).ravel()
    panels = np.concatenate([np.zeros(64, np.int16), tiles.right_factor(columns)])
    left = tiles._panels_of(np.ascontiguousarray(rows.T), 8) if turned else rows.ravel()
    left = np.concatenate([np.zeros(16, np.int16), left])
    sums = np.empty(256, np.int32)
    plain = tiles.plain_turned_tile if turned else tiles.plain_tile
    plain(left, 16, panels, 64, 3, sums)
    assert (sums == expected).all()


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
        results.append(matrix.weight_gradient(x, gradient))
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
