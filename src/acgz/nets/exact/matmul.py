"""Matrix products that have one possible result, at the speed of any BLAS.

A product of float32 matrices depends on the order of its additions, which depends on the
library, the CPU and the number of threads. But as long as all numbers are whole and no
partial sum exceeds 2**24, every addition is exact, so the order does not matter, nor do
fused multiply-adds.

So each row of the left factor and each column of the right one is scaled and rounded to whole
numbers with a Euclidean norm of at most 2**12. By the inequality of Cauchy and Schwarz every
partial sum of their product is at most 2**12 * 2**12. The norm is a far better measure than
the largest number: in a row of 256 normal numbers, each has 9 to 10 significant bits.

Processors that multiply integers of 16 bits faster than floats do that: `tiles`.

Float64 works alike, with norms of 2**26 and more than 20 bits (`DOUBLE`); it takes twice the
time of float32 or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from acgz.kernel import kernel


@dataclass(frozen=True)
class Format:
    """A float format and the largest norm of a row."""

    dtype: str
    norm: float


SINGLE = Format("float32", 2.0**12)
DOUBLE = Format("float64", 2.0**26)

GRAIN = np.float32(1024.0)
"""Norms are measured on numbers rounded to 1/1024 of the largest one."""
SMALLEST = np.float32(1e-30)
"""Rows whose largest number is below count as zero: 1/x of it is far from overflow."""
_WITHOUT_SIGN = np.int32(0x7FFFFFFF)


@dataclass(frozen=True)
class Quantised:
    """Whole numbers, and what to multiply them with to get the original ones."""

    values: Any
    """(rows, columns): whole numbers in a float format or int16, or `acgz.nets.exact.tiles.Panels`
    of them."""
    inverse: Any
    """(rows, 1) or (1, columns), float32."""

    @property
    def transposed(self) -> Quantised:
        return Quantised(self.values.T, self.inverse.T)


def goal(length: int, format: Format) -> float:
    """The norm to scale a row of that length to: rounding adds at most sqrt(length) / 2."""
    return format.norm - 0.5 * sqrt(length) - 2.0


def slack(length: int) -> float:
    """How much longer a row may be than its image rounded to the grain."""
    return 0.5 * sqrt(length)


@kernel(error_model="numpy")
def quantise_rows(x, bits, norm, allowance, out, inverse):
    """Scale each row of ``x`` to a norm of at most ``norm`` and round half to even.

    ``bits``: ``x`` as int32. Of two floats without their signs the larger one is the larger
    integer, and the largest integer is found many at a time.
    """
    for row in range(x.shape[0]):
        quantise_row(x[row], bits[row], norm, allowance, out[row], inverse, row)


@kernel(error_model="numpy")
def quantise_row(x, bits, norm, allowance, out, inverse, row):
    """One row of `quantise_rows`."""
    most = np.int32(0)
    for j in range(x.size):
        most = max(most, np.int32(bits[j] & _WITHOUT_SIGN))
    largest = np.int32(most).view(np.float32)
    if largest < SMALLEST:
        for j in range(x.size):
            out[j] = 0
        inverse[row] = 0
        return
    grain = GRAIN / largest
    squares = np.int64(0)
    for j in range(x.size):
        q = np.int32(np.rint(x[j] * grain))
        squares += np.int64(q * q)
    scale = np.float32(
        norm / (np.float64(np.sqrt(np.float32(squares))) + allowance) * np.float64(grain)
    )
    inverse[row] = np.float32(1.0) / scale
    for j in range(x.size):
        out[j] = np.rint(x[j] * scale)


@kernel(error_model="numpy")
def quantise_columns(x, norm, allowance, out, inverse, largest, scale, squares):
    """`quantise_rows` of the columns; the last three arrays, one entry a column, are scratch."""
    scale_columns(x, 0, x.shape[1], norm, allowance, inverse, largest, scale, squares)
    for i in range(x.shape[0]):
        _round_scaled(x[i], scale, out[i])


@kernel(error_model="numpy")
def scale_columns(x, first, end, norm, allowance, inverse, largest, scale, squares):
    """The ``scale`` of the columns from ``first`` to ``end``, and its ``inverse``.

    ``largest`` and ``squares`` are scratch; of all four so many entries are used.
    """
    n = end - first
    largest[:n] = 0
    squares[:n] = 0
    for i in range(x.shape[0]):
        _raise_largest(x[i, first:end], largest)
    for j in range(n):
        scale[j] = GRAIN / max(largest[j], SMALLEST)
    for i in range(x.shape[0]):
        _add_squares(x[i, first:end], scale, squares)
    for j in range(n):
        if largest[j] < SMALLEST:
            scale[j] = 0
            inverse[j] = 0
        else:
            length = np.float64(np.sqrt(np.float32(squares[j]))) + allowance
            scale[j] = np.float32(norm / length * np.float64(scale[j]))
            inverse[j] = np.float32(1.0) / scale[j]


@kernel
def _raise_largest(x, largest):
    for j in range(x.size):
        largest[j] = max(largest[j], abs(x[j]))


@kernel
def _add_squares(x, scale, squares):
    for j in range(x.size):
        q = np.int32(np.rint(x[j] * scale[j]))
        squares[j] += np.int64(q * q)


@kernel
def _round_scaled(x, scale, out):
    for j in range(x.size):
        out[j] = np.rint(x[j] * scale[j])


@kernel
def rescale(product, left, right, out):
    """``out[i, j] = (product[i, j] * left[i]) * right[j]`` as float32."""
    for i in range(out.shape[0]):
        _rescale_row(product[i], left[i], right, out[i])


@kernel
def _rescale_row(product, left, right, out):
    for j in range(out.size):
        out[j] = (np.float32(product[j]) * left) * right[j]
