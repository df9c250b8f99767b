"""How every kernel is compiled: cached, without the GIL, without fused or reordered floats.

Numba's cache notices when the file of a kernel has changed, but not when a kernel that it calls
has. An engine of which one half is old would write archives that nobody can read, so the cache
of a kernel is valid here for one state of all kernels of the package.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit

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
    compile_for: Any = njit(nogil=True, fastmath=False, **{"_nrt": False, **options})
    dispatcher = compile_for(function)
    if hasattr(dispatcher, "enable_caching"):  # not when compilation is turned off
        dispatcher.enable_caching()
        index = dispatcher._cache._cache_file
        index._source_stamp = (index._source_stamp, _digest())
    return dispatcher


inline_kernel: Any = partial(kernel, forceinline=True)
"""Decorator of a kernel that is only called by other kernels and melts into them."""


@cache
def _digest() -> str:
    """Of the sources of all kernels."""
    digest = sha256()
    for floor in _FLOORS:
        for source in sorted((_PACKAGE / floor).rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()
