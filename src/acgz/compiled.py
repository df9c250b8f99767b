"""Kernels that were compiled when the package was built, called without Numba.

A wheel carries a library of machine code for each level of processor and a manifest of the
kernels in it. `aot/` in the source tree makes both. A kernel is compiled for the arguments that
it was seen with: their *signature* says all that the machine code depends on, types of numbers,
dimensions and order of arrays, classes of tuples.

A call passes one block of memory, eight bytes an argument: a number as it is, an array as the
address of its fields (``PyArrayObject_fields``, which NumPy keeps stable), a tuple as what is in
it. So a call costs about 0.3 µs an array, and ctypes lets other threads run meanwhile.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import warnings
from collections.abc import Callable, Mapping
from functools import cache, update_wrapper
from importlib.util import find_spec
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from acgz.errors import MissingDependencyError, UsageError

FOLDER = Path(__file__).parent / "machine_code"
MANIFEST = "manifest.json"
CHOICE = "ACGZ_KERNELS"
"""Environment variable: ``jit``, or the name of a level; without it the best one is taken."""

_HEAD = object.__basicsize__
"""Bytes of an object before the fields of its own."""
_ORDER = 3
_ALIGNED = 0x100
_ARRAY_FLAGS = _ORDER | _ALIGNED
"""Flags of NumPy: C order, Fortran order, aligned."""
_NUMBERS: dict[type[Any], str] = {bool: "?", int: "int64", float: "float64"}
_SLOTS = {
    "?": "q",
    "int8": "q",
    "int16": "q",
    "int32": "q",
    "int64": "q",
    "uint8": "Q",
    "uint16": "Q",
    "uint32": "Q",
    "uint64": "Q",
    "float32": "f4x",
    "float64": "d",
}
"""How a number lies in the eight bytes of its argument."""


class Level(NamedTuple):
    """A kind of processor that machine code is made for."""

    name: str
    cpu: str
    """The processor, as LLVM calls it."""
    features: str
    """Added to and taken from it."""
    flags: frozenset[str]
    """What a processor that can run it has, as Linux calls these features."""


_SSE4 = frozenset(("ssse3", "sse4_1", "sse4_2", "popcnt", "cx16", "lahf_lm"))
_AVX2 = _SSE4 | {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512_vnni"}
WIDE = Level("x86-64-v4", "x86-64-v4", "+avx512vnni", _AVX512)
"""Multiplies 32 integers of 16 bits at once."""
LEVELS = {
    "x86_64": (
        # Fused multiply-add would change results; no compiler may even think of it. AVX-512 is
        # nothing without it, but LLVM fuses what it is allowed to (`compile.py` looks) and no more.
        WIDE,
        Level("x86-64-v3", "x86-64-v3", "-fma", _AVX2),
        Level("x86-64", "x86-64", "", frozenset()),
    ),
    "aarch64": (Level("aarch64", "generic", "", frozenset()),),
}
"""Levels of each machine, the best first."""


def signature(arguments: tuple[Any, ...]) -> str:
    """What the machine code for these arguments depends on.

    >>> signature((np.zeros((2, 3), np.float32), 7, np.uint8(1)))
    'float32[2C], int64, uint8'
    """
    return ", ".join(_described(argument) for argument in arguments)


def _described(argument: Any) -> str:
    if isinstance(argument, np.ndarray):
        flags = argument.flags.num
        order = "C" if flags & 1 else "F" if flags & 2 else "A"
        aligned = "" if flags & _ALIGNED else " unaligned"
        return f"{argument.dtype}[{argument.ndim}{order}{aligned}]"
    if isinstance(argument, tuple):
        kind = type(argument)
        inside = ", ".join(_described(part) for part in argument)
        return f"{kind.__module__}.{kind.__qualname__}({inside})"
    return _number(type(argument))


def _number(kind: type[Any]) -> str:
    """The type of a number; TypeError if it is none that a kernel takes."""
    if kind is np.bool_:
        return "?"
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    if issubclass(kind, np.integer | np.floating):
        return np.dtype(kind).name
    raise TypeError(f"{kind} is no argument of a kernel")


def slots(arguments: tuple[Any, ...]) -> str:
    """The block of memory that a call passes, in the letters of `struct`."""
    letters = ""
    for argument in arguments:
        if isinstance(argument, tuple):
            letters += slots(argument)
        else:
            letters += "Q" if isinstance(argument, np.ndarray) else _SLOTS[_number(type(argument))]
    return letters


def _flatten(arguments: tuple[Any, ...], key: list[Any], values: list[Any]) -> None:
    """Add to ``key`` what tells signatures apart, quickly, and to ``values`` what is passed."""
    for argument in arguments:
        kind = type(argument)
        if kind is np.ndarray:
            key += (argument.dtype, argument.ndim, argument.flags.num & _ARRAY_FLAGS)
            values.append(id(argument) + _HEAD)
        elif isinstance(argument, tuple):
            key.append(kind)
            _flatten(argument, key, values)
        else:
            key.append(kind)
            values.append(argument)


class _Entry(NamedTuple):
    """Machine code for one signature."""

    function: Any
    pack: Callable[..., bytes]
    result: Any
    """Class of ctypes, or None."""


class Kernel:
    """A kernel whose machine code is in the library."""

    def __init__(self, function: Callable[..., Any], library: Library) -> None:
        update_wrapper(self, function)
        self.py_func = function
        self._library = library
        self._entries: dict[tuple[Any, ...], _Entry | None] = {}

    def __call__(self, *arguments: Any) -> Any:
        key: list[Any] = []
        values: list[Any] = []
        _flatten(arguments, key, values)
        known = tuple(key)
        try:
            entry = self._entries[known]
        except KeyError:
            entry = self._entries[known] = self._library.entry(self.py_func, arguments)
        if entry is None:
            return self.py_func(*arguments)
        function, pack, result = entry
        if result is None:
            status = function(pack(*values), None)
        else:
            out = result()
            status = function(pack(*values), ctypes.byref(out))
        if status:
            raise ArithmeticError(f"kernel {self.py_func.__qualname__} has failed ({status})")
        return None if result is None else out.value


class Library:
    """Machine code for this processor, and what its manifest tells about it."""

    def __init__(
        self, path: Path, kernels: Mapping[str, Mapping[str, Any]], level: str = ""
    ) -> None:
        self.level = level
        self._library = ctypes.CDLL(str(path))
        self._kernels = kernels

    def entry(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> _Entry | None:
        """The machine code of a kernel for such arguments; None, with a warning, if there is none.

        The kernel in plain Python does the same, to the last bit, but takes far longer.
        """
        name = f"{function.__module__}.{function.__qualname__}"
        described = signature(arguments)
        for known, made in self._kernels.get(name, {}).items():
            # an array of any order may be in C order
            if re.fullmatch(re.escape(known).replace(r"A\]", r"[ACF]\]"), described):
                code = self._library[made["symbol"]]
                code.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
                code.restype = ctypes.c_int32
                result = made["result"] and getattr(ctypes, f"c_{made['result']}")
                return _Entry(code, Struct("=" + slots(arguments)).pack, result)
        warning = f"kernel {name} is not compiled for ({described}) and will be slow"
        warnings.warn(warning, RuntimeWarning, stacklevel=3)
        return None


def library(digest: Callable[[], str], folder: Path = FOLDER) -> Library | None:
    """The compiled kernels of this package; None if Numba is to compile them.

    ``digest``: of the sources of all kernels; machine code of other sources is never used. Raises
    MissingDependencyError if there is neither machine code nor Numba, UsageError for a level that
    this processor or the package does not have.
    """
    choice = os.environ.get(CHOICE, "")
    if choice == "jit" or not (folder / MANIFEST).exists():
        _need_numba("this package was installed without compiled kernels")
        return None
    manifest = json.loads((folder / MANIFEST).read_text())
    if manifest["digest"] != digest():
        _need_numba("the compiled kernels of this package are of other sources")
        return None
    for level in LEVELS[platform.machine()]:
        if choice in ("", level.name) and has(level) and level.name in manifest["levels"]:
            return Library(folder / f"{level.name}.so", manifest["kernels"], level.name)
    raise UsageError(f"{CHOICE}={choice}: no kernels of that name for this processor")


def _need_numba(trouble: str) -> None:
    """MissingDependencyError if there is no Numba either."""
    if find_spec("numba") is None:
        raise MissingDependencyError(f"{trouble}, and Numba is missing: pip install 'acgz[jit]'")


def has(level: Level) -> bool:
    """Whether this processor can run machine code of that level."""
    return level in LEVELS.get(platform.machine(), ()) and level.flags <= _processor()


@cache
def _processor() -> frozenset[str]:
    """Flags of the first processor, as Linux calls them."""
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("flags"):
                    return frozenset(line.split())
    except OSError:
        pass  # the baseline runs everywhere
    return frozenset()
