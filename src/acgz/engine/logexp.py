"""Natural logarithm and exponential of a float8, from exact operations only.

Polynomials in IEEE operations of a written order: every machine gets the same bits. The
relative error (log: absolute) is below 3e-6, far under what a probability model needs.
"""

from __future__ import annotations

import numpy as np

from acgz.engine.simd import exponent, larger, power_of_two, significand, splat
from acgz.kernel import inline_kernel

_LN2 = np.float32(0.6931471805599453)
_LOG2E = np.float32(1.4426950408889634)
_MAGIC = np.float32(12582912.0)  # 1.5 * 2**23: adding and subtracting it rounds half to even
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_HALF = np.float32(0.5)
_SQRT2 = np.float32(1.41421356)


@inline_kernel
def log8(x):
    """Natural logarithm of eight positive normal float32.

    ``x = m * 2**e`` with m in [1, 2); ``ln m = 2 atanh z``, ``z = (m - s)/(m + s)`` about
    ``s = sqrt 2`` so that |z| < 0.1716, and atanh by its series to z**7.
    """
    e = exponent(x) + splat(_HALF)
    m = significand(x)
    s = splat(_SQRT2)
    z = (m - s) / (m + s)
    zz = z * z
    series = splat(np.float32(1.0 / 7.0)) * zz + splat(np.float32(0.2))
    series = series * zz + splat(np.float32(1.0 / 3.0))
    series = series * zz + splat(_ONE)
    return e * splat(_LN2) + (z + z) * series


@inline_kernel
def exp8(x):
    """Exponential of eight float32 in [-80, 0] (smaller values count as -80)."""
    x = larger(x, splat(np.float32(-80.0)))
    t = x * splat(_LOG2E)
    whole = (t + splat(_MAGIC)) - splat(_MAGIC)
    f = (t - whole) * splat(_LN2)
    p = splat(np.float32(1.0 / 720.0)) * f + splat(np.float32(1.0 / 120.0))
    p = p * f + splat(np.float32(1.0 / 24.0))
    p = p * f + splat(np.float32(1.0 / 6.0))
    p = p * f + splat(_HALF)
    p = p * f + splat(_ONE)
    p = p * f + splat(_ONE)
    return p * power_of_two(whole)
