"""How every kernel is compiled: cached, without the GIL, without fused or reordered floats."""

from __future__ import annotations

from functools import partial
from typing import Any

from numba import njit

kernel: Any = partial(njit, cache=True, nogil=True, fastmath=False, _nrt=False)
"""Decorator of a kernel that allocates nothing.

Without ``_nrt=False`` Numba counts references of every array that it takes out of a named
tuple; in the engine's loop those atomic operations took more than half of the time
(229 instead of 552 kB/s).
"""

inline_kernel: Any = partial(kernel, forceinline=True)
"""Decorator of a kernel that is only called by other kernels and melts into them."""
