"""Machine code for another kind of machine than the one that builds."""

from __future__ import annotations

import json
import os
import platform
import struct
import subprocess
import sys

import pytest

from acgz.compiled import LEVELS
from paths import ROOT

OTHER = next(iter(LEVELS.keys() - {platform.machine()}))
MACHINES = {62: "x86_64", 183: "aarch64"}
"""The field e_machine of an ELF file."""

COMPILE = """
import sys
from pathlib import Path
import rehearsal, target
from compile import compile_all
from acgz.compiled import LEVELS

seen = {}
rehearsal.watch(seen)
import acgz
acgz.compress(b"ACGT" * 50, "order0")
first = sorted(seen)[0]
compile_all({first: seen[first]}, LEVELS[target.machine()][-1], Path(sys.argv[1]))
"""


@pytest.fixture
def target(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "aot"))
    monkeypatch.delenv("ACGZ_BUILD_FOR", raising=False)
    import target

    yield target
    for name in ("target", "link"):
        sys.modules.pop(name, None)


def test_a_wheel_is_for_this_machine_unless_another_is_named(target, monkeypatch):
    assert target.machine() == platform.machine()
    monkeypatch.setenv("ACGZ_BUILD_FOR", OTHER)
    assert target.machine() == OTHER


def test_an_unknown_machine_is_refused(target, monkeypatch):
    monkeypatch.setenv("ACGZ_BUILD_FOR", "vax")
    with pytest.raises(ValueError, match="aarch64, x86_64, not vax"):
        target.machine()


def test_there_is_none_on_other_systems(target, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert target.machine() == ""


def test_no_compiler_of_this_machine_links_for_another(target, monkeypatch):
    import link

    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(link.importlib.util, "find_spec", lambda name: name == "ziglang")
    run = [sys.executable, "-m", "ziglang", "cc", "-target", f"{OTHER}-linux-gnu.2.17"]
    assert link.linker(OTHER) == run
    monkeypatch.setattr(link.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OSError, match=f"for {OTHER}: install the Python package ziglang"):
        link.linker(OTHER)


@pytest.mark.slow
def test_kernels_are_translated_for_another_machine(tmp_path):
    paths = os.pathsep.join(map(str, (ROOT / "src", ROOT / "aot")))
    subprocess.run(
        [sys.executable, "-c", COMPILE, tmp_path],
        env={**os.environ, "PYTHONPATH": paths, "ACGZ_KERNELS": "jit", "ACGZ_BUILD_FOR": OTHER},
        check=True,
    )
    objects = sorted(tmp_path.glob("*.o"))
    made = json.loads((tmp_path / "kernels.json").read_text())
    assert len(objects) == sum(map(len, made.values())) > 0
    for each in objects:
        (machine,) = struct.unpack_from("<H", each.read_bytes(), 18)
        assert MACHINES[machine] == OTHER
