"""Calls of machine code: every kind of argument arrives as Numba's own calls pass it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from acgz import compiled
from acgz.compiled import LEVELS, MANIFEST, Kernel, Library, signature
from acgz.errors import MissingDependencyError
from paths import ROOT

LEVEL = LEVELS[platform.machine()][-1]

KERNELS = """
from typing import NamedTuple
import numpy as np
from acgz.kernel import kernel

class Inner(NamedTuple):
    weights: np.ndarray
    factor: np.float32

class Outer(NamedTuple):
    inner: Inner
    count: int

@kernel
def weigh(outer, matrix, negative, out):
    for i in range(outer.count):
        total = np.float32(0.0)
        for j in range(matrix.shape[1]):
            total += matrix[i, j] * outer.inner.weights[j]
        out[i] = -total * outer.inner.factor if negative else total * outer.inner.factor

@kernel
def divide(a, b):
    return a // b

@kernel
def above(value, least):
    return value > least
"""

REHEARSAL = """
import pickle, sys
from pathlib import Path
import numpy as np
from rehearsal import watch
seen = {}
watch(seen)
from some_kernels import Inner, Outer, above, divide, weigh
outer = Outer(Inner(np.ones(3, np.float32), np.float32(2)), 2)
weigh(outer, np.ones((2, 6), np.float32)[:, ::2], True, np.zeros(2, np.float32))
divide(7, 2)
above(np.uint64(1), 0.5)
Path(sys.argv[1]).write_bytes(pickle.dumps(seen))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The kernels above, compiled in processes of their own; imports `some_kernels` for a while."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "some_kernels.py").write_text(KERNELS)
    (folder / "objects").mkdir()
    paths = [str(ROOT / "aot"), str(folder)]
    variables = {
        "PYTHONPATH": os.pathsep.join(paths),
        compiled.CHOICE: "jit",
        "NUMBA_CPU_NAME": LEVEL.cpu,
        "NUMBA_CPU_FEATURES": LEVEL.features,
    }

    def python(*arguments: str | Path) -> None:
        run = [sys.executable, *map(str, arguments)]
        done = subprocess.run(
            run, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    python("-c", REHEARSAL, folder / "seen")
    python(ROOT / "aot" / "compile.py", folder / "seen", LEVEL.name, folder / "objects")
    sys.path[:0] = paths
    try:
        from link import link

        link(sorted((folder / "objects").glob("*.o")), folder / "kernels.so")
        import some_kernels

        kernels = json.loads((folder / "objects" / "kernels.json").read_text())
        yield some_kernels, Library(folder / "kernels.so", kernels)
    except OSError as missing:
        pytest.skip(str(missing))
    finally:
        del sys.path[:2]
        sys.modules.pop("some_kernels", None)


@pytest.fixture
def call(library):
    """The kernel of a name, as machine code, and what its arguments are made of."""
    module, made = library

    def called(name: str) -> Kernel:
        function = getattr(module, name)
        return Kernel(getattr(function, "py_func", function), made)

    called.module = module
    return called


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("view", ["strided", "C order", "Fortran order", "read only"])
def test_tuples_arrays_and_numbers_arrive(call, view, negative):
    plain = np.arange(6, dtype=np.float32).reshape(2, 3)
    matrix = {
        "strided": np.repeat(plain, 2, axis=1)[:, ::2],
        "C order": plain,
        "Fortran order": np.asfortranarray(plain),
        "read only": np.frombuffer(plain.tobytes(), np.float32).reshape(2, 3),
    }[view]
    inner = call.module.Inner(np.array([1, 10, 100], np.float32), np.float32(0.5))
    out = np.zeros(2, np.float32)
    call("weigh")(call.module.Outer(inner, 2), matrix, negative, out)
    assert out.tolist() == ([-105, -271.5] if negative else [105, 271.5])


@pytest.mark.parametrize(("a", "b"), [(7, 2), (-7, 2), (2**62, 3), (0, -5)])
def test_whole_numbers_come_back(call, a, b):
    assert call("divide")(a, b) == a // b


def test_truth_comes_back(call):
    assert call("above")(np.uint64(3), 2.5) is True
    assert call("above")(np.uint64(2), 2.5) is False


def test_a_division_by_zero_is_an_error(call):
    with pytest.raises(ArithmeticError, match="divide"):
        call("divide")(1, 0)


def test_other_arguments_are_computed_slowly_with_a_warning(call):
    divide = call("divide")
    with pytest.warns(RuntimeWarning, match=r"divide is not compiled for \(float64, int64\)"):
        assert divide(7.0, 2) == 3
    assert divide(9.0, 2) == 4  # said once


def test_a_kernel_takes_no_text(call):
    with pytest.raises(TypeError, match="no argument of a kernel"):
        call("divide")("7", 2)


class Pair(NamedTuple):
    left: np.ndarray
    right: int


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(3, np.uint8), np.zeros(3, np.int8)),
        (np.zeros(4, "<u4"), np.zeros(4, ">u4")),
        (np.zeros((2, 2)), np.zeros(4)),
        (np.zeros((2, 3)), np.zeros((3, 2)).T),
        (np.zeros(4), np.zeros(8)[::2]),
        (np.zeros(4, np.uint8)[:4].view("<u2"), np.zeros(5, np.uint8)[1:].view("<u2")),
        (1, True),
        (1, 1.0),
        (np.uint8(1), 1),
        (Pair(np.zeros(1), 1), (np.zeros(1), 1)),
    ],
)
def test_what_needs_other_machine_code_has_another_signature(one, other):
    assert signature((one,)) != signature((other,))


@pytest.mark.parametrize("machine", LEVELS)
def test_the_best_level_comes_first(machine):
    flags = [level.flags for level in LEVELS[machine]]
    assert flags == sorted(flags, key=len, reverse=True)
    assert all(lesser < better for better, lesser in pairwise(flags))
    assert not flags[-1]


@pytest.mark.parametrize(
    "line",
    [
        "%3 = fmul fast float %1, %2",
        "%3 = fadd contract <8 x float> %1, %2",
        "%4 = call float @llvm.fmuladd.f32(float %1, float %2, float %3)",
    ],
)
def test_what_a_compiler_may_fuse_or_reorder_is_refused(monkeypatch, line):
    monkeypatch.syspath_prepend(str(ROOT / "aot"))
    refuse = import_module("compile")._refuse_loose_floats
    refuse("%3 = fmul float %1, %2")
    with pytest.raises(ValueError, match="loose"):
        refuse(f"%9 = fsub float %1, %2\n  {line}\n")


def test_without_machine_code_and_numba_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"acgz\[jit\]"):
        compiled.library(lambda: "digest", tmp_path)


def test_machine_code_of_other_sources_is_not_loaded(tmp_path):
    (tmp_path / MANIFEST).write_text(json.dumps({"digest": "of other sources"}))
    assert compiled.library(lambda: "digest", tmp_path) is None
