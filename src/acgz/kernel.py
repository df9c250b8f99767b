"""How every kernel is compiled: cached, without the GIL, without fused or reordered floats.

A wheel carries its kernels compiled and needs no Numba (`acgz.compiled`). Elsewhere Numba compiles
them when they are called. Its cache notices when the file of a kernel has changed, but not when a
kernel that it calls has. An engine of which one half is old would write archives that nobody can
read, so the cache of a kernel is valid here for one state of all kernels of the package.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from acgz import compiled

_PACKAGE = Path(__file__).parent
_FLOORS = ("coding", "engine", "layout", "nets")
"""Where there are kernels."""


def kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Decorator of a kernel: a loop over arrays, scalars and named tuples of them.

    A kernel makes no arrays: whoever calls it brings the room. So Numba need not count the
    references of every array that is taken out of a named tuple (``_nrt=False``); in the engine's
    loop those atomic operations took more than half of the time (229 instead of 552 kB/s).
    ``options`` are Numba's.
    """
    if function is None:
        return partial(kernel, **options)
    if MACHINE_CODE is not None:
        return compiled.Kernel(function, MACHINE_CODE)
    from numba import njit

    compile_for: Any = njit(nogil=True, fastmath=False, **{"_nrt": False, **options})
    dispatcher = compile_for(function)
    if hasattr(dispatcher, "enable_caching"):  # not when compilation is turned off
        from acgz.kernel_cache import give_cache

        give_cache(dispatcher, digest())
    return dispatcher


inline_kernel: Any = partial(kernel, forceinline=True)
"""Decorator of a kernel that is only called by other kernels and melts into them."""


@cache
def digest() -> str:
    """SHA-256 of the sources of all kernels."""
    state = sha256()
    for floor in _FLOORS:
        for source in sorted((_PACKAGE / floor).rglob("*.py")):
            state.update(source.read_bytes())
    return state.hexdigest()


MACHINE_CODE = compiled.library(digest)
"""Kernels that were compiled when the package was built; None where Numba compiles them."""


def compiles_here() -> bool:
    """Whether kernels are compiled in this process, not before and not run as plain Python."""
    if MACHINE_CODE is not None:
        return False
    from numba import config

    return not config.DISABLE_JIT  # type: ignore[attr-defined]


def has_wide_products() -> bool:
    """Whether kernels here multiply 32 integers of 16 bits in one instruction."""
    if MACHINE_CODE is not None:
        return MACHINE_CODE.level == compiled.WIDE.name
    return compiles_here() and not os.environ.get("NUMBA_CPU_NAME") and compiled.has(compiled.WIDE)
