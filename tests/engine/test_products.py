"""Products of integers are exact, whatever instructions the compiler takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.engine import batches, products
from acgz.kernel import kernel

INPUTS, OUTPUTS = 96, 288


@kernel
def _times(w, x, sums, onto):  # type: ignore[no-untyped-def]
    products.times(w, 0, x, 0, INPUTS, sums, 0, OUTPUTS, onto)


@kernel
def _thrice(w, x, sums):  # type: ignore[no-untyped-def]
    first = (0, INPUTS, 2 * INPUTS)
    products.thrice(w, 0, (x, x, x), first, INPUTS, (sums, sums, sums), (0, 1000, 2000), OUTPUTS)


def largest() -> tuple[NDArray[np.int8], NDArray[np.int16]]:
    """A matrix, and three vectors, of the largest numbers there may be."""
    draw = np.random.default_rng(3)
    matrix = draw.choice([-127, 127], (OUTPUTS, INPUTS)).astype(np.int8)
    return matrix, draw.choice([-16384, 16384], (3, INPUTS)).astype(np.int16)


def test_a_product_is_that_of_the_matrix() -> None:
    matrix, vectors = largest()
    expected = vectors.astype(np.int64) @ matrix.T
    sums = np.full(OUTPUTS, 5, np.int32)
    _times(products.laid_out(matrix), vectors[0], sums, False)
    assert np.array_equal(sums, expected[0])
    _times(products.laid_out(matrix), vectors[1], sums, True)
    assert np.array_equal(sums, expected[0] + expected[1])


def test_three_products_at_once_are_three_products() -> None:
    matrix, vectors = largest()
    sums = np.full(3000, 5, np.int32)
    _thrice(products.laid_out(matrix), vectors.ravel(), sums)
    expected = vectors.astype(np.int64) @ matrix.T
    for k in range(3):
        assert np.array_equal(sums[1000 * k : 1000 * k + OUTPUTS], expected[k])


def test_sums_over_a_batch_are_those_of_the_rounded_numbers() -> None:
    draw = np.random.default_rng(4)
    slopes = draw.normal(0, 100, (64, 48)).astype(np.float32)
    states = draw.uniform(-1, 1, (64, 32)).astype(np.float32)
    of_slopes, of_states = np.zeros(64 * 48, np.int16), np.zeros(64 * 32, np.int16)
    unit = np.linspace(1, 3, 48, dtype=np.float32)
    batches.pack(slopes.ravel(), unit, of_slopes)
    batches.pack(states.ravel(), np.full(32, 512, np.float32), of_states)
    found = np.zeros(32 * 16, np.int32)
    batches.outer(of_slopes, 16, 32, of_states, 16, 16, 32, found)
    whole = np.rint(slopes * unit).astype(np.int64)
    expected = whole[:, 16:].T @ np.rint(states[:, 16:] * 512).astype(np.int64)
    assert np.array_equal(found.reshape(32, 16), expected)

    tokens = draw.integers(0, 64, 64).astype(np.uint8)
    table, totals = np.zeros((64, 16), np.float32), np.zeros(48, np.float32)
    batches.count(slopes.ravel(), unit, tokens, table.ravel(), totals)
    assert np.array_equal(totals, whole.sum(axis=0))
    for token in range(64):
        assert np.array_equal(table[token], whole[tokens == token, :16].sum(axis=0))
